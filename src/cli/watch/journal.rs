//! What the watcher was about to do, so that a crash in between neither loses a file nor uploads it
//! under a second key.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::folder::{Look, Settled};

const NAME: &str = ".enrol-watch.json";

/// A file that has a key. It is forgotten as soon as the file has been moved away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claim {
    size: u64,
    modified_nanos: u128,
    /// The object key.
    pub(super) key: String,
    /// The store has confirmed it; only the move is left.
    pub(super) uploaded: bool,
}

/// The claims on the files of one folder, kept in a hidden file inside it.
pub(super) struct Journal {
    path: PathBuf,
    claims: BTreeMap<String, Claim>,
}

impl Journal {
    /// Opens the journal of a folder. One that cannot be understood is begun anew: the worst that
    /// follows is a second upload of the same bytes, which intake recognises.
    pub(super) fn open(folder: &Path) -> Self {
        let path = folder.join(NAME);
        let claims = fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self { path, claims }
    }

    /// The claim on a file: the one it has, or a new one with a key that says nothing about it.
    ///
    /// # Errors
    /// When the journal cannot be written; then nothing must be uploaded.
    pub(super) fn claim(
        &mut self,
        file: &Settled,
        extension: &str,
        now: DateTime<Utc>,
    ) -> io::Result<Claim> {
        let name = file.name.to_string_lossy().into_owned();
        let (size, modified_nanos) = signature(file.look);
        if let Some(claim) = self.claims.get(&name)
            && (claim.size, claim.modified_nanos) == (size, modified_nanos)
        {
            return Ok(claim.clone());
        }
        let claim = Claim {
            size,
            modified_nanos,
            key: format!(
                "scans/{}/{}.{extension}",
                now.format("%Y/%m/%d"),
                Uuid::now_v7()
            ),
            uploaded: false,
        };
        self.claims.insert(name, claim.clone());
        self.save()?;
        Ok(claim)
    }

    /// Notes that the store has the file.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub(super) fn uploaded(&mut self, file: &Settled) -> io::Result<()> {
        if let Some(claim) = self.claims.get_mut(&*file.name.to_string_lossy()) {
            claim.uploaded = true;
        }
        self.save()
    }

    /// Forgets a file that has been moved away.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub(super) fn forget(&mut self, file: &Settled) -> io::Result<()> {
        self.claims.remove(&*file.name.to_string_lossy());
        self.save()
    }

    /// Forgets files that somebody has taken away. The journal is written with the next claim.
    pub(super) fn forget_missing(&mut self, folder: &Path) {
        self.claims
            .retain(|name, _| folder.join(name).symlink_metadata().is_ok());
    }

    fn save(&self) -> io::Result<()> {
        if self.claims.is_empty() {
            return match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        let draft = self.path.with_extension("json.tmp");
        let mut file = fs::File::create(&draft)?;
        file.write_all(&serde_json::to_vec(&self.claims)?)?;
        file.sync_all()?;
        fs::rename(draft, &self.path)
    }
}

fn signature(look: Look) -> (u64, u128) {
    let since = look
        .modified
        .and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
    (look.size, since.map_or(0, |since| since.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(size: u64) -> Settled {
        Settled {
            name: "Smith Jane.pdf".into(),
            path: "Smith Jane.pdf".into(),
            look: Look {
                size,
                modified: Some(UNIX_EPOCH),
            },
        }
    }

    #[test]
    fn a_restart_keeps_the_key_and_a_changed_file_gets_another() {
        let temp = tempfile::tempdir().expect("temporary folder");
        let now = DateTime::from_timestamp(1_790_000_000, 0).expect("a date");
        let mut journal = Journal::open(temp.path());
        let first = journal.claim(&file(10), "pdf", now).expect("claim");
        assert!(first.key.starts_with("scans/2026/09/21/"), "{}", first.key);
        assert!(!first.key.contains("Smith"));
        journal.uploaded(&file(10)).expect("note");

        let mut journal = Journal::open(temp.path());
        let again = journal.claim(&file(10), "pdf", now).expect("claim");
        assert_eq!((again.key, again.uploaded), (first.key.clone(), true));
        let other = journal.claim(&file(11), "pdf", now).expect("claim");
        assert!(other.key != first.key && !other.uploaded);

        journal.forget(&file(11)).expect("forget");
        assert!(!temp.path().join(NAME).exists());
    }

    #[test]
    fn a_broken_journal_is_begun_anew() {
        let temp = tempfile::tempdir().expect("temporary folder");
        fs::write(temp.path().join(NAME), b"{ broken").expect("write");
        assert!(Journal::open(temp.path()).claims.is_empty());
    }
}
