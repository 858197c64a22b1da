//! A register in memory that gives and announces as Enrol does: who is given a family, what is announced to whom, in which
//! numbers. It stands in for a thousand databases; `real_parts.rs` holds the integrator against the real one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use enrol_example_integrator::register::{AskError, EventPage, Register};
use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value as Json, json};

/// A family on record.
#[derive(Clone)]
struct Household {
    members: Vec<String>,
    centre: &'static str,
    sharing: bool,
    circumstances: u32,
    revision: u32,
}

/// What happened, as it was handed out to the recipient.
struct Announced {
    id: String,
    kind: &'static str,
    household: String,
    data: Json,
}

/// Everything there is.
pub struct State {
    pub rng: ChaCha8Rng,
    households: BTreeMap<String, Household>,
    /// Version of each person's record.
    people: BTreeMap<String, u32>,
    merged: BTreeMap<String, (String, Vec<String>)>,
    /// Households in use no longer: as they were, and the one that has their members.
    absorbed: BTreeMap<String, (Household, String)>,
    /// Families the recipient was told of.
    known: BTreeSet<String>,
    events: Vec<Announced>,
    /// Messages on their way.
    pub queue: VecDeque<Json>,
    pub revoked: bool,
    /// Whether only families that said yes are given, and only those of one centre.
    by_consent: bool,
    one_centre: bool,
    next: u32,
    /// Chance that the API does not answer.
    pub trouble: f64,
}

/// The register as its users share it.
#[derive(Clone)]
pub struct Model(Arc<Mutex<State>>);

const CENTRES: [&str; 2] = ["OAK", "RIV"];

impl Model {
    pub fn new(mut rng: ChaCha8Rng) -> Self {
        let (by_consent, one_centre) = (rng.random_bool(0.5), rng.random_bool(0.5));
        Self(Arc::new(Mutex::new(State {
            rng,
            households: BTreeMap::new(),
            people: BTreeMap::new(),
            merged: BTreeMap::new(),
            absorbed: BTreeMap::new(),
            known: BTreeSet::new(),
            events: vec![],
            queue: VecDeque::new(),
            revoked: false,
            by_consent,
            one_centre,
            next: 0,
            trouble: 0.05,
        })))
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn ask<T>(&self, answer: impl FnOnce(&mut State) -> T) -> Result<T, AskError> {
        let mut state = self.state();
        let trouble = state.trouble;
        if state.revoked {
            Err(AskError::CutOff)
        } else if state.rng.random_bool(trouble) {
            Err(AskError::Later("busy".to_owned()))
        } else {
            Ok(answer(&mut state))
        }
    }
}

impl State {
    fn sees(&self, id: &str) -> bool {
        self.households.get(id).is_some_and(|household| {
            !self.revoked
                && (!self.by_consent || household.sharing)
                && (!self.one_centre || household.centre == "OAK")
        })
    }

    /// A family as the API answers it now.
    fn record(&self, id: &str) -> Json {
        let household = &self.households[id];
        let member = |person: &String| json!({ "id": person, "version": self.people[person] });
        json!({
            "id": id,
            "revision": household.revision.to_string(),
            "position": self.events.len(),
            "centre": household.centre,
            "circumstances": household.circumstances,
            "members": household.members.iter().map(member).collect::<Vec<_>>(),
        })
    }

    /// All families as they are given now, without what differs by the moment of asking.
    pub fn given(&self) -> BTreeMap<String, Json> {
        let ids = self.households.keys().filter(|id| self.sees(id));
        ids.map(|id| (id.clone(), without_position(self.record(id))))
            .collect()
    }

    fn new_id(&mut self, kind: char) -> String {
        self.next += 1;
        format!("{kind}{:05}", self.next)
    }

    fn any_household(&mut self) -> Option<String> {
        let ids: Vec<String> = self.households.keys().cloned().collect();
        ids.choose(&mut self.rng).cloned()
    }

