//! The tokens of recipients. Only their hashes are stored.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::recipients::{Recipient, Row};
use super::{Database, Result, StorageError};

/// A token as the register shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Id of the token.
    pub id: Uuid,
    /// When it was given out.
    pub created_at: DateTime<Utc>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Stores a token for a recipient that is in force.
///
/// # Errors
/// [`StorageError::NotFound`] when there is no such recipient, or it was cut off.
pub async fn add(
    database: &Database,
    recipient: Uuid,
    token_hash: &[u8],
    actor: Actor,
) -> Result<Uuid> {
    let id = Uuid::now_v7();
    let mut transaction = database.begin().await?;
    let added = sqlx::query!(
        "INSERT INTO api_token (id, token_hash, recipient_id, created_at)
         SELECT $1, $2, id, $4 FROM recipient WHERE id = $3 AND revoked_at IS NULL",
        id,
        token_hash,
        recipient,
        Utc::now()
    )
    .execute(&mut *transaction)
    .await?;
    if added.rows_affected() == 0 {
        return Err(StorageError::NotFound {
            subject: "recipient",
        });
    }
    audit::record(
        &mut *transaction,
        actor,
        Act::new("gave_token", "recipient", recipient),
    )
    .await?;
    transaction.commit().await?;
    Ok(id)
}

/// The recipient that the token opens for today: neither the token nor the recipient was taken back, and the agreement has
/// not run out.
pub async fn find(database: &Database, token_hash: &[u8]) -> Result<Option<Recipient>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT r.id, r.organisation, r.name, r.contact, r.purpose, r.basis, r.responsible, r.scopes, r.field_groups,
                r.centres, r.has_queue, r.valid_until, r.version, r.registered_at, r.revoked_at, r.revoked_reason
         FROM api_token t JOIN recipient r ON r.id = t.recipient_id
         WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND r.revoked_at IS NULL AND r.valid_until >= current_date",
        token_hash
    )
    .fetch_optional(database.pool())
    .await?;
    row.map(Recipient::try_from).transpose()
}

/// The tokens of a recipient, newest first.
pub async fn of_recipient(database: &Database, recipient: Uuid) -> Result<Vec<ApiToken>> {
    let tokens = sqlx::query_as!(
        ApiToken,
        "SELECT id, created_at, revoked_at FROM api_token WHERE recipient_id = $1 ORDER BY created_at DESC, id DESC",
        recipient
    )
    .fetch_all(database.pool())
    .await?;
    Ok(tokens)
}

/// Takes a token back. [`StorageError::NotFound`] when there is none that is still good.
pub async fn revoke(database: &Database, id: Uuid, actor: Actor) -> Result<()> {
    let mut transaction = database.begin().await?;
    let recipient = sqlx::query_scalar!(
        "UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING recipient_id",
        id,
        Utc::now()
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(StorageError::NotFound {
        subject: "API token",
    })?;
    audit::record(
        &mut *transaction,
        actor,
        Act::new("took_token_back", "recipient", recipient),
    )
    .await?;
    transaction.commit().await?;
    Ok(())
}
