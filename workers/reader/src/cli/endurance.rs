//! One reader reading the same scans again and again: whether its memory stays flat and its cost linear.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Deserialize;

use crate::reader::{Reader, read_document};
use crate::stages;

/// Times at which memory and cost are noted.
const NOTES: usize = 10;
/// Memory may grow by this share between the first note and the last.
const FLAT: f64 = 0.1;

#[derive(Deserialize)]
struct Scans {
    files: Vec<String>,
}

/// Reads the scans of `folders` in turn until `pages` pages were read.
///
/// # Errors
/// A scan cannot be opened or its reading failed: what is read once must be read every time.
pub fn run(reader: &Reader, folders: &[PathBuf], pages: usize) -> anyhow::Result<ExitCode> {
    let mut scans: Vec<Vec<u8>> = Vec::new();
    for folder in folders {
        let truth: Scans = serde_json::from_slice(&std::fs::read(folder.join("truth.json"))?)?;
        for file in truth.files {
            let path = folder.join(file);
            let bytes = std::fs::read(&path);
            scans.push(bytes.with_context(|| format!("cannot read {}", path.display()))?);
        }
    }
    anyhow::ensure!(!scans.is_empty(), "no folder with a truth.json");
    let spent = || stages::own_seconds() + stages::children_seconds();
    println!(
        "{:>8} {:>12} {:>22}",
        "pages", "memory, MB", "core-seconds a page"
    );
    let (mut read, mut tenth, mut noted, mut before) = (0, 1, Vec::new(), (0, spent()));
    for bytes in scans.iter().cycle() {
        let document =
            read_document(reader, bytes).map_err(|error| anyhow::anyhow!("{}", error.reason()))?;
        let placed: usize = document.forms.iter().map(|f| f.pages.len()).sum();
        read += placed + document.unplaced.len();
        if read * NOTES >= pages * tenth {
            tenth = read * NOTES / pages.max(1) + 1;
            let memory = stages::resident_bytes()
                .context("this system does not tell the memory of a process")?;
            let (pages_then, seconds_then) = before;
            before = (read, spent());
            let each = (before.1 - seconds_then) / (read - pages_then) as f64;
            println!("{read:>8} {:>12.1} {each:>22.3}", memory as f64 / 1e6);
            noted.push(memory as f64);
        }
        if read >= pages {
            break;
        }
    }
    let growth = noted
        .last()
        .zip(noted.first())
        .map_or(0.0, |(l, f)| l / f - 1.0);
    println!(
        "memory grew by {:.1} % from the first tenth to the last",
        100.0 * growth
    );
    Ok(if growth <= FLAT {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
