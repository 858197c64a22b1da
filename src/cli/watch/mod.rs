//! `enrol watch FOLDER`: what a scanner drops into a folder goes to the object store.
//!
//! The folder is polled, because network folders raise no events. A file is uploaded once it has
//! stopped changing, under a key that says nothing about it, and moved to `done/`; what cannot be a
//! scan is moved to `refused/` with a text that says why. Where the store does not answer, files stay
//! and are tried again.

mod folder;
mod journal;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use bytes::Bytes;
use chrono::{Local, Utc};

use super::Global;
use crate::lifecycle::Shutdown;
use crate::objects::{ObjectError, ObjectStore};
use folder::{Content, DONE, Folder, REFUSED, Settled, reason_file};
use journal::Journal;

/// Upload what a scanner drops into a folder
#[derive(Debug, clap::Args)]
pub struct WatchArgs {
    /// The folder the scanner writes to
    folder: PathBuf,
    /// Take what is there, then end; the exit code is 1 if something could not be uploaded
    #[arg(long)]
    once: bool,
    /// Seconds a file must not have changed before it is taken
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = seconds)]
    settle: f64,
    /// Seconds between two looks at the folder
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds)]
    poll: f64,
    /// Show file names, which may hold people's names, even where the output is not a terminal
    #[arg(long)]
    show_names: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=3600.0).contains(&value) => Ok(value),
        _ => Err("between 0 and 3600 seconds".into()),
    }
}

/// The first pause after the store failed, and the longest.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

/// Runs the command.
///
/// # Errors
/// When the folder or the configuration cannot be used. A store that does not answer is no error
/// except with `--once`: the files wait.
pub fn run(global: &Global, args: &WatchArgs) -> anyhow::Result<ExitCode> {
    let config = global.load_config()?;
    if config.objects.endpoint.is_empty() {
        bail!(
            "objects.endpoint is not set: put it into enrol.toml, or set ENROL_OBJECTS__ENDPOINT"
        );
    }
    let path = args.folder.canonicalize().with_context(|| {
        format!(
            "cannot watch {}: make the folder first",
            args.folder.display()
        )
    })?;
    if !path.is_dir() {
        bail!("cannot watch {}: it is not a folder", args.folder.display());
    }
    let store = ObjectStore::new(&config.objects);
    super::runtime()?.block_on(async {
        let shutdown = Shutdown::on_signals()?;
        let mut watcher = Watcher {
            journal: Journal::open(&path),
            folder: Folder::new(path, Duration::from_secs_f64(args.settle)),
            store,
            max_bytes: config.objects.max_bytes,
            show_names: args.show_names || std::io::stdout().is_terminal(),
            tally: Tally::default(),
        };
        if args.once {
            watcher.once(args, &shutdown).await
        } else {
            watcher.forever(args, &shutdown).await
        }
    })
}

/// Where files go. The object store, and in tests something that fails when told to.
trait Destination {
    async fn put(&self, key: &str, bytes: Bytes, media_type: &str) -> Result<(), ObjectError>;
}

