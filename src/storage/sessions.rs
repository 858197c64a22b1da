//! Sessions of people who have signed in. Only hashes of their tokens are stored.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::accounts::{Account, parse_roles};
use super::{Database, Result};

/// How long a session lasts.
#[derive(Debug, Clone, Copy)]
pub struct SessionLimits {
    /// Without a request.
    pub idle: TimeDelta,
    /// In all.
    pub absolute: TimeDelta,
}

/// A session that is still good, and whose it is.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who signed in.
    pub account: Account,
    /// The token that every form of this session has to send back.
    pub csrf_token: String,
    /// When it ends whatever happens.
    pub expires_at: DateTime<Utc>,
}

/// Stores a new session and throws out those that have ended.
pub async fn begin(
    database: &Database,
    account_id: Uuid,
    token_hash: &[u8],
    csrf_token: &str,
    limits: SessionLimits,
) -> Result<()> {
    let now = Utc::now();
    sqlx::query!(
        "DELETE FROM session WHERE expires_at < $1 OR last_seen < $2",
        now,
        now - limits.idle
    )
    .execute(database.pool())
    .await?;
    sqlx::query!(
        "INSERT INTO session (token_hash, account_id, csrf_token, created_at, last_seen, expires_at)
         VALUES ($1, $2, $3, $4, $4, $5)",
        token_hash,
        account_id,
        csrf_token,
        now,
        now + limits.absolute
    )
    .execute(database.pool())
    .await?;
    Ok(())
}

/// The session of a token, if it has not ended. `in_use` notes a sign of life: a request that a person made, and not
/// a page that asks for news by itself.
pub async fn find(
    database: &Database,
    token_hash: &[u8],
    limits: SessionLimits,
    in_use: bool,
) -> Result<Option<Session>> {
    let now = Utc::now();
    let row = sqlx::query!(
        r#"SELECT s.csrf_token, s.last_seen, s.expires_at, a.id, a.user_name, a.display_name,
                  a.issuer IS NOT NULL AS "from_provider!",
                  ARRAY(SELECT role FROM account_role WHERE account_id = a.id ORDER BY role) AS "roles!",
                  ARRAY(SELECT centre FROM account_centre WHERE account_id = a.id ORDER BY centre) AS "centres!"
           FROM session s JOIN account a ON a.id = s.account_id
           WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.last_seen > $3 AND a.disabled_at IS NULL"#,
        token_hash,
        now,
        now - limits.idle
    )
    .fetch_optional(database.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    // A page asks for dozens of pictures at once; one note in a while is enough.
    if in_use && now - row.last_seen > NOTED_EVERY.min(limits.idle / 10) {
        sqlx::query!(
            "UPDATE session SET last_seen = $2 WHERE token_hash = $1",
            token_hash,
            now
        )
        .execute(database.pool())
        .await?;
    }
    Ok(Some(Session {
        account: Account {
            id: row.id,
            user_name: row.user_name,
            display_name: row.display_name,
            roles: parse_roles(&row.roles)?,
            centres: row.centres,
            from_provider: row.from_provider,
            disabled_at: None,
        },
        csrf_token: row.csrf_token,
        expires_at: row.expires_at,
    }))
}

/// Longest time between two notes that a session is in use.
const NOTED_EVERY: TimeDelta = TimeDelta::seconds(30);

/// Ends a session.
pub async fn end(database: &Database, token_hash: &[u8]) -> Result<()> {
    sqlx::query!("DELETE FROM session WHERE token_hash = $1", token_hash)
        .execute(database.pool())
        .await?;
    Ok(())
}
