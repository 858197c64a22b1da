//! Who is reading a document, how often that was tried, and when to try again.
//!
//! The attempt is counted before the work, so that a crash counts. A lease names its holder; every later write says
//! which lease it belongs to and is refused when another holder has taken over.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Database, Result, StorageError,
    documents::{Original, Refusal, RefusalOutcome},
    outbox::interval,
};

/// How often and how soon a document is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts before a document is quarantined.
    pub max_attempts: i32,
    /// Pause after the first, second ... failed attempt; the last one repeats.
    pub back_off: Vec<Duration>,
    /// How long a lease lasts unless renewed.
    pub lease: Duration,
}

impl Default for RetryPolicy {
    /// Three attempts, 10 s and 60 s apart; leases of 30 s.
    fn default() -> Self {
        Self {
            max_attempts: 3,
            back_off: vec![Duration::from_secs(10), Duration::from_secs(60)],
            lease: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    pub(super) fn pause_after(&self, attempt: i32) -> Duration {
        let index = usize::try_from(attempt - 1).unwrap_or(0);
        self.back_off
            .get(index)
            .or(self.back_off.last())
            .copied()
            .unwrap_or(Duration::from_secs(10))
    }

    /// The default with another number of attempts, at least one.
    pub fn with_max_attempts(max_attempts: i32) -> Self {
        Self {
            max_attempts: max_attempts.max(1),
            ..Self::default()
        }
    }
}

/// The right to read a document and record what was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The document.
    pub document_id: Uuid,
    /// Names this claim; another claim of the same document has another holder.
    pub holder: Uuid,
    /// Which attempt this is, from 1.
    pub attempt: i32,
}

/// What came of asking for a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The document is the caller's until the lease runs out.
    Granted {
        /// The right to it.
        lease: Lease,
        /// Where its bytes are.
        original: Original,
    },
    /// Another reader has it, or it is resting after a failed attempt. The dispatcher will ask again.
    Busy {
        /// When it may be asked for again.
        until: DateTime<Utc>,
    },
    /// Nothing is left to do.
    Finished,
    /// This call quarantined it: every attempt ended without a result.
    Exhausted,
    /// There is no such document.
    Unknown,
}

/// Asks for document `id`, counting the attempt.
pub async fn claim(database: &Database, id: Uuid, policy: &RetryPolicy) -> Result<Claim> {
    let mut tx = database.begin().await?;
    let Some(row) = sqlx::query!(
        r#"SELECT state, attempts, bucket, original_key, sha256,
                  (state = 'reading' AND lease_until >= now()) AS "leased!",
                  (state = 'received' AND attempts > 0 AND next_attempt_at > now()) AS "resting!",
                  coalesce(lease_until, next_attempt_at) AS "until!"
           FROM document WHERE id = $1 FOR UPDATE"#,
        id
    )
    .fetch_optional(&mut *tx)
    .await?
    else {
        return Ok(Claim::Unknown);
    };
    if !matches!(row.state.as_str(), "received" | "reading") {
        return Ok(Claim::Finished);
    }
    if row.leased || row.resting {
        return Ok(Claim::Busy { until: row.until });
    }
    if row.attempts >= policy.max_attempts {
        quarantine_exhausted(&mut tx, id).await?;
        tx.commit().await?;
        return Ok(Claim::Exhausted);
    }
    let (Some(key), Some(sha256)) = (row.original_key, row.sha256) else {
        return Err(StorageError::Inconsistent {
            subject: "document",
            problem: "it is to be read but its bytes were not kept".to_owned(),
        });
    };
    let lease = Lease {
        document_id: id,
        holder: Uuid::now_v7(),
        attempt: row.attempts + 1,
    };
    sqlx::query!(
        "UPDATE document SET state = 'reading', attempts = $2, lease_holder = $3,
                lease_until = now() + $4::interval, next_attempt_at = now() + $4::interval, dispatched_at = NULL
         WHERE id = $1",
        id,
        lease.attempt,
        lease.holder,
        interval(policy.lease)
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Claim::Granted {
        lease,
        original: Original {
            bucket: row.bucket,
            key,
            sha256,
        },
    })
}

