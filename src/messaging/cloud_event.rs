//! What Enrol tells other systems: CloudEvents 1.0 in structured JSON.
//!
//! Events carry ids and consent answers and no names, numbers, addresses or dates of birth; a recipient fetches what
//! it may see through the API with its own grant. `queue-config/events` has the schema.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::topology;
use crate::{
    domain::household::{ConsentAnswer, MemberRole},
    storage::outbox::OutboxMessage,
};

/// CloudEvents `type`, and routing key, of the event that a household was created.
pub const CONTACT_CREATED: &str = "uk.enrol.contact.created.v1";
/// The same of the event that a newer form told more of a household.
pub const CONTACT_UPDATED: &str = "uk.enrol.contact.updated.v1";
/// The same of the event that two records are one person.
pub const CONTACT_MERGED: &str = "uk.enrol.contact.merged.v1";
/// The same of the event that somebody withdrew a consent.
pub const CONSENT_WITHDRAWN: &str = "uk.enrol.consent.withdrawn.v1";
/// The same of the event that a household's records were erased.
pub const CONTACT_ERASED: &str = "uk.enrol.contact.erased.v1";
/// The same of the event that a household's records have been kept for as long as they may be.
pub const RETENTION_DUE: &str = "uk.enrol.retention.due.v1";
/// The same of the event that two households are one, or not after all.
pub const HOUSEHOLD_MERGED: &str = "uk.enrol.household.merged.v1";
/// Every type of event that is published to all of the council's own systems. `queue-config/events` has a schema and an
/// example of each.
pub const TYPES: [&str; 7] = [
    CONTACT_CREATED,
    CONTACT_UPDATED,
    CONTACT_MERGED,
    HOUSEHOLD_MERGED,
    CONTACT_ERASED,
    CONSENT_WITHDRAWN,
    RETENTION_DUE,
];
/// Content type of a CloudEvent in structured mode.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";

/// A member of a household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberReference {
    /// Id of the service user.
    pub id: Uuid,
    /// What the member is to the household.
    pub role: MemberRole,
}

/// What the events about a household say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The household.
    pub household_id: Uuid,
    /// Its primary carer.
    pub service_user_id: Uuid,
    /// Everybody on the form, the primary carer among them.
    pub members: Vec<MemberReference>,
    /// The centre that registered the family, unless its address is protected.
    pub centre: Option<String>,
    /// Reference of the form, `F-000123`.
    pub form_reference: String,
    /// Answers by purpose or channel: `contact.email`.
    pub consents: BTreeMap<String, ConsentAnswer>,
}

