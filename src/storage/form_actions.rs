//! What people do with a form besides answering it: set it aside, bring it back, hand it to the supervisors, leave a
//! note, have it read again. Each is in the audit trail.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::centres::Scope;
use super::{Database, Result, StorageError, outbox};

/// Why a form is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aside {
    /// It is none of the council's forms, or not meant for it.
    NotOurs,
    /// Anything else; the reason says what.
    Other,
}

impl Aside {
    fn code(self) -> &'static str {
        match self {
            Self::NotOurs => "not_our_form",
            Self::Other => "set_aside_by_hand",
        }
    }
}

/// Takes a form out of the queue. [`StorageError::Conflict`] when it is not in review any more.
pub async fn set_aside(
    database: &Database,
    form_id: Uuid,
    account: Uuid,
    why: Aside,
    reason: &str,
) -> Result<()> {
    let mut tx = database.begin().await?;
    let done = sqlx::query!(
        "UPDATE form SET state = 'set_aside', reason_code = $2, reason = $3, version = version + 1,
                referred_by = NULL, referred_at = NULL, referred_reason = NULL
         WHERE id = $1 AND state = 'in_review'",
        form_id,
        why.code(),
        reason
    )
    .execute(&mut *tx)
    .await?;
    changed(done.rows_affected())?;
    end_claim(&mut tx, form_id).await?;
    note_act(&mut tx, account, "set_aside", form_id).await?;
    tx.commit().await?;
    Ok(())
}

/// Puts a form that somebody set aside back into the queue.
pub async fn restore(database: &Database, form_id: Uuid, account: Uuid) -> Result<()> {
    let mut tx = database.begin().await?;
    let done = sqlx::query!(
        "UPDATE form SET state = 'in_review', reason_code = NULL, reason = NULL, version = version + 1
         WHERE id = $1 AND state = 'set_aside' AND reason_code IN ('not_our_form', 'set_aside_by_hand')",
        form_id
    )
    .execute(&mut *tx)
    .await?;
    changed(done.rows_affected())?;
    note_act(&mut tx, account, "restored", form_id).await?;
    tx.commit().await?;
    Ok(())
}

/// Hands a form to the supervisors: it leaves the clerks' queue.
pub async fn refer(database: &Database, form_id: Uuid, account: Uuid, reason: &str) -> Result<()> {
    let mut tx = database.begin().await?;
    let done = sqlx::query!(
        "UPDATE form SET referred_by = $2, referred_at = $3, referred_reason = $4 WHERE id = $1 AND state = 'in_review'",
        form_id,
        account,
        Utc::now(),
        reason
    )
    .execute(&mut *tx)
    .await?;
    changed(done.rows_affected())?;
    end_claim(&mut tx, form_id).await?;
    note_act(&mut tx, account, "referred", form_id).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives a form back to the clerks.
pub async fn unrefer(database: &Database, form_id: Uuid, account: Uuid) -> Result<()> {
    let mut tx = database.begin().await?;
    let done = sqlx::query!(
        "UPDATE form SET referred_by = NULL, referred_at = NULL, referred_reason = NULL
         WHERE id = $1 AND referred_at IS NOT NULL",
        form_id
    )
    .execute(&mut *tx)
    .await?;
    changed(done.rows_affected())?;
    note_act(&mut tx, account, "given_back_to_clerks", form_id).await?;
    tx.commit().await?;
    Ok(())
}

/// What somebody told the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Who.
    pub display_name: String,
    /// What.
    pub text: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Adds a note to a form.
pub async fn add_note(database: &Database, form_id: Uuid, account: Uuid, text: &str) -> Result<()> {
    let mut tx = database.begin().await?;
    sqlx::query!(
        "INSERT INTO form_note (id, form_id, account_id, text, at) VALUES ($1, $2, $3, $4, $5)",
        Uuid::now_v7(),
        form_id,
        account,
        text,
        Utc::now()
    )
    .execute(&mut *tx)
    .await?;
    note_act(&mut tx, account, "noted", form_id).await?;
    tx.commit().await?;
    Ok(())
}

/// The notes of a form, oldest first.
pub async fn notes(database: &Database, form_id: Uuid) -> Result<Vec<Note>> {
    let notes = sqlx::query_as!(
        Note,
        "SELECT a.display_name, n.text, n.at FROM form_note n JOIN account a ON a.id = n.account_id
         WHERE n.form_id = $1 ORDER BY n.at, n.id",
        form_id
    )
    .fetch_all(database.pool())
    .await?;
    Ok(notes)
}

/// Why a form was handed to the supervisors, if it was.
pub async fn referred_reason(database: &Database, form_id: Uuid) -> Result<Option<String>> {
    let reason = sqlx::query_scalar!("SELECT referred_reason FROM form WHERE id = $1", form_id)
        .fetch_optional(database.pool())
        .await?;
    Ok(reason.flatten())
}

/// A form that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Id.
    pub id: Uuid,
    /// What people quote.
    pub reference: String,
    /// Why.
    pub reason: Option<String>,
    /// Since when.
    pub changed_at: DateTime<Utc>,
}

