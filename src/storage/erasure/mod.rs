//! Erasing: what is proposed, what somebody else says of it, and that nothing is left.

pub mod due;
mod extent;
mod files;
mod plans;
mod rows;
pub mod stops;

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::{Database, Result, StorageError, outbox, register};
use crate::messaging::cloud_event::contact_erased;

pub use extent::{Extent, Obstacle};
pub use files::{
    FileToRemove, RedactedCopy, Redaction, files_to_remove, forget_file, is_being_removed,
};
pub use plans::{
    DecisionError, Named, Plan, Proposal, Reason, decide, find, finish, is_proposed, list, look,
    planned, propose, to_do,
};
pub use rows::{KEPT, REACHED};

/// What is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A family.
    Household(Uuid),
    /// A scan that no record was made of.
    Document(Uuid),
    /// Who was on a list of people to write to. The list stays.
    ContactList(Uuid),
}

impl Subject {
    /// Its id.
    pub fn id(self) -> Uuid {
        match self {
            Self::Household(id) | Self::Document(id) | Self::ContactList(id) => id,
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Household(_) => "household",
            Self::Document(_) => "document",
            Self::ContactList(_) => "contact_list",
        }
    }

    fn stored(kind: &str, id: Uuid) -> Self {
        match kind {
            "document" => Self::Document(id),
            "contact_list" => Self::ContactList(id),
            _ => Self::Household(id),
        }
    }
}

/// A part of a plan that was agreed to and not done yet.
#[derive(Debug, Clone, Copy)]
pub struct Task {
    /// The plan.
    pub plan: Uuid,
    /// What.
    pub subject: Subject,
    /// When it was proposed.
    pub proposed_at: DateTime<Utc>,
    /// Who agreed.
    pub decided_by: Uuid,
}

/// What became of a [`Task`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The rows are gone, and the files are noted for removal.
    Erased,
    /// Something stood in the way; it is noted with the plan.
    Kept,
    /// These files have pages of other forms too, and their copies without this family's pages are needed first, or
    /// they changed since.
    NeedsCopies(Vec<Redaction>),
}

/// Removes the rows of one family, scan or list, announces it, and notes which files are to be removed. `copies` are the
/// files without this family's pages, of those that have pages of other forms too. `public_url` begins the event's source.
///
/// # Errors
/// The database. Nothing is done then, and it can be tried again.
pub async fn erase(
    database: &Database,
    public_url: &str,
    task: &Task,
    copies: &[RedactedCopy],
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let mut transaction = database.begin().await?;
    register::lock(&mut transaction).await?;
    let extent = extent::of(&mut transaction, task.subject).await?;
    let obstacles =
        extent::obstacles(&mut transaction, task.subject, &extent, task.proposed_at).await?;
    if let Some(obstacle) = obstacles.first() {
        plans::keep(&mut transaction, task, &obstacle.in_words()).await?;
        transaction.commit().await?;
        return Ok(Outcome::Kept);
    }
    let needed = files::redactions(&mut transaction, &extent).await?;
    if needed
        .iter()
        .any(|file| !copies.iter().any(|copy| copy.is_of(file)))
    {
        return Ok(Outcome::NeedsCopies(needed));
    }
    files::note(&mut transaction, task, &extent).await?;
    let removed = rows::remove(&mut transaction, &extent).await?;
    files::put_in_place(&mut transaction, copies).await?;
    let files = sqlx::query_scalar!(
        r#"SELECT count(*) AS "files!" FROM erasure_object WHERE plan_id = $1 AND subject_id = $2"#,
        task.plan,
        task.subject.id()
    )
    .fetch_one(&mut *transaction)
    .await?;
    let summary = json!({
        "people": extent.people.len(), "staying": extent.staying.len(), "forms": extent.forms.len(),
        "scans": extent.documents.len(), "redacted": extent.shared.len(), "files": files, "rows": removed,
    });
    sqlx::query!(
        "UPDATE erasure SET state = 'erased', erased_at = $3, removed = $4
         WHERE plan_id = $1 AND subject_id = $2 AND state = 'planned'",
        task.plan,
        task.subject.id(),
        now,
        summary
    )
    .execute(&mut *transaction)
    .await?;
    if let Some(household) = extent.household {
        let event = contact_erased(Uuid::now_v7(), now, public_url, household, &extent.people);
        outbox::insert(&mut transaction, &event).await?;
    }
    let act = Act::new("erased", task.subject.kind(), task.subject.id());
    audit::record(&mut *transaction, Actor::Account(task.decided_by), act).await?;
    transaction.commit().await?;
    Ok(Outcome::Erased)
}

fn missing(subject: &'static str) -> StorageError {
    StorageError::NotFound { subject }
}
