//! Files nobody should have to trust: damaged, enormous, locked, or not a form at all.

mod archives;
mod pictures;
mod print;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::sample::Workshop;
use crate::scan::Capture;

/// Where a hostile file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A person can do something about it.
    Exception,
    /// Set aside: dangerous, or nothing can be decoded.
    Quarantined,
}

/// A hostile file and what has to become of it.
pub struct Hostile {
    /// File name.
    pub name: &'static str,
    /// Content.
    pub bytes: Vec<u8>,
    /// What it is, for people.
    pub what: &'static str,
    /// Where it ends.
    pub outcome: Outcome,
    /// The reason given to the receptionist holds at least one of these, whatever the case.
    pub reason_words: &'static [&'static str],
}

/// An entry of `expected.json`.
#[derive(Serialize)]
pub struct Entry<'a> {
    what: &'a str,
    outcome: Outcome,
    reason_words: &'a [&'a str],
}

impl Hostile {
    /// The entry of this file in `expected.json`.
    pub fn entry(&self) -> Entry<'_> {
        Entry {
            what: self.what,
            outcome: self.outcome,
            reason_words: self.reason_words,
        }
    }
}

/// Makes all hostile files. `page` is a filled page, to be damaged.
///
/// # Errors
/// Fails (for good) when an encoder refuses.
pub fn all(workshop: &Workshop<'_>, page: &Capture) -> anyhow::Result<Vec<Hostile>> {
    let mut random = ChaCha8Rng::seed_from_u64(workshop.seed);
    random.set_stream(9_000);
    let mut files = archives::all(page)?;
    files.extend(pictures::all(&mut random)?);
    files.extend(print::all(workshop, &mut random)?);
    files.sort_by_key(|f| f.name);
    Ok(files)
}
