//! Publishing so that "published" means that a queue has the message on disk.
//!
//! Confirms alone are not enough: the broker confirms a message that no queue wanted. `mandatory` makes it send such
//! a message back with the confirm, and that counts as a failure here.

use std::time::Duration;

use lapin::{
    BasicProperties, Channel, Connection, PublisherConfirm,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};

use uuid::Uuid;

use super::{
    MessagingError,
    connection::{connect, queue_depth},
    recipient_queue, topology,
};
use crate::storage::outbox::OutboxMessage;

/// How long the broker may take to confirm.
const CONFIRM_LIMIT: Duration = Duration::from_secs(30);
/// AMQP delivery mode of messages that survive a restart of the broker.
const PERSISTENT: u8 = 2;

/// Why a message was not taken over by the broker. Trying again later may help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The broker cannot be reached or broke off.
    #[error(transparent)]
    Messaging(#[from] MessagingError),
    /// No queue is bound for this exchange and routing key.
    #[error("no queue takes the message: {0}")]
    Unroutable(String),
    /// The broker refused it, as a full queue does.
    #[error("the broker refused the message")]
    Refused,
}

impl PublishError {
    /// Whether later messages may still get through on the same connection.
    fn leaves_connection_usable(&self) -> bool {
        matches!(self, Self::Unroutable(_) | Self::Refused)
    }
}

/// A message to publish.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Exchange.
    pub exchange: &'a str,
    /// Routing key.
    pub routing_key: &'a str,
    /// MIME type of the body.
    pub content_type: &'a str,
    /// AMQP `message_id`; stays the same when the message is published again.
    pub id: &'a str,
    /// AMQP `type`.
    pub kind: &'a str,
    /// Body.
    pub body: &'a [u8],
}

/// A connection for publishing, opened when needed and again after a failure.
pub struct Publisher {
    url: String,
    name: &'static str,
    open: Option<(Connection, Channel)>,
}

impl Publisher {
    /// Nothing is connected until the first message. The broker's pages show the connection as `name`.
    pub fn new(url: &str, name: &'static str) -> Self {
        Self {
            url: url.to_owned(),
            name,
            open: None,
        }
    }

    /// Publishes one message and waits for the broker to have taken it over.
    pub async fn publish(&mut self, message: Message<'_>) -> Result<(), PublishError> {
        let sent = self.send(message).await;
        let result = match sent {
            Ok(confirm) => confirmed(confirm).await,
            Err(error) => Err(error.into()),
        };
        self.close_if_broken(&result);
        result
    }

    /// Publishes messages of the outbox, all at once, and returns what became of each.
    pub async fn publish_all(
        &mut self,
        messages: &[OutboxMessage],
    ) -> Vec<Result<(), PublishError>> {
        let mut sent = Vec::with_capacity(messages.len());
        for message in messages {
            let (id, body) = (message.id.to_string(), message.body.to_string());
            let message = Message {
                exchange: &message.exchange,
                routing_key: &message.routing_key,
                content_type: &message.content_type,
                id: &id,
                kind: &message.message_type,
                body: body.as_bytes(),
            };
            sent.push(self.send(message).await);
        }
        let mut results = Vec::with_capacity(sent.len());
        for confirm in sent {
            let result = match confirm {
                Ok(confirm) => confirmed(confirm).await,
                Err(error) => Err(error.into()),
            };
            self.close_if_broken(&result);
            results.push(result);
        }
        results
    }

    /// Messages ready in `queue`.
    pub async fn queue_depth(&mut self, queue: &str) -> Result<u32, MessagingError> {
        let depth = match self.channel().await {
            Ok(channel) => queue_depth(&channel, queue).await,
            Err(error) => Err(error),
        };
        if depth.is_err() {
            self.open = None;
        }
        depth
    }

    /// Makes the recipient's queue, or finds it made the same way, and has its events routed there.
    pub async fn make_recipient_queue(&mut self, recipient: Uuid) -> Result<(), MessagingError> {
        let name = topology::recipient_queue(recipient);
        let made = match self.channel().await {
            Ok(channel) => recipient_queue::make(&channel, &name).await,
            Err(error) => Err(error),
        };
        self.forget_connection_after(made)
    }

    /// Removes the recipient's queue with everything in it; whoever consumes from it is cut off. None is fine.
    pub async fn remove_recipient_queue(&mut self, recipient: Uuid) -> Result<(), MessagingError> {
        let name = topology::recipient_queue(recipient);
        let removed = match self.channel().await {
            Ok(channel) => recipient_queue::remove(&channel, &name).await,
            Err(error) => Err(error),
        };
        self.forget_connection_after(removed)
    }

    /// The broker closes the channel with every refusal.
    fn forget_connection_after<T>(
        &mut self,
        result: Result<T, MessagingError>,
    ) -> Result<T, MessagingError> {
        if result.is_err() {
            self.open = None;
        }
        result
    }

    /// Closes the connection.
    pub async fn close(&mut self) {
        if let Some((connection, _)) = self.open.take() {
            // Everything was confirmed; a connection that does not close cleanly changes nothing.
            let _ = connection.close(200, "bye".into()).await;
        }
    }

    async fn channel(&mut self) -> Result<Channel, MessagingError> {
        if let Some((_, channel)) = self
            .open
            .as_ref()
            .filter(|(_, channel)| channel.status().connected())
        {
            return Ok(channel.clone());
        }
        let connection = connect(&self.url, self.name).await?;
        let channel = connection.create_channel().await?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await?;
        self.open = Some((connection, channel.clone()));
        Ok(channel)
    }

    async fn send(&mut self, message: Message<'_>) -> Result<PublisherConfirm, MessagingError> {
        let properties = BasicProperties::default()
            .with_content_type(message.content_type.into())
            .with_message_id(message.id.into())
            .with_type(message.kind.into())
            .with_delivery_mode(PERSISTENT);
        let options = BasicPublishOptions {
            mandatory: true,
            immediate: false,
        };
        let channel = self.channel().await?;
        Ok(channel
            .basic_publish(
                message.exchange.into(),
                message.routing_key.into(),
                options,
                message.body,
                properties,
            )
            .await?)
    }

    fn close_if_broken(&mut self, result: &Result<(), PublishError>) {
        if result
            .as_ref()
            .is_err_and(|error| !error.leaves_connection_usable())
        {
            self.open = None;
        }
    }
}

async fn confirmed(confirm: PublisherConfirm) -> Result<(), PublishError> {
    let confirmation = tokio::time::timeout(CONFIRM_LIMIT, confirm)
        .await
        .map_err(|_| MessagingError::TimedOut(CONFIRM_LIMIT))?
        .map_err(MessagingError::Broker)?;
    let acknowledged = confirmation.is_ack();
    match confirmation.take_message() {
        Some(returned) => Err(PublishError::Unroutable(returned.reply_text.to_string())),
        None if acknowledged => Ok(()),
        None => Err(PublishError::Refused),
    }
}
