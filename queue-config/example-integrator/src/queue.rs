//! Takes events from the recipient's queue.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use futures_util::StreamExt;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};

use crate::keeper::Keeper;
use crate::register::{AskError, Register};

/// How long nothing may come before the integrator looks whether something was lost.
const QUIET: Duration = Duration::from_secs(30);
/// Pause before an event that could not be taken comes again.
const AGAIN: Duration = Duration::from_secs(5);

/// Takes events until the broker ends the connection, as it does when the queue is removed. An event is acknowledged once the
/// copy with it is on disk.
///
/// # Errors
/// When the broker refuses or breaks off, the copy cannot be written, or the recipient was cut off.
pub async fn follow<R: Register>(
    broker: &str,
    queue: &str,
    keeper: &mut Keeper<R>,
    file: &Path,
) -> anyhow::Result<()> {
    let connection = Connection::connect(broker, ConnectionProperties::default())
        .await
        .context("the broker does not take the connection")?;
    let channel = connection.create_channel().await?;
    channel.basic_qos(50, BasicQosOptions::default()).await?;
    let mut consumer = channel
        .basic_consume(
            queue.into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await
        .context("the broker does not give the queue")?;
    loop {
        let delivery = match tokio::time::timeout(QUIET, consumer.next()).await {
            Ok(Some(delivery)) => delivery?,
            Ok(None) => anyhow::bail!("the broker ended the consumer: the queue is gone"),
            Err(_) => {
                // The last events of all may be the ones that were lost; nothing after them would show it.
                if let Err(AskError::CutOff) = keeper.catch_up().await {
                    keeper.copy.save(file)?;
                    return Err(AskError::CutOff.into());
                }
                keeper.copy.save(file)?;
                continue;
            }
        };
        let taken = match serde_json::from_slice(&delivery.data) {
            Ok(event) => keeper.take(&event).await.map(|_| ()),
            // Not even JSON: nothing that this program could do with it, now or later.
            Err(_) => Ok(()),
        };
        keeper.copy.save(file)?;
        match taken {
            Ok(()) => {
                delivery.ack(BasicAckOptions::default()).await?;
            }
            Err(AskError::CutOff) => return Err(AskError::CutOff.into()),
            Err(AskError::Later(_)) => {
                tokio::time::sleep(AGAIN).await;
                let again = BasicNackOptions {
                    requeue: true,
                    multiple: false,
                };
                delivery.nack(again).await?;
            }
        }
    }
}
