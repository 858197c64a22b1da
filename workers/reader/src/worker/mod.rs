//! The worker: takes documents from the queue, reads them, records what they say.
//!
//! ```text
//! enrol.read -> claim (the attempt counts from here) -> bytes -> reading thread -> record in one transaction -> ack
//! ```
//!
//! A request names a document, which is read as a whole, or a form, of which the pages marked unread are read as people
//! said that they are.
//!
//! It may be killed at any moment: an unfinished document's lease runs out and the relay's dispatcher asks for it
//! again. A worker that lost its lease cannot record anything.

mod document;
mod drawing;
mod form;
mod refusal;
mod threads;

use std::{num::NonZero, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use enrol::{
    config::Config,
    lifecycle::Shutdown,
    messaging::{
        consumer::{self, Subscription, Verdict},
        topology,
    },
    objects::ObjectStore,
    storage::{Database, form_readings, leases::RetryPolicy, sealing::Sealer},
    telemetry,
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::document::Worker;
use self::threads::ReadingThreads;
use crate::fields::Policy;
use crate::{Reader, ReaderOptions};

/// A reading that takes longer will not end: the process is given up, since a thread inside a native library cannot
/// be. Far above what the largest allowed file takes, far below the broker's consumer timeout.
const DEADLINE: Duration = Duration::from_secs(600);
/// How long readings under way may still take once stopping was asked for.
const GRACE: Duration = Duration::from_secs(20);

/// Takes scans from the queue and reads them
#[derive(Debug, clap::Args)]
pub struct WorkerArgs {
    /// Configuration file [default: enrol.toml in this folder, where there is one]
    #[arg(long, env = "ENROL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The `worker` subcommand.
///
/// # Errors
/// Something is wrong with the configuration or installation, or a reading did not end.
pub fn command(arguments: &WorkerArgs) -> anyhow::Result<ExitCode> {
    telemetry::init("enrol-reader");
    let config = Config::load(arguments.config.as_deref())?;
    config.require_servers()?;
    let runtime = enrol::cli::runtime()?;
    let outcome = runtime.block_on(async {
        let shutdown = Shutdown::on_signals()?;
        run(&config, &shutdown).await
    });
    // A reading that did not end would keep the runtime from ending.
    runtime.shutdown_background();
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Reads documents until shutdown.
///
/// # Errors
/// At the start, when the key file, the handwriting weights, a form definition or the decoder is missing or the
/// database cannot be reached; later, when a reading does not end and the process has to be replaced.
pub async fn run(config: &Config, shutdown: &Shutdown) -> anyhow::Result<()> {
    let sealer = Sealer::from_key_file(&config.keys.special_category_key_file)?;
    anyhow::ensure!(
        (0.0..=1.0).contains(&config.reading.drawn_share),
        "[reading] drawn_share is a share from 0 to 1, for example 0.02"
    );
    let options = ReaderOptions {
        form_definitions: config.reading.form_definitions.clone(),
        calibration: config.reading.calibration.clone(),
        policy: Policy {
            accept_consent: config.reading.accept_consent,
        },
        ..ReaderOptions::default()
    };
    let reader = Arc::new(tokio::task::spawn_blocking(move || Reader::new(options)).await??);
    let database = Database::connect(&config.database).await?;
    form_readings::note_model(&database, &reader.identity()).await?;
    let count = thread_count(config.reading.threads);
    tracing::info!(threads = count, model = reader.model(), "reader starts");

    let stuck = CancellationToken::new();
    let worker = Arc::new(Worker {
        database: database.clone(),
        store: ObjectStore::new(&config.objects),
        sealer,
        threads: ReadingThreads::start(&reader, count)?,
        reader,
        policy: RetryPolicy::with_max_attempts(config.reading.max_attempts),
        shutdown: shutdown.clone(),
        keep_signals: config.reading.keep_signals,
        drawn_share: config.reading.drawn_share,
        stuck: stuck.clone(),
    });
    let subscription = Subscription {
        queue: topology::READ_QUEUE,
        prefetch: u16::try_from(count).unwrap_or(u16::MAX),
        name: "enrol-reader",
    };
    let handle = move |body: Vec<u8>| {
        let worker = Arc::clone(&worker);
        async move {
            match serde_json::from_slice::<ReadRequest>(&body) {
                Ok(request) => worker.handle(request).await,
                Err(error) => {
                    tracing::warn!(%error, "request goes to the dead letters");
                    Verdict::DeadLetter
                }
            }
        }
    };
    let url = config.broker.url.expose_secret();
    tokio::select! {
        () = consumer::consume(url, subscription, shutdown, handle) => {}
        () = stuck.cancelled() => anyhow::bail!("a document was not read within {} s; the process has to be replaced", DEADLINE.as_secs()),
    }
    database.close().await;
    Ok(())
}

/// The body of a request to read: a file that came in, or pages of a form that somebody put right.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
enum ReadRequest {
    Document { document_id: Uuid },
    Form { form_id: Uuid },
}

/// 0 stands for one less than there are cores: the rest of the machine wants one too.
fn thread_count(configured: usize) -> usize {
    if configured > 0 {
        return configured;
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    cores.saturating_sub(1).max(1)
}
