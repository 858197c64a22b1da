//! Records what was read from a document: pages, forms, fields and the document's own state, in one transaction
//! that only commits while the lease is held.

mod agreement;
pub(super) mod completeness;
pub(super) mod fields;
mod page_sets;

use sqlx::PgConnection;
use uuid::Uuid;

use self::page_sets::{Placed, Placing};
use super::{
    Database, Result, StorageError,
    leases::{self, Lease},
    sealing::Sealer,
};
use crate::{
    domain::reading::{DocumentReading, FormReading, UnplacedOutcome, UnplacedPage},
    forms::definition::FormDefinition,
};

pub use self::page_sets::FormState;

/// What a recorded document became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its state: `read`, `exception` or `duplicate`.
    pub state: &'static str,
    /// The forms that got pages from it.
    pub forms: Vec<FormState>,
}

/// Records `reading` and ends the lease. `definitions` are those that the reader used.
///
/// [`StorageError::LeaseLost`] means that another reader has taken the document over and nothing was written.
pub async fn record(
    database: &Database,
    sealer: &Sealer,
    definitions: &[FormDefinition],
    lease: &Lease,
    reading: &DocumentReading,
) -> Result<Recorded> {
    let mut tx = database.begin().await?;
    let received_at = leases::lock(&mut tx, lease).await?;
    let placing = Placing {
        sealer,
        model: &reading.model,
        lease,
        received_at,
    };
    let mut outcome = Outcome::default();
    for form in in_lock_order(&reading.forms) {
        let definition = definition_of(definitions, form)?;
        match placing.place(&mut tx, definition, form).await? {
            Placed::Joined(state) => outcome.joined(state),
            Placed::Duplicate { of } => outcome.duplicate_of = outcome.duplicate_of.or(Some(of)),
            Placed::Exception { code, reason } => outcome.exception(code, &reason),
        }
    }
    for page in &reading.unplaced {
        insert_unplaced(&mut tx, lease.document_id, page).await?;
        if page.outcome == UnplacedOutcome::Exception {
            outcome.exception("page_not_placed", &page.reason);
        }
    }
    let pages = reading
        .forms
        .iter()
        .map(|form| form.pages.len())
        .sum::<usize>()
        + reading.unplaced.len();
    let state = outcome.finish(&mut tx, lease.document_id, pages).await?;
    tx.commit().await?;
    Ok(Recorded {
        state,
        forms: outcome.forms,
    })
}

/// Forms in an order that every transaction shares, so that two files with pages of the same two sets cannot wait
/// for each other. Forms without a set number are new rows and wait for nobody.
fn in_lock_order(forms: &[FormReading]) -> Vec<&FormReading> {
    let mut forms: Vec<_> = forms.iter().filter(|form| !form.pages.is_empty()).collect();
    forms.sort_by(|a, b| {
        let key = |form: &FormReading| {
            (
                form.form.clone(),
                form.version,
                form.pages[0].set_number.clone(),
            )
        };
        key(a).cmp(&key(b))
    });
    forms
}

fn definition_of<'a>(
    definitions: &'a [FormDefinition],
    form: &FormReading,
) -> Result<&'a FormDefinition> {
    definitions
        .iter()
        .find(|definition| definition.id == form.form && definition.version == form.version)
        .ok_or_else(|| StorageError::Inconsistent {
            subject: "reading",
            problem: format!("no definition of {} version {}", form.form, form.version),
        })
}

async fn insert_unplaced(
    tx: &mut PgConnection,
    document_id: Uuid,
    page: &UnplacedPage,
) -> Result<()> {
    let outcome = match page.outcome {
        UnplacedOutcome::Blank => "blank",
        UnplacedOutcome::Exception => "exception",
    };
    sqlx::query!(
        "INSERT INTO page (id, document_id, number, outcome, reason) VALUES ($1, $2, $3, $4, $5)",
        Uuid::now_v7(),
        document_id,
        i32::try_from(page.document_page).unwrap_or(i32::MAX),
        outcome,
        page.reason
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What has happened to a document's pages so far.
#[derive(Default)]
struct Outcome {
    forms: Vec<FormState>,
    exception: Option<(&'static str, String)>,
    duplicate_of: Option<Uuid>,
}

impl Outcome {
    /// Several readings of one file may join the same form.
    fn joined(&mut self, form: FormState) {
        self.forms.retain(|earlier| earlier.id != form.id);
        self.forms.push(form);
    }

    /// The first exception names the document's reason.
    fn exception(&mut self, code: &'static str, reason: &str) {
        self.exception
            .get_or_insert_with(|| (code, reason.to_owned()));
    }

    async fn finish(
        &self,
        tx: &mut PgConnection,
        document_id: Uuid,
        pages: usize,
    ) -> Result<&'static str> {
        let (code, reason) = match &self.exception {
            Some((code, reason)) => (Some(*code), Some(reason.as_str())),
            None => (None, None),
        };
        let (state, code, reason, duplicate_of) = if !self.forms.is_empty() {
            ("read", code, reason, None)
        } else if code.is_some() {
            ("exception", code, reason, None)
        } else if let Some(of) = self.duplicate_of.filter(|of| *of != document_id) {
            (
                "duplicate",
                Some("same_pages"),
                Some("These pages came in before, in another scan."),
                Some(of),
            )
        } else {
            (
                "exception",
                Some("blank"),
                Some("Every page of this file is blank. Scan the other side of the sheets."),
                None,
            )
        };
        sqlx::query!(
            "UPDATE document SET state = $2, reason_code = $3, reason = $4, duplicate_of = $5, page_count = $6,
                    finished_at = now(), lease_holder = NULL, lease_until = NULL
             WHERE id = $1",
            document_id,
            state,
            code,
            reason,
            duplicate_of,
            i32::try_from(pages).unwrap_or(i32::MAX)
        )
        .execute(tx)
        .await?;
        Ok(state)
    }
}
