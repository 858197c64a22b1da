//! Does what was agreed to be erased: rows, files, and copies of files that other families are in too.
//!
//! Each step can be repeated after a crash: rows go in one transaction that notes the files, and a file's note goes when
//! the file is gone.

mod redaction;

use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use sha2::{Digest, Sha256};

use crate::decoding::Decoder;
use crate::lifecycle::Shutdown;
use crate::objects::{ObjectError, ObjectStore};
use crate::storage::documents::original_key;
use crate::storage::erasure::{self, FileToRemove, Outcome, RedactedCopy, Redaction, Task};
use crate::storage::{Database, StorageError};

pub use redaction::{RedactionError, without_pages};

/// Families and files taken at once.
const BATCH: i64 = 50;
/// How often files may change while copies of them are made.
const ATTEMPTS: usize = 3;

/// Why erasing stopped.
#[derive(Debug, thiserror::Error)]
pub enum ErasingError {
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The object store.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// A copy without somebody's pages could not be made.
    #[error(transparent)]
    Redaction(#[from] RedactionError),
    /// Files kept changing while copies of them were made.
    #[error("the files of a family kept changing while they were copied")]
    Unsteady,
}

impl ErasingError {
    /// Whether trying again later may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Storage(error) => error.is_retryable(),
            Self::Objects(error) => error.is_retryable(),
            Self::Redaction(RedactionError::Decode(error)) => error.is_retryable(),
            Self::Redaction(RedactionError::Write(_)) => false,
            Self::Unsteady => true,
        }
    }
}

/// Erases.
#[derive(Debug, Clone)]
pub struct Eraser {
    /// Where the records are.
    pub database: Database,
    /// Where the files are.
    pub objects: ObjectStore,
    /// Reads files of which only some pages go.
    pub decoder: Decoder,
    /// Address as seen from outside, without trailing slash: the source of the events.
    pub public_url: String,
}

impl Eraser {
    /// Looks for work every `interval` until shutdown.
    pub async fn run(self, interval: Duration, shutdown: Shutdown) {
        loop {
            match self.work().await {
                Ok(0) => {}
                Ok(done) => tracing::info!(done, "erased what was agreed to"),
                Err(error) => {
                    tracing::warn!(%error, retry = error.is_retryable(), "erasing stopped and is tried again");
                }
            }
            if !shutdown.sleep(interval).await {
                return;
            }
        }
    }

    /// Does everything that is agreed to and not done. Returns how many families, scans and lists were erased.
    ///
    /// # Errors
    /// See [`ErasingError`]. What could not be done stays to be done; one family's trouble does not hold up another.
    pub async fn work(&self) -> Result<usize, ErasingError> {
        let mut done = 0;
        let mut trouble = None;
        // Files first: those of an erasure that a crash interrupted.
        self.remove_files().await?;
        for task in erasure::to_do(&self.database, BATCH).await? {
            match self.erase(&task).await {
                Ok(Outcome::Erased) => done += 1,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, subject.id = %task.subject.id(), "not erased yet");
                    trouble = Some(error);
                }
            }
        }
        self.remove_files().await?;
        erasure::finish(&self.database, Utc::now()).await?;
        trouble.map_or(Ok(done), Err)
    }

    async fn erase(&self, task: &Task) -> Result<Outcome, ErasingError> {
        let mut copies = Vec::new();
        for _ in 0..ATTEMPTS {
            let (database, url, task, given) = (
                self.database.clone(),
                self.public_url.clone(),
                *task,
                copies.clone(),
            );
            let outcome = Database::uninterrupted(async move {
                erasure::erase(&database, &url, &task, &given, Utc::now()).await
            })
            .await?;
            let Outcome::NeedsCopies(files) = outcome else {
                return Ok(outcome);
            };
            copies.clear();
            for file in files {
                copies.push(self.copy(file).await?);
            }
        }
        Err(ErasingError::Unsteady)
    }

    /// Makes and stores the copy of a file without the pages that go.
    async fn copy(&self, of: Redaction) -> Result<RedactedCopy, ErasingError> {
        let bytes = self.objects.get(&of.original_key).await?;
        let (decoder, blanked) = (self.decoder.clone(), of.pages.clone());
        let copying = tokio::task::spawn_blocking(move || {
            let copy = without_pages(&decoder, &bytes, &blanked)?;
            let sha256: [u8; 32] = Sha256::digest(&copy).into();
            Ok::<_, RedactionError>((Bytes::from(copy), sha256))
        });
        let (copy, sha256) = copying.await.map_err(|_| ErasingError::Unsteady)??;
        let size_bytes = i64::try_from(copy.len()).unwrap_or(i64::MAX);
        let key = original_key(&sha256);
        self.objects.put(&key, copy, "image/tiff").await?;
        Ok(RedactedCopy {
            of,
            sha256,
            size_bytes,
        })
    }

    async fn remove_files(&self) -> Result<(), ErasingError> {
        loop {
            let files = erasure::files_to_remove(&self.database, BATCH).await?;
            if files.is_empty() {
                return Ok(());
            }
            for file in files {
                self.remove(&file).await?;
                erasure::forget_file(&self.database, &file).await?;
            }
        }
    }

    /// Removes a file, unless something newer has taken its place or needs it.
    async fn remove(&self, file: &FileToRemove) -> Result<(), ErasingError> {
        if file.bucket != self.objects.bucket() {
            return Err(ObjectError::OtherBucket.into());
        }
        if file.needed {
            return Ok(());
        }
        if file.version.is_empty() {
            return Ok(self.objects.delete_every_version(&file.key).await?);
        }
        match self.objects.head(&file.key).await {
            Ok(info) if info.version.is_none() && info.etag != file.version => Ok(()),
            Ok(info) if info.version.is_none() => Ok(self.objects.delete(&file.key).await?),
            // Not there, or a bucket with versions, where older ones outlive a removal.
            Ok(_) | Err(ObjectError::NotFound) => Ok(self
                .objects
                .delete_version(&file.key, &file.version)
                .await?),
            Err(error) => Err(error.into()),
        }
    }
}
