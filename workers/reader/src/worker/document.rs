//! One document from claim to record.

use std::{sync::Arc, time::Duration};

use enrol::{
    domain::reading::DocumentReading,
    lifecycle::Shutdown,
    messaging::consumer::Verdict,
    objects::{ObjectError, ObjectStore},
    storage::{
        Database, StorageError,
        documents::Original,
        leases::{self, Claim, Lease, RetryPolicy},
        reading,
        sealing::Sealer,
    },
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::drawing;
use super::refusal::refusal;
use super::threads::{ReadingError, ReadingThreads, check};
use super::{DEADLINE, GRACE, ReadRequest};
use crate::{Reader, read_document};

/// Attempts to record a reading before it is given up; the work is done, so it is worth some patience.
pub(super) const RECORD_ATTEMPTS: u32 = 5;
/// Pause before a request goes back to the queue while the database cannot be used.
const PAUSE: Duration = Duration::from_secs(3);

/// Everything needed to handle requests.
pub(super) struct Worker {
    pub(super) database: Database,
    pub(super) store: ObjectStore,
    pub(super) sealer: Sealer,
    pub(super) reader: Arc<Reader>,
    pub(super) threads: ReadingThreads,
    pub(super) policy: RetryPolicy,
    pub(super) shutdown: Shutdown,
    pub(super) keep_signals: bool,
    pub(super) drawn_share: f64,
    /// Set when a reading does not end.
    pub(super) stuck: CancellationToken,
}

/// How a claimed document's or form's reading ended.
pub(super) enum End<T> {
    Read(T),
    Failed(ReadingError),
    Unavailable(ObjectError),
    /// Another worker has it.
    Lost,
    /// Stopping was asked for and it takes too long.
    Stopped,
    /// It will never end.
    Stuck,
}

impl Worker {
    /// Handles one request. Whatever happened to the document is in the database afterwards, so the request is
    /// done unless the database itself failed.
    pub(super) async fn handle(&self, request: ReadRequest) -> Verdict {
        let done = match request {
            ReadRequest::Document { document_id } => self.read_and_record(document_id).await,
            ReadRequest::Form { form_id } => self.read_form(form_id).await,
        };
        match done {
            Ok(verdict) => verdict,
            // The lease went to another worker, or will run out; either way it is asked for again.
            Err(StorageError::LeaseLost) => Verdict::Done,
            Err(error) => {
                tracing::error!(?request, %error, "the request goes back to the queue");
                self.shutdown.sleep(PAUSE).await;
                Verdict::Later
            }
        }
    }

    async fn read_and_record(&self, id: Uuid) -> Result<Verdict, StorageError> {
        let (lease, original) = match leases::claim(&self.database, id, &self.policy).await? {
            Claim::Granted { lease, original } => (lease, original),
            Claim::Exhausted => {
                tracing::warn!(document.id = %id, "quarantined, every attempt ended without a result");
                return Ok(Verdict::Done);
            }
            // The dispatcher asks again when there is something to do.
            Claim::Busy { .. } | Claim::Finished | Claim::Unknown => return Ok(Verdict::Done),
        };
        let started = Instant::now();
        let end = self.read(&lease, &original).await?;
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(document.id = %id, attempt = lease.attempt, milliseconds, "reading ended");
        match end {
            End::Read(mut reading) => {
                let fields = reading.forms.iter_mut().flat_map(|form| &mut form.fields);
                drawing::draw(fields, self.drawn_share, id.as_u64_pair().1);
                if !self.keep_signals {
                    let fields = reading.forms.iter_mut().flat_map(|form| &mut form.fields);
                    drawing::forget_signals(fields);
                }
                self.record(&lease, &reading).await?;
            }
            End::Failed(ReadingError::Read(error)) if !error.is_retryable() => {
                tracing::info!(document.id = %id, code = error.code(), "document refused");
                leases::refuse(&self.database, &lease, &refusal(&error)).await?;
            }
            End::Failed(error) => self.retry(&lease, &error).await?,
            End::Unavailable(error) => self.retry(&lease, &error).await?,
            End::Lost => tracing::info!(document.id = %id, "another worker has the document"),
            End::Stopped => {
                leases::hand_back(&self.database, &lease).await?;
                return Ok(Verdict::Later);
            }
            End::Stuck => {
                tracing::error!(document.id = %id, "the reading does not end");
                leases::retry(&self.database, &lease, &self.policy).await?;
                self.stuck.cancel();
            }
        }
        Ok(Verdict::Done)
    }

    /// Reads while keeping the lease.
    async fn read(
        &self,
        lease: &Lease,
        original: &Original,
    ) -> Result<End<DocumentReading>, StorageError> {
        let reading = async {
            match self.store.get(&original.key).await {
                Ok(bytes) => {
                    let sha256 = original.sha256.clone();
                    let work = move |reader: &Reader| {
                        check(&bytes, &sha256)?;
                        Ok(read_document(reader, &bytes)?)
                    };
                    match self.threads.read(work).await {
                        Ok(reading) => End::Read(reading),
                        Err(error) => End::Failed(error),
                    }
                }
                Err(error) => End::Unavailable(error),
            }
        };
        let (database, policy) = (&self.database, &self.policy);
        let renew = move || leases::renew(database, lease, policy);
        Ok(self.keeping(reading, renew).await)
    }

    /// Waits for a reading to end, renewing its lease meanwhile.
    pub(super) async fn keeping<T, Renewed: Future<Output = Result<(), StorageError>>>(
        &self,
        reading: impl Future<Output = End<T>>,
        renew: impl Fn() -> Renewed,
    ) -> End<T> {
        tokio::pin!(reading);
        let deadline = tokio::time::sleep(DEADLINE);
        tokio::pin!(deadline);
        let stopped = async {
            self.shutdown.triggered().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::pin!(stopped);
        let mut renewal = tokio::time::interval(self.policy.lease / 3);
        renewal.tick().await;
        loop {
            tokio::select! {
                end = &mut reading => return end,
                () = &mut deadline => return End::Stuck,
                () = &mut stopped => return End::Stopped,
                _ = renewal.tick() => match renew().await {
                    Ok(()) => {}
                    Err(StorageError::LeaseLost) => return End::Lost,
                    // The next one may succeed; when none does in time, recording will be refused.
                    Err(error) => tracing::warn!(%error, "lease not renewed"),
                },
            }
        }
    }

    async fn record(&self, lease: &Lease, reading: &DocumentReading) -> Result<(), StorageError> {
        let id = lease.document_id;
        for attempt in 1.. {
            let definitions = self.reader.definitions();
            match reading::record(&self.database, &self.sealer, definitions, lease, reading).await {
                Ok(recorded) => {
                    tracing::info!(document.id = %id, state = recorded.state, forms = recorded.forms.len(), "document recorded");
                    break;
                }
                Err(error) if error.is_retryable() && attempt < RECORD_ATTEMPTS => {
                    tracing::warn!(document.id = %id, %error, "not recorded, trying again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Err(
                    error @ (StorageError::Inconsistent { .. } | StorageError::Conflict { .. }),
                ) => {
                    self.retry(lease, &error).await?;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn retry(
        &self,
        lease: &Lease,
        error: &(dyn std::error::Error + Sync),
    ) -> Result<(), StorageError> {
        let again = leases::retry(&self.database, lease, &self.policy).await?;
        let id = lease.document_id;
        tracing::warn!(document.id = %id, attempt = lease.attempt, again, error = %error, "attempt failed");
        Ok(())
    }
}
