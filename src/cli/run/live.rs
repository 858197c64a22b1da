//! A line on the terminal for every step of every scan.

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use anyhow::bail;
use chrono::Local;

use crate::storage::progress::{Change, Subject, Watcher};

/// Prints what changes.
pub(super) struct LiveLines {
    watcher: Watcher,
    last_change: Instant,
    colour: bool,
}

impl LiveLines {
    pub(super) fn new(watcher: Watcher) -> Self {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self {
            watcher,
            last_change: Instant::now(),
            colour,
        }
    }

    /// Prints a line for each change since the last call.
    pub(super) async fn print_new(&mut self) -> anyhow::Result<()> {
        for change in self.watcher.changes().await? {
            self.last_change = Instant::now();
            println!("{}", self.line(&change));
        }
        Ok(())
    }

    /// Fails when nothing has changed for `limit`.
    pub(super) fn check_stalled(&self, limit: Duration) -> anyhow::Result<()> {
        if self.last_change.elapsed() > limit {
            bail!(
                "nothing has happened for {} s; the logs of the programs say why",
                limit.as_secs()
            );
        }
        Ok(())
    }

    fn line(&self, change: &Change) -> String {
        let (word, colour) = word(change);
        let word = format!("{word:<20}");
        let word = if self.colour {
            format!("\x1b[{colour}m{word}\x1b[0m")
        } else {
            word
        };
        let mut line = format!(
            "{}  {word}  {}",
            change.at.with_timezone(&Local).format("%H:%M:%S"),
            short(&change.name)
        );
        if !change.files.is_empty() {
            let files: Vec<&str> = change.files.iter().map(|file| short(file)).collect();
            line.push_str(&format!("  ({})", files.join(", ")));
        }
        if let Some(reason) = &change.reason {
            line.push_str(&format!("  {reason}"));
        }
        line
    }
}

/// What a person calls the state, and the terminal colour it gets.
fn word(change: &Change) -> (&'static str, u8) {
    match (change.subject, change.state.as_str()) {
        (Subject::Document, "received") => ("received", 37),
        (Subject::Document, "reading") => ("reading", 37),
        (Subject::Document, "read") => ("read", 36),
        (Subject::Document, "duplicate") => ("duplicate", 90),
        (Subject::Document, "quarantined") => ("quarantined", 31),
        (Subject::Form, "in_review") => ("waiting for a clerk", 33),
        (Subject::Form, "second_keying") => ("keyed twice", 33),
        (Subject::Form, "matching") => ("same person?", 33),
        (Subject::Form, "settled") => ("done", 32),
        (Subject::Form, "incomplete") => ("incomplete", 35),
        (Subject::Form, "set_aside") => ("set aside", 35),
        _ => ("needs a look", 35),
    }
}

/// Keys of samples without the common beginning.
fn short(name: &str) -> &str {
    name.strip_prefix("samples/").unwrap_or(name)
}
