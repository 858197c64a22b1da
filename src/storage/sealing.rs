//! Seals special-category values (UK GDPR Article 9) with a key that is kept outside the database.
//!
//! XChaCha20-Poly1305; the random 24-byte nonce stands before the ciphertext. The associated data ties a sealed
//! value to its row, so that one cannot be moved to another person unnoticed.
//!
//! The key file has one key per line, `<key id> <32 bytes in base64>`; empty lines and lines from `#` are ignored.
//! The first key seals, all of them open, so a key is changed by putting a new one on top.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use rand::RngCore;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::reading::Alternative;

const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;

/// Why a value could not be sealed or opened, or a key file not be used. None of them goes away by trying again.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// The key file cannot be read or written.
    #[error("cannot use the key file {path}")]
    File {
        /// Path of the key file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A line of the key file is not a key.
    #[error("line {line} of the key file {path} is not `<key id> <32 bytes in base64>`")]
    BadKey {
        /// Path of the key file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// The key file has no key in it.
    #[error("the key file {path} holds no key")]
    NoKey {
        /// Path of the key file.
        path: PathBuf,
    },
    /// The value was sealed with a key that is not in the key file.
    #[error("no key called {0}")]
    UnknownKey(String),
    /// The value, its key or the row it belongs to is not what it was when it was sealed.
    #[error("sealed value was altered, moved to another row or sealed with another key")]
    Altered,
    /// The opened bytes are not the JSON that was expected.
    #[error("sealed value is not in the expected form")]
    Malformed,
}

struct Key {
    id: String,
    cipher: XChaCha20Poly1305,
}

/// Seals and opens special-category values.
pub struct Sealer {
    /// The first one seals.
    keys: Vec<Key>,
}

impl Sealer {
    /// Reads the keys from `path`.
    pub fn from_key_file(path: &Path) -> Result<Self, SealingError> {
        let text = std::fs::read_to_string(path).map_err(|source| SealingError::File {
            path: path.to_owned(),
            source,
        })?;
        let mut keys = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key = parse_key(line).ok_or_else(|| SealingError::BadKey {
                path: path.to_owned(),
                line: index + 1,
            })?;
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(SealingError::NoKey {
                path: path.to_owned(),
            });
        }
        Ok(Self { keys })
    }

    /// Writes a key file with one random key, readable by its owner only. Fails when there already is one:
    /// without the old key everything sealed with it is lost.
    pub fn create_key_file(path: &Path) -> Result<(), SealingError> {
        use std::os::unix::fs::OpenOptionsExt;
        let failed = |source| SealingError::File {
            path: path.to_owned(),
            source,
        };
        let (_, line) = new_key();
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        const WHAT: &str = "# Opens the special-category values in the database. Keep a copy apart from the database's.";
        writeln!(file, "{WHAT}\n{line}")
            .and_then(|()| file.sync_all())
            .map_err(failed)
    }

    /// Puts a new random key on top of the key file; the others stay and open what they sealed. Returns its id.
    pub fn add_key(path: &Path) -> Result<String, SealingError> {
        use std::os::unix::fs::OpenOptionsExt;
        Self::from_key_file(path)?;
        let failed = |source| SealingError::File {
            path: path.to_owned(),
            source,
        };
        let old = std::fs::read_to_string(path).map_err(failed)?;
        let (id, line) = new_key();
        // Written beside and moved over it: a file cut short would lose keys.
        let beside = path.with_extension("new");
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)
            .map_err(failed)?;
        write!(file, "{line}\n{old}")
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        std::fs::rename(&beside, path).map_err(failed)?;
        Ok(id)
    }

    /// Id of the key that seals.
    pub fn first_key(&self) -> &str {
        &self.keys[0].id
    }

    /// Seals `plain` for the row that `associated` names. Returns the key's id and the sealed bytes.
    pub fn seal(&self, associated: &[u8], plain: &[u8]) -> Result<(String, Vec<u8>), SealingError> {
        let key = &self.keys[0];
        let mut nonce = [0; NONCE_BYTES];
        rand::rng().fill_bytes(&mut nonce);
        let sealed = key
            .cipher
            .encrypt(
                XNonce::from_slice(&nonce),
                Payload {
                    msg: plain,
                    aad: associated,
                },
            )
            .map_err(|_| SealingError::Altered)?;
        Ok((key.id.clone(), [nonce.as_slice(), &sealed].concat()))
    }

    /// Opens what [`Sealer::seal`] returned for the same row.
    pub fn open(
        &self,
        key_id: &str,
        associated: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, SealingError> {
        let key = self
            .keys
            .iter()
            .find(|key| key.id == key_id)
            .ok_or_else(|| SealingError::UnknownKey(key_id.to_owned()))?;
        let (nonce, sealed) = sealed
            .split_at_checked(NONCE_BYTES)
            .ok_or(SealingError::Altered)?;
        key.cipher
            .decrypt(
                XNonce::from_slice(nonce),
                Payload {
                    msg: sealed,
                    aad: associated,
                },
            )
            .map_err(|_| SealingError::Altered)
    }

    /// Seals what was read from, or settled for, a special-category field of a form.
    pub fn seal_field(
        &self,
        form_id: Uuid,
        name: &str,
        content: &SpecialContent,
    ) -> Result<(String, Vec<u8>), SealingError> {
        let plain = serde_json::to_vec(content).map_err(|_| SealingError::Malformed)?;
        self.seal(&associated_data(form_id, name), &plain)
    }

    /// Opens a row of `field_special`.
    pub fn open_field(
        &self,
        form_id: Uuid,
        name: &str,
        key_id: &str,
        sealed: &[u8],
    ) -> Result<SpecialContent, SealingError> {
        let plain = self.open(key_id, &associated_data(form_id, name), sealed)?;
        serde_json::from_slice(&plain).map_err(|_| SealingError::Malformed)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|key| &key.id))
            .finish()
    }
}

