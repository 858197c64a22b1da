//! Connecting to the broker.

use std::time::Duration;

use lapin::{
    Channel, Connection, ConnectionProperties, options::QueueDeclareOptions, types::FieldTable,
    uri::AMQPUri,
};

/// How long connecting may take before it counts as failed.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);

/// The broker cannot be used at present; trying again later may help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MessagingError {
    /// The broker's address is not one.
    #[error("broker.url is not an AMQP address: {0}")]
    Address(String),
    /// The protocol client failed, or the broker refused.
    #[error("broker: {0}")]
    Broker(#[from] lapin::Error),
    /// The broker did not answer.
    #[error("broker: no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The broker ended the consumer, as it does when its queue is deleted or moves to another node.
    #[error("broker: the consumer was cancelled")]
    Cancelled,
}

impl MessagingError {
    /// Whether trying again later may help without anybody changing the configuration.
    pub fn is_retryable(&self) -> bool {
        !matches!(self, Self::Address(_))
    }
}

/// Opens a connection that the broker's pages show as `name`.
pub(super) async fn connect(url: &str, name: &str) -> Result<Connection, MessagingError> {
    let mut uri: AMQPUri = url.parse().map_err(MessagingError::Address)?;
    if uri.vhost.is_empty() {
        // By the letter `amqp://host/` names the vhost with the empty name, which nobody has.
        uri.vhost = "/".to_owned();
    }
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    tokio::time::timeout(CONNECT_LIMIT, Connection::connect_uri(uri, properties))
        .await
        .map_err(|_| MessagingError::TimedOut(CONNECT_LIMIT))?
        .map_err(MessagingError::Broker)
}

/// Messages ready in `queue`. Fails, and closes the channel, when there is no such queue.
pub async fn queue_depth(channel: &Channel, queue: &str) -> Result<u32, MessagingError> {
    let options = QueueDeclareOptions {
        passive: true,
        ..Default::default()
    };
    let declared = channel
        .queue_declare(queue.into(), options, FieldTable::default())
        .await?;
    Ok(declared.message_count())
}
