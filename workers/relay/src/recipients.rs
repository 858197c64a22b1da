//! Recipients' events: hands out what was announced, keeps queues as the register says, and fills them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use enrol::messaging::publisher::{PublishError, Publisher};
use enrol::storage::recipients::events::{self, Outgoing};
use enrol::storage::recipients::{self, Recipient, queues};
use enrol::storage::{Database, StorageError};
use uuid::Uuid;

/// Events handed out, and messages put into one queue, at once.
const BATCH: i64 = 100;
/// Longest pause before a queue that took nothing is tried again.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// What the relay knows of queues that failed.
pub(crate) struct Recipients {
    source: String,
    /// Whether all queues were made since this relay became active: the broker may be a new one.
    all_made: bool,
    resting: HashMap<Uuid, Rest>,
}

struct Rest {
    until: Instant,
    times: u32,
}

impl Recipients {
    /// `source` is the address of this Enrol, as events name it.
    pub(crate) fn new(source: String) -> Self {
        Self {
            source,
            all_made: false,
            resting: HashMap::new(),
        }
    }

    /// Everything that is due. Trouble with the broker is logged and tried again at the next look.
    pub(crate) async fn look(
        &mut self,
        database: &Database,
        publisher: &mut Publisher,
    ) -> Result<(), StorageError> {
        while events::share(database, BATCH).await? == usize::try_from(BATCH).unwrap_or(usize::MAX)
        {
        }
        self.set_queues(database, publisher).await?;
        for id in events::waiting(database).await? {
            if self
                .resting
                .get(&id)
                .is_none_or(|rest| rest.until <= Instant::now())
            {
                self.fill(database, publisher, id).await?;
            }
        }
        Ok(())
    }

    async fn set_queues(
        &mut self,
        database: &Database,
        publisher: &mut Publisher,
    ) -> Result<(), StorageError> {
        let mut failed = false;
        for state in queues::states(database).await? {
            let id = state.recipient;
            let done = match (state.wanted, state.made) {
                (true, made) if !made || !self.all_made => publisher.make_recipient_queue(id).await,
                (false, true) => publisher.remove_recipient_queue(id).await,
                _ => continue,
            };
            match done {
                Ok(()) => queues::note(database, id, state.wanted).await?,
                Err(error) => {
                    failed = true;
                    tracing::warn!(recipient.id = %id, %error, "a recipient's queue is not as it should be");
                }
            }
        }
        self.all_made |= !failed;
        Ok(())
    }

    /// Puts a recipient's events into its queue, in order; after one that was not taken no later one is.
    async fn fill(
        &mut self,
        database: &Database,
        publisher: &mut Publisher,
        id: Uuid,
    ) -> Result<(), StorageError> {
        loop {
            // Anew each time: it may have been cut off meanwhile.
            let Some(recipient) = recipients::find(database, id).await? else {
                return Ok(());
            };
            if !recipient.is_live(chrono::Utc::now().date_naive()) {
                return Ok(());
            }
            let outgoing = events::due(database, &recipient, &self.source, BATCH).await?;
            if outgoing.is_empty() {
                self.resting.remove(&id);
                return Ok(());
            }
            if !self
                .publish(database, publisher, &recipient, &outgoing)
                .await?
            {
                return Ok(());
            }
        }
    }

    /// Whether all were taken.
    async fn publish(
        &mut self,
        database: &Database,
        publisher: &mut Publisher,
        recipient: &Recipient,
        outgoing: &[Outgoing],
    ) -> Result<bool, StorageError> {
        let messages: Vec<_> = outgoing.iter().filter_map(|o| o.message.clone()).collect();
        let mut results = publisher.publish_all(&messages).await.into_iter();
        let mut done = Vec::with_capacity(outgoing.len());
        let mut refusal = None;
        for event in outgoing {
            match event.message.as_ref().and_then(|_| results.next()) {
                None | Some(Ok(())) => done.push(event),
                Some(Err(error)) => {
                    refusal = Some(error);
                    break;
                }
            }
        }
        events::mark_published(database, recipient, &done).await?;
        let Some(error) = refusal else {
            return Ok(true);
        };
        tracing::warn!(recipient.id = %recipient.id, %error, "a recipient's queue takes nothing");
        if matches!(error, PublishError::Unroutable(_)) {
            // The broker is not the one the queue was made in.
            queues::note(database, recipient.id, false).await?;
        }
        let times = self.resting.get(&recipient.id).map_or(0, |rest| rest.times);
        let pause = Duration::from_secs(2_u64.saturating_pow(times.min(6))).min(LONGEST_REST);
        self.resting.insert(
            recipient.id,
            Rest {
                until: Instant::now() + pause,
                times: times + 1,
            },
        );
        Ok(false)
    }
}
