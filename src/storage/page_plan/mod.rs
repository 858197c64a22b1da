//! Which page of which file is which page of which form, as people put it right.
//!
//! The rows of `page` are the plan. [`apply`] changes it: pages go to another place of their form, to another form or to
//! none, and are turned. What was read and typed of a page that only goes to another form goes with it; a page that becomes
//! another one, or is turned, is read again. Every change is kept so that [`undo`] can take it back.

mod apply;
mod carried;
mod papers;
mod scan;
mod undo;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::centres::Scope;
use super::{Database, Result, StorageError};

pub use apply::{PlanError, Wanted, apply, check};
pub use scan::{NewScan, add, is_known};
pub use undo::{last_change, undo};

/// A page of a file that a form has or may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Id.
    pub id: Uuid,
    /// File it is in.
    pub document_id: Uuid,
    /// Key of the file's bytes as they arrived.
    pub original_key: String,
    /// Name under which the file arrived.
    pub object_key: String,
    /// Page of the file, from 1.
    pub number: u32,
    /// Where it is.
    pub place: Place,
    /// Degrees clockwise by which it is turned.
    pub turn: u32,
    /// `in_form`, `blank`, `exception` or `duplicate`.
    pub outcome: String,
    /// What is to be said of it.
    pub reason: Option<String>,
    /// Whether it waits to be read.
    pub unread: bool,
    /// Fields of it that people have answered so far.
    pub answers: i64,
}

/// Where a page of a file belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Page of a form, from 1.
    Page(Uuid, u32),
    /// The same page of that form as another sheet: it is kept and not read.
    Spare(Uuid, u32),
    /// Page of a form that is made for it, together with all others that go to a new one.
    New(u32),
    /// No form.
    Nowhere,
}

/// A form whose pages may be exchanged with those of the one that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenForm {
    /// Id.
    pub id: Uuid,
    /// What people quote.
    pub reference: String,
    /// What a change has to name.
    pub version: i32,
}

/// What somebody wants of one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// The page's row.
    pub sheet: Uuid,
    /// Where it belongs.
    pub to: Place,
    /// Degrees clockwise.
    pub turn: u32,
}

/// The pages that the form `form_id` has or may have: those of its files, and other scans of its pages, unless they belong
/// to a form that is finished, of another kind or not for this person to see. With the forms that they are in, this one
/// first.
pub async fn sheets(
    database: &Database,
    scope: &Scope,
    form_id: Uuid,
) -> Result<(Vec<OpenForm>, Vec<Sheet>)> {
    let rows = sqlx::query!(
        r#"SELECT p.id, p.document_id, COALESCE(d.original_key, d.object_key) AS "original_key!", d.object_key,
                  p.number, p.outcome, p.form_id, p.form_page, p.turn, p.reason, p.unread,
                  (SELECT count(*) FROM field_draft t JOIN field f USING (form_id, name)
                   WHERE p.outcome = 'in_form' AND f.form_id = p.form_id AND f.form_page = p.form_page
                     AND t.confirmed) AS "answers!"
           FROM page p JOIN document d ON d.id = p.document_id LEFT JOIN form o ON o.id = p.form_id
           WHERE (p.form_id = $1 OR p.document_id IN (SELECT own.document_id FROM page own WHERE own.form_id = $1))
             AND p.outcome <> 'quarantined'
             AND (o.id IS NULL OR o.id = $1 OR o.state IN ('in_review', 'incomplete')
                  AND (o.definition_id, o.definition_version)
                      = (SELECT definition_id, definition_version FROM form WHERE id = $1)
                  AND ($2::text[] IS NULL OR o.centre = ANY($2) OR o.centre IS NULL AND $3))
           ORDER BY d.received_at, d.id, p.number"#,
        form_id,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_all(database.pool())
    .await?;
    let mut sheets = Vec::new();
    for row in rows {
        let place = place_of(&row.outcome, row.form_id, row.form_page);
        sheets.push(Sheet {
            id: row.id,
            document_id: row.document_id,
            original_key: row.original_key,
            object_key: row.object_key,
            number: u32::try_from(row.number).unwrap_or_default(),
            place,
            turn: u32::try_from(row.turn).unwrap_or_default(),
            outcome: row.outcome,
            reason: row.reason,
            unread: row.unread,
            answers: row.answers,
        });
    }
    let others: Vec<Uuid> = sheets
        .iter()
        .filter_map(|sheet| match sheet.place {
            Place::Page(form, _) => Some(form),
            _ => None,
        })
        .collect();
    let forms = sqlx::query_as!(
        OpenForm,
        "SELECT id, reference, version FROM form WHERE id = $1 OR id = ANY($2) ORDER BY id <> $1, reference",
        form_id,
        &others
    )
    .fetch_all(database.pool())
    .await?;
    Ok((forms, sheets))
}

fn place_of(outcome: &str, form: Option<Uuid>, page: Option<i32>) -> Place {
    let page = page.and_then(|page| u32::try_from(page).ok());
    match (outcome, form, page) {
        ("in_form", Some(form), Some(page)) => Place::Page(form, page),
        ("duplicate", Some(form), Some(page)) => Place::Spare(form, page),
        _ => Place::Nowhere,
    }
}

/// Where a page was before or after a change, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    sheet: Uuid,
    outcome: String,
    form: Option<Uuid>,
    page: Option<i32>,
    turn: i16,
    placed_by: Option<Uuid>,
    reason: Option<String>,
    #[serde(skip)]
    unread: bool,
    #[serde(skip)]
    document: Uuid,
}

impl Kept {
    fn place(&self) -> Place {
        place_of(&self.outcome, self.form, self.page)
    }

    fn turned(&self) -> u32 {
        u32::try_from(self.turn).unwrap_or_default()
    }
}

/// The rows of pages as they are now, locked.
async fn kept(tx: &mut sqlx::PgConnection, sheets: &[Uuid]) -> Result<Vec<Kept>> {
    let rows = sqlx::query_as!(
        Kept,
        "SELECT id AS sheet, outcome, form_id AS form, form_page AS page, turn, placed_by, reason, unread,
                document_id AS document
         FROM page WHERE id = ANY($1) ORDER BY id FOR UPDATE",
        sheets
    )
    .fetch_all(tx)
    .await?;
    if rows.len() == sheets.len() {
        Ok(rows)
    } else {
        Err(StorageError::NotFound { subject: "page" })
    }
}