/// Forms that people set aside, the latest first, at most `limit`.
pub async fn aside(database: &Database, scope: &Scope, limit: i64) -> Result<Vec<SetAside>> {
    let forms = sqlx::query_as!(
        SetAside,
        "SELECT id, reference, reason, changed_at FROM form
         WHERE state = 'set_aside' AND reason_code IN ('not_our_form', 'set_aside_by_hand')
           AND ($2::text[] IS NULL OR centre = ANY($2) OR centre IS NULL AND $3)
         ORDER BY changed_at DESC LIMIT $1",
        limit,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_all(database.pool())
    .await?;
    Ok(forms)
}

/// Why a form is not read again.
#[derive(Debug, thiserror::Error)]
pub enum ReadAgainError {
    /// It is settled, or somebody else changed it.
    #[error("the form is not waiting any more")]
    NotWaiting,
    /// Its sheets carry no set number, so that they would become another form.
    #[error("the sheets carry no set number")]
    NoSetNumber,
    /// A file of it holds pages of other forms too.
    #[error("the scan holds pages of other forms")]
    Shared,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for ReadAgainError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// Sends the files of a form back to the readers. What was read and what was typed so far is forgotten; the pages join
/// the form again by their set number.
pub async fn read_again(
    database: &Database,
    form_id: Uuid,
    account: Uuid,
) -> Result<(), ReadAgainError> {
    let mut tx = database.begin().await?;
    let form = sqlx::query!(
        "SELECT state, set_number FROM form WHERE id = $1 FOR UPDATE",
        form_id
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(ReadAgainError::NotWaiting)?;
    if !matches!(form.state.as_str(), "in_review" | "incomplete") {
        return Err(ReadAgainError::NotWaiting);
    }
    if form.set_number.is_none() {
        return Err(ReadAgainError::NoSetNumber);
    }
    let documents = sqlx::query_scalar!(
        "SELECT DISTINCT document_id FROM page WHERE form_id = $1 AND outcome = 'in_form'",
        form_id
    )
    .fetch_all(&mut *tx)
    .await?;
    let shared = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM page WHERE document_id = ANY($1) AND form_id <> $2) AS "shared!""#,
        &documents,
        form_id
    )
    .fetch_one(&mut *tx)
    .await?;
    if shared {
        return Err(ReadAgainError::Shared);
    }
    sqlx::query!("DELETE FROM field_special WHERE form_id = $1", form_id)
        .execute(&mut *tx)
        .await?;
    sqlx::query!("DELETE FROM field WHERE form_id = $1", form_id)
        .execute(&mut *tx)
        .await?;
    sqlx::query!("DELETE FROM page WHERE document_id = ANY($1)", &documents)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "UPDATE document SET state = 'received', attempts = 0, lease_holder = NULL, lease_until = NULL,
                next_attempt_at = now(), dispatched_at = now(), finished_at = NULL, page_count = NULL,
                reason_code = NULL, reason = NULL
         WHERE id = ANY($1)",
        &documents
    )
    .execute(&mut *tx)
    .await?;
    for document in documents {
        outbox::insert(&mut tx, &outbox::OutboxMessage::read(document)).await?;
    }
    sqlx::query!(
        "UPDATE form SET state = 'incomplete', reason_code = 'read_again', reason = 'It is being read again.',
                version = version + 1 WHERE id = $1",
        form_id
    )
    .execute(&mut *tx)
    .await?;
    end_claim(&mut tx, form_id).await?;
    note_act(&mut tx, account, "sent_to_reader", form_id).await?;
    tx.commit().await.map_err(StorageError::from)?;
    Ok(())
}

async fn end_claim(connection: &mut PgConnection, form_id: Uuid) -> Result<()> {
    sqlx::query!("DELETE FROM review_claim WHERE form_id = $1", form_id)
        .execute(connection)
        .await?;
    Ok(())
}

async fn note_act(
    connection: &mut PgConnection,
    account: Uuid,
    action: &'static str,
    form_id: Uuid,
) -> Result<()> {
    audit::record(
        connection,
        Actor::Account(account),
        Act::new(action, "form", form_id),
    )
    .await
}

fn changed(rows: u64) -> Result<()> {
    if rows == 1 {
        Ok(())
    } else {
        Err(StorageError::Conflict { subject: "form" })
    }
}
