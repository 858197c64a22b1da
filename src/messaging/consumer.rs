//! A consumer that survives whatever happens to the broker.
//!
//! connect -> check that the queue is there -> prefetch -> consume -> until an error or shutdown -> pause -> again.
//! lapin's own recovery covers connections only: a channel that the broker closed (a consumer timeout) leaves a
//! stream that never yields again, so everything is rebuilt from the connection up.

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::StreamExt;
use lapin::{
    Connection,
    message::Delivery,
    options::{
        BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions,
        BasicQosOptions, BasicRejectOptions,
    },
    types::FieldTable,
};
use rand::Rng;
use tokio_util::task::TaskTracker;

use super::{
    MessagingError,
    connection::{connect, queue_depth},
    topology::Queue,
};
use crate::lifecycle::Shutdown;

/// Longest pause between two attempts to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Everything it asked for is committed.
    Done,
    /// It cannot be understood, now or ever: to the dead letters.
    DeadLetter,
    /// It cannot be handled at present: back to the queue. Pause before returning this, or it comes back at once.
    Later,
}

/// What to consume, and how much at once.
#[derive(Debug, Clone, Copy)]
pub struct Subscription {
    /// The queue.
    pub queue: Queue,
    /// Messages handled at the same time; the broker delivers no more than this.
    pub prefetch: u16,
    /// Shown in the broker's pages.
    pub name: &'static str,
}

/// Handles messages until shutdown, then waits for those in hand. `handle` gets the body; the message is
/// acknowledged, rejected or returned according to its verdict. A panic counts as [`Verdict::Later`].
pub async fn consume<H, F>(url: &str, subscription: Subscription, shutdown: &Shutdown, handle: H)
where
    H: Fn(Vec<u8>) -> F + Send + Sync + 'static,
    F: Future<Output = Verdict> + Send + 'static,
{
    let handle = Arc::new(handle);
    let in_hand = TaskTracker::new();
    let mut pause = Duration::from_millis(200);
    while !shutdown.is_triggered() {
        let mut consumed = false;
        match session(
            url,
            subscription,
            shutdown,
            &handle,
            &in_hand,
            &mut consumed,
        )
        .await
        {
            Ok(connection) => {
                finish(&in_hand).await;
                // The messages are acknowledged; a connection that does not close cleanly changes nothing.
                let _ = connection.close(200, "bye".into()).await;
                return;
            }
            Err(error) => {
                tracing::warn!(queue = subscription.queue.name, %error, "consumer stopped, connecting again");
            }
        }
        if consumed {
            pause = Duration::from_millis(200);
        }
        let jitter = rand::rng().random_range(0.5..1.5);
        shutdown.sleep(pause.mul_f64(jitter)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    finish(&in_hand).await;
}

async fn finish(in_hand: &TaskTracker) {
    in_hand.close();
    in_hand.wait().await;
}

/// One connection's life. Returns the connection, still open, when shutdown was asked for.
async fn session<H, F>(
    url: &str,
    subscription: Subscription,
    shutdown: &Shutdown,
    handle: &Arc<H>,
    in_hand: &TaskTracker,
    consumed: &mut bool,
) -> Result<Connection, MessagingError>
where
    H: Fn(Vec<u8>) -> F + Send + Sync + 'static,
    F: Future<Output = Verdict> + Send + 'static,
{
    let connection = connect(url, subscription.name).await?;
    let channel = connection.create_channel().await?;
    queue_depth(&channel, subscription.queue.name).await?;
    channel
        .basic_qos(subscription.prefetch, BasicQosOptions::default())
        .await?;
    let mut consumer = channel
        .basic_consume(
            subscription.queue.name.into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;
    *consumed = true;
    tracing::info!(
        queue = subscription.queue.name,
        prefetch = subscription.prefetch,
        "consuming"
    );
    loop {
        tokio::select! {
            () = shutdown.triggered() => {
                let _ = channel.basic_cancel(consumer.tag(), BasicCancelOptions::default()).await;
                return Ok(connection);
            }
            delivery = consumer.next() => {
                let delivery = delivery.ok_or(MessagingError::Cancelled)??;
                in_hand.spawn(settle(delivery, Arc::clone(handle)));
            }
        }
    }
}

/// Handles one message and tells the broker.
async fn settle<H, F>(mut delivery: Delivery, handle: Arc<H>)
where
    H: Fn(Vec<u8>) -> F + Send + Sync + 'static,
    F: Future<Output = Verdict> + Send + 'static,
{
    let body = std::mem::take(&mut delivery.data);
    // A task of its own, so that a panic does not leave the message unsettled for ever.
    let verdict = match tokio::spawn(async move { handle(body).await }).await {
        Ok(verdict) => verdict,
        Err(_) => {
            tracing::error!("handling a message panicked");
            tokio::time::sleep(Duration::from_secs(1)).await;
            Verdict::Later
        }
    };
    let settled = match verdict {
        Verdict::Done => delivery.acker.ack(BasicAckOptions::default()).await,
        Verdict::DeadLetter => {
            delivery
                .acker
                .reject(BasicRejectOptions { requeue: false })
                .await
        }
        Verdict::Later => {
            delivery
                .acker
                .nack(BasicNackOptions {
                    requeue: true,
                    multiple: false,
                })
                .await
        }
    };
    // `Ok(false)`: the channel it came from is gone. What was to be done is committed and safe to repeat.
    if !matches!(settled, Ok(true)) {
        tracing::info!("a message was handled on a lost channel and will be delivered again");
    }
}