    /// Hands the event out where it is for the recipient, and says so where a family is given no longer.
    fn announce(&mut self, kind: &'static str, household: &str, data: Json) {
        if kind == "uk.enrol.contact.erased.v1" {
            if self.known.remove(household) {
                self.hand_out(kind, household, data);
            }
        } else if self.sees(household) {
            self.known.insert(household.to_owned());
            self.hand_out(kind, household, data);
        } else if self.known.remove(household) {
            let data = json!({ "household_id": household });
            self.hand_out("uk.enrol.contact.unshared.v1", household, data);
        }
    }

    fn hand_out(&mut self, kind: &'static str, household: &str, data: Json) {
        if self.revoked {
            return;
        }
        let id = format!("event {}", self.events.len() + 1);
        self.events.push(Announced {
            id,
            kind,
            household: household.to_owned(),
            data,
        });
        if let Some(event) = self.event(self.events.len()) {
            self.queue.push_back(event);
        }
    }

    /// Event number `sequence` as the recipient may see it now.
    fn event(&self, sequence: usize) -> Option<Json> {
        let event = &self.events[sequence - 1];
        let given = match event.kind {
            "uk.enrol.contact.erased.v1" => true,
            "uk.enrol.contact.unshared.v1" => !self.sees(&event.household),
            "uk.enrol.contact.merged.v1" => {
                let person = |name: &str| event.data[name].as_str().unwrap_or_default();
                let (kept, absorbed) = (person("kept_id"), person("absorbed_id"));
                let people = [kept, absorbed, self.in_use(kept), self.in_use(absorbed)];
                self.families_of(&people).iter().any(|id| self.sees(id))
            }
            _ => self.sees(&event.household),
        };
        given.then(|| {
            json!({
                "specversion": "1.0", "source": "https://enrol.example.org", "id": event.id, "type": event.kind,
                "subject": event.household, "sequence": format!("{sequence:020}"), "data": event.data,
            })
        })
    }

    /// Something happens.
    pub fn happen(&mut self) {
        match self.rng.random_range(0..100) {
            0..25 => self.create(),
            25..50 => self.update(),
            50..60 => self.merge(),
            60..68 => self.unmerge(),
            68..76 => self.erase(),
            76..80 => self.merge_households(),
            80..84 => self.part_households(),
            84..99 => self.say_no_or_yes(),
            _ => {
                // For good.
                self.revoked |= self.rng.random_bool(0.3);
                if self.revoked {
                    self.queue.clear();
                }
            }
        }
    }

    fn create(&mut self) {
        let id = self.new_id('h');
        let members: Vec<String> = (0..self.rng.random_range(1..4))
            .map(|_| self.new_id('p'))
            .collect();
        self.people.extend(members.iter().map(|p| (p.clone(), 1)));
        let household = Household {
            members,
            centre: CENTRES.choose(&mut self.rng).copied().unwrap_or("OAK"),
            sharing: self.rng.random_bool(0.7),
            circumstances: 0,
            revision: 1,
        };
        self.households.insert(id.clone(), household);
        self.announce(
            "uk.enrol.contact.created.v1",
            &id,
            json!({ "household_id": id }),
        );
    }

    fn update(&mut self) {
        let Some(id) = self.any_household() else {
            return;
        };
        let moves = self.rng.random_bool(0.2);
        let household = self.households.get_mut(&id).unwrap();
        household.revision += 1;
        household.circumstances += 1;
        if moves {
            household.centre = if household.centre == "OAK" {
                "RIV"
            } else {
                "OAK"
            };
        }
        *self.people.get_mut(&household.members[0]).unwrap() += 1;
        let person = household.members[0].clone();
        self.touch_families_of(&person, &id);
        self.announce(
            "uk.enrol.contact.updated.v1",
            &id,
            json!({ "household_id": id }),
        );
    }

