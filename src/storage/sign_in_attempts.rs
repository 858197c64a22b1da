//! Sign-ins with a provider that were begun. Each is good for one return, from the browser that set out.

use chrono::{TimeDelta, Utc};

use super::{Database, Result};

/// How long a person may take at the provider.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// What is needed when the browser comes back.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The token has to name it.
    pub nonce: String,
    /// Proves that whoever redeems the code asked for it.
    pub pkce_verifier: String,
    /// Path to go on to.
    pub next: String,
}

/// Stores an attempt under the hashes of its state and of the browser's cookie, and throws out old ones.
pub async fn add(
    database: &Database,
    state_hash: &[u8],
    browser_hash: &[u8],
    attempt: &Attempt,
) -> Result<()> {
    let now = Utc::now();
    sqlx::query!(
        "DELETE FROM sign_in_attempt WHERE created_at < $1",
        now - LIFETIME
    )
    .execute(database.pool())
    .await?;
    sqlx::query!(
        "INSERT INTO sign_in_attempt (state_hash, browser_hash, nonce, pkce_verifier, next, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        state_hash,
        browser_hash,
        attempt.nonce,
        attempt.pkce_verifier,
        attempt.next,
        now
    )
    .execute(database.pool())
    .await?;
    Ok(())
}

/// The attempt of that state and browser, which is then used up.
pub async fn take(
    database: &Database,
    state_hash: &[u8],
    browser_hash: &[u8],
) -> Result<Option<Attempt>> {
    Ok(sqlx::query_as!(
        Attempt,
        "DELETE FROM sign_in_attempt WHERE state_hash = $1 AND browser_hash = $2 AND created_at >= $3
         RETURNING nonce, pkce_verifier, next",
        state_hash,
        browser_hash,
        Utc::now() - LIFETIME
    )
    .fetch_optional(database.pool())
    .await?)
}
