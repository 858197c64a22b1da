//! Carrying out what somebody wants of the pages, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Kept, Move, Place, carried, kept, papers};
use crate::forms::definition::FormDefinition;
use crate::storage::audit::{self, Act, Actor};
use crate::storage::form_readings;
use crate::storage::reading::{completeness, fields};
use crate::storage::review;
use crate::storage::sealing::Sealer;
use crate::storage::{Database, Result, StorageError};

/// Why the pages were not changed. Nothing is stored.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Nothing would change.
    #[error("nothing would change")]
    Nothing,
    /// Two sheets would be the same page of one form.
    #[error("two sheets would be page {0}")]
    Twice(u32),
    /// The form has no such page.
    #[error("there is no page {0}")]
    NoSuchPage(u32),
    /// No page would be left in the form.
    #[error("no page would be left")]
    NoneLeft,
    /// A form or a page was changed since it was shown, or a form does not wait any more.
    #[error("something was changed since it was shown")]
    Changed,
    /// A colleague is working on one of the forms.
    #[error("somebody else has one of the forms")]
    Held(String),
    /// The bytes of a file were not kept, so that it cannot be read again.
    #[error("a file was not kept")]
    NotKept,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for PlanError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// What somebody wants, having looked at a form.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The form.
    pub form_id: Uuid,
    /// The versions of this form and of every other that was shown with it.
    pub versions: &'a BTreeMap<Uuid, i32>,
    /// What is wanted of its pages.
    pub moves: &'a [Move],
}

/// Whether the moves lead to forms with one sheet for each page. `now` says where sheets are.
pub fn check(
    definition: &FormDefinition,
    form_id: Uuid,
    now: &[(Uuid, Place)],
    moves: &[Move],
) -> Result<(), PlanError> {
    let mut places: BTreeMap<Uuid, Place> = now.iter().copied().collect();
    places.extend(moves.iter().map(|m| (m.sheet, m.to)));
    let mut taken = BTreeSet::new();
    for place in places.values() {
        let (Place::Page(_, page) | Place::New(page)) = *place else {
            continue;
        };
        if !(1..=definition.pages).contains(&page) {
            return Err(PlanError::NoSuchPage(page));
        }
        if !taken.insert(*place) {
            return Err(PlanError::Twice(page));
        }
    }
    let left = |place: &Place| matches!(place, Place::Page(form, _) if *form == form_id);
    if places.values().any(left) {
        Ok(())
    } else {
        Err(PlanError::NoneLeft)
    }
}

/// Changes the pages of a form and of those it exchanges pages with. Returns the form that was made for pages that
/// belong to none of them, if one was.
///
/// # Errors
/// See [`PlanError`].
pub async fn apply(
    database: &Database,
    sealer: &Sealer,
    definition: &FormDefinition,
    account: Uuid,
    wanted: &Wanted<'_>,
) -> Result<Option<Uuid>, PlanError> {
    let mut tx = database.begin().await?;
    let now = carry_out(&mut tx, sealer, definition, account, wanted, None).await?;
    tx.commit().await.map_err(StorageError::from)?;
    Ok(now)
}

