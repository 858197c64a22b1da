//! A configuration value that is never shown.

use std::{cell::Cell, path::Path};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use super::ConfigError;

thread_local! {
    static REVEAL: Cell<bool> = const { Cell::new(false) };
}

/// A secret string: `Debug` and serialisation mask it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

impl Secret {
    /// Runs `write` with secrets of this thread serialised in full.
    pub(super) fn revealed<T>(write: impl FnOnce() -> T) -> T {
        REVEAL.set(true);
        let result = write();
        REVEAL.set(false);
        result
    }
}

impl ExposeSecret<str> for Secret {
    fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value.into())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.expose_secret();
        if REVEAL.get() || value.is_empty() {
            serializer.serialize_str(value)
        } else {
            serializer.serialize_str("(secret)")
        }
    }
}

/// Replaces `secret` by the contents of `file`, where one is named, without its trailing line break.
pub(super) fn read_file(
    key: &'static str,
    secret: &mut Secret,
    file: Option<&Path>,
) -> Result<(), ConfigError> {
    if let Some(path) = file {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::SecretFile {
            key,
            path: path.to_owned(),
            source,
        })?;
        *secret = Secret::from(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    Ok(())
}
