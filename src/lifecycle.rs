//! Starting to stop: one token that every long-running part watches.

use std::{future::Future, time::Duration};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Tells running parts to stop and waits until they have. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    token: CancellationToken,
    tasks: TaskTracker,
}

impl Shutdown {
    /// Nothing asked to stop yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`Shutdown::new`], and the first SIGINT or SIGTERM triggers it; a second one ends the process at once.
    pub fn on_signals() -> std::io::Result<Self> {
        let shutdown = Self::new();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let token = shutdown.token.clone();
        tokio::spawn(async move {
            for already_asked in [false, true] {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if already_asked {
                    std::process::exit(130);
                }
                token.cancel();
            }
        });
        Ok(shutdown)
    }

    /// Asks everything to stop.
    pub fn trigger(&self) {
        self.token.cancel();
    }

    /// Whether stopping was asked for.
    pub fn is_triggered(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Resolves when stopping is asked for.
    pub async fn triggered(&self) {
        self.token.cancelled().await;
    }

    /// The token, for libraries that take one.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// Sleeps for `duration`; false when stopping was asked for meanwhile.
    pub async fn sleep(&self, duration: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(duration) => true,
            () = self.triggered() => false,
        }
    }

    /// Runs `task` so that [`Shutdown::finished`] waits for it.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.tasks.spawn(task)
    }

    /// Waits until all spawned tasks have ended, at most `limit`; false when some have not.
    pub async fn finished(&self, limit: Duration) -> bool {
        self.tasks.close();
        tokio::time::timeout(limit, self.tasks.wait()).await.is_ok()
    }
}
