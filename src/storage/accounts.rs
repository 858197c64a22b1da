//! Local accounts, their sessions, and the tokens of systems that read through the API.
//!
//! Only hashes of passwords, session tokens and API tokens are stored.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Database, Result, StorageError};

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Uploads scans and sees what became of them.
    Reception,
    /// Checks forms and sees the records made of them.
    Clerk,
    /// Sees everything.
    Supervisor,
}

impl Role {
    /// The name used in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reception => "reception",
            Self::Clerk => "clerk",
            Self::Supervisor => "supervisor",
        }
    }

    fn parse(name: &str) -> Result<Self> {
        [Self::Reception, Self::Clerk, Self::Supervisor]
            .into_iter()
            .find(|role| role.as_str() == name)
            .ok_or_else(|| StorageError::Inconsistent {
                subject: "account",
                problem: format!("unknown role {name}"),
            })
    }
}

/// A person who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id.
    pub id: Uuid,
    /// What is typed to sign in.
    pub user_name: String,
    /// What colleagues see.
    pub display_name: String,
    /// What the person may do.
    pub role: Role,
    /// Since when the account is closed.
    pub disabled_at: Option<DateTime<Utc>>,
}

/// What is needed for a new account.
#[derive(Debug, Clone)]
pub struct NewAccount<'a> {
    /// What is typed to sign in; kept in lower case.
    pub user_name: &'a str,
    /// What colleagues see.
    pub display_name: &'a str,
    /// What the person may do.
    pub role: Role,
    /// Argon2 hash in PHC form.
    pub password_hash: &'a str,
}

/// Adds an account. [`StorageError::Conflict`] when the user name is taken.
pub async fn add(database: &Database, new: NewAccount<'_>) -> Result<Uuid> {
    let id = Uuid::now_v7();
    let added = sqlx::query!(
        "INSERT INTO account (id, user_name, display_name, role, password_hash, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (user_name) DO NOTHING",
        id,
        new.user_name.to_lowercase(),
        new.display_name,
        new.role.as_str(),
        new.password_hash,
        Utc::now()
    )
    .execute(database.pool())
    .await?;
    match added.rows_affected() {
        0 => Err(StorageError::Conflict { subject: "account" }),
        _ => Ok(id),
    }
}

/// Adds an account or gives the existing one of that name this password, name and role, and ends its sessions.
pub async fn put(database: &Database, new: NewAccount<'_>) -> Result<Uuid> {
    let id = sqlx::query_scalar!(
        "INSERT INTO account (id, user_name, display_name, role, password_hash, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (user_name) DO UPDATE
         SET display_name = excluded.display_name, role = excluded.role,
             password_hash = excluded.password_hash, disabled_at = NULL
         RETURNING id",
        Uuid::now_v7(),
        new.user_name.to_lowercase(),
        new.display_name,
        new.role.as_str(),
        new.password_hash,
        Utc::now()
    )
    .fetch_one(database.pool())
    .await?;
    sqlx::query!("DELETE FROM session WHERE account_id = $1", id)
        .execute(database.pool())
        .await?;
    Ok(id)
}

/// All accounts by user name.
pub async fn list(database: &Database) -> Result<Vec<Account>> {
    let rows = sqlx::query!(
        "SELECT id, user_name, display_name, role, disabled_at FROM account ORDER BY user_name"
    )
    .fetch_all(database.pool())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Account {
                id: r.id,
                user_name: r.user_name,
                display_name: r.display_name,
                role: Role::parse(&r.role)?,
                disabled_at: r.disabled_at,
            })
        })
        .collect()
}

/// The id and password hash of the open account with that user name.
pub async fn password_hash(database: &Database, user_name: &str) -> Result<Option<(Uuid, String)>> {
    let row = sqlx::query!(
        "SELECT id, password_hash FROM account WHERE user_name = $1 AND disabled_at IS NULL",
        user_name.to_lowercase()
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(row.map(|r| (r.id, r.password_hash)))
}

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
}

/// Stores a new session and throws out those that have ended.
pub async fn begin_session(
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

/// The session of a token, if it has not ended; notes that it is in use.
pub async fn session(
    database: &Database,
    token_hash: &[u8],
    limits: SessionLimits,
) -> Result<Option<Session>> {
    let now = Utc::now();
    let row = sqlx::query!(
        "SELECT s.csrf_token, s.last_seen, a.id, a.user_name, a.display_name, a.role
         FROM session s JOIN account a ON a.id = s.account_id
         WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.last_seen > $3 AND a.disabled_at IS NULL",
        token_hash,
        now,
        now - limits.idle
    )
    .fetch_optional(database.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    // A page asks for dozens of pictures at once; one note in half a minute is enough.
    if now - row.last_seen > TimeDelta::seconds(30) {
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
            role: Role::parse(&row.role)?,
            disabled_at: None,
        },
        csrf_token: row.csrf_token,
    }))
}

/// Ends a session.
pub async fn end_session(database: &Database, token_hash: &[u8]) -> Result<()> {
    sqlx::query!("DELETE FROM session WHERE token_hash = $1", token_hash)
        .execute(database.pool())
        .await?;
    Ok(())
}

/// A system that may read through the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Id of the token.
    pub id: Uuid,
    /// Who holds it.
    pub recipient: String,
    /// What it opens.
    pub scopes: Vec<String>,
}

/// Stores a token for `recipient`.
pub async fn add_api_token(
    database: &Database,
    recipient: &str,
    scopes: &[String],
    token_hash: &[u8],
) -> Result<Uuid> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "INSERT INTO api_token (id, token_hash, recipient, scopes, created_at) VALUES ($1, $2, $3, $4, $5)",
        id,
        token_hash,
        recipient,
        scopes,
        Utc::now()
    )
    .execute(database.pool())
    .await?;
    Ok(id)
}

/// The token with that hash, unless it was taken back.
pub async fn api_token(database: &Database, token_hash: &[u8]) -> Result<Option<ApiToken>> {
    let token = sqlx::query_as!(
        ApiToken,
        "SELECT id, recipient, scopes FROM api_token WHERE token_hash = $1 AND revoked_at IS NULL",
        token_hash
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(token)
}

/// Takes a token back. [`StorageError::NotFound`] when there is none that is still good.
pub async fn revoke_api_token(database: &Database, id: Uuid) -> Result<()> {
    let revoked = sqlx::query!(
        "UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        id,
        Utc::now()
    )
    .execute(database.pool())
    .await?;
    if revoked.rows_affected() == 0 {
        return Err(StorageError::NotFound {
            subject: "API token",
        });
    }
    Ok(())
}