/// The same inside the caller's transaction. `back` are pages as they were, where a change is undone.
pub(super) async fn carry_out(
    tx: &mut PgConnection,
    sealer: &Sealer,
    definition: &FormDefinition,
    account: Uuid,
    wanted: &Wanted<'_>,
    back: Option<&[Kept]>,
) -> Result<Option<Uuid>, PlanError> {
    let form_id = wanted.form_id;
    let sheets: Vec<Uuid> = wanted.moves.iter().map(|m| m.sheet).collect();
    lock_forms(tx, definition, account, wanted, &sheets).await?;
    let before = kept(tx, &sheets).await?;
    let of = |m: &Move| before.iter().find(|k| k.sheet == m.sheet);
    let changes: Vec<(Move, &Kept)> = wanted
        .moves
        .iter()
        .filter_map(|m| Some((*m, of(m)?)))
        .filter(|(m, was)| m.to != was.place() || (is_placed(m.to) && m.turn != was.turned()))
        .collect();
    if changes.is_empty() {
        return Err(PlanError::Nothing);
    }
    let moves: Vec<Move> = changes.iter().map(|(m, _)| *m).collect();
    let forms = forms_of(form_id, &moves, &before);
    check(definition, form_id, &in_forms(tx, &forms).await?, &moves)?;
    papers::must_be_kept(tx, &sheets).await?;

    // What stays the same page, upright as before, goes along; everything else is read again.
    let goes_along = |m: &Move, was: &Kept| {
        let same_page = match (was.place(), m.to) {
            (Place::Page(_, page), Place::Page(_, to) | Place::New(to)) => page == to,
            _ => false,
        };
        same_page && m.turn == was.turned() && !was.unread
    };
    let mut along = Vec::new();
    for (m, was) in &changes {
        let Place::Page(form, page) = was.place() else {
            continue;
        };
        if goes_along(m, was) {
            along.push((m.to, carried::take(tx, sealer, form, page).await?));
        } else {
            carried::forget(tx, form, i32::try_from(page).unwrap_or(i32::MAX)).await?;
        }
    }
    // First out of their places, so that two sheets can change theirs.
    let moved: Vec<Uuid> = moves.iter().map(|m| m.sheet).collect();
    sqlx::query!(
        "UPDATE page SET outcome = 'duplicate', unread = false WHERE id = ANY($1)",
        &moved
    )
    .execute(&mut *tx)
    .await?;
    let new_form = if moves.iter().any(|m| matches!(m.to, Place::New(_))) {
        Some(papers::new_form(tx, form_id).await?)
    } else {
        None
    };
    let form_at = |place: Place| match place {
        Place::Page(form, page) => Some((form, page)),
        Place::New(page) => new_form.map(|form| (form, page)),
        Place::Spare(..) | Place::Nowhere => None,
    };
    for (m, was) in &changes {
        papers::put(tx, account, form_id, m, form_at(m.to), !goes_along(m, was)).await?;
    }
    for (to, carried) in along {
        if let Some((form, _)) = form_at(to) {
            carried::put(tx, sealer, form, carried).await?;
        }
    }
    for was in back.into_iter().flatten() {
        papers::as_it_was(tx, was).await?;
    }
    for form in forms.iter().copied().chain(new_form) {
        settle_form(tx, definition, account, form_id, form).await?;
    }
    let documents: Vec<Uuid> = changes.iter().map(|(_, was)| was.document).collect();
    papers::update_documents(tx, &documents).await?;
    for (m, was) in &changes {
        note(tx, account, form_id, m, form_at(m.to), was).await?;
    }
    if back.is_none() {
        let before: Vec<&Kept> = changes.iter().map(|(_, was)| *was).collect();
        let after = kept(tx, &moved).await?;
        papers::keep_change(tx, account, form_id, &before, &after).await?;
    }
    Ok(new_form)
}

fn is_placed(place: Place) -> bool {
    matches!(place, Place::Page(..) | Place::New(_))
}

/// The forms whose pages change, this one among them.
fn forms_of(form_id: Uuid, moves: &[Move], before: &[Kept]) -> BTreeSet<Uuid> {
    let places = moves
        .iter()
        .map(|m| m.to)
        .chain(before.iter().map(Kept::place));
    places
        .filter_map(|place| match place {
            Place::Page(form, _) | Place::Spare(form, _) => Some(form),
            _ => None,
        })
        .chain([form_id])
        .collect()
}

