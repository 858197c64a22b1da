//! Keeps the copy in step.
//!
//! An event is only a reason to look: what is kept is always what the API answers. So an event that comes twice or late
//! does no harm, and what a lost one would have said comes with the next look.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::copy::{Copy, Kept};
use crate::register::{AskError, Register};

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The copy is in step with it.
    Done,
    /// It was taken before.
    Repeated,
    /// It is none of the events this program knows. Nothing to do with it.
    NotUnderstood,
}

/// The copy, and where it comes from.
pub struct Keeper<R> {
    /// What is kept.
    pub copy: Copy,
    register: R,
}

impl<R: Register> Keeper<R> {
    /// Goes on with `copy`.
    pub fn new(copy: Copy, register: R) -> Self {
        Self { copy, register }
    }

    /// Takes an event in. When this fails with [`AskError::Later`] the event has to be given again.
    ///
    /// # Errors
    /// [`AskError::CutOff`]: the copy is empty now, as it must be.
    pub async fn take(&mut self, event: &Json) -> Result<Taken, AskError> {
        let result = self.take_in(event).await;
        self.drop_all_when_cut_off(result)
    }

    /// Asks for all events after the last one that was taken without a gap, and takes them.
    ///
    /// # Errors
    /// As [`Keeper::take`].
    pub async fn catch_up(&mut self) -> Result<(), AskError> {
        let result = self.pull().await;
        self.drop_all_when_cut_off(result)
    }

    /// Compares the copy with everything that is given now: what no event may have told of, as after new terms.
    ///
    /// # Errors
    /// As [`Keeper::take`].
    pub async fn reconcile(&mut self) -> Result<(), AskError> {
        let result = self.compare().await;
        self.drop_all_when_cut_off(result)
    }

    fn drop_all_when_cut_off<T>(&mut self, result: Result<T, AskError>) -> Result<T, AskError> {
        if matches!(result, Err(AskError::CutOff)) {
            self.copy = Copy::default();
        }
        result
    }

    async fn take_in(&mut self, event: &Json) -> Result<Taken, AskError> {
        let (Some(source), Some(id), Some(kind)) = (
            event["source"].as_str(),
            event["id"].as_str(),
            event["type"].as_str(),
        ) else {
            return Ok(Taken::NotUnderstood);
        };
        let sequence = event["sequence"]
            .as_str()
            .and_then(|text| text.parse().ok());
        let Some(sequence) = sequence else {
            return Ok(Taken::NotUnderstood);
        };
        let identity = format!("{source} {id}");
        if self.copy.has_taken(sequence, &identity) {
            return Ok(Taken::Repeated);
        }
        self.follow(kind, sequence, &event["data"]).await?;
        self.copy.take(sequence, identity);
        Ok(Taken::Done)
    }

    async fn follow(&mut self, kind: &str, sequence: u64, data: &Json) -> Result<(), AskError> {
        let household = data["household_id"].as_str();
        match (kind, household) {
            (
                "uk.enrol.contact.created.v1"
                | "uk.enrol.contact.updated.v1"
                | "uk.enrol.consent.withdrawn.v1",
                Some(id),
            ) => {
                let known = self.copy.households.get(id);
                if known.is_some_and(|kept| kept.position >= sequence) {
                    return Ok(());
                }
                self.look_at(id).await
            }
            // Whether it is still so is for the API to say: it may be an old event, given once more.
            ("uk.enrol.contact.unshared.v1" | "uk.enrol.contact.erased.v1", Some(id)) => {
                self.look_at(id).await
            }
            ("uk.enrol.contact.merged.v1", _) => self.follow_merge(data).await,
            ("uk.enrol.household.merged.v1", Some(id)) => {
                self.look_at(id).await?;
                match data["absorbed_household_id"].as_str() {
                    Some(absorbed) => self.look_at(absorbed).await,
                    None => Ok(()),
                }
            }
            // A kind that came later than this program.
            _ => Ok(()),
        }
    }

    /// Two records are one person, or are not after all: every family with either of them may have changed.
    async fn follow_merge(&mut self, data: &Json) -> Result<(), AskError> {
        let (Some(kept), Some(absorbed)) = (data["kept_id"].as_str(), data["absorbed_id"].as_str())
        else {
            return Ok(());
        };
        let mut families: BTreeSet<String> = self
            .copy
            .families_of(&[kept, absorbed])
            .into_iter()
            .collect();
        for person in [kept, absorbed] {
            families.extend(self.register.household_of(person).await?);
        }
        for family in families {
            self.look_at(&family).await?;
        }
        Ok(())
    }

    /// Keeps what the API says of a family now; what it does not give (any longer) is dropped.
    async fn look_at(&mut self, id: &str) -> Result<(), AskError> {
        let Some(record) = self.register.household(id).await? else {
            self.copy.households.remove(id);
            return Ok(());
        };
        let position = record["position"].as_u64().unwrap_or_default();
        let newer = self
            .copy
            .households
            .get(id)
            .is_none_or(|kept| kept.position <= position);
        // Answers can overtake each other where several are asked for at once.
        if newer {
            self.copy
                .households
                .insert(id.to_owned(), Kept { position, record });
        }
        Ok(())
    }

    async fn pull(&mut self) -> Result<(), AskError> {
        loop {
            let page = self.register.events(self.copy.position).await?;
            for event in &page.events {
                self.take_in(event).await?;
            }
            self.copy.move_to(page.position);
            if !page.more {
                return Ok(());
            }
        }
    }

    async fn compare(&mut self) -> Result<(), AskError> {
        let given: BTreeMap<String, String> =
            self.register.households().await?.into_iter().collect();
        self.copy.households.retain(|id, _| given.contains_key(id));
        for (id, revision) in &given {
            let known = self.copy.households.get(id);
            if known.is_none_or(|kept| kept.record["revision"] != **revision) {
                self.look_at(id).await?;
            }
        }
        Ok(())
    }
}
