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
/// Content type of a CloudEvent in structured mode.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";

/// A member of the new household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberReference {
    /// Id of the service user.
    pub id: Uuid,
    /// What the member is to the household.
    pub role: MemberRole,
}

/// What the event that a household was created says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactCreated {
    /// The new household.
    pub household_id: Uuid,
    /// Its primary carer.
    pub service_user_id: Uuid,
    /// All its members, the primary carer among them.
    pub members: Vec<MemberReference>,
    /// The centre that registered the family.
    pub centre: Option<String>,
    /// Reference of the form, `F-000123`.
    pub form_reference: String,
    /// Answers by purpose or channel: `contact.email`.
    pub consents: BTreeMap<String, ConsentAnswer>,
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

/// The event that a household was created, for the outbox. `public_url` is the address of Enrol's web pages without
/// trailing slash; it is the event's source and begins its link.
pub fn contact_created(
    id: Uuid,
    at: DateTime<Utc>,
    public_url: &str,
    created: &ContactCreated,
) -> OutboxMessage {
    let members: Vec<_> = created
        .members
        .iter()
        .map(|m| json!({ "id": m.id, "role": m.role.as_str() }))
        .collect();
    let consents: BTreeMap<_, _> = created
        .consents
        .iter()
        .map(|(purpose, answer)| (purpose, answer.as_str()))
        .collect();
    let envelope = Envelope {
        specversion: "1.0",
        id,
        source: public_url,
        r#type: CONTACT_CREATED,
        subject: created.household_id.to_string(),
        time: at.to_rfc3339_opts(SecondsFormat::Millis, true),
        datacontenttype: "application/json",
        data: json!({
            "household_id": created.household_id,
            "service_user_id": created.service_user_id,
            "members": members,
            "centre": created.centre,
            "form_reference": created.form_reference,
            "consents": consents,
            "link": format!("{public_url}/api/service-users/{}", created.service_user_id),
        }),
    };
    OutboxMessage {
        id,
        exchange: topology::EVENTS.name.to_owned(),
        routing_key: CONTACT_CREATED.to_owned(),
        content_type: CONTENT_TYPE.to_owned(),
        message_type: CONTACT_CREATED.to_owned(),
        body: serde_json::to_value(envelope).expect("strings and ids are always JSON"),
        attempts: 0,
    }
}

#[cfg(test)]
#[path = "cloud_event_tests.rs"]
mod tests;
