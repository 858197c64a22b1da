//! The watched folder: what lies in it, what has stopped growing, and where it goes afterwards.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::decoding::FileKind;

/// Subfolder for files that are safely in the store.
pub(super) const DONE: &str = "done";
/// Subfolder for files that cannot be scans, each with a text that says why.
pub(super) const REFUSED: &str = "refused";

/// How many times the settling time an unfinished file (empty, or a PDF without its end) gets before
/// it is taken as it is: some scanners create the file first and send it when the last page is in.
const PATIENCE: u32 = 12;

/// A file as it was seen: when this changes, somebody is still writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) size: u64,
    pub(super) modified: Option<SystemTime>,
}

/// A file that has not changed for the settling time.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) name: OsString,
    pub(super) path: PathBuf,
    pub(super) look: Look,
}

/// What a file turned out to be.
#[derive(Debug)]
pub(super) enum Content {
    /// To be uploaded.
    Scan { bytes: Vec<u8>, kind: FileKind },
    /// Not a scan, and why, for the person who finds it in `refused/`.
    Refused(String),
    /// Changed while it was read: look again later.
    StillChanging,
}

/// The watched folder.
pub(super) struct Folder {
    path: PathBuf,
    settle: Duration,
    seen: HashMap<OsString, (Look, Instant)>,
}

