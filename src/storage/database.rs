//! The connection pool.

use std::{future::Future, str::FromStr, time::Duration};

use secrecy::ExposeSecret;
use sqlx::{
    PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{Result, StorageError};
use crate::config;

/// How long a transaction may sit idle before the server ends it: a stuck or vanished client must not hold locks.
const IDLE_IN_TRANSACTION_LIMIT: &str = "60s";

/// A pool of connections to Enrol's database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    pool: PgPool,
}

impl Database {
    /// Connects as configured; see [`Database::open`].
    pub async fn connect(config: &config::Database) -> Result<Self> {
        Self::open(config.url.expose_secret(), config.max_connections).await
    }

    /// Connects to `url` and keeps at most `max_connections` open. Fails when the server cannot be reached within
    /// ten seconds; trying again later may help.
    pub async fn open(url: &str, max_connections: u32) -> Result<Self> {
        let pool = pool_options(max_connections)
            .connect_with(connect_options(url)?)
            .await?;
        Ok(Self { pool })
    }

    /// Brings the schema up to date. Safe to run from several processes at once.
    pub async fn migrate(&self) -> Result<()> {
        sqlx::migrate!("src/storage/migrations")
            .run(&self.pool)
            .await?;
        Ok(())
    }

    /// The pool, for queries.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Begins a transaction. It is rolled back when dropped without commit.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>> {
        Ok(self.pool.begin().await?)
    }

    /// Runs `work` to its end even when the caller is dropped, as a request handler is when its client leaves.
    ///
    /// # Panics
    /// Passes on a panic of `work`.
    pub async fn uninterrupted<T: Send + 'static>(
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        match tokio::spawn(work).await {
            Ok(value) => value,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Only a runtime that is shutting down cancels the task; there is no caller left to answer.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Closes all connections, waiting for those in use.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Options of a single connection outside the pool, as the relay's lock and listeners need.
pub(super) fn connect_options(url: &str) -> Result<PgConnectOptions> {
    Ok(PgConnectOptions::from_str(url)
        .map_err(StorageError::Database)?
        .application_name("enrol")
        .options([(
            "idle_in_transaction_session_timeout",
            IDLE_IN_TRANSACTION_LIMIT,
        )]))
}

fn pool_options(max_connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(Duration::from_secs(10))
        // The hook below is a round trip to the server already.
        .test_before_acquire(false)
        .before_acquire(|connection, _| {
            Box::pin(async move {
                // Ends a transaction that a cancelled `begin` left open. A bare ROLLBACK would do the same but
                // warns in the server's log at every acquire; inside an aborted transaction BEGIN fails and the
                // pool throws the connection away.
                sqlx::raw_sql("BEGIN; ROLLBACK").execute(connection).await?;
                Ok(true)
            })
        })
}
