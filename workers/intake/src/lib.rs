//! Turns object-created notices into document rows.
//!
//! The bytes of every object are hashed and copied to `originals/<sha256>` before its row is made: a store without
//! versions destroys an object's bytes when its key is written again, and the bytes as they arrived must stay
//! retrievable. Readers, and everybody else, use the copy. Notices of that prefix are ignored.

mod intake;
mod sweep;

use std::{sync::Arc, time::Duration};

use enrol::{
    config::Config,
    decoding::Decoder,
    erasing::Eraser,
    lifecycle::Shutdown,
    messaging::{
        consumer::{self, Subscription, Verdict},
        s3_event, topology,
    },
    objects::ObjectStore,
    storage::Database,
};
use secrecy::ExposeSecret;

use intake::{Intake, Outcome};

/// Notices handled at the same time. Each holds one object in memory.
const PREFETCH: u16 = 4;
/// How often to look for families whose erasure was agreed to.
const ERASE_EVERY: Duration = Duration::from_secs(5);
/// Pauses while a server that is needed does not answer; after the last one the notice goes back to the queue.
const PAUSES: [u64; 6] = [1, 2, 5, 15, 30, 60];

/// Takes notices from the queue and sweeps the bucket until shutdown.
///
/// # Errors
/// When the database cannot be reached at the start.
pub async fn run(config: &Config, shutdown: &Shutdown) -> anyhow::Result<()> {
    let database = Database::connect(&config.database).await?;
    let store = ObjectStore::new(&config.objects);
    let intake = Arc::new(Intake::new(database.clone(), store, &config.intake.prefix));

    let sweeping = shutdown.spawn(sweep::run(
        Arc::clone(&intake),
        Duration::from_secs(config.intake.sweep_seconds.max(1)),
        shutdown.clone(),
    ));
    let eraser = Eraser {
        database: database.clone(),
        objects: ObjectStore::new(&config.objects),
        decoder: Decoder::find()?,
        public_url: config.web_url(),
    };
    let erasing = shutdown.spawn(eraser.run(ERASE_EVERY, shutdown.clone()));
    let subscription = Subscription {
        queue: topology::INTAKE_QUEUE,
        prefetch: PREFETCH,
        name: "enrol-intake",
    };
    let stopping = shutdown.clone();
    consumer::consume(
        config.broker.url.expose_secret(),
        subscription,
        shutdown,
        move |body| {
            let (intake, stopping) = (Arc::clone(&intake), stopping.clone());
            async move { handle(&intake, &body, &stopping).await }
        },
    )
    .await;
    // They end by themselves at shutdown; a panic in one was reported when it happened.
    let _ = sweeping.await;
    let _ = erasing.await;
    database.close().await;
    Ok(())
}

/// Handles one notice: all of its objects, or it comes again.
async fn handle(intake: &Intake, body: &[u8], shutdown: &Shutdown) -> Verdict {
    let objects = match s3_event::parse(body) {
        Ok(objects) => objects,
        Err(error) => {
            tracing::warn!(%error, "notice goes to the dead letters");
            return Verdict::DeadLetter;
        }
    };
    if objects
        .iter()
        .any(|object| object.bucket != intake.bucket())
    {
        tracing::warn!("notice of another bucket goes to the dead letters");
        return Verdict::DeadLetter;
    }
    for object in &objects {
        let mut pauses = PAUSES.iter();
        loop {
            match intake.take_announced(object).await {
                Ok(outcome) => {
                    log(&outcome);
                    break;
                }
                Err(error) if error.is_retryable() => {
                    tracing::warn!(error = %error, "taking an object in failed, trying again");
                    let again = match pauses.next() {
                        Some(seconds) => shutdown.sleep(Duration::from_secs(*seconds)).await,
                        None => false,
                    };
                    if !again {
                        return Verdict::Later;
                    }
                }
                Err(error) => {
                    tracing::error!(error = %error, "notice goes to the dead letters");
                    return Verdict::DeadLetter;
                }
            }
        }
    }
    Verdict::Done
}

/// Ids only: people name files after people.
fn log(outcome: &Outcome) {
    match outcome {
        Outcome::Taken(enrol::storage::documents::Intake::New(id)) => {
            tracing::info!(document.id = %id, "document received");
        }
        Outcome::Taken(enrol::storage::documents::Intake::Duplicate { id, of }) => {
            tracing::info!(document.id = %id, document.duplicate_of = %of, "same file as before");
        }
        Outcome::Taken(enrol::storage::documents::Intake::Refused(id)) => {
            tracing::info!(document.id = %id, "document refused");
        }
        Outcome::Taken(enrol::storage::documents::Intake::Known) | Outcome::Ignored => {}
    }
}
