//! The S3 client.

use std::time::Duration;

use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Credentials, Region, RequestChecksumCalculation,
        ResponseChecksumValidation, retry::RetryConfig, timeout::TimeoutConfig,
    },
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;

use super::ObjectError;
use crate::config;

/// A body stream has no time limit of its own in the SDK; this bounds a whole download.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(120);

/// What the store says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// The key.
    pub key: String,
    /// ETag without quotes; empty where a listing has none.
    pub etag: String,
    /// Version id, where the bucket has versions.
    pub version: Option<String>,
    /// Size in bytes.
    pub size: u64,
    /// When it was last written, where the store says.
    pub last_modified: Option<DateTime<Utc>>,
}

/// One bucket of an S3 server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ObjectStore {
    client: Client,
    bucket: String,
    max_bytes: u64,
}

impl ObjectStore {
    /// A client for the configured bucket; connects on first use.
    pub fn new(config: &config::Objects) -> Self {
        let credentials = Credentials::new(
            &config.access_key,
            config.secret_key.expose_secret(),
            None,
            None,
            "enrol configuration",
        );
        let settings = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(config.region.clone()))
            .endpoint_url(&config.endpoint)
            .credentials_provider(credentials)
            .force_path_style(config.force_path_style)
            // Newer checksums by default break several S3 servers; our own SHA-256 guards the content.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(5))
                    .operation_attempt_timeout(Duration::from_secs(60))
                    .build(),
            )
            .build();
        Self {
            client: Client::from_conf(settings),
            bucket: config.bucket.clone(),
            max_bytes: config.max_bytes,
        }
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Makes the bucket where it does not exist.
    pub async fn ensure_bucket(&self) -> Result<(), ObjectError> {
        if self
            .client
            .head_bucket()
            .bucket(&self.bucket)
            .send()
            .await
            .is_ok()
        {
            return Ok(());
        }
        let made = self
            .client
            .create_bucket()
            .bucket(&self.bucket)
            .send()
            .await;
        made.map(drop)
            .map_err(|error| unavailable("create bucket", &error))
    }

    /// Writes an object and returns its ETag without quotes.
    pub async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        content_type: &str,
    ) -> Result<String, ObjectError> {
        let written = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(|error| unavailable("put", &error))?;
        Ok(unquoted(written.e_tag()))
    }

    /// Reads a whole object, at most the configured number of bytes.
    ///
    /// # Errors
    /// [`ObjectError::NotFound`] and [`ObjectError::TooLarge`] are final, [`ObjectError::Unavailable`] is not.
    pub async fn get(&self, key: &str) -> Result<Bytes, ObjectError> {
        self.get_version(key, None).await
    }

    /// As [`ObjectStore::get`], of one version of the object; `None` is the newest.
    pub async fn get_version(
        &self,
        key: &str,
        version: Option<&str>,
    ) -> Result<Bytes, ObjectError> {
        let read = async {
            let object = self
                .client
                .get_object()
                .bucket(&self.bucket)
                .key(key)
                .set_version_id(version.map(str::to_owned))
                .send()
                .await
                .map_err(|error| missing_or_unavailable("get", &error))?;
            let announced = object
                .content_length()
                .and_then(|n| u64::try_from(n).ok())
                .unwrap_or(0);
            self.check_size(announced)?;
            let mut body = object.body;
            let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or(0));
            while let Some(chunk) = body.next().await {
                let chunk = chunk.map_err(|error| ObjectError::Unavailable {
                    operation: "download",
                    cause: error.to_string(),
                })?;
                bytes.extend_from_slice(&chunk);
                self.check_size(bytes.len() as u64)?;
            }
            Ok(Bytes::from(bytes))
        };
        tokio::time::timeout(DOWNLOAD_LIMIT, read)
            .await
            .unwrap_or_else(|_| {
                Err(ObjectError::Unavailable {
                    operation: "download",
                    cause: "took too long".to_owned(),
                })
            })
    }

    fn check_size(&self, size: u64) -> Result<(), ObjectError> {
        if size > self.max_bytes {
            Err(ObjectError::TooLarge {
                limit: self.max_bytes,
            })
        } else {
            Ok(())
        }
    }

    /// What the store says of one object.
    pub async fn head(&self, key: &str) -> Result<ObjectInfo, ObjectError> {
        self.head_version(key, None).await
    }

    /// What the store says of one version of an object; `None` is the newest.
    pub async fn head_version(
        &self,
        key: &str,
        version: Option<&str>,
    ) -> Result<ObjectInfo, ObjectError> {
        let head = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key)
            .set_version_id(version.map(str::to_owned))
            .send()
            .await
            .map_err(|error| missing_or_unavailable("head", &error))?;
        Ok(ObjectInfo {
            key: key.to_owned(),
            etag: unquoted(head.e_tag()),
            version: head
                .version_id()
                .filter(|v| *v != "null")
                .map(str::to_owned),
            size: head
                .content_length()
                .and_then(|n| u64::try_from(n).ok())
                .unwrap_or(0),
            last_modified: head.last_modified().and_then(timestamp),
        })
    }

    /// All objects whose key begins with `prefix`. Listings carry no version.
    pub async fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, ObjectError> {
        let mut pages = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .into_paginator()
            .send();
        let mut objects = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| unavailable("list", &error))?;
            objects.extend(page.contents().iter().filter_map(|object| {
                Some(ObjectInfo {
                    key: object.key()?.to_owned(),
                    etag: unquoted(object.e_tag()),
                    version: None,
                    size: object
                        .size()
                        .and_then(|n| u64::try_from(n).ok())
                        .unwrap_or(0),
                    last_modified: object.last_modified().and_then(timestamp),
                })
            }));
        }
        Ok(objects)
    }

    /// Removes an object; removing one that is not there succeeds.
    pub async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        let deleted = self
            .client
            .delete_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await;
        deleted
            .map(drop)
            .map_err(|error| unavailable("delete", &error))
    }

    /// Removes one version of an object, where the bucket has versions; where it has none, nothing.
    pub async fn delete_version(&self, key: &str, version: &str) -> Result<(), ObjectError> {
        let deleted = self
            .client
            .delete_object()
            .bucket(&self.bucket)
            .key(key)
            .version_id(version)
            .send()
            .await;
        match deleted.map_err(|error| missing_or_unavailable("delete version", &error)) {
            Ok(_) | Err(ObjectError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes an object with all its versions; removing one that is not there succeeds.
    pub async fn delete_every_version(&self, key: &str) -> Result<(), ObjectError> {
        let listed = self
            .client
            .list_object_versions()
            .bucket(&self.bucket)
            .prefix(key)
            .send()
            .await;
        // A server without versions may not know the question.
        if let Ok(listed) = listed {
            let versions = listed.versions().iter().map(|v| (v.key(), v.version_id()));
            let markers = listed
                .delete_markers()
                .iter()
                .map(|m| (m.key(), m.version_id()));
            for (found, version) in versions.chain(markers) {
                if let (true, Some(version)) = (found == Some(key), version)
                    && version != "null"
                {
                    self.delete_version(key, version).await?;
                }
            }
        }
        self.delete(key).await
    }
}

fn unquoted(etag: Option<&str>) -> String {
    etag.unwrap_or_default().trim_matches('"').to_owned()
}

fn timestamp(time: &aws_sdk_s3::primitives::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.secs(), time.subsec_nanos())
}

fn missing_or_unavailable<E: ProvideErrorMetadata, R>(
    operation: &'static str,
    error: &SdkError<E, R>,
) -> ObjectError
where
    SdkError<E, R>: ProvideErrorMetadata,
{
    match error.code() {
        Some("NoSuchKey" | "NotFound" | "NoSuchVersion") => ObjectError::NotFound,
        _ => unavailable(operation, error),
    }
}

fn unavailable<E, R>(operation: &'static str, error: &SdkError<E, R>) -> ObjectError
where
    SdkError<E, R>: ProvideErrorMetadata,
{
    // The display text of a service error may quote the key; its code does not.
    let kind = match error {
        SdkError::TimeoutError(_) => "no answer in time",
        SdkError::DispatchFailure(_) => "cannot connect",
        SdkError::ServiceError(_) => "refused",
        _ => "bad response",
    };
    let cause = error
        .code()
        .map_or_else(|| kind.to_owned(), |code| format!("{kind} ({code})"));
    ObjectError::Unavailable { operation, cause }
}