impl Folder {
    pub(super) fn new(path: PathBuf, settle: Duration) -> Self {
        Self {
            path,
            settle,
            seen: HashMap::new(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at every file once. Returns those unchanged for the settling time, oldest first, and how
    /// many are not settled yet.
    ///
    /// # Errors
    /// When the folder cannot be listed; a network folder may come back.
    pub(super) fn settled(&mut self, now: Instant) -> io::Result<(Vec<Settled>, usize)> {
        let mut present = HashMap::new();
        let mut settled = vec![];
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            // Not following links: one could point anywhere.
            let Ok(data) = entry.metadata() else { continue };
            if !data.is_file() || passed_over(&name.to_string_lossy()) {
                continue;
            }
            let look = look(&data);
            let since = match self.seen.get(&name) {
                Some((before, since)) if *before == look => *since,
                _ => now,
            };
            present.insert(name.clone(), (look, since));
            let path = entry.path();
            let quiet = now.saturating_duration_since(since);
            if quiet >= self.settle
                && (quiet >= self.settle * PATIENCE || !unfinished(&path, look, self.settle))
            {
                settled.push(Settled { name, path, look });
            }
        }
        let waiting = present.len() - settled.len();
        self.seen = present;
        settled.sort_by(|a, b| (a.look.modified, &a.name).cmp(&(b.look.modified, &b.name)));
        Ok((settled, waiting))
    }

    /// Reads a settled file and judges it by its content.
    ///
    /// # Errors
    /// When it cannot be read: on a network folder another program may hold it.
    pub(super) fn read(&self, file: &Settled, max_bytes: u64) -> io::Result<Content> {
        if file.look.size == 0 {
            return Ok(Content::Refused(
                "This file is empty. The scanner may have been interrupted: scan the form again."
                    .into(),
            ));
        }
        if file.look.size > max_bytes {
            return Ok(Content::Refused(format!(
                "This file has {} MB; at most {} MB are taken. Scan one form at a time at 300 dots per inch.",
                file.look.size / 1_000_000,
                max_bytes / 1_000_000
            )));
        }
        let mut bytes = Vec::new();
        File::open(&file.path)?
            .take(max_bytes + 1)
            .read_to_end(&mut bytes)?;
        if look(&fs::symlink_metadata(&file.path)?) != file.look
            || bytes.len() as u64 != file.look.size
        {
            return Ok(Content::StillChanging);
        }
        let kind = FileKind::of(&bytes);
        if kind.is_scan() {
            Ok(Content::Scan { bytes, kind })
        } else {
            Ok(Content::Refused(kind.advice().into()))
        }
    }

    /// Moves a file into a subfolder under a name that is free there. Returns the new path.
    ///
    /// # Errors
    /// When the subfolder cannot be made or the file cannot be moved.
    pub(super) fn move_to(&self, file: &Settled, subfolder: &str) -> io::Result<PathBuf> {
        let target = self.path.join(subfolder);
        fs::create_dir_all(&target)?;
        let mut candidate = target.join(&file.name);
        let mut count = 1;
        while candidate.symlink_metadata().is_ok()
            || reason_file(&candidate).symlink_metadata().is_ok()
        {
            count += 1;
            candidate = target.join(numbered(Path::new(&file.name), count));
        }
        fs::rename(&file.path, &candidate)?;
        Ok(candidate)
    }
}

/// The file beside a refused file that says why.
pub(super) fn reason_file(refused: &Path) -> PathBuf {
    let mut name = refused.as_os_str().to_owned();
    name.push(".reason.txt");
    PathBuf::from(name)
}

/// `scan.pdf` becomes `scan-2.pdf`.
fn numbered(name: &Path, count: u32) -> OsString {
    let mut numbered = name.file_stem().unwrap_or_default().to_owned();
    numbered.push(format!("-{count}"));
    if let Some(extension) = name.extension() {
        numbered.push(".");
        numbered.push(extension);
    }
    numbered
}

fn look(data: &fs::Metadata) -> Look {
    Look {
        size: data.len(),
        modified: data.modified().ok(),
    }
}

/// Names that programs give to what is not finished or not meant for anybody.
fn passed_over(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name.starts_with('.')
        || name.starts_with('~')
        || name.ends_with('~')
        || [
            ".tmp",
            ".temp",
            ".part",
            ".partial",
            ".filepart",
            ".crdownload",
            ".lock",
        ]
        .iter()
        .any(|ending| lower.ends_with(ending))
        || matches!(lower.as_str(), "thumbs.db" | "desktop.ini")
}

/// Whether a file that does not change is nevertheless not complete: then it gets more time, unless
/// its date says that it has lain here long enough already.
fn unfinished(path: &Path, look: Look, settle: Duration) -> bool {
    let old = look
        .modified
        .and_then(|modified| modified.elapsed().ok())
        .is_some_and(|age| age > settle * PATIENCE);
    !old && (look.size == 0 || pdf_without_end(path).unwrap_or(false))
}

fn pdf_without_end(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut bytes = [0; 5];
    file.read_exact(&mut bytes)?;
    if &bytes != b"%PDF-" {
        return Ok(false);
    }
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(2048)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    Ok(!tail.windows(5).any(|w| w == b"%%EOF"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_secs(5);

    fn names(settled: &[Settled]) -> Vec<String> {
        settled
            .iter()
            .map(|file| file.name.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn a_file_is_taken_once_it_has_stopped_growing() {
        let temp = tempfile::tempdir().expect("temporary folder");
        let scan = temp.path().join("scan.jpg");
        let mut folder = Folder::new(temp.path().into(), SETTLE);
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);

        fs::write(&scan, [0xff, 0xd8, 0xff]).expect("write");
        assert!(folder.settled(after(0)).expect("list").0.is_empty());
        fs::write(&scan, [0xff, 0xd8, 0xff, 0xe0]).expect("grow");
        assert!(folder.settled(after(4)).expect("list").0.is_empty());
        assert!(folder.settled(after(8)).expect("list").0.is_empty());
        let (settled, waiting) = folder.settled(after(9)).expect("list");
        assert_eq!((names(&settled), waiting), (vec!["scan.jpg".to_owned()], 0));
    }

    #[test]
    fn hidden_temporary_and_foreign_things_are_passed_over() {
        let temp = tempfile::tempdir().expect("temporary folder");
        for name in [".hidden", "~lock", "a.tmp", "a.PART", "b.pdf~", "Thumbs.db"] {
            fs::write(temp.path().join(name), b"x").expect("write");
        }
        fs::create_dir(temp.path().join(DONE)).expect("folder");
        std::os::unix::fs::symlink("/etc/hostname", temp.path().join("link.pdf")).expect("link");
        let mut folder = Folder::new(temp.path().into(), Duration::ZERO);
        let (settled, waiting) = folder.settled(Instant::now()).expect("list");
        assert_eq!((settled.len(), waiting), (0, 0));
    }

    #[test]
    fn empty_files_and_pdfs_without_end_get_more_time() {
        let temp = tempfile::tempdir().expect("temporary folder");
        fs::write(temp.path().join("empty.pdf"), b"").expect("write");
        fs::write(temp.path().join("half.pdf"), b"%PDF-1.4 and more").expect("write");
        fs::write(temp.path().join("whole.pdf"), b"%PDF-1.4 and %%EOF").expect("write");
        let mut folder = Folder::new(temp.path().into(), SETTLE);
        let start = Instant::now();
        folder.settled(start).expect("list");
        let (settled, waiting) = folder.settled(start + SETTLE).expect("list");
        assert_eq!(
            (names(&settled), waiting),
            (vec!["whole.pdf".to_owned()], 2)
        );
        let (settled, _) = folder.settled(start + SETTLE * PATIENCE).expect("list");
        assert_eq!(settled.len(), 3);
    }

    #[test]
    fn content_decides_and_names_in_the_subfolder_stay_apart() {
        let temp = tempfile::tempdir().expect("temporary folder");
        let mut folder = Folder::new(temp.path().into(), Duration::ZERO);
        for round in ["first", "second"] {
            fs::write(temp.path().join("letter.pdf"), b"Dear Madam").expect("write");
            let (settled, _) = folder.settled(Instant::now()).expect("list");
            let content = folder.read(&settled[0], 1000).expect("read");
            assert!(
                matches!(content, Content::Refused(reason) if reason.contains("text")),
                "{round}"
            );
            let moved = folder.move_to(&settled[0], REFUSED).expect("move");
            fs::write(reason_file(&moved), round).expect("reason");
        }
        let refused = temp.path().join(REFUSED);
        assert!(refused.join("letter.pdf.reason.txt").exists());
        assert!(refused.join("letter-2.pdf.reason.txt").exists());
    }

    #[test]
    fn too_large_and_changing_files() {
        let temp = tempfile::tempdir().expect("temporary folder");
        let path = temp.path().join("scan.png");
        fs::write(&path, b"\x89PNG\r\n\x1a\n and so on").expect("write");
        let mut folder = Folder::new(temp.path().into(), Duration::ZERO);
        let (settled, _) = folder.settled(Instant::now()).expect("list");
        assert!(matches!(
            folder.read(&settled[0], 10),
            Ok(Content::Refused(_))
        ));
        fs::write(&path, b"\x89PNG\r\n\x1a\n and so on and on").expect("write");
        assert!(matches!(
            folder.read(&settled[0], 1000),
            Ok(Content::StillChanging)
        ));
    }
}
