//! From one object to its document row.

use bytes::Bytes;
use enrol::{
    messaging::s3_event::ObjectCreated,
    objects::{ObjectError, ObjectInfo, ObjectStore},
    storage::{
        Database, StorageError,
        documents::{self, Arrival, ORIGINALS_PREFIX, Refusal, RefusalOutcome},
        erasure,
    },
};
use sha2::{Digest, Sha256};

/// How often an object may be replaced while it is being read before the attempt is given up for now.
const READS: usize = 5;

/// Why an object could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The object store.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The object changes faster than it can be read. Trying again later helps.
    #[error("the object kept changing while it was read")]
    Unsteady,
}

impl IntakeError {
    /// Whether trying again later may help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Objects(error) => error.is_retryable(),
            Self::Storage(error) => error.is_retryable(),
            Self::Unsteady => true,
        }
    }
}

/// What became of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It has a row, new or old.
    Taken(documents::Intake),
    /// It is none of a scanner's: a copy made by intake, a folder marker, or outside the prefix.
    Ignored,
}

/// Takes objects of one bucket in.
pub struct Intake {
    database: Database,
    store: ObjectStore,
    prefix: String,
}

impl Intake {
    /// Only keys that begin with `prefix` are scans.
    pub fn new(database: Database, store: ObjectStore, prefix: &str) -> Self {
        Self {
            database,
            store,
            prefix: prefix.to_owned(),
        }
    }

    /// The bucket.
    pub fn bucket(&self) -> &str {
        self.store.bucket()
    }

    /// The database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The objects that could be scans.
    pub async fn list(&self) -> Result<Vec<ObjectInfo>, IntakeError> {
        let mut objects = self.store.list(&self.prefix).await?;
        objects.retain(|object| self.may_be_scan(&object.key));
        Ok(objects)
    }

    /// Takes in the object that a notice announced. When it was replaced before its bytes could be saved, that is
    /// recorded too: otherwise a scan would vanish without a trace.
    pub async fn take_announced(&self, object: &ObjectCreated) -> Result<Outcome, IntakeError> {
        if !self.may_be_scan(&object.key) {
            return Ok(Outcome::Ignored);
        }
        let announced = object.version.as_ref().or(object.etag.as_ref());
        if let Some(version) = announced
            && documents::is_known(&self.database, self.bucket(), &object.key, version).await?
        {
            return Ok(Outcome::Taken(documents::Intake::Known));
        }
        match self.take(&object.key, object.version.as_deref()).await {
            Ok((outcome, taken)) => {
                if let Some(version) = announced.filter(|version| **version != taken) {
                    self.record_lost(object, version, overwritten()).await?;
                }
                Ok(outcome)
            }
            Err(IntakeError::Objects(ObjectError::NotFound)) => {
                let version = announced.map_or("unknown", String::as_str);
                Ok(Outcome::Taken(
                    self.record_lost(object, version, removed()).await?,
                ))
            }
            Err(error) => Err(error),
        }
    }

    /// Takes in whatever is under `key` now, without a notice.
    pub async fn take_found(&self, key: &str) -> Result<Outcome, IntakeError> {
        match self.take(key, None).await {
            Ok((outcome, _)) => Ok(outcome),
            // Removed since it was listed, and never announced: there is nothing to tell.
            Err(IntakeError::Objects(ObjectError::NotFound)) => Ok(Outcome::Ignored),
            Err(error) => Err(error),
        }
    }

    /// Saves the bytes and makes the row. Returns the version that was taken.
    async fn take(
        &self,
        key: &str,
        version: Option<&str>,
    ) -> Result<(Outcome, String), IntakeError> {
        for _ in 0..READS {
            let info = self.store.head_version(key, version).await?;
            let identity = identity(&info);
            if documents::is_known(&self.database, self.bucket(), key, &identity).await? {
                return Ok((Outcome::Taken(documents::Intake::Known), identity));
            }
            if erasure::is_being_removed(&self.database, self.bucket(), key, &identity).await? {
                return Ok((Outcome::Ignored, identity));
            }
            let content = match self.store.get_version(key, info.version.as_deref()).await {
                Ok(bytes) => {
                    // Without versions the object may have been replaced between the two requests.
                    if info.version.is_none()
                        && self::identity(&self.store.head(key).await?) != identity
                    {
                        continue;
                    }
                    Ok(self.save_original(bytes).await?)
                }
                Err(ObjectError::TooLarge { limit }) => Err(too_large(limit)),
                Err(error) => return Err(error.into()),
            };
            let arrival = Arrival {
                bucket: self.bucket().to_owned(),
                object_key: key.to_owned(),
                object_version: identity.clone(),
                size_bytes: i64::try_from(info.size).unwrap_or(i64::MAX),
                last_modified: info.last_modified,
                content,
            };
            let intake = documents::insert(&self.database, &arrival).await?;
            return Ok((Outcome::Taken(intake), identity));
        }
        Err(IntakeError::Unsteady)
    }

    /// Copies the bytes to their place under `originals/`, unless they are there, and returns their SHA-256.
    async fn save_original(&self, bytes: Bytes) -> Result<[u8; 32], IntakeError> {
        let size = bytes.len() as u64;
        let sha256 = hash(bytes.clone()).await;
        let key = documents::original_key(&sha256);
        let there = match self.store.head(&key).await {
            Ok(info) => info.size == size,
            Err(ObjectError::NotFound) => false,
            Err(error) => return Err(error.into()),
        };
        if !there {
            self.store
                .put(&key, bytes, "application/octet-stream")
                .await?;
        }
        Ok(sha256)
    }

    async fn record_lost(
        &self,
        object: &ObjectCreated,
        version: &str,
        refusal: Refusal,
    ) -> Result<documents::Intake, IntakeError> {
        let arrival = Arrival {
            bucket: object.bucket.clone(),
            object_key: object.key.clone(),
            object_version: version.to_owned(),
            size_bytes: object
                .size
                .and_then(|size| i64::try_from(size).ok())
                .unwrap_or(0),
            last_modified: None,
            content: Err(refusal),
        };
        Ok(documents::insert(&self.database, &arrival).await?)
    }

    fn may_be_scan(&self, key: &str) -> bool {
        key.starts_with(&self.prefix) && !key.starts_with(ORIGINALS_PREFIX) && !key.ends_with('/')
    }
}

/// Version id where the bucket has versions, else the ETag.
fn identity(info: &ObjectInfo) -> String {
    info.version.clone().unwrap_or_else(|| info.etag.clone())
}

/// Up to 50 MB are hashed, which is too long for a thread that also keeps the broker's heartbeat.
async fn hash(bytes: Bytes) -> [u8; 32] {
    tokio::task::spawn_blocking(move || Sha256::digest(&bytes).into())
        .await
        .expect("hashing does not panic")
}

fn too_large(limit: u64) -> Refusal {
    Refusal {
        outcome: RefusalOutcome::Quarantined,
        code: "too_large".to_owned(),
        reason: format!(
            "This file is larger than {} MB. Scan the form in grey at 300 dpi, or in smaller batches.",
            limit / (1024 * 1024)
        ),
    }
}

fn overwritten() -> Refusal {
    Refusal {
        outcome: RefusalOutcome::Exception,
        code: "overwritten".to_owned(),
        reason: "Another file of the same name arrived before this one was taken in, and replaced it. Scan it again \
                 under a name of its own."
            .to_owned(),
    }
}

fn removed() -> Refusal {
    Refusal {
        outcome: RefusalOutcome::Exception,
        code: "removed".to_owned(),
        reason: "This file was removed from the store before it was taken in. Scan it again."
            .to_owned(),
    }
}