/// What `field_special` keeps sealed: the counterparts of the columns that `field` leaves null.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SpecialContent {
    /// As read, before any rule was applied.
    pub raw: Option<String>,
    /// The checked value, plain JSON as in `field.value`.
    pub value: Option<serde_json::Value>,
    /// What a clerk or the machine settled on.
    pub settled_value: Option<serde_json::Value>,
    /// What else the reader took it for, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
}

impl std::fmt::Debug for SpecialContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SpecialContent(redacted)")
    }
}

/// The row a sealed value belongs to: `owner` is a form, person, household or change.
pub fn associated_data(owner: Uuid, name: &str) -> Vec<u8> {
    [owner.as_bytes().as_slice(), name.as_bytes()].concat()
}

/// A random key: its id and its line in the key file.
fn new_key() -> (String, String) {
    let mut key = [0; KEY_BYTES];
    rand::rng().fill_bytes(&mut key);
    let id = Uuid::new_v4().simple().to_string()[..8].to_owned();
    let line = format!("{id} {}", BASE64.encode(key));
    (id, line)
}

fn parse_key(line: &str) -> Option<Key> {
    let (id, key) = line.split_once(char::is_whitespace)?;
    let key: [u8; KEY_BYTES] = BASE64.decode(key.trim()).ok()?.try_into().ok()?;
    Some(Key {
        id: id.to_owned(),
        cipher: XChaCha20Poly1305::new(&key.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer() -> (tempfile::TempDir, Sealer) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        Sealer::create_key_file(&path).unwrap();
        let sealer = Sealer::from_key_file(&path).unwrap();
        (folder, sealer)
    }

    #[test]
    fn opens_what_it_sealed_and_only_in_its_own_row() {
        let (_folder, sealer) = sealer();
        let (form, other) = (Uuid::now_v7(), Uuid::now_v7());
        let content = SpecialContent {
            raw: Some("Bangladeshi".into()),
            ..Default::default()
        };
        let (key, sealed) = sealer
            .seal_field(form, "primary_carer.ethnic_group", &content)
            .unwrap();
        assert!(!sealed.windows(6).any(|w| w == b"Bangla"));
        assert_eq!(
            sealer
                .open_field(form, "primary_carer.ethnic_group", &key, &sealed)
                .unwrap(),
            content
        );
        assert!(
            sealer
                .open_field(other, "primary_carer.ethnic_group", &key, &sealed)
                .is_err()
        );
        assert!(
            sealer
                .open_field(form, "child_1.ethnic_group", &key, &sealed)
                .is_err()
        );
    }

    #[test]
    fn old_keys_still_open() {
        let (folder, old) = sealer();
        let (key, sealed) = old.seal(b"row", b"value").unwrap();
        let path = folder.path().join("key");
        let lines = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("new {}\n{lines}", BASE64.encode([7; 32]))).unwrap();
        let both = Sealer::from_key_file(&path).unwrap();
        assert_eq!(both.open(&key, b"row", &sealed).unwrap(), b"value");
        assert_eq!(both.seal(b"row", b"value").unwrap().0, "new");
    }

    #[test]
    fn does_not_overwrite_a_key() {
        let (folder, _) = sealer();
        assert!(Sealer::create_key_file(&folder.path().join("key")).is_err());
    }

    #[test]
    fn says_which_line_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "# comment\n\nk1 dG9vIHNob3J0\n").unwrap();
        assert!(matches!(
            Sealer::from_key_file(&path),
            Err(SealingError::BadKey { line: 3, .. })
        ));
    }
}
