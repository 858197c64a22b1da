//! Writing the register: people, households, and what each form did to them.
//!
//! Everything here runs inside the caller's transaction. Whoever looks for people already on record and then adds some
//! holds [`lock`] in between, so that two forms of one family settled at the same moment do not both find nobody.

mod addresses;
mod announcing;
pub(super) mod changes;
pub mod consent_history;
mod consents;
pub mod correcting;
pub mod deciding;
pub mod history;
pub mod matching;
pub mod merging;
mod people;
mod registration;
pub(super) mod special;
pub mod withdrawal;

pub use changes::Owner;
pub use registration::{Decisions, Registered, RegisteredMember, Registering, register};

use sqlx::PgConnection;

use super::Result;

/// Name of the advisory lock that lets one form at a time into the register.
const REGISTER_LOCK: i64 = 0x656e_726f_6c03;

/// Waits until no other transaction is looking for people or adding them. Held until the transaction ends, which takes
/// milliseconds.
pub async fn lock(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", REGISTER_LOCK)
        .execute(connection)
        .await?;
    Ok(())
}
