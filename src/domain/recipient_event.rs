//! What a recipient gets of an event: who it is for, and which of its parts.

use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::protected_address::tells_where;
use super::recipient::Terms;
use super::recipient_fields::{FieldGroup, group_of};

/// CloudEvents `type` of the event that a household was created.
pub const CREATED: &str = "uk.enrol.contact.created.v1";
/// The same of the event that a newer form told more of a household.
pub const UPDATED: &str = "uk.enrol.contact.updated.v1";
/// The same of the event that two records are one person, or not after all.
pub const MERGED: &str = "uk.enrol.contact.merged.v1";
/// The same of the event that a household's records were erased.
pub const ERASED: &str = "uk.enrol.contact.erased.v1";
/// The same of the event that somebody withdrew a consent.
pub const WITHDRAWN: &str = "uk.enrol.consent.withdrawn.v1";
/// The same of the event that two households are one, or not after all.
pub const HOUSEHOLD_MERGED: &str = "uk.enrol.household.merged.v1";
/// The same of the event that this recipient is given a household no longer. Only recipients' queues carry it.
pub const UNSHARED: &str = "uk.enrol.contact.unshared.v1";
/// Every type of event that a recipient can get. `queue-config/events/recipients` has a schema and an example of each.
pub const TYPES: [&str; 7] = [
    CREATED,
    UPDATED,
    MERGED,
    HOUSEHOLD_MERGED,
    ERASED,
    WITHDRAWN,
    UNSHARED,
];

/// Which recipients an event is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Those that are given this household.
    Household(Uuid),
    /// Those that are given a household of one of these people.
    People([Uuid; 2]),
    /// Those that were told of this household, whatever they are given now.
    WhoeverKnows(Uuid),
    /// None: it is for the council's own systems.
    None,
}

/// Which recipients the event of type `kind` is for.
pub fn audience(kind: &str, data: &Json) -> Audience {
    let id = |name: &str| {
        data[name]
            .as_str()
            .and_then(|text| text.parse::<Uuid>().ok())
    };
    let household = id("household_id");
    match kind {
        CREATED | UPDATED | HOUSEHOLD_MERGED => {
            household.map_or(Audience::None, Audience::Household)
        }
        WITHDRAWN => match (household, id("service_user_id")) {
            (Some(household), _) => Audience::Household(household),
            (None, Some(person)) => Audience::People([person, person]),
            (None, None) => Audience::None,
        },
        MERGED => match (id("kept_id"), id("absorbed_id")) {
            (Some(kept), Some(absorbed)) => Audience::People([kept, absorbed]),
            _ => Audience::None,
        },
        ERASED => household.map_or(Audience::None, Audience::WhoeverKnows),
        _ => Audience::None,
    }
}

/// Whether a recipient that `gives` tells the parts of is told of the event at all. `about_child`: it is about a child
/// alone.
pub fn concerns(kind: &str, gives: impl Fn(FieldGroup) -> bool, about_child: bool) -> bool {
    match kind {
        WITHDRAWN => gives(FieldGroup::Consents) || gives(FieldGroup::Special),
        MERGED => !about_child || gives(FieldGroup::Children),
        _ => true,
    }
}

/// The event as a recipient gets it: its number among those the recipient was given, and only members of its data that
/// the terms allow. Members that this does not know are left out, so that a new one cannot slip through.
pub fn project(event: &Json, terms: &Terms, protected: bool, sequence: i64) -> Json {
    let data = &event["data"];
    let kind = event["type"].as_str().unwrap_or_default();
    let mut given = Map::new();
    let mut give = |names: &[&str]| {
        for name in names {
            if let Some(value) = data.get(*name) {
                given.insert((*name).to_owned(), value.clone());
            }
        }
    };
    match kind {
        CREATED | UPDATED => {
            give(&[
                "household_id",
                "service_user_id",
                "members",
                "link",
                "changed",
            ]);
            if terms.gives(FieldGroup::Household) {
                give(&["centre", "form_reference"]);
            }
            if terms.gives(FieldGroup::Consents) {
                give(&["consents"]);
            }
        }
        MERGED => give(&["kept_id", "absorbed_id", "undone", "link"]),
        HOUSEHOLD_MERGED => give(&["household_id", "absorbed_household_id", "undone", "link"]),
        ERASED => give(&["household_id", "service_user_ids"]),
        WITHDRAWN => {
            give(&["household_id", "service_user_id", "link"]);
            if terms.gives(FieldGroup::Consents) {
                give(&["purpose", "channel"]);
            }
        }
        _ => {}
    }
    if protected && given.contains_key("centre") {
        given.insert("centre".to_owned(), Json::Null);
    }
    if !terms.gives(FieldGroup::Children)
        && let Some(members) = given.get_mut("members").and_then(Json::as_array_mut)
    {
        members.retain(|member| member["role"] != "child");
    }
    if let Some(changed) = given.get_mut("changed").and_then(Json::as_array_mut) {
        changed.retain(|name| {
            let name = name.as_str().unwrap_or_default();
            terms.gives(group_of(name)) && !(protected && tells_where(name))
        });
    }
    let mut projected = json!({ "sequence": in_order(sequence), "data": given });
    for name in [
        "specversion",
        "id",
        "source",
        "type",
        "subject",
        "time",
        "datacontenttype",
    ] {
        projected[name] = event[name].clone();
    }
    projected
}

/// The parts of records that a projected event holds something of; none of them when it holds ids alone.
pub fn groups_in(projected: &Json) -> Vec<FieldGroup> {
    let data = &projected["data"];
    let mut groups = Vec::new();
    if data.get("centre").is_some() || data.get("form_reference").is_some() {
        groups.push(FieldGroup::Household);
    }
    if data.get("consents").is_some() || data.get("purpose").is_some() {
        groups.push(FieldGroup::Consents);
    }
    groups
}

/// The CloudEvents extension attribute `sequence`: text that sorts as the number does.
pub fn in_order(sequence: i64) -> String {
    format!("{sequence:020}")
}

#[cfg(test)]
#[path = "recipient_event_tests.rs"]
mod tests;
