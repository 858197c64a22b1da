//! The event that announces a new household: a CloudEvents 1.0 message in structured JSON.
//!
//! It holds ids, the centre, the form's reference and consent flags; never a name, a number, an address or a date
//! of birth. Who needs more fetches it through the API with a grant of their own.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::household::{ConsentAnswer, MemberRole};

/// CloudEvents type, and routing key.
pub const TYPE: &str = "uk.enrol.contact.created.v1";
/// Exchange it is published to.
pub const EXCHANGE: &str = "enrol.events";
/// Media type of a structured CloudEvent.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";
/// Where consumers find the schema of the data: a name, in `queue-config/events`.
const DATA_SCHEMA: &str = "urn:enrol:schema:contact.created.v1";

/// What there is to announce.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// The new household.
    pub household_id: Uuid,
    /// Reference of the form it was made of.
    pub form_reference: String,
    /// The centre that registered the family.
    pub centre: Option<String>,
    /// Id and role of each member.
    pub members: Vec<(Uuid, MemberRole)>,
    /// Answer to each request for consent, by purpose.
    pub consents: BTreeMap<String, ConsentAnswer>,
}

/// The event.
#[derive(Debug, Clone)]
pub struct ContactCreated(Json);

impl ContactCreated {
    /// Makes the event; `id` stays the same however often it is published.
    pub fn new(
        id: Uuid,
        time: DateTime<Utc>,
        public_url: &str,
        announcement: Announcement,
    ) -> Self {
        let Announcement {
            household_id,
            form_reference,
            centre,
            members,
            consents,
        } = announcement;
        let service_users: Vec<Json> = members
            .iter()
            .map(|(id, role)| {
                json!({
                    "id": id,
                    "role": role.as_str(),
                    "href": format!("{public_url}/api/service-users/{id}"),
                })
            })
            .collect();
        let consents: BTreeMap<&str, &str> = consents
            .iter()
            .map(|(p, a)| (p.as_str(), a.as_str()))
            .collect();
        Self(json!({
            "specversion": "1.0",
            "id": id,
            "source": format!("{public_url}/forms"),
            "type": TYPE,
            "subject": household_id,
            "time": time.to_rfc3339_opts(SecondsFormat::Millis, true),
            "datacontenttype": "application/json",
            "dataschema": DATA_SCHEMA,
            "data": {
                "household_id": household_id,
                "form_reference": form_reference,
                "centre": centre,
                "service_users": service_users,
                "consents": consents,
                "href": format!("{public_url}/households/{household_id}"),
            },
        }))
    }

    /// The structured JSON.
    pub fn into_json(self) -> Json {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_ids_flags_and_links_only() {
        let (event, household, person) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        let announcement = Announcement {
            household_id: household,
            form_reference: "F-000001".into(),
            centre: Some("Goldington".into()),
            members: vec![(person, MemberRole::PrimaryCarer)],
            consents: BTreeMap::from([("contact.email".into(), ConsentAnswer::Yes)]),
        };
        let json = ContactCreated::new(
            event,
            DateTime::UNIX_EPOCH,
            "https://enrol.example",
            announcement,
        )
        .into_json();
        assert_eq!(json["id"], event.to_string());
        assert_eq!(json["time"], "1970-01-01T00:00:00.000Z");
        assert_eq!(json["data"]["consents"]["contact.email"], "yes");
        let person = &json["data"]["service_users"][0];
        assert_eq!(
            person.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["href", "id", "role"]
        );
        let keys: Vec<_> = json["data"].as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "centre",
                "consents",
                "form_reference",
                "household_id",
                "href",
                "service_users"
            ]
        );
    }
}
