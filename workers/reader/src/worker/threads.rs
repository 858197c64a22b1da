//! The threads that read. Reading is long and holds its thread, so it gets threads of its own: on the runtime's it
//! would starve the broker's heartbeat, and tokio's blocking pool is not bounded to the cores.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use enrol::domain::reading::DocumentReading;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};

use crate::{ReadError, Reader, read_document};

/// Native code under the reader wants more than the default 2 MiB.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Why a document's bytes gave no reading.
#[derive(Debug, thiserror::Error)]
pub enum ReadingError {
    /// The reader's verdict on the file.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The bytes are not those that came in. Retry: the store may have delivered only part.
    #[error("the stored bytes are not those that came in")]
    Altered,
    /// The reader panicked. Retry, as for a crash.
    #[error("the reader panicked")]
    Panicked,
}

struct Job {
    bytes: Bytes,
    sha256: Vec<u8>,
    answer: oneshot::Sender<Result<DocumentReading, ReadingError>>,
}

/// A fixed number of threads, each reading one file at a time.
pub struct ReadingThreads {
    jobs: mpsc::Sender<Job>,
}

impl ReadingThreads {
    /// Starts `count` threads. They end when this is dropped and their file is done.
    ///
    /// # Errors
    /// The operating system gives no more threads.
    pub fn start(reader: &Arc<Reader>, count: usize) -> std::io::Result<Self> {
        // One file may wait; the broker holds the others back.
        let (jobs, queue) = mpsc::channel::<Job>(1);
        let queue = Arc::new(Mutex::new(queue));
        for number in 1..=count {
            let (queue, reader) = (Arc::clone(&queue), Arc::clone(reader));
            std::thread::Builder::new()
                .name(format!("reading-{number}"))
                .stack_size(STACK_BYTES)
                .spawn(move || {
                    loop {
                        let job = queue
                            .lock()
                            .expect("no thread panics while it waits")
                            .blocking_recv();
                        let Some(job) = job else { return };
                        // Nobody waits any more when the lease is lost.
                        let _ = job.answer.send(read(&reader, &job.bytes, &job.sha256));
                    }
                })?;
        }
        Ok(Self { jobs })
    }

    /// Has `bytes` read, whose SHA-256 is `sha256`.
    ///
    /// # Errors
    /// [`ReadingError`].
    pub async fn read(
        &self,
        bytes: Bytes,
        sha256: Vec<u8>,
    ) -> Result<DocumentReading, ReadingError> {
        let (answer, answered) = oneshot::channel();
        let job = Job {
            bytes,
            sha256,
            answer,
        };
        self.jobs
            .send(job)
            .await
            .map_err(|_| ReadingError::Panicked)?;
        answered.await.map_err(|_| ReadingError::Panicked)?
    }
}

fn read(reader: &Reader, bytes: &[u8], sha256: &[u8]) -> Result<DocumentReading, ReadingError> {
    if Sha256::digest(bytes).as_slice() != sha256 {
        return Err(ReadingError::Altered);
    }
    // A reader holds no state that a panic could leave half changed.
    match catch_unwind(AssertUnwindSafe(|| read_document(reader, bytes))) {
        Ok(result) => Ok(result?),
        Err(_) => Err(ReadingError::Panicked),
    }
}
