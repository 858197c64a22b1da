//! Reading pages of a form again: who asked, who is at it, how often it was tried, and what came of it.
//!
//! Which pages, as which page of the form and with which turn is in `page`: the rows marked unread. As with documents the
//! attempt is counted before the work, a lease names its holder, and the broker only carries requests. Somebody who
//! changes the pages meanwhile takes the lease away, so that nothing is recorded for pages that are not there any more.

use std::time::Duration;

use chrono::Utc;
use sqlx::PgConnection;
use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::documents::Original;
use super::leases::RetryPolicy;
use super::outbox::{self, OutboxMessage, interval};
use super::reading::completeness;
use super::reading::fields::{self, NewFields};
use super::sealing::Sealer;
use super::{Database, Result, StorageError};
use crate::domain::reading::SheetReading;
use crate::forms::definition::FormDefinition;

/// The right to read the unread pages of a form and record what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormLease {
    /// The form.
    pub form_id: Uuid,
    /// Names this claim.
    pub holder: Uuid,
    /// Which attempt this is, from 1.
    pub attempt: i32,
}

/// A page of a file that is to be read as a page of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedSheet {
    /// Its row.
    pub id: Uuid,
    /// Where its file's bytes are.
    pub original: Original,
    /// Page of the file, from 1.
    pub number: u32,
    /// Page of the form, from 1.
    pub form_page: u32,
    /// Degrees clockwise by which it is turned first.
    pub turn: u32,
}

/// What is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Definition that the form was printed from.
    pub definition_id: String,
    /// Its version.
    pub definition_version: u32,
    /// The set number of the form, where it has one.
    pub set_number: Option<String>,
    /// The pages, those of one file together.
    pub sheets: Vec<WantedSheet>,
}

/// What came of asking for a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormClaim {
    /// It is the caller's until the lease runs out.
    Granted(FormLease, Plan),
    /// Another reader has it, or it rests after a failed attempt, or nothing is left to do.
    NothingNow,
    /// This call gave it up: every attempt ended without a result.
    Exhausted,
}

/// Has the unread pages of a locked form read, inside the caller's transaction.
pub(super) async fn request(
    tx: &mut PgConnection,
    form_id: Uuid,
    account: Option<Uuid>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO form_reading (form_id, requested_at, requested_by, next_attempt_at, dispatched_at)
         VALUES ($1, now(), $2, now(), now())
         ON CONFLICT (form_id) DO UPDATE
         SET requested_at = now(), requested_by = excluded.requested_by, attempts = 0, lease_holder = NULL,
             lease_until = NULL, next_attempt_at = now(), dispatched_at = now()",
        form_id,
        account
    )
    .execute(&mut *tx)
    .await?;
    outbox::insert(tx, &OutboxMessage::read_form(form_id)).await
}

/// Takes a request back, because none of the form's pages is unread any more.
pub(super) async fn withdraw(tx: &mut PgConnection, form_id: Uuid) -> Result<()> {
    sqlx::query!("DELETE FROM form_reading WHERE form_id = $1", form_id)
        .execute(tx)
        .await?;
    Ok(())
}

