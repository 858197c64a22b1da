//! Files from which no form came: trying them again, and putting them away once somebody has dealt with them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::centres::Scope;
use super::{Database, Result, StorageError, outbox};

/// Why a file needs nobody any more. A fixed list, because free text would come to hold names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dismissal {
    /// Somebody typed it in elsewhere.
    EnteredByHand,
    /// A better scan of the same paper has come.
    ScannedAgain,
    /// It is not one of our forms.
    NotOurs,
    /// It was sent by mistake.
    ByMistake,
}

impl Dismissal {
    /// All of them, in the order of the list that people choose from.
    pub const ALL: [Self; 4] = [
        Self::ScannedAgain,
        Self::EnteredByHand,
        Self::NotOurs,
        Self::ByMistake,
    ];

    /// The name used in the database and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EnteredByHand => "entered_by_hand",
            Self::ScannedAgain => "scanned_again",
            Self::NotOurs => "not_ours",
            Self::ByMistake => "by_mistake",
        }
    }

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::EnteredByHand => "Entered by hand",
            Self::ScannedAgain => "Scanned again",
            Self::NotOurs => "Not one of our forms",
            Self::ByMistake => "Sent by mistake",
        }
    }

    /// The reason of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.as_str() == name)
    }
}

/// A file that a person has to deal with, or has dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionFile {
    /// Id of the document.
    pub id: Uuid,
    /// Name in the store.
    pub object_key: String,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// `exception` or `quarantined`.
    pub state: String,
    /// What is wrong and what to do, in plain words.
    pub reason: Option<String>,
    /// Whether its bytes were kept, without which it cannot be read again.
    pub kept: bool,
    /// By whom, when and why it was put away.
    pub dismissed: Option<(String, DateTime<Utc>, Dismissal)>,
}

/// Which files to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that wait for somebody, oldest first.
    Waiting,
    /// Those that were put away, newest first.
    Dismissed,
}

/// Files of `scope` from which no form came, at most `limit`.
pub async fn list(
    database: &Database,
    scope: &Scope,
    which: Which,
    limit: i64,
) -> Result<Vec<ExceptionFile>> {
    let dismissed = which == Which::Dismissed;
    let rows = sqlx::query!(
        r#"SELECT d.id, d.object_key, d.received_at, d.state, d.reason, d.original_key IS NOT NULL AS "kept!",
                  d.dismissed_at, d.dismissed_reason, a.display_name AS "dismissed_by?"
           FROM document d LEFT JOIN account a ON a.id = d.dismissed_by
           WHERE d.state IN ('exception', 'quarantined') AND (d.dismissed_at IS NOT NULL) = $1
             AND ($3::text[] IS NULL OR d.centre = ANY($3) OR d.centre IS NULL AND $4)
           ORDER BY CASE WHEN $1 THEN d.dismissed_at END DESC, d.received_at, d.id LIMIT $2"#,
        dismissed,
        limit,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_all(database.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ExceptionFile {
            id: row.id,
            object_key: row.object_key,
            received_at: row.received_at,
            state: row.state,
            reason: row.reason,
            kept: row.kept,
            dismissed: row
                .dismissed_by
                .zip(row.dismissed_at)
                .zip(row.dismissed_reason.as_deref().and_then(Dismissal::parse))
                .map(|((by, at), why)| (by, at, why)),
        })
        .collect())
}

/// Has a file read again from the beginning, with whatever model is in force now.
///
/// # Errors
/// [`StorageError::Conflict`] when it is not (any more) an exception or quarantined, its bytes were not kept, or
/// pages of it are part of a form.
pub async fn read_again(database: &Database, id: Uuid, by: Actor) -> Result<()> {
    let mut tx = database.begin().await?;
    let again = sqlx::query_scalar!(
        "UPDATE document SET state = 'received', attempts = 0, reason_code = NULL, reason = NULL, page_count = NULL,
                finished_at = NULL, next_attempt_at = now(), dispatched_at = now(),
                dismissed_at = NULL, dismissed_by = NULL, dismissed_reason = NULL
         WHERE id = $1 AND state IN ('exception', 'quarantined') AND original_key IS NOT NULL
           AND NOT EXISTS (SELECT FROM page WHERE document_id = $1 AND outcome = 'in_form')
         RETURNING id",
        id
    )
    .fetch_optional(&mut *tx)
    .await?;
    if again.is_none() {
        return Err(StorageError::Conflict { subject: "file" });
    }
    sqlx::query!("DELETE FROM page WHERE document_id = $1", id)
        .execute(&mut *tx)
        .await?;
    outbox::insert(&mut tx, &outbox::OutboxMessage::read(id)).await?;
    audit::record(&mut *tx, by, Act::new("read_again", "document", id)).await?;
    tx.commit().await?;
    Ok(())
}

/// Puts a file away that needs nobody any more.
///
/// # Errors
/// [`StorageError::Conflict`] when it does not wait for anybody.
pub async fn dismiss(database: &Database, id: Uuid, by: Uuid, why: Dismissal) -> Result<()> {
    let mut tx = database.begin().await?;
    let done = sqlx::query!(
        "UPDATE document SET dismissed_at = now(), dismissed_by = $2, dismissed_reason = $3
         WHERE id = $1 AND state IN ('exception', 'quarantined') AND dismissed_at IS NULL",
        id,
        by,
        why.as_str()
    )
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(StorageError::Conflict { subject: "file" });
    }
    let act = Act::new("dismissed", "document", id);
    audit::record(&mut *tx, Actor::Account(by), act).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes back a [`dismiss`].
///
/// # Errors
/// [`StorageError::Conflict`] when it was not put away.
pub async fn restore(database: &Database, id: Uuid, by: Uuid) -> Result<()> {
    let mut tx = database.begin().await?;
    let done = sqlx::query!(
        "UPDATE document SET dismissed_at = NULL, dismissed_by = NULL, dismissed_reason = NULL
         WHERE id = $1 AND dismissed_at IS NOT NULL",
        id
    )
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(StorageError::Conflict { subject: "file" });
    }
    let act = Act::new("restored", "document", id);
    audit::record(&mut *tx, Actor::Account(by), act).await?;
    tx.commit().await?;
    Ok(())
}
