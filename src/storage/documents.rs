//! Documents: files as they arrived.
//!
//! A document is due when `next_attempt_at` has passed. `dispatched_at` says when it was last asked for, until a reader
//! claims it. A fresh one gets its first request to read in the transaction that makes the row; the dispatcher only
//! steps in when that did not lead to a reading.

use std::{fmt::Write, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Database, Result, StorageError, outbox, outbox::interval};

/// Everything under this prefix of the bucket is Enrol's own: no document is made of it.
pub const ORIGINALS_PREFIX: &str = "originals/";

/// Where the bytes with this SHA-256 are kept. A key of the content: it is never overwritten with other bytes.
pub fn original_key(sha256: &[u8]) -> String {
    let mut key = ORIGINALS_PREFIX.to_owned();
    for byte in sha256 {
        write!(key, "{byte:02x}").expect("writing to a string does not fail");
    }
    key
}

/// How a document ends from which no form came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalOutcome {
    /// A person can do something about it: the wrong form, a photograph, a password.
    Exception,
    /// Dangerous or undecodable bytes, or attempts used up.
    Quarantined,
}

impl RefusalOutcome {
    /// The name used in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exception => "exception",
            Self::Quarantined => "quarantined",
        }
    }
}

/// Why a document was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// How it ends.
    pub outcome: RefusalOutcome,
    /// Stable word for programs: `password_protected`.
    pub code: String,
    /// What is wrong and what to do next, for reception staff. Never holds anything from the form.
    pub reason: String,
}

/// An object that has come in.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Bucket.
    pub bucket: String,
    /// Key, decoded.
    pub object_key: String,
    /// Version id where the store has versions, else the ETag.
    pub object_version: String,
    /// Size in bytes.
    pub size_bytes: i64,
    /// When the store says it was last written.
    pub last_modified: Option<DateTime<Utc>>,
    /// SHA-256 of the bytes, which are kept under [`original_key`]; or why they are not.
    pub content: Result<[u8; 32], Refusal>,
}

/// What became of an [`Arrival`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intake {
    /// A new document, and its request to read is in the outbox.
    New(Uuid),
    /// A new row for bytes that had come in before.
    Duplicate {
        /// The new row.
        id: Uuid,
        /// The document that has the same bytes.
        of: Uuid,
    },
    /// A new row for an object that cannot be read.
    Refused(Uuid),
    /// This very version of the object is known; nothing was changed.
    Known,
}

/// Makes the document row and its request to read, in one transaction. Safe to repeat.
pub async fn insert(database: &Database, arrival: &Arrival) -> Result<Intake> {
    let mut tx = database.begin().await?;
    let original = match &arrival.content {
        Ok(sha256) => {
            // Two files with the same bytes must not both be the first one.
            lock_content(&mut tx, sha256).await?;
            earlier_copy(&mut tx, sha256).await?
        }
        Err(_) => None,
    };
    let sha256 = arrival.content.as_ref().ok().map(|hash| hash.as_slice());
    let refusal = arrival.content.as_ref().err();
    let (state, code, reason) = match (refusal, original) {
        (Some(refusal), _) => (
            refusal.outcome.as_str(),
            Some(refusal.code.as_str()),
            Some(refusal.reason.as_str()),
        ),
        (None, Some(_)) => (
            "duplicate",
            Some("same_file"),
            Some("The same file came in before."),
        ),
        (None, None) => ("received", None, None),
    };
    let id = sqlx::query_scalar!(
        "INSERT INTO document (id, bucket, object_key, object_version, size_bytes, last_modified, sha256,
                               original_key, received_at, state, reason_code, reason, duplicate_of,
                               next_attempt_at, dispatched_at, finished_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now(), $9, $10, $11, $12, now(), now(),
                 CASE WHEN $9 = 'received' THEN NULL ELSE now() END)
         ON CONFLICT (bucket, object_key, object_version) DO NOTHING
         RETURNING id",
        Uuid::now_v7(),
        arrival.bucket,
        arrival.object_key,
        arrival.object_version,
        arrival.size_bytes,
        arrival.last_modified,
        sha256,
        sha256.map(original_key),
        state,
        code,
        reason,
        original,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let intake = match (id, refusal, original) {
        (None, ..) => Intake::Known,
        (Some(id), Some(_), _) => Intake::Refused(id),
        (Some(id), None, Some(of)) => Intake::Duplicate { id, of },
        (Some(id), None, None) => {
            outbox::insert(&mut tx, &outbox::OutboxMessage::read(id)).await?;
            Intake::New(id)
        }
    };
    tx.commit().await?;
    Ok(intake)
}

