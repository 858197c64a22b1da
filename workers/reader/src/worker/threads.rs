//! The threads that read. Reading is long and holds its thread, so it gets threads of its own: on the runtime's it
//! would starve the broker's heartbeat, and tokio's blocking pool is not bounded to the cores.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};

use crate::{ReadError, Reader};

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
    /// This reader does not know the form's definition. Retry: another may.
    #[error("the form's definition is not installed")]
    UnknownDefinition,
    /// The reader panicked. Retry, as for a crash.
    #[error("the reader panicked")]
    Panicked,
}

/// One piece of work, which sends its own answer.
type Job = Box<dyn FnOnce(&Reader) + Send>;

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
                        job(&reader);
                    }
                })?;
        }
        Ok(Self { jobs })
    }

    /// Has `work` done with a reader.
    ///
    /// # Errors
    /// [`ReadingError`].
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, ReadingError> + Send + 'static,
    ) -> Result<T, ReadingError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |reader| {
            // A reader holds no state that a panic could leave half changed.
            let done = catch_unwind(AssertUnwindSafe(|| work(reader)));
            // Nobody waits any more when the lease is lost.
            let _ = answer.send(done.unwrap_or(Err(ReadingError::Panicked)));
        });
        self.jobs
            .send(job)
            .await
            .map_err(|_| ReadingError::Panicked)?;
        answered.await.map_err(|_| ReadingError::Panicked)?
    }
}

/// Fails unless `bytes` are those with that SHA-256.
///
/// # Errors
/// [`ReadingError::Altered`].
pub fn check(bytes: &Bytes, sha256: &[u8]) -> Result<(), ReadingError> {
    if Sha256::digest(bytes).as_slice() == sha256 {
        Ok(())
    } else {
        Err(ReadingError::Altered)
    }
}
