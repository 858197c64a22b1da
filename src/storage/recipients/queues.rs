//! Which recipients have a queue in the broker, and which should.

use chrono::Utc;
use uuid::Uuid;

use super::super::{Database, Result};

/// A recipient's queue as it is and as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueState {
    /// The recipient.
    pub recipient: Uuid,
    /// Whether it should have one now.
    pub wanted: bool,
    /// Whether the broker was seen to have it.
    pub made: bool,
}

/// Queues that are there, should be, or both.
pub async fn states(database: &Database) -> Result<Vec<QueueState>> {
    let states = sqlx::query_as!(
        QueueState,
        r#"SELECT id AS recipient, queue_made_at IS NOT NULL AS "made!",
                  has_queue AND revoked_at IS NULL AND valid_until >= current_date
                      AND 'events:read' = ANY (scopes) AS "wanted!"
           FROM recipient WHERE has_queue OR queue_made_at IS NOT NULL"#
    )
    .fetch_all(database.pool())
    .await?;
    Ok(states)
}

/// Notes that the broker has the recipient's queue, or has it no longer.
pub async fn note(database: &Database, recipient: Uuid, made: bool) -> Result<()> {
    sqlx::query!(
        "UPDATE recipient SET queue_made_at = $2 WHERE id = $1",
        recipient,
        made.then(Utc::now)
    )
    .execute(database.pool())
    .await?;
    Ok(())
}
