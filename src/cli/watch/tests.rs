use std::cell::{Cell, RefCell};
use std::fs;
use std::path::Path;

use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

/// Keeps what it gets, and fails as often as it is told to.
#[derive(Default)]
struct Shelf {
    failures: Cell<u32>,
    objects: RefCell<Vec<(String, String)>>,
}

impl Destination for &Shelf {
    async fn put(&self, key: &str, _: Bytes, media_type: &str) -> Result<(), ObjectError> {
        if self.failures.get() > 0 {
            self.failures.set(self.failures.get() - 1);
            return Err(ObjectError::Unavailable {
                operation: "put",
                cause: "no space left".into(),
            });
        }
        self.objects
            .borrow_mut()
            .push((key.to_owned(), media_type.to_owned()));
        Ok(())
    }
}

fn watcher<'s>(path: &Path, shelf: &'s Shelf) -> Watcher<&'s Shelf> {
    Watcher {
        folder: Folder::new(path.into(), Duration::ZERO),
        journal: Journal::open(path),
        store: shelf,
        max_bytes: 1000,
        show_names: true,
        tally: Tally::default(),
    }
}

async fn round(watcher: &mut Watcher<&Shelf>) -> usize {
    let (settled, _) = watcher.folder.settled(Instant::now()).expect("list");
    watcher.take(&settled, &Shutdown::new()).await.files
}

#[tokio::test]
async fn scans_go_to_the_store_and_the_rest_is_refused() {
    let temp = tempfile::tempdir().expect("temporary folder");
    let shelf = Shelf::default();
    let mut watcher = watcher(temp.path(), &shelf);
    fs::write(temp.path().join("Jane Smith.pdf"), PNG).expect("write");
    fs::write(temp.path().join("list.xlsx"), b"PK\x03\x04....").expect("write");

    assert_eq!(round(&mut watcher).await, 0);

    let objects = shelf.objects.borrow();
    assert_eq!(objects.len(), 1);
    let (key, media_type) = &objects[0];
    assert!(key.starts_with("scans/") && key.ends_with(".png"), "{key}");
    assert!(!key.contains("Jane"));
    assert_eq!(media_type, "image/png");
    assert!(temp.path().join("done/Jane Smith.pdf").exists());
    let reason = fs::read_to_string(temp.path().join("refused/list.xlsx.reason.txt"));
    assert!(reason.expect("a reason").contains("office document"));
    assert_eq!(
        watcher.tally,
        Tally {
            uploaded: 1,
            refused: 1
        }
    );
}

#[tokio::test]
async fn files_wait_while_the_store_fails_and_keep_their_key() {
    let temp = tempfile::tempdir().expect("temporary folder");
    let shelf = Shelf::default();
    shelf.failures.set(2);
    fs::write(temp.path().join("a.png"), PNG).expect("write");
    fs::write(temp.path().join("b.png"), PNG).expect("write");

    // Every failure stops the round: both files are left, and only one was tried.
    assert_eq!(round(&mut watcher(temp.path(), &shelf)).await, 2);
    let claimed = fs::read_to_string(temp.path().join(".enrol-watch.json")).expect("journal");
    assert_eq!(round(&mut watcher(temp.path(), &shelf)).await, 2);
    assert!(temp.path().join("a.png").exists() && temp.path().join("b.png").exists());
    assert_eq!(round(&mut watcher(temp.path(), &shelf)).await, 0);

    let objects = shelf.objects.borrow();
    assert_eq!(objects.len(), 2);
    assert!(
        claimed.contains(&objects[0].0),
        "the first key was kept over restarts"
    );
    assert!(!temp.path().join(".enrol-watch.json").exists());
}

#[tokio::test]
async fn a_file_that_cannot_be_moved_is_not_uploaded_twice() {
    let temp = tempfile::tempdir().expect("temporary folder");
    let shelf = Shelf::default();
    fs::write(temp.path().join("a.png"), PNG).expect("write");
    // A file where the subfolder should be.
    fs::write(temp.path().join("done"), b"").expect("write");

    let mut stuck = watcher(temp.path(), &shelf);
    stuck.folder.settled(Instant::now()).expect("list");
    let look = |watcher: &mut Watcher<&Shelf>| {
        let (settled, _) = watcher.folder.settled(Instant::now()).expect("list");
        settled
            .into_iter()
            .find(|file| file.name == "a.png")
            .expect("it is there")
    };
    let file = look(&mut stuck);
    assert!(matches!(stuck.take_one(&file).await, Err(Trouble::File(_))));
    fs::remove_file(temp.path().join("done")).expect("remove");
    let mut restarted = watcher(temp.path(), &shelf);
    let file = look(&mut restarted);
    assert!(restarted.take_one(&file).await.is_ok());
    assert_eq!(shelf.objects.borrow().len(), 1);
    assert!(temp.path().join("done/a.png").exists());
}

#[tokio::test]
async fn nothing_is_begun_after_ctrl_c() {
    let temp = tempfile::tempdir().expect("temporary folder");
    let shelf = Shelf::default();
    let mut watcher = watcher(temp.path(), &shelf);
    fs::write(temp.path().join("a.png"), PNG).expect("write");
    let (settled, _) = watcher.folder.settled(Instant::now()).expect("list");
    let shutdown = Shutdown::new();
    shutdown.trigger();
    assert_eq!(watcher.take(&settled, &shutdown).await.files, 0);
    assert!(temp.path().join("a.png").exists());
}
