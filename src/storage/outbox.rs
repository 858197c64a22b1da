//! Messages that are written in the same transaction as what they announce, and published afterwards.

use std::time::Duration;

use serde_json::{Value as Json, json};
use sqlx::{
    Connection, PgConnection,
    postgres::{PgListener, types::PgInterval},
};
use uuid::Uuid;

use super::{Database, Result};
use crate::messaging::topology;

/// Message type of a request to read a document.
pub const READ_MESSAGE: &str = "uk.enrol.document.read";
/// Content type of messages between Enrol's own programs.
pub const JSON: &str = "application/json";

/// Name of the advisory lock that keeps one relay active.
const RELAY_LOCK: i64 = 0x656e_726f_6c01;
/// Channel that the outbox's trigger notifies.
const WAKE_CHANNEL: &str = "enrol_outbox";

/// A message to be published.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxMessage {
    /// Identifies the message for good: AMQP `message_id`, and for events the CloudEvents `id`.
    pub id: Uuid,
    /// Exchange to publish to.
    pub exchange: String,
    /// Routing key.
    pub routing_key: String,
    /// MIME type of the body.
    pub content_type: String,
    /// What it is; for events the CloudEvents `type`.
    pub message_type: String,
    /// Body.
    pub body: Json,
    /// Attempts to publish it so far.
    pub attempts: i32,
}

impl OutboxMessage {
    /// Asks a reader to read `document_id`.
    pub fn read(document_id: Uuid) -> Self {
        Self {
            id: Uuid::now_v7(),
            exchange: topology::WORK.name.to_owned(),
            routing_key: topology::READ_ROUTING_KEY.to_owned(),
            content_type: JSON.to_owned(),
            message_type: READ_MESSAGE.to_owned(),
            body: json!({ "document_id": document_id }),
            attempts: 0,
        }
    }

    /// Asks a reader to read the unread pages of the form `form_id`.
    pub fn read_form(form_id: Uuid) -> Self {
        Self {
            body: json!({ "form_id": form_id }),
            ..Self::read(form_id)
        }
    }
}

/// Adds `message` to the outbox as part of the caller's transaction.
pub async fn insert(transaction: &mut PgConnection, message: &OutboxMessage) -> Result<()> {
    sqlx::query!(
        "INSERT INTO outbox (id, exchange, routing_key, content_type, message_type, body, created_at, next_attempt_at)
         VALUES ($1, $2, $3, $4, $5, $6, now(), now())",
        message.id,
        message.exchange,
        message.routing_key,
        message.content_type,
        message.message_type,
        message.body,
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// The right to publish from the outbox. Only one process has it at a time, and everything it does goes over the
/// connection that holds the lock: when the connection is lost, so is the lock, and the next query says so.
pub struct OutboxSession {
    connection: PgConnection,
}

impl OutboxSession {
    /// Takes the lock; `None` when another relay has it.
    pub async fn acquire(database: &Database) -> Result<Option<Self>> {
        let options = database.pool().connect_options();
        let mut connection = PgConnection::connect_with(&options).await?;
        let locked = sqlx::query_scalar!(
            r#"SELECT pg_try_advisory_lock($1) AS "locked!""#,
            RELAY_LOCK
        )
        .fetch_one(&mut connection)
        .await?;
        Ok(locked.then_some(Self { connection }))
    }

    /// Up to `limit` messages that are due, oldest first.
    pub async fn due(&mut self, limit: i64) -> Result<Vec<OutboxMessage>> {
        Ok(sqlx::query_as!(
            OutboxMessage,
            "SELECT id, exchange, routing_key, content_type, message_type, body, attempts FROM outbox
             WHERE published_at IS NULL AND next_attempt_at <= now() ORDER BY created_at, id LIMIT $1",
            limit
        )
        .fetch_all(&mut self.connection)
        .await?)
    }

    /// Notes that the broker has taken over the messages.
    pub async fn mark_published(&mut self, ids: &[Uuid]) -> Result<()> {
        sqlx::query!(
            "UPDATE outbox SET published_at = now(), attempts = attempts + 1, last_error = NULL
             WHERE id = ANY($1) AND published_at IS NULL",
            ids
        )
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    /// Notes that the broker did not take a message over, and when to try again.
    pub async fn mark_failed(&mut self, id: Uuid, error: &str, again_in: Duration) -> Result<()> {
        sqlx::query!(
            "UPDATE outbox SET attempts = attempts + 1, last_error = $2, next_attempt_at = now() + $3
             WHERE id = $1 AND published_at IS NULL",
            id,
            error,
            interval(again_in)
        )
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    /// Deletes requests to read that were published more than `age` ago. Events stay: they are the evidence of
    /// what was announced.
    pub async fn forget_old_work(&mut self, age: Duration) -> Result<u64> {
        let deleted = sqlx::query!(
            "DELETE FROM outbox WHERE message_type = $1 AND published_at < now() - $2::interval",
            READ_MESSAGE,
            interval(age)
        )
        .execute(&mut self.connection)
        .await?;
        Ok(deleted.rows_affected())
    }

    /// Gives the lock back.
    pub async fn release(self) -> Result<()> {
        Ok(self.connection.close().await?)
    }
}

/// Hears of new messages in the outbox.
pub struct OutboxListener {
    listener: PgListener,
}

impl OutboxListener {
    /// Starts to listen.
    pub async fn start(database: &Database) -> Result<Self> {
        let mut listener = PgListener::connect_with(database.pool()).await?;
        listener.listen(WAKE_CHANNEL).await?;
        Ok(Self { listener })
    }

    /// Returns when there may be something new, or when the connection has to be made again.
    pub async fn wait(&mut self) -> Result<()> {
        self.listener.recv().await?;
        Ok(())
    }
}

/// `duration` as PostgreSQL counts it, to the microsecond.
pub(super) fn interval(duration: Duration) -> PgInterval {
    PgInterval {
        months: 0,
        days: 0,
        microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
    }
}
