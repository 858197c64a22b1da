//! The tokens of systems that read through the API. Only their hashes are stored.

use chrono::Utc;
use uuid::Uuid;

use super::{Database, Result, StorageError};

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
pub async fn add(
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
pub async fn find(database: &Database, token_hash: &[u8]) -> Result<Option<ApiToken>> {
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
pub async fn revoke(database: &Database, id: Uuid) -> Result<()> {
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
