//! Dropping the sample scans into the bucket.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::{
    objects::{ObjectError, ObjectStore},
    storage::{Database, documents},
};

/// Folders of the samples that are put in first; `later` is for a person to try.
const FOLDERS: [&str; 2] = ["scans", "hostile"];

/// What was put into the bucket.
pub(super) struct Uploaded {
    /// Key and ETag of the new objects.
    pub(super) new: Vec<(String, String)>,
    /// Number of files that were there already.
    pub(super) known: usize,
}

/// The folder of forms of families that come again.
pub(super) const AGAIN: &str = "again";

/// Puts every file of the sample folders into the bucket that is not there yet.
pub(super) async fn upload(store: &ObjectStore, samples: &Path) -> anyhow::Result<Uploaded> {
    put(store, samples, &FOLDERS).await
}

/// The same with the forms of families that come again.
pub(super) async fn upload_again(store: &ObjectStore, samples: &Path) -> anyhow::Result<Uploaded> {
    put(store, samples, &[AGAIN]).await
}

async fn put(store: &ObjectStore, samples: &Path, folders: &[&str]) -> anyhow::Result<Uploaded> {
    let mut files = Vec::new();
    for folder in folders {
        collect(&samples.join(folder), &mut files)?;
    }
    if files.is_empty() {
        bail!(
            "no sample scans in {}: run it from the source folder, or name them with --samples",
            samples.display()
        );
    }
    files.sort();
    let mut uploaded = Uploaded {
        new: Vec::new(),
        known: 0,
    };
    for file in files {
        let key = format!("samples/{}", relative_key(samples, &file));
        match store.head(&key).await {
            Ok(_) => uploaded.known += 1,
            Err(ObjectError::NotFound) => {
                let bytes = std::fs::read(&file)
                    .with_context(|| format!("cannot read {}", file.display()))?;
                let etag = store
                    .put(&key, bytes.into(), "application/octet-stream")
                    .await?;
                uploaded.new.push((key, etag));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(uploaded)
}

/// Those of `objects` that have no document yet.
pub(super) async fn not_noticed(
    database: &Database,
    store: &ObjectStore,
    objects: Vec<(String, String)>,
) -> anyhow::Result<Vec<(String, String)>> {
    let mut left = Vec::new();
    for (key, etag) in objects {
        if !documents::is_known(database, store.bucket(), &key, &etag).await? {
            left.push((key, etag));
        }
    }
    Ok(left)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if path.is_dir() {
            collect(&path, files)?;
        } else if !name.ends_with(".json") && !name.ends_with(".md") && !name.starts_with('.') {
            files.push(path);
        }
    }
    Ok(())
}

/// The path of `file` within `root`, as an object key.
fn relative_key(root: &Path, file: &Path) -> String {
    let relative = file.strip_prefix(root).unwrap_or(file);
    relative
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}
