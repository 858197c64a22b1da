//! A scan that somebody made of one page of a form: better than the one there is, or of a page that is missing.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::apply::{PlanError, Wanted, carry_out};
use super::{Move, Place};
use crate::forms::definition::FormDefinition;
use crate::storage::documents::original_key;
use crate::storage::sealing::Sealer;
use crate::storage::{Database, StorageError};

/// A file with one page, whose bytes are kept under [`original_key`].
#[derive(Debug, Clone)]
pub struct NewScan {
    /// The form.
    pub form_id: Uuid,
    /// The version of it that was shown.
    pub version: i32,
    /// Page of the form, from 1.
    pub form_page: u32,
    /// Bucket that the bytes are in.
    pub bucket: String,
    /// What to call the file: it names the centre as keys of scans do.
    pub name: String,
    /// Its size in bytes.
    pub size_bytes: i64,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
}

/// Whether a file with these bytes has come in before.
pub async fn is_known(database: &Database, sha256: &[u8; 32]) -> Result<bool, StorageError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM document WHERE sha256 = $1) AS "known!""#,
        sha256.as_slice()
    )
    .fetch_one(database.pool())
    .await?)
}

/// Gives the scan the place of the page that the form has there, which is put aside, and has it read.
///
/// # Errors
/// See [`PlanError`]; also [`StorageError::Conflict`] when a file with these bytes has come in before.
pub async fn add(
    database: &Database,
    sealer: &Sealer,
    definition: &FormDefinition,
    account: Uuid,
    scan: &NewScan,
) -> Result<(), PlanError> {
    let mut tx = database.begin().await?;
    let page = i32::try_from(scan.form_page).unwrap_or(i32::MAX);
    // The form first, as everybody does.
    sqlx::query!(
        "SELECT state FROM form WHERE id = $1 FOR UPDATE",
        scan.form_id
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(PlanError::Changed)?;
    let document = Uuid::now_v7();
    // The same lock as for files that come in: two with the same bytes must not both be the first one.
    crate::storage::documents::lock_content(&mut tx, &scan.sha256).await?;
    let new = sqlx::query!(
        "INSERT INTO document (id, bucket, object_key, object_version, size_bytes, sha256, original_key, received_at,
                               state, page_count, next_attempt_at, finished_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, now(), 'read', 1, now(), now()
         WHERE NOT EXISTS (SELECT FROM document WHERE sha256 = $6)",
        document,
        scan.bucket,
        scan.name,
        document.to_string(),
        scan.size_bytes,
        scan.sha256.as_slice(),
        original_key(&scan.sha256)
    )
    .execute(&mut *tx)
    .await?;
    if new.rows_affected() == 0 {
        return Err(StorageError::Conflict { subject: "file" }.into());
    }
    let sheet = Uuid::now_v7();
    sqlx::query!(
        "INSERT INTO page (id, document_id, number, outcome, reason, form_id, form_page)
         VALUES ($1, $2, 1, 'duplicate', 'It was scanned for this page and is not in use.', $3, $4)",
        sheet,
        document,
        scan.form_id,
        page
    )
    .execute(&mut *tx)
    .await?;
    let earlier = sqlx::query!(
        "SELECT id, turn FROM page WHERE form_id = $1 AND form_page = $2 AND outcome = 'in_form'",
        scan.form_id,
        page
    )
    .fetch_optional(&mut *tx)
    .await?;
    let mut moves = vec![Move {
        sheet,
        to: Place::Page(scan.form_id, scan.form_page),
        turn: 0,
    }];
    moves.extend(earlier.map(|earlier| Move {
        sheet: earlier.id,
        to: Place::Spare(scan.form_id, scan.form_page),
        turn: u32::try_from(earlier.turn).unwrap_or_default(),
    }));
    let versions = BTreeMap::from([(scan.form_id, scan.version)]);
    let wanted = Wanted {
        form_id: scan.form_id,
        versions: &versions,
        moves: &moves,
    };
    carry_out(&mut tx, sealer, definition, account, &wanted, None).await?;
    tx.commit().await.map_err(StorageError::from)?;
    Ok(())
}
