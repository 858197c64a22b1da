//! What really stands on a sample form.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value as Json;

/// What becomes of a sample once a clerk has seen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// A household.
    Record,
    /// Something somebody has to look after.
    Exception,
}

/// One `truth.json`.
#[derive(Clone, Deserialize)]
pub struct Truth {
    /// Definition.
    pub form: String,
    /// Version of the definition.
    pub version: u32,
    /// Printed set number.
    pub set_number: Option<String>,
    /// Names of the scans.
    pub files: Vec<String>,
    /// Value of each field as plain JSON; null for a blank.
    pub fields: BTreeMap<String, Json>,
    /// What becomes of it.
    pub expected: Expected,
}

/// Invented people, but the habit counts: no values.
impl std::fmt::Debug for Truth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Truth({:?}, {} fields)", self.files, self.fields.len())
    }
}

impl Truth {
    /// Whether this is the truth of the form with that set number and those scans.
    pub fn is_of(&self, set_number: Option<&str>, scans: &[String]) -> bool {
        if let (Some(mine), Some(shown)) = (self.set_number.as_deref(), set_number) {
            return mine == shown;
        }
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        self.files
            .iter()
            .any(|file| scans.iter().any(|scan| name(scan) == name(file)))
    }
}

/// A truth file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TruthError {
    /// The folder or a file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A file is not a truth file.
    #[error("{} is not a truth file", path.display())]
    Parse {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
}

/// All truth files (`*.truth.json` and `truth.json`) in `folder` and the folders in it, in the order of their names.
///
/// # Errors
/// [`TruthError`] names the file.
pub fn load(folder: &Path) -> Result<Vec<Truth>, TruthError> {
    let mut paths = Vec::new();
    collect(folder, &mut paths)?;
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read(&path).map_err(|source| TruthError::Read {
                path: path.clone(),
                source,
            })?;
            serde_json::from_slice(&text).map_err(|source| TruthError::Parse { path, source })
        })
        .collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), TruthError> {
    let failed = |source| TruthError::Read {
        path: folder.to_owned(),
        source,
    };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path
            .file_name()
            .and_then(|n| n.to_str())
            .unwrap_or_default();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if name == "truth.json" || name.ends_with(".truth.json") {
            paths.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_recognised_by_set_number_or_by_scan() {
        let truth: Truth = serde_json::from_value(serde_json::json!({
            "form": "registration", "version": 1, "set_number": "123456", "files": ["03-colour.pdf"],
            "fields": {"consent.email": null}, "expected": "record",
        }))
        .unwrap();
        assert!(truth.is_of(Some("123456"), &[]));
        assert!(!truth.is_of(Some("654321"), &["03-colour.pdf".into()]));
        assert!(truth.is_of(None, &["reception/2026/03-colour.pdf".into()]));
        assert!(!truth.is_of(None, &["04-grey.pdf".into()]));
    }
}