impl Contact {
    /// The event's data. `public_url` begins the link.
    fn data(&self, public_url: &str) -> serde_json::Value {
        let member = |m: &MemberReference| json!({ "id": m.id, "role": m.role.as_str() });
        let members: Vec<_> = self.members.iter().map(member).collect();
        let consent =
            |(purpose, answer): (&String, &ConsentAnswer)| (purpose.clone(), answer.as_str());
        let consents: BTreeMap<_, _> = self.consents.iter().map(consent).collect();
        json!({
            "household_id": self.household_id,
            "service_user_id": self.service_user_id,
            "members": members,
            "centre": self.centre,
            "form_reference": self.form_reference,
            "consents": consents,
            "link": format!("{public_url}/api/service-users/{}", self.service_user_id),
        })
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    specversion: &'static str,
    id: Uuid,
    source: &'a str,
    r#type: &'static str,
    subject: String,
    time: String,
    datacontenttype: &'static str,
    data: serde_json::Value,
}

/// An event for the outbox. `public_url` is the address of Enrol's web pages without trailing slash; it is the event's
/// source. `subject` is the id of the record it is about.
fn event(
    kind: &'static str,
    id: Uuid,
    at: DateTime<Utc>,
    public_url: &str,
    subject: Uuid,
    data: serde_json::Value,
) -> OutboxMessage {
    let envelope = Envelope {
        specversion: "1.0",
        id,
        source: public_url,
        r#type: kind,
        subject: subject.to_string(),
        time: at.to_rfc3339_opts(SecondsFormat::Millis, true),
        datacontenttype: "application/json",
        data,
    };
    OutboxMessage {
        id,
        exchange: topology::EVENTS.name.to_owned(),
        routing_key: kind.to_owned(),
        content_type: CONTENT_TYPE.to_owned(),
        message_type: kind.to_owned(),
        body: serde_json::to_value(envelope).expect("strings and ids are always JSON"),
        attempts: 0,
    }
}

/// The event that a household was created.
pub fn contact_created(
    id: Uuid,
    at: DateTime<Utc>,
    public_url: &str,
    contact: &Contact,
) -> OutboxMessage {
    let data = contact.data(public_url);
    event(
        CONTACT_CREATED,
        id,
        at,
        public_url,
        contact.household_id,
        data,
    )
}

/// The event that a newer form told more of a household. `changed` names the answers that changed, without values; of
/// Article 9 answers it says `special`.
pub fn contact_updated(
    id: Uuid,
    at: DateTime<Utc>,
    public_url: &str,
    contact: &Contact,
    changed: &[String],
) -> OutboxMessage {
    let mut data = contact.data(public_url);
    data["changed"] = json!(changed);
    event(
        CONTACT_UPDATED,
        id,
        at,
        public_url,
        contact.household_id,
        data,
    )
}

/// The event that two records were found to be one person (`undone` false), or not to be after all.
pub fn contact_merged(
    id: Uuid,
    at: DateTime<Utc>,
    public_url: &str,
    kept: Uuid,
    absorbed: Uuid,
    undone: bool,
) -> OutboxMessage {
    let data = json!({
        "kept_id": kept,
        "absorbed_id": absorbed,
        "undone": undone,
        "link": format!("{public_url}/api/service-users/{kept}"),
    });
    event(CONTACT_MERGED, id, at, public_url, kept, data)
}

/// The event that two households were found to be one (`undone` false), or not to be after all.
pub fn household_merged(
    id: Uuid,
    at: DateTime<Utc>,
    public_url: &str,
    kept: Uuid,
    absorbed: Uuid,
    undone: bool,
) -> OutboxMessage {
    let data = json!({
        "household_id": kept,
        "absorbed_household_id": absorbed,
        "undone": undone,
        "link": format!("{public_url}/api/households/{kept}"),
    });
    event(HOUSEHOLD_MERGED, id, at, public_url, kept, data)
}

/// The event that a person of the household withdrew the consent to `purpose`.
pub fn consent_withdrawn(
    id: Uuid,
    at: DateTime<Utc>,
    public_url: &str,
    household: Uuid,
    person: Uuid,
    purpose: &str,
) -> OutboxMessage {
    let data = json!({
        "household_id": household,
        "service_user_id": person,
        "purpose": purpose,
        "link": format!("{public_url}/api/service-users/{person}"),
    });
    event(CONSENT_WITHDRAWN, id, at, public_url, person, data)
}

/// The event that everything about a household was erased, with the `people` whose records went with it. Whoever has a
/// copy erases it.
pub fn contact_erased(
    id: Uuid,
    at: DateTime<Utc>,
    public_url: &str,
    household: Uuid,
    people: &[Uuid],
) -> OutboxMessage {
    let data = json!({ "household_id": household, "service_user_ids": people });
    event(CONTACT_ERASED, id, at, public_url, household, data)
}

/// The event that a household's time is over and its erasure was proposed; nothing is erased yet.
pub fn retention_due(
    id: Uuid,
    at: DateTime<Utc>,
    public_url: &str,
    household: Uuid,
) -> OutboxMessage {
    let data = json!({
        "household_id": household,
        "link": format!("{public_url}/households/{household}"),
    });
    event(RETENTION_DUE, id, at, public_url, household, data)
}

#[cfg(test)]
#[path = "cloud_event_tests.rs"]
mod tests;