/// Whether this version of the object has a row.
pub async fn is_known(database: &Database, bucket: &str, key: &str, version: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM document WHERE bucket = $1 AND object_key = $2 AND object_version = $3) AS "known!""#,
        bucket,
        key,
        version
    )
    .fetch_one(database.pool())
    .await?)
}

/// What is on record about one version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownObject {
    /// Key.
    pub object_key: String,
    /// Version id or ETag.
    pub object_version: String,
    /// Size in bytes.
    pub size_bytes: i64,
    /// When the store said it was last written.
    pub last_modified: Option<DateTime<Utc>>,
}

/// Everything on record under `keys`.
pub async fn known_objects(
    database: &Database,
    bucket: &str,
    keys: &[String],
) -> Result<Vec<KnownObject>> {
    Ok(sqlx::query_as!(
        KnownObject,
        "SELECT object_key, object_version, size_bytes, last_modified FROM document
         WHERE bucket = $1 AND object_key = ANY($2)",
        bucket,
        keys
    )
    .fetch_all(database.pool())
    .await?)
}

/// The document that already has these bytes. One whose attempts were used up does not stand in the way: sending
/// the file again is how a person asks for another try.
async fn earlier_copy(tx: &mut PgConnection, sha256: &[u8]) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!(
        "SELECT id FROM document
         WHERE sha256 = $1 AND state <> 'duplicate' AND reason_code IS DISTINCT FROM 'attempts_used_up'
         ORDER BY received_at, id LIMIT 1",
        sha256
    )
    .fetch_optional(tx)
    .await?)
}

/// Makes everybody wait who has bytes with this SHA-256, until the transaction ends.
pub(super) async fn lock_content(tx: &mut PgConnection, sha256: &[u8; 32]) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", lock_number(sha256))
        .execute(tx)
        .await?;
    Ok(())
}

fn lock_number(sha256: &[u8; 32]) -> i64 {
    let (first, _) = sha256
        .split_first_chunk::<8>()
        .expect("32 bytes have a first 8");
    i64::from_be_bytes(*first)
}

/// The documents whose reading is due and was not begun, or was begun by a reader that is gone. They count as
/// dispatched: the caller has to publish their requests. `queue_is_empty` says that no earlier request can still be
/// waiting; otherwise documents that were never attempted are left to the request they already have. What was asked for less than `again_in` ago is not asked for again.
pub async fn dispatch_due(
    tx: &mut PgConnection,
    queue_is_empty: bool,
    again_in: Duration,
    limit: i64,
) -> Result<Vec<Uuid>> {
    let due = sqlx::query_scalar!(
        "UPDATE document SET dispatched_at = now()
         WHERE id IN (
             SELECT id FROM document
             WHERE next_attempt_at <= now()
               AND (dispatched_at IS NULL OR dispatched_at <= now() - $1::interval)
               AND (state = 'received' AND (attempts > 0 OR $2) OR state = 'reading' AND lease_until < now())
             ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED
         )
         RETURNING id",
        interval(again_in),
        queue_is_empty,
        limit
    )
    .fetch_all(&mut *tx)
    .await?;
    for id in &due {
        outbox::insert(tx, &outbox::OutboxMessage::read(*id)).await?;
    }
    Ok(due)
}

/// The SHA-256 and place of a document's bytes as they arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// Bucket.
    pub bucket: String,
    /// Key under [`ORIGINALS_PREFIX`].
    pub key: String,
    /// SHA-256.
    pub sha256: Vec<u8>,
}

/// Where the bytes of document `id` are kept.
pub async fn original(database: &Database, id: Uuid) -> Result<Original> {
    sqlx::query!(
        "SELECT bucket, original_key, sha256 FROM document WHERE id = $1",
        id
    )
    .fetch_optional(database.pool())
    .await?
    .and_then(|row| {
        Some(Original {
            bucket: row.bucket,
            key: row.original_key?,
            sha256: row.sha256?,
        })
    })
    .ok_or(StorageError::NotFound {
        subject: "original",
    })
}
