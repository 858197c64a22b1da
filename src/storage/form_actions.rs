//! What people do with a form besides answering it: set it aside, bring it back, hand it to the supervisors, leave a
//! note, have it read again. Each is in the audit trail.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::centres::Scope;
use super::reading::completeness;
use super::{Database, Result, StorageError, form_readings};
use crate::forms::definition::FormDefinition;

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

/// A form that is not in the queue, because it was set aside or is not complete.
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

/// Forms that lack a page or whose pages are being read again, the latest change first, at most `limit`.
pub async fn incomplete(database: &Database, scope: &Scope, limit: i64) -> Result<Vec<SetAside>> {
    let forms = sqlx::query_as!(
        SetAside,
        "SELECT id, reference, reason, changed_at FROM form
         WHERE state = 'incomplete' AND ($2::text[] IS NULL OR centre = ANY($2) OR centre IS NULL AND $3)
         ORDER BY changed_at DESC LIMIT $1",
        limit,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_all(database.pool())
    .await?;
    Ok(forms)
}

/// Has every page of a form read again, with whatever model is in force now. What people typed so far is kept.
///
/// # Errors
/// [`StorageError::Conflict`] when the form does not wait any more, or the bytes of a file of it were not kept.
pub async fn read_again(
    database: &Database,
    definition: &FormDefinition,
    form_id: Uuid,
    account: Uuid,
) -> Result<()> {
    let mut tx = database.begin().await?;
    let state = sqlx::query_scalar!("SELECT state FROM form WHERE id = $1 FOR UPDATE", form_id)
        .fetch_optional(&mut *tx)
        .await?;
    if !matches!(state.as_deref(), Some("in_review" | "incomplete")) {
        return Err(StorageError::Conflict { subject: "form" });
    }
    send_to_reader(&mut tx, definition, form_id, account).await?;
    tx.commit().await?;
    Ok(())
}

/// The same for a locked form that waits, inside the caller's transaction.
pub(super) async fn send_to_reader(
    tx: &mut PgConnection,
    definition: &FormDefinition,
    form_id: Uuid,
    account: Uuid,
) -> Result<()> {
    let lost = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM page p JOIN document d ON d.id = p.document_id
                          WHERE p.form_id = $1 AND p.outcome = 'in_form'
                            AND (d.original_key IS NULL OR d.sha256 IS NULL)) AS "lost!""#,
        form_id
    )
    .fetch_one(&mut *tx)
    .await?;
    let sent = sqlx::query!(
        "UPDATE page SET unread = true WHERE form_id = $1 AND outcome = 'in_form'",
        form_id
    )
    .execute(&mut *tx)
    .await?;
    if lost || sent.rows_affected() == 0 {
        return Err(StorageError::Conflict { subject: "form" });
    }
    form_readings::request(tx, form_id, Some(account)).await?;
    completeness::update_state(tx, definition, form_id).await?;
    end_claim(tx, form_id).await?;
    note_act(tx, account, "sent_to_reader", form_id).await
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