    /// A person's record changed: so did that of every family the person is in.
    fn touch_families_of(&mut self, person: &str, but: &str) {
        let others: Vec<String> = self
            .households
            .iter()
            .filter(|(id, h)| *id != but && h.members.iter().any(|m| m == person))
            .map(|(id, _)| id.clone())
            .collect();
        for id in others {
            self.households.get_mut(&id).unwrap().revision += 1;
            self.announce(
                "uk.enrol.contact.updated.v1",
                &id,
                json!({ "household_id": id }),
            );
        }
    }

    /// A person of one family is found to be one of another: the kept record takes the absorbed one's places.
    fn merge(&mut self) {
        let (Some(one), Some(other)) = (self.any_household(), self.any_household()) else {
            return;
        };
        let (kept, absorbed) = (
            self.households[&one].members[0].clone(),
            self.households[&other].members[0].clone(),
        );
        if kept == absorbed
            || self.merged.contains_key(&absorbed)
            || self.merged.contains_key(&kept)
        {
            return;
        }
        let mut places = vec![];
        for (id, household) in &mut self.households {
            if let Some(at) = household.members.iter().position(|m| *m == absorbed) {
                if household.members.contains(&kept) {
                    continue;
                }
                household.members[at].clone_from(&kept);
                household.revision += 1;
                places.push(id.clone());
            }
        }
        self.merged
            .insert(absorbed.clone(), (kept.clone(), places.clone()));
        self.announce_merge(&kept, &absorbed, false);
    }

    fn unmerge(&mut self) {
        let merges: Vec<String> = self.merged.keys().cloned().collect();
        let Some(absorbed) = merges.choose(&mut self.rng).cloned() else {
            return;
        };
        let (kept, places) = self.merged.remove(&absorbed).unwrap();
        for id in places {
            let Some(household) = self.households.get_mut(&id) else {
                continue;
            };
            if let Some(at) = household.members.iter().position(|m| *m == kept) {
                household.members[at].clone_from(&absorbed);
                household.revision += 1;
            }
        }
        self.announce_merge(&kept, &absorbed, true);
    }

    /// One event for a recipient that is given a family of either person.
    fn announce_merge(&mut self, kept: &str, absorbed: &str, undone: bool) {
        let data = json!({ "kept_id": kept, "absorbed_id": absorbed, "undone": undone });
        let families = self.families_of(&[kept, absorbed]);
        if let Some(family) = families.iter().find(|id| self.sees(id)).cloned() {
            self.known.insert(family.clone());
            self.hand_out("uk.enrol.contact.merged.v1", &family, data);
        }
    }

    /// The record in use for a person.
    fn in_use<'a>(&'a self, mut person: &'a str) -> &'a str {
        while let Some((kept, _)) = self.merged.get(person) {
            person = kept;
        }
        person
    }