/// Locks every form in question; each must wait, be as it was shown, and be in nobody else's hands.
async fn lock_forms(
    tx: &mut PgConnection,
    definition: &FormDefinition,
    account: Uuid,
    wanted: &Wanted<'_>,
    sheets: &[Uuid],
) -> Result<(), PlanError> {
    let mut forms: BTreeSet<Uuid> = sqlx::query_scalar!(
        r#"SELECT DISTINCT form_id AS "form!" FROM page WHERE id = ANY($1) AND form_id IS NOT NULL"#,
        sheets
    )
    .fetch_all(&mut *tx)
    .await?
    .into_iter()
    .collect();
    forms.extend(forms_of(wanted.form_id, wanted.moves, &[]));
    let forms: Vec<Uuid> = forms.into_iter().collect();
    let rows = sqlx::query!(
        "SELECT id, state, version, definition_id, definition_version FROM form WHERE id = ANY($1)
         ORDER BY id FOR UPDATE",
        &forms
    )
    .fetch_all(&mut *tx)
    .await?;
    let right = rows.iter().all(|row| {
        matches!(row.state.as_str(), "in_review" | "incomplete")
            && row.definition_id == definition.id
            && u32::try_from(row.definition_version) == Ok(definition.version)
            && wanted.versions.get(&row.id) == Some(&row.version)
    });
    if !right || rows.len() != forms.len() {
        return Err(PlanError::Changed);
    }
    for form in forms {
        if let Some(holder) = review::live_holder(&mut *tx, form).await?
            && holder.account_id != account
        {
            return Err(PlanError::Held(holder.display_name));
        }
    }
    Ok(())
}

async fn in_forms(tx: &mut PgConnection, forms: &BTreeSet<Uuid>) -> Result<Vec<(Uuid, Place)>> {
    let forms: Vec<Uuid> = forms.iter().copied().collect();
    let rows = sqlx::query!(
        r#"SELECT id, form_id AS "form!", form_page AS "page!" FROM page
           WHERE form_id = ANY($1) AND outcome = 'in_form'"#,
        &forms
    )
    .fetch_all(tx)
    .await?;
    let page = |number: i32| u32::try_from(number).unwrap_or_default();
    Ok(rows
        .into_iter()
        .map(|row| (row.id, Place::Page(row.form, page(row.page))))
        .collect())
}

/// Sends a form to the readers, where pages of it have to be read, and says what state it is in.
async fn settle_form(
    tx: &mut PgConnection,
    definition: &FormDefinition,
    account: Uuid,
    kept_form: Uuid,
    form: Uuid,
) -> Result<()> {
    let pages = sqlx::query!(
        r#"SELECT count(*) AS "all!", count(*) FILTER (WHERE unread) AS "unread!" FROM page
           WHERE form_id = $1 AND outcome = 'in_form'"#,
        form
    )
    .fetch_one(&mut *tx)
    .await?;
    if pages.all == 0 && form != kept_form {
        return papers::dissolve(tx, account, form, kept_form).await;
    }
    if pages.unread > 0 {
        form_readings::request(tx, form, Some(account)).await?;
    } else {
        form_readings::withdraw(tx, form).await?;
    }
    let complete = completeness::update_state(tx, definition, form).await?;
    if !complete {
        sqlx::query!("DELETE FROM review_claim WHERE form_id = $1", form)
            .execute(&mut *tx)
            .await?;
    }
    let received = sqlx::query_scalar!("SELECT received_at FROM form WHERE id = $1", form)
        .fetch_one(&mut *tx)
        .await?;
    fields::set_urgency(tx, definition, form, received.date_naive()).await
}

async fn note(
    tx: &mut PgConnection,
    account: Uuid,
    form_id: Uuid,
    m: &Move,
    to: Option<(Uuid, u32)>,
    was: &Kept,
) -> Result<()> {
    let (action, form, page) = match (m.to, to, was.place()) {
        (_, Some((form, page)), was) if was == Place::Page(form, page) => {
            ("page_turned", form, page)
        }
        (_, Some((form, page)), _) => ("page_placed", form, page),
        (Place::Spare(form, page), ..) => ("page_replaced", form, page),
        (_, _, Place::Page(form, page) | Place::Spare(form, page)) => ("page_left_out", form, page),
        _ => ("page_left_out", form_id, 0),
    };
    let act = Act::new(action, "form", form);
    audit::record_part(tx, Actor::Account(account), act, &page.to_string()).await
}
