//! The queues of recipients: the one thing in the broker that comes and goes while Enrol runs.

use lapin::{
    Channel,
    options::{QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions},
    types::{AMQPValue, FieldTable},
};
use serde_json::Value as Json;

use super::{MessagingError, topology};

/// Makes the queue called `name` and binds it under its own name.
pub(super) async fn make(channel: &Channel, name: &str) -> Result<(), MessagingError> {
    let options = QueueDeclareOptions {
        durable: true,
        ..Default::default()
    };
    channel
        .queue_declare(name.into(), options, arguments())
        .await?;
    channel
        .queue_bind(
            name.into(),
            topology::TO_RECIPIENTS.name.into(),
            name.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await?;
    Ok(())
}

/// Removes the queue called `name`. RabbitMQ takes one that is not there as removed.
pub(super) async fn remove(channel: &Channel, name: &str) -> Result<(), MessagingError> {
    channel
        .queue_delete(name.into(), QueueDeleteOptions::default())
        .await?;
    Ok(())
}

/// The arguments as the protocol has them: texts and whole numbers.
fn arguments() -> FieldTable {
    let mut table = FieldTable::default();
    if let Json::Object(arguments) = topology::recipient_queue_arguments() {
        for (name, value) in arguments {
            let value = match value {
                Json::Number(number) => AMQPValue::LongLongInt(number.as_i64().unwrap_or_default()),
                other => AMQPValue::LongString(other.as_str().unwrap_or_default().into()),
            };
            table.insert(name.as_str().into(), value);
        }
    }
    table
}
