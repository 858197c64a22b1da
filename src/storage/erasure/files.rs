//! Files of what is erased: which are to be removed, and what takes the place of those with other families' pages.

use sqlx::PgConnection;
use uuid::Uuid;

use super::super::documents::original_key;
use super::super::{Database, Result, StorageError};
use super::Task;
use super::extent::Extent;

/// A file with pages of several forms, of which some are to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redaction {
    /// The scan.
    pub document: Uuid,
    /// Where its bytes are.
    pub original_key: String,
    /// Their SHA-256.
    pub sha256: Vec<u8>,
    /// Numbers of the pages to go, from 1, in order.
    pub pages: Vec<u32>,
}

/// What takes the place of such a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedactedCopy {
    /// What it was made of.
    pub of: Redaction,
    /// SHA-256 of the copy, which is kept under [`original_key`].
    pub sha256: [u8; 32],
    /// Its size in bytes.
    pub size_bytes: i64,
}

impl RedactedCopy {
    /// Whether it was made for this.
    pub(super) fn is_of(&self, file: &Redaction) -> bool {
        self.of == *file
    }
}

/// The files that need a copy without this family's pages.
pub(super) async fn redactions(
    connection: &mut PgConnection,
    extent: &Extent,
) -> Result<Vec<Redaction>> {
    let rows = sqlx::query!(
        r#"SELECT d.id, d.original_key, d.sha256,
                  (SELECT array_agg(p.number ORDER BY p.number) FROM page p
                   WHERE p.document_id = d.id AND p.form_id = ANY ($2)) AS pages
           FROM document d WHERE d.id = ANY ($1) ORDER BY d.id"#,
        &extent.shared,
        &extent.forms
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|r| {
            let (Some(original_key), Some(sha256)) = (r.original_key, r.sha256) else {
                return Err(StorageError::Inconsistent {
                    subject: "document",
                    problem: "pages of several forms, and no copy of the bytes".to_owned(),
                });
            };
            let pages = r.pages.unwrap_or_default().into_iter();
            Ok(Redaction {
                document: r.id,
                original_key,
                sha256,
                pages: pages.filter_map(|n| u32::try_from(n).ok()).collect(),
            })
        })
        .collect()
}

/// Notes every file of `extent` for removal.
pub(super) async fn note(
    connection: &mut PgConnection,
    task: &Task,
    extent: &Extent,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO erasure_object (bucket, object_key, object_version, plan_id, subject_id)
         SELECT bucket, object_key, object_version, $2::uuid, $3::uuid FROM document WHERE id = ANY ($1)
         UNION
         SELECT bucket, original_key, '', $2::uuid, $3::uuid FROM document WHERE id = ANY ($1) AND original_key IS NOT NULL
         ON CONFLICT DO NOTHING",
        &extent.documents,
        task.plan,
        task.subject.id()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets the documents lead to the copies. A name that people gave the file goes; the centre it came from stays.
pub(super) async fn put_in_place(
    connection: &mut PgConnection,
    copies: &[RedactedCopy],
) -> Result<()> {
    for copy in copies {
        let key = original_key(&copy.sha256);
        sqlx::query!(
            "UPDATE document SET sha256 = $2, original_key = $3, size_bytes = $4, object_version = $5, last_modified = NULL,
                 object_key = COALESCE('originals/centres/' || centre || '/', 'originals/') || encode($2, 'hex')
             WHERE id = $1",
            copy.of.document,
            copy.sha256.as_slice(),
            key,
            copy.size_bytes,
            "redacted"
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// A file that is still to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileToRemove {
    /// Bucket.
    pub bucket: String,
    /// Key.
    pub key: String,
    /// Version id or ETag that it had; empty for our own copies, whose bytes the key names.
    pub version: String,
    /// Whether a newer document needs it: then it stays.
    pub needed: bool,
}

/// Files that are still to be removed.
pub async fn files_to_remove(database: &Database, limit: i64) -> Result<Vec<FileToRemove>> {
    Ok(sqlx::query_as!(
        FileToRemove,
        r#"SELECT o.bucket, o.object_key AS key, o.object_version AS version,
                  EXISTS (SELECT FROM document d WHERE d.bucket = o.bucket AND d.original_key = o.object_key
                          AND o.object_version = '') AS "needed!"
           FROM erasure_object o ORDER BY o.bucket, o.object_key LIMIT $1"#,
        limit
    )
    .fetch_all(database.pool())
    .await?)
}

/// Forgets a file that is gone, its name with it.
pub async fn forget_file(database: &Database, file: &FileToRemove) -> Result<()> {
    sqlx::query!(
        "DELETE FROM erasure_object WHERE bucket = $1 AND object_key = $2 AND object_version = $3",
        file.bucket,
        file.key,
        file.version
    )
    .execute(database.pool())
    .await?;
    Ok(())
}

/// Whether this version of an object is about to be removed, so that it is no new scan.
pub async fn is_being_removed(
    database: &Database,
    bucket: &str,
    key: &str,
    version: &str,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM erasure_object WHERE bucket = $1 AND object_key = $2 AND object_version = $3) AS "going!""#,
        bucket,
        key,
        version
    )
    .fetch_one(database.pool())
    .await?)
}
