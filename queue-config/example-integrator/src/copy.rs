//! What the integrator keeps: families as the API gave them, and how far it has come.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Numbers of taken events that are remembered below the position, to recognise late repetitions.
const REMEMBERED: u64 = 10_000;

/// A family as the API gave it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Number of the last event that the answer holds.
    pub position: u64,
    /// The answer.
    pub record: Json,
}

/// Everything that is kept. One file; a real integrator would use its database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Copy {
    /// Families by id.
    pub households: BTreeMap<String, Kept>,
    /// All events up to this number were taken.
    pub position: u64,
    /// Taken events by number: `source` and `id` of each, which together identify it.
    taken: BTreeMap<u64, String>,
}

impl Copy {
    /// Whether the event with that `source` and `id` was taken before.
    pub fn has_taken(&self, sequence: u64, identity: &str) -> bool {
        self.taken
            .get(&sequence)
            .is_some_and(|known| known == identity)
    }

    /// Notes that an event was taken, and closes the gap before it where there is none any more.
    pub fn take(&mut self, sequence: u64, identity: String) {
        self.taken.insert(sequence, identity);
        while self.taken.contains_key(&(self.position + 1)) {
            self.position += 1;
        }
        self.forget();
    }

    /// Notes that there is nothing more to come up to `position`: the rest is withheld.
    pub fn move_to(&mut self, position: u64) {
        self.position = self.position.max(position);
        while self.taken.contains_key(&(self.position + 1)) {
            self.position += 1;
        }
        self.forget();
    }

    /// Whether an event is missing that came before one that was taken.
    pub fn has_gap(&self) -> bool {
        self.taken
            .last_key_value()
            .is_some_and(|(last, _)| *last > self.position)
    }

    /// Ids of the kept families in which one of these people is.
    pub fn families_of(&self, people: &[&str]) -> Vec<String> {
        let is_in = |kept: &Kept| {
            let members = kept.record["members"].as_array();
            members.is_some_and(|all| all.iter().any(|m| people.iter().any(|p| m["id"] == *p)))
        };
        let found = self.households.iter().filter(|(_, kept)| is_in(kept));
        found.map(|(id, _)| id.clone()).collect()
    }

    fn forget(&mut self) {
        let oldest = self.position.saturating_sub(REMEMBERED);
        self.taken = self.taken.split_off(&oldest);
    }

    /// The copy in `file`; an empty one where there is no file yet.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load(file: &Path) -> std::io::Result<Self> {
        match std::fs::read(file) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes the copy to `file`, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, file: &Path) -> std::io::Result<()> {
        let beside = file.with_extension("new");
        let mut written = std::fs::File::create(&beside)?;
        written.write_all(&serde_json::to_vec(self)?)?;
        written.sync_all()?;
        std::fs::rename(beside, file)
    }
}
