//! What can go wrong with stored data, and whether trying again helps.

use super::sealing::SealingError;

/// A failed storage operation.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The database refused or could not be reached.
    #[error("database query failed")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("database migration failed")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Another worker took the document over; whatever was being written has not been.
    #[error("another worker holds the lease")]
    LeaseLost,
    /// The row was changed by somebody else since it was looked at.
    #[error("{subject} was changed by somebody else in the meantime")]
    Conflict {
        /// What was to be changed.
        subject: &'static str,
    },
    /// No such row.
    #[error("{subject} not found")]
    NotFound {
        /// What was looked for.
        subject: &'static str,
    },
    /// What is stored, or was to be stored, contradicts itself.
    #[error("inconsistent {subject}: {problem}")]
    Inconsistent {
        /// Table or message.
        subject: &'static str,
        /// What does not fit. Never holds a value from a form.
        problem: String,
    },
    /// A special-category value could not be sealed or opened.
    #[error("special-category value could not be sealed or opened")]
    Sealing(#[from] SealingError),
}

impl StorageError {
    /// Whether the same operation may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Database(error) => database_error_is_retryable(error),
            Self::LeaseLost
            | Self::Migration(_)
            | Self::Conflict { .. }
            | Self::NotFound { .. }
            | Self::Inconsistent { .. }
            | Self::Sealing(_) => false,
        }
    }
}

fn database_error_is_retryable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // Connection failures (08), rolled-back transactions (40), resources (53), operator (57), system (58).
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["08", "40", "53", "57", "58"]
                .iter()
                .any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}

/// PostgreSQL puts offending values into the details of an error, which `Debug` of the source would show.
impl std::fmt::Debug for StorageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StorageError({self}")?;
        if let Self::Database(error) = self {
            write!(f, ": {error}")?;
        }
        f.write_str(")")
    }
}
