//! Publishes outbox rows to the broker, with confirms, and asks again for documents and forms whose reading is due.
//!
//! Any number may run; a lock in PostgreSQL lets one work and the others wait to take over. A crash between the
//! broker's confirm and the note of it in the outbox publishes a message twice, with the same id.

mod recipients;

use std::time::Duration;

use enrol::{
    config::Config,
    lifecycle::Shutdown,
    messaging::{MessagingError, publisher::Publisher, topology},
    storage::{
        Database, StorageError, documents, form_readings,
        outbox::{OutboxListener, OutboxSession},
    },
};
use secrecy::ExposeSecret;

use recipients::Recipients;

/// Messages published at once.
const BATCH: i64 = 100;
/// How soon the relay looks by itself.
const POLL: Duration = Duration::from_secs(1);
/// How soon a waiting relay asks for the lock again, and a failed one starts over.
const PAUSE: Duration = Duration::from_secs(2);
/// How soon a request to read is repeated when it leads to nothing.
const AGAIN: Duration = Duration::from_secs(60);
/// Longest pause between two attempts to publish the same message.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// How long published requests to read are kept.
const KEEP_WORK: Duration = Duration::from_secs(24 * 3600);
/// How often older ones are deleted, in looks.
const LOOKS_PER_CLEANING: u32 = 3600;

/// The relay stopped working for now.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Messaging(#[from] MessagingError),
}

/// Publishes until shutdown.
///
/// # Errors
/// When the database cannot be reached at the start.
pub async fn run(config: &Config, shutdown: &Shutdown) -> anyhow::Result<()> {
    let database = Database::connect(&config.database).await?;
    let mut publisher = Publisher::new(config.broker.url.expose_secret(), "enrol-relay");
    let mut waiting = false;
    while !shutdown.is_triggered() {
        match OutboxSession::acquire(&database).await {
            Ok(Some(mut session)) => {
                tracing::info!("relay is active");
                waiting = false;
                let source = config.web_url();
                match relay(&database, &mut session, &mut publisher, source, shutdown).await {
                    // The connection ends with the process in any case, and the lock with it.
                    Ok(()) => drop(session.release().await),
                    Err(error) => tracing::warn!(%error, "relay stopped, starting over"),
                }
            }
            Ok(None) if !waiting => {
                tracing::info!("another relay is active, waiting to take over");
                waiting = true;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "relay cannot ask for its lock"),
        }
        shutdown.sleep(PAUSE).await;
    }
    publisher.close().await;
    database.close().await;
    Ok(())
}

async fn relay(
    database: &Database,
    session: &mut OutboxSession,
    publisher: &mut Publisher,
    source: String,
    shutdown: &Shutdown,
) -> Result<(), RelayError> {
    let mut recipients = Recipients::new(source);
    let mut listener = OutboxListener::start(database).await?;
    let mut looks = 0_u32;
    loop {
        if looks.is_multiple_of(LOOKS_PER_CLEANING) {
            session.forget_old_work(KEEP_WORK).await?;
        }
        looks = looks.wrapping_add(1);
        dispatch(database, publisher).await?;
        // Everything that is due, also at shutdown: what was committed before should not wait for the next start.
        while publish(session, publisher).await? == usize::try_from(BATCH).unwrap_or(usize::MAX) {}
        recipients.look(database, publisher).await?;
        if shutdown.is_triggered() {
            return Ok(());
        }
        tokio::select! {
            () = shutdown.triggered() => {}
            () = tokio::time::sleep(POLL) => {}
            woken = listener.wait() => woken?,
        }
    }
}

/// Publishes one batch and notes what became of it. Returns how many messages got through.
async fn publish(
    session: &mut OutboxSession,
    publisher: &mut Publisher,
) -> Result<usize, RelayError> {
    let messages = session.due(BATCH).await?;
    if messages.is_empty() {
        return Ok(0);
    }
    let results = publisher.publish_all(&messages).await;
    let mut published = Vec::with_capacity(messages.len());
    for (message, result) in messages.iter().zip(&results) {
        match result {
            Ok(()) => published.push(message.id),
            Err(error) => {
                tracing::warn!(message.id = %message.id, message.r#type = message.message_type, %error, "not published");
                let rest = Duration::from_secs(
                    2_u64.saturating_pow(message.attempts.clamp(0, 6).unsigned_abs()),
                );
                session
                    .mark_failed(message.id, &error.to_string(), rest.min(LONGEST_REST))
                    .await?;
            }
        }
    }
    session.mark_published(&published).await?;
    if !published.is_empty() {
        tracing::debug!(count = published.len(), "published");
    }
    Ok(published.len())
}

/// Puts requests for documents that are due into the outbox.
async fn dispatch(database: &Database, publisher: &mut Publisher) -> Result<(), RelayError> {
    // Without the broker nothing can be published either; the outbox waits, and so does this.
    let queue_is_empty = match publisher.queue_depth(topology::READ_QUEUE.name).await {
        Ok(depth) => depth == 0,
        Err(error) => {
            tracing::warn!(%error, "the queue of documents cannot be looked at");
            return Ok(());
        }
    };
    let mut tx = database.begin().await?;
    let due = documents::dispatch_due(&mut tx, queue_is_empty, AGAIN, BATCH).await?;
    let forms = form_readings::dispatch_due(&mut tx, queue_is_empty, AGAIN, BATCH).await?;
    tx.commit().await.map_err(StorageError::from)?;
    for id in due {
        tracing::info!(document.id = %id, "asking for the document again");
    }
    for id in forms {
        tracing::info!(form.id = %id, "asking for the form again");
    }
    Ok(())
}