/// Keeps a document that is still being worked on. [`StorageError::LeaseLost`] tells the caller to stop.
pub async fn renew(database: &Database, lease: &Lease, policy: &RetryPolicy) -> Result<()> {
    let done = sqlx::query!(
        "UPDATE document SET lease_until = now() + $3::interval, next_attempt_at = now() + $3::interval
         WHERE id = $1 AND lease_holder = $2 AND state = 'reading'",
        lease.document_id,
        lease.holder,
        interval(policy.lease)
    )
    .execute(database.pool())
    .await?;
    held(done.rows_affected())
}

/// Ends the document without a form.
pub async fn refuse(database: &Database, lease: &Lease, refusal: &Refusal) -> Result<()> {
    let done = sqlx::query!(
        "UPDATE document SET state = $3, reason_code = $4, reason = $5, finished_at = now(),
                lease_holder = NULL, lease_until = NULL
         WHERE id = $1 AND lease_holder = $2 AND state = 'reading'",
        lease.document_id,
        lease.holder,
        refusal.outcome.as_str(),
        refusal.code,
        refusal.reason
    )
    .execute(database.pool())
    .await?;
    held(done.rows_affected())
}

/// Puts the document back after a failed attempt, to rest until its next one; quarantines it when there is none
/// left. Returns whether it will be tried again.
pub async fn retry(database: &Database, lease: &Lease, policy: &RetryPolicy) -> Result<bool> {
    if lease.attempt >= policy.max_attempts {
        refuse(database, lease, &exhausted()).await?;
        return Ok(false);
    }
    let done = sqlx::query!(
        "UPDATE document SET state = 'received', lease_holder = NULL, lease_until = NULL,
                next_attempt_at = now() + $3
         WHERE id = $1 AND lease_holder = $2 AND state = 'reading'",
        lease.document_id,
        lease.holder,
        interval(policy.pause_after(lease.attempt))
    )
    .execute(database.pool())
    .await?;
    held(done.rows_affected())?;
    Ok(true)
}

/// Hands an unfinished document back at shutdown. The attempt does not count: nothing was wrong with the document.
pub async fn hand_back(database: &Database, lease: &Lease) -> Result<()> {
    let done = sqlx::query!(
        "UPDATE document SET state = 'received', attempts = attempts - 1, lease_holder = NULL, lease_until = NULL,
                next_attempt_at = now()
         WHERE id = $1 AND lease_holder = $2 AND state = 'reading'",
        lease.document_id,
        lease.holder
    )
    .execute(database.pool())
    .await?;
    held(done.rows_affected())
}

/// Locks the document for the caller's transaction; fails when the lease is no longer the caller's.
pub(super) async fn lock(tx: &mut PgConnection, lease: &Lease) -> Result<DateTime<Utc>> {
    sqlx::query_scalar!(
        "SELECT received_at FROM document WHERE id = $1 AND lease_holder = $2 AND state = 'reading' FOR UPDATE",
        lease.document_id,
        lease.holder
    )
    .fetch_optional(tx)
    .await?
    .ok_or(StorageError::LeaseLost)
}

fn held(rows: u64) -> Result<()> {
    if rows == 1 {
        Ok(())
    } else {
        Err(StorageError::LeaseLost)
    }
}

fn exhausted() -> Refusal {
    Refusal {
        outcome: RefusalOutcome::Quarantined,
        code: "attempts_used_up".to_owned(),
        reason: "This file could not be processed, although it was tried several times. Scan the form again, or \
                 enter it by hand."
            .to_owned(),
    }
}

async fn quarantine_exhausted(tx: &mut PgConnection, id: Uuid) -> Result<()> {
    let refusal = exhausted();
    sqlx::query!(
        "UPDATE document SET state = $2, reason_code = $3, reason = $4, finished_at = now(),
                lease_holder = NULL, lease_until = NULL
         WHERE id = $1",
        id,
        refusal.outcome.as_str(),
        refusal.code,
        refusal.reason
    )
    .execute(tx)
    .await?;
    Ok(())
}