/// Asks for the unread pages of a form, counting the attempt.
pub async fn claim(database: &Database, form_id: Uuid, policy: &RetryPolicy) -> Result<FormClaim> {
    let mut tx = database.begin().await?;
    // The form before its request, as everybody does.
    let Some(form) = sqlx::query!(
        "SELECT definition_id, definition_version, set_number FROM form WHERE id = $1 FOR UPDATE",
        form_id
    )
    .fetch_optional(&mut *tx)
    .await?
    else {
        return Ok(FormClaim::NothingNow);
    };
    let due = sqlx::query!(
        r#"SELECT attempts, (lease_holder IS NULL AND (attempts = 0 OR next_attempt_at <= now())
                             OR lease_until < now()) AS "free!"
           FROM form_reading WHERE form_id = $1 FOR UPDATE"#,
        form_id
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(due) = due.filter(|due| due.free) else {
        return Ok(FormClaim::NothingNow);
    };
    let sheets = unread(&mut tx, form_id).await?;
    let (true, Some(sheets)) = (due.attempts < policy.max_attempts, sheets) else {
        give_up(&mut tx, form_id).await?;
        tx.commit().await?;
        return Ok(FormClaim::Exhausted);
    };
    let lease = FormLease {
        form_id,
        holder: Uuid::now_v7(),
        attempt: due.attempts + 1,
    };
    sqlx::query!(
        "UPDATE form_reading SET attempts = $2, lease_holder = $3, lease_until = now() + $4::interval,
                next_attempt_at = now() + $4::interval, dispatched_at = NULL
         WHERE form_id = $1",
        form_id,
        lease.attempt,
        lease.holder,
        interval(policy.lease)
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    let plan = Plan {
        definition_id: form.definition_id,
        definition_version: u32::try_from(form.definition_version).unwrap_or_default(),
        set_number: form.set_number,
        sheets,
    };
    Ok(FormClaim::Granted(lease, plan))
}

/// The pages to be read; nothing when the bytes of one were not kept.
async fn unread(tx: &mut PgConnection, form_id: Uuid) -> Result<Option<Vec<WantedSheet>>> {
    let rows = sqlx::query!(
        r#"SELECT p.id, p.number, p.form_page AS "form_page!", p.turn, d.bucket, d.original_key, d.sha256
           FROM page p JOIN document d ON d.id = p.document_id
           WHERE p.form_id = $1 AND p.unread ORDER BY d.id, p.number"#,
        form_id
    )
    .fetch_all(tx)
    .await?;
    let sheets = rows.into_iter().map(|row| {
        Some(WantedSheet {
            id: row.id,
            original: Original {
                bucket: row.bucket,
                key: row.original_key?,
                sha256: row.sha256?,
            },
            number: u32::try_from(row.number).unwrap_or_default(),
            form_page: u32::try_from(row.form_page).unwrap_or_default(),
            turn: u32::try_from(row.turn).unwrap_or_default(),
        })
    });
    Ok(sheets.collect())
}

/// Keeps a form that is still being read. [`StorageError::LeaseLost`] tells the caller to stop.
pub async fn renew(database: &Database, lease: &FormLease, policy: &RetryPolicy) -> Result<()> {
    let done = sqlx::query!(
        "UPDATE form_reading SET lease_until = now() + $3::interval, next_attempt_at = now() + $3::interval
         WHERE form_id = $1 AND lease_holder = $2",
        lease.form_id,
        lease.holder,
        interval(policy.lease)
    )
    .execute(database.pool())
    .await?;
    held(done.rows_affected())
}

/// Hands an unfinished form back at shutdown. The attempt does not count.
pub async fn hand_back(database: &Database, lease: &FormLease) -> Result<()> {
    let done = sqlx::query!(
        "UPDATE form_reading SET attempts = attempts - 1, lease_holder = NULL, lease_until = NULL,
                next_attempt_at = now()
         WHERE form_id = $1 AND lease_holder = $2",
        lease.form_id,
        lease.holder
    )
    .execute(database.pool())
    .await?;
    held(done.rows_affected())
}

/// Lets the form rest after a failed attempt, until its next one; gives it up when there is none left, or when another
/// attempt `cannot_help`. Returns whether it will be tried again.
pub async fn retry(
    database: &Database,
    lease: &FormLease,
    policy: &RetryPolicy,
    cannot_help: bool,
) -> Result<bool> {
    let mut tx = database.begin().await?;
    lock(&mut tx, lease).await?;
    if cannot_help || lease.attempt >= policy.max_attempts {
        give_up(&mut tx, lease.form_id).await?;
        tx.commit().await?;
        return Ok(false);
    }
    sqlx::query!(
        "UPDATE form_reading SET lease_holder = NULL, lease_until = NULL, next_attempt_at = now() + $2::interval
         WHERE form_id = $1",
        lease.form_id,
        interval(policy.pause_after(lease.attempt))
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// Records what was read of the pages and ends the lease. [`StorageError::LeaseLost`] means that somebody changed the
/// pages, or another reader took over, and nothing was written.
pub async fn record(
    database: &Database,
    sealer: &Sealer,
    definitions: &[FormDefinition],
    lease: &FormLease,
    model: &str,
    sheets: &[(Uuid, SheetReading)],
) -> Result<()> {
    let mut tx = database.begin().await?;
    let form_id = lease.form_id;
    let (id, version, received) = lock(&mut tx, lease).await?;
    let definition = definition(definitions, &id, version)?;
    for (sheet, read) in sheets {
        let done = sqlx::query!(
            "UPDATE page SET unread = false, homography = $4, residual_mm = $5, reason = $6, model = $7
             WHERE id = $1 AND form_id = $2 AND form_page = $3 AND unread",
            sheet,
            form_id,
            i32::try_from(read.form_page).unwrap_or(i32::MAX),
            read.homography.as_slice(),
            read.residual_mm,
            read.remark,
            model
        )
        .execute(&mut *tx)
        .await?;
        held(done.rows_affected())?;
        let new = NewFields {
            model,
            fields: read.fields.iter().collect(),
        };
        fields::store(&mut tx, sealer, definition, form_id, &new).await?;
    }
    withdraw(&mut tx, form_id).await?;
    completeness::update_state(&mut tx, definition, form_id).await?;
    fields::set_urgency(&mut tx, definition, form_id, received.date_naive()).await?;
    let act = Act::new("pages_read_again", "form", form_id);
    audit::record(&mut *tx, Actor::Machine, act).await?;
    tx.commit().await?;
    Ok(())
}

/// The forms whose reading is due and was not begun, or was begun by a reader that is gone; as
/// [`super::documents::dispatch_due`].
pub async fn dispatch_due(
    tx: &mut PgConnection,
    queue_is_empty: bool,
    again_in: Duration,
    limit: i64,
) -> Result<Vec<Uuid>> {
    let due = sqlx::query_scalar!(
        "UPDATE form_reading SET dispatched_at = now()
         WHERE form_id IN (
             SELECT form_id FROM form_reading
             WHERE next_attempt_at <= now()
               AND (dispatched_at IS NULL OR dispatched_at <= now() - $1::interval)
               AND (lease_holder IS NULL AND (attempts > 0 OR $2) OR lease_until < now())
             ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED
         )
         RETURNING form_id",
        interval(again_in),
        queue_is_empty,
        limit
    )
    .fetch_all(&mut *tx)
    .await?;
    for form_id in &due {
        outbox::insert(tx, &OutboxMessage::read_form(*form_id)).await?;
    }
    Ok(due)
}

/// Notes the model a reader has started with.
pub async fn note_model(database: &Database, name: &str) -> Result<()> {
    sqlx::query!(
        "INSERT INTO reading_model (name, started_at) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET started_at = excluded.started_at",
        name,
        Utc::now()
    )
    .execute(database.pool())
    .await?;
    Ok(())
}

/// Locks the form and its request; fails when the lease is no longer the caller's.
async fn lock(
    tx: &mut PgConnection,
    lease: &FormLease,
) -> Result<(String, i32, chrono::DateTime<Utc>)> {
    let form = sqlx::query!(
        "SELECT definition_id, definition_version, received_at FROM form WHERE id = $1 FOR UPDATE",
        lease.form_id
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(StorageError::LeaseLost)?;
    sqlx::query_scalar!(
        "SELECT attempts FROM form_reading WHERE form_id = $1 AND lease_holder = $2 FOR UPDATE",
        lease.form_id,
        lease.holder
    )
    .fetch_optional(tx)
    .await?
    .ok_or(StorageError::LeaseLost)?;
    Ok((
        form.definition_id,
        form.definition_version,
        form.received_at,
    ))
}

/// The pages stay unread, and the form waits for somebody to look at them.
async fn give_up(tx: &mut PgConnection, form_id: Uuid) -> Result<()> {
    withdraw(tx, form_id).await?;
    completeness::not_read(tx, form_id).await
}

fn definition<'a>(
    definitions: &'a [FormDefinition],
    id: &str,
    version: i32,
) -> Result<&'a FormDefinition> {
    definitions
        .iter()
        .find(|d| d.id == id && i32::try_from(d.version) == Ok(version))
        .ok_or_else(|| StorageError::Inconsistent {
            subject: "form",
            problem: format!("no definition of {id} version {version}"),
        })
}

fn held(rows: u64) -> Result<()> {
    if rows == 1 {
        Ok(())
    } else {
        Err(StorageError::LeaseLost)
    }
}
