//! PostgreSQL: one file per group of tables, checked queries, everything that must not be lost.
//!
//! Attempts, leases and back-off live here and not in the broker, so that the broker can be rebuilt from the
//! database. Writes that belong together are one transaction; whoever consumes a message acknowledges it after
//! the commit.
//!
//! `Pool::begin` of sqlx 0.9.0 is not safe to cancel: a future dropped while BEGIN is in flight hands a
//! connection inside a transaction back to the pool. [`Database`] therefore ends any open transaction before a
//! connection is handed out, and writes that a client could interrupt run through [`Database::uninterrupted`].

pub mod accounts;
pub mod adjudication;
pub mod api_tokens;
pub mod audit;
pub mod audit_chain;
pub mod audit_search;
pub mod batch;
pub mod calibration_cases;
pub mod centres;
pub mod contact_lists;
mod database;
pub mod desk_keys;
pub mod disclosures;
pub mod documents;
pub mod drafts;
pub mod erasure;
mod error;
pub mod exceptions;
pub mod form_actions;
pub mod form_fields;
pub mod key_rotation;
pub mod keying_times;
pub mod keying_waits;
pub mod leases;
pub mod match_keys;
pub mod outbox;
pub mod printed_sets;
pub mod progress;
pub mod qa_sample;
pub mod quality;
pub mod queue;
pub mod reading;
pub mod reception;
pub mod recipients;
pub mod register;
pub mod review;
pub mod sealing;
pub mod second_keying;
pub mod service_users;
pub mod sessions;
pub mod settlement;
pub mod sign_in_attempts;
pub mod subject_access;
pub mod summary;
pub mod suppression;
pub mod work_in_hand;

pub use database::Database;
pub use error::StorageError;

/// What storage operations return.
pub type Result<T, E = StorageError> = std::result::Result<T, E>;

#[cfg(test)]
mod tests;
