//! Who looked at what and who changed what. Entries are only ever added, and chained: see [`super::audit_chain`].

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use super::Result;

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A person who signed in.
    Account(Uuid),
    /// A system that read through the API.
    Recipient(Uuid),
    /// Enrol itself.
    Machine,
}

impl Actor {
    /// The name of the kind in the database.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::Recipient(_) => "recipient",
            Self::Machine => "machine",
        }
    }

    /// The account's or the recipient's id.
    pub fn id(self) -> Option<Uuid> {
        match self {
            Self::Account(id) | Self::Recipient(id) => Some(id),
            Self::Machine => None,
        }
    }
}

/// What somebody did, with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act {
    /// `viewed`, `viewed_special`, `settled`, `signed_in` ...
    pub action: &'static str,
    /// `form`, `document`, `service_user`, `household` or `session`.
    pub subject: &'static str,
    /// Which one.
    pub subject_id: Option<Uuid>,
}

impl Act {
    /// `action` done with the `subject` of that id.
    pub fn new(action: &'static str, subject: &'static str, subject_id: Uuid) -> Self {
        Self {
            action,
            subject,
            subject_id: Some(subject_id),
        }
    }

    /// A look at a list of `subject`s.
    pub fn list(subject: &'static str) -> Self {
        Self {
            action: "listed",
            subject,
            subject_id: None,
        }
    }

    /// Something about signing in.
    pub fn session(action: &'static str) -> Self {
        Self {
            action,
            subject: "session",
            subject_id: None,
        }
    }
}

/// Adds one entry. Inside a transaction it stands or falls with what it tells of.
pub async fn record(executor: impl PgExecutor<'_>, actor: Actor, act: Act) -> Result<()> {
    insert(executor, actor, act, None).await
}

/// The same for one `part` of the subject: the name of a field or the number of a page, never a value.
pub async fn record_part(
    executor: impl PgExecutor<'_>,
    actor: Actor,
    act: Act,
    part: &str,
) -> Result<()> {
    insert(executor, actor, act, Some(part)).await
}

async fn insert(
    executor: impl PgExecutor<'_>,
    actor: Actor,
    act: Act,
    part: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO audit_entry (at, actor_kind, actor_id, action, subject, subject_id, part)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        Utc::now(),
        actor.kind(),
        actor.id(),
        act.action,
        act.subject,
        act.subject_id,
        part
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// One entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// `account`, `recipient` or `machine`.
    pub actor_kind: String,
    /// Account or recipient.
    pub actor_id: Option<Uuid>,
    /// What was done.
    pub action: String,
}

/// What was done with one subject, oldest first.
pub async fn of_subject(
    executor: impl PgExecutor<'_>,
    subject: &str,
    id: Uuid,
) -> Result<Vec<AuditEntry>> {
    let entries = sqlx::query_as!(
        AuditEntry,
        "SELECT at, actor_kind, actor_id, action FROM audit_entry
         WHERE subject = $1 AND subject_id = $2 ORDER BY id",
        subject,
        id
    )
    .fetch_all(executor)
    .await?;
    Ok(entries)
}