    fn families_of(&self, people: &[&str]) -> Vec<String> {
        let is_in = |h: &Household| people.iter().any(|p| h.members.iter().any(|m| m == p));
        self.households
            .iter()
            .filter(|(_, h)| is_in(h))
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// Two families are found to be one: the kept one has the members of both, the other is given no longer.
    fn merge_households(&mut self) {
        let (Some(kept), Some(other)) = (self.any_household(), self.any_household()) else {
            return;
        };
        if kept == other {
            return;
        }
        let absorbed = self.households.remove(&other).unwrap();
        let household = self.households.get_mut(&kept).unwrap();
        household.revision += 1;
        for person in &absorbed.members {
            if !household.members.contains(person) {
                household.members.push(person.clone());
            }
        }
        self.absorbed
            .insert(other.clone(), (absorbed, kept.clone()));
        self.announce_merge_of_households(&kept, &other, false);
        self.withdraw(&other);
    }

    fn part_households(&mut self) {
        let merges: Vec<String> = self.absorbed.keys().cloned().collect();
        let Some(other) = merges.choose(&mut self.rng).cloned() else {
            return;
        };
        let (mut absorbed, kept) = self.absorbed.remove(&other).unwrap();
        let Some(household) = self.households.get_mut(&kept) else {
            return;
        };
        household.revision += 1;
        household.members.retain(|m| !absorbed.members.contains(m));
        if household.members.is_empty() {
            household.members.push(format!("{kept} anew"));
            self.people.insert(format!("{kept} anew"), 1);
        }
        absorbed.revision += 1;
        self.households.insert(other.clone(), absorbed);
        self.announce_merge_of_households(&kept, &other, true);
        self.announce(
            "uk.enrol.contact.updated.v1",
            &other,
            json!({ "household_id": other }),
        );
    }

    fn announce_merge_of_households(&mut self, kept: &str, absorbed: &str, undone: bool) {
        let data =
            json!({ "household_id": kept, "absorbed_household_id": absorbed, "undone": undone });
        self.announce("uk.enrol.household.merged.v1", kept, data);
    }

    /// Says to a recipient that knows the family that it is given it no longer, where that is so.
    fn withdraw(&mut self, household: &str) {
        if !self.sees(household) && self.known.remove(household) {
            let data = json!({ "household_id": household });
            self.hand_out("uk.enrol.contact.unshared.v1", household, data);
        }
    }

    fn erase(&mut self) {
        let Some(id) = self.any_household() else {
            return;
        };
        self.households.remove(&id);
        self.absorbed.retain(|_, (_, kept)| *kept != id);
        self.announce(
            "uk.enrol.contact.erased.v1",
            &id,
            json!({ "household_id": id, "service_user_ids": [] }),
        );
    }

    fn say_no_or_yes(&mut self) {
        let Some(id) = self.any_household() else {
            return;
        };
        let household = self.households.get_mut(&id).unwrap();
        household.sharing = !household.sharing;
        household.revision += 1;
        let kind = if household.sharing {
            "uk.enrol.contact.updated.v1"
        } else {
            "uk.enrol.consent.withdrawn.v1"
        };
        self.announce(kind, &id, json!({ "household_id": id }));
    }

    /// What the network and the broker do to messages: takes out a handful of those on their way, out of order, some of them
    /// lost and some of them twice.
    pub fn deliver(&mut self) -> Vec<Json> {
        let some = self.rng.random_range(0..=self.queue.len().min(6));
        let mut delivered = vec![];
        for _ in 0..some {
            let window = self.queue.len().min(8);
            let at = self.rng.random_range(0..window);
            let Some(event) = self.queue.remove(at) else {
                break;
            };
            match self.rng.random_range(0..10) {
                0..2 => {}
                2..4 => {
                    self.queue.push_back(event.clone());
                    delivered.push(event);
                }
                _ => delivered.push(event),
            }
        }
        delivered.shuffle(&mut self.rng);
        delivered
    }
}

/// The record without the number of the event that came last when it was asked for.
pub fn without_position(mut record: Json) -> Json {
    if let Some(members) = record.as_object_mut() {
        members.remove("position");
    }
    record
}

impl Register for Model {
    async fn household(&self, id: &str) -> Result<Option<Json>, AskError> {
        self.ask(|state| state.sees(id).then(|| state.record(id)))
    }

    async fn household_of(&self, person: &str) -> Result<Option<String>, AskError> {
        self.ask(|state| {
            let in_use = state.in_use(person);
            state
                .families_of(&[in_use])
                .into_iter()
                .find(|id| state.sees(id))
        })
    }

    async fn events(&self, after: u64) -> Result<EventPage, AskError> {
        self.ask(|state| {
            let from = usize::try_from(after).unwrap();
            let until = state.events.len().min(from + 7);
            EventPage {
                events: (from + 1..=until).filter_map(|n| state.event(n)).collect(),
                position: until as u64,
                more: until < state.events.len(),
            }
        })
    }

    async fn households(&self) -> Result<Vec<(String, String)>, AskError> {
        self.ask(|state| {
            let line = |(id, record): (String, Json)| {
                (id, record["revision"].as_str().unwrap().to_owned())
            };
            state.given().into_iter().map(line).collect()
        })
    }
}