impl Destination for ObjectStore {
    async fn put(&self, key: &str, bytes: Bytes, media_type: &str) -> Result<(), ObjectError> {
        ObjectStore::put(self, key, bytes, media_type)
            .await
            .map(drop)
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Tally {
    uploaded: u32,
    refused: u32,
}

struct Watcher<D> {
    folder: Folder,
    journal: Journal,
    store: D,
    max_bytes: u64,
    show_names: bool,
    tally: Tally,
}

/// What a round over the folder left behind.
#[derive(Debug, Default)]
struct Left {
    /// Files that are still where they were.
    files: usize,
    /// What the first of them met with.
    cause: String,
}

impl Left {
    fn add(&mut self, files: usize, cause: String) {
        self.files += files;
        if self.cause.is_empty() {
            self.cause = cause;
        }
    }
}

/// Why a file stays.
enum Trouble {
    /// The store: later files would fail as well.
    Store(ObjectError),
    /// This file or this folder: others may do.
    File(std::io::Error),
}

impl<D: Destination> Watcher<D> {
    async fn once(&mut self, args: &WatchArgs, shutdown: &Shutdown) -> anyhow::Result<ExitCode> {
        let list = "cannot list the folder";
        self.journal.forget_missing(self.folder.path());
        self.folder.settled(Instant::now()).context(list)?;
        // A hair longer, so that the second look is surely late enough.
        let pause = Duration::from_secs_f64(args.settle + 0.01);
        if !shutdown.sleep(pause).await {
            return Ok(ExitCode::from(130));
        }
        let (settled, waiting) = self.folder.settled(Instant::now()).context(list)?;
        let left = self.take(&settled, shutdown).await;
        println!(
            "{} uploaded, {} refused, {} not uploaded, {waiting} still being written",
            self.tally.uploaded, self.tally.refused, left.files
        );
        if left.files > 0 {
            eprintln!("{}", left.cause);
        }
        Ok(ExitCode::from(u8::from(left.files > 0)))
    }

    async fn forever(&mut self, args: &WatchArgs, shutdown: &Shutdown) -> anyhow::Result<ExitCode> {
        self.journal.forget_missing(self.folder.path());
        println!("watching {} (Ctrl-C ends)", self.folder.path().display());
        let poll = Duration::from_secs_f64(args.poll.max(0.1));
        let mut pause = poll;
        let mut back_off = BACK_OFF.0;
        while shutdown.sleep(pause).await {
            pause = poll;
            let settled = match self.folder.settled(Instant::now()) {
                Ok((settled, _)) => settled,
                Err(error) => {
                    self.say(&format!(
                        "the folder cannot be listed ({error}); trying again in {} s",
                        back_off.as_secs()
                    ));
                    pause = back_off;
                    back_off = (back_off * 2).min(BACK_OFF.1);
                    continue;
                }
            };
            let left = self.take(&settled, shutdown).await;
            if shutdown.is_triggered() {
                break;
            }
            if left.files > 0 {
                self.say(&format!(
                    "{}; {} waiting, trying again in {} s",
                    left.cause,
                    plural(left.files, "file"),
                    back_off.as_secs()
                ));
                pause = back_off;
                back_off = (back_off * 2).min(BACK_OFF.1);
            } else {
                back_off = BACK_OFF.0;
            }
        }
        println!(
            "stopped: {} uploaded, {} refused",
            self.tally.uploaded, self.tally.refused
        );
        Ok(ExitCode::SUCCESS)
    }

    /// Takes the settled files one after the other, and says what is left.
    async fn take(&mut self, settled: &[Settled], shutdown: &Shutdown) -> Left {
        let mut left = Left::default();
        for (index, file) in settled.iter().enumerate() {
            // A file that is being uploaded is finished; the next one is not begun.
            if shutdown.is_triggered() {
                break;
            }
            match self.take_one(file).await {
                Ok(()) => {}
                Err(Trouble::File(error)) => {
                    left.add(1, format!("a file cannot be read or moved: {error}"));
                }
                // The store will not take the others either.
                Err(Trouble::Store(error)) => {
                    left.add(settled.len() - index, error.to_string());
                    break;
                }
            }
        }
        left
    }

    async fn take_one(&mut self, file: &Settled) -> Result<(), Trouble> {
        let content = self
            .folder
            .read(file, self.max_bytes)
            .map_err(Trouble::File)?;
        match content {
            Content::StillChanging => Ok(()),
            Content::Refused(reason) => self.refuse(file, &reason).map_err(Trouble::File),
            Content::Scan { bytes, kind } => {
                let (media_type, extension) = kind
                    .media_type()
                    .unwrap_or(("application/octet-stream", "bin"));
                let size = bytes.len();
                let claim = self
                    .journal
                    .claim(file, extension, Utc::now())
                    .map_err(Trouble::File)?;
                if !claim.uploaded {
                    self.store
                        .put(&claim.key, bytes.into(), media_type)
                        .await
                        .map_err(Trouble::Store)?;
                    self.journal.uploaded(file).map_err(Trouble::File)?;
                    self.tally.uploaded += 1;
                    self.say(&format!(
                        "{}uploaded as {} ({})",
                        self.named(file),
                        claim.key,
                        readable(size)
                    ));
                }
                self.folder.move_to(file, DONE).map_err(Trouble::File)?;
                self.journal.forget(file).map_err(Trouble::File)
            }
        }
    }

    fn refuse(&mut self, file: &Settled, reason: &str) -> std::io::Result<()> {
        let moved = self.folder.move_to(file, REFUSED)?;
        std::fs::write(reason_file(&moved), format!("{reason}\n"))?;
        self.tally.refused += 1;
        self.say(&format!("{}refused: {reason}", self.named(file)));
        Ok(())
    }

    /// The file's name as a beginning of a line, where it may be shown.
    fn named(&self, file: &Settled) -> String {
        if self.show_names {
            let name: String = file
                .name
                .to_string_lossy()
                .chars()
                .map(|c| if c.is_control() { '?' } else { c })
                .collect();
            format!("{name}  ")
        } else {
            String::new()
        }
    }

    fn say(&self, line: &str) {
        println!("{}  {line}", Local::now().format("%H:%M:%S"));
    }
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}

fn readable(bytes: usize) -> String {
    if bytes < 1_000_000 {
        format!("{} kB", bytes.div_ceil(1000))
    } else {
        format!("{:.1} MB", bytes as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests;
