//! The event against its published example and schema.

use serde_json::Value as Json;

use super::*;
use crate::domain::recipient_event;

#[path = "schema_check.rs"]
mod schema_check;
use schema_check::check;

/// What is published about events, by its path in `queue-config/events`.
fn published(path: &str) -> Json {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/queue-config/events/");
    let text = std::fs::read_to_string(format!("{folder}{path}"))
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// The short name of an event type, as in file names: `contact.created.v1`.
fn short(kind: &str) -> &str {
    kind.strip_prefix("uk.enrol.").unwrap()
}

#[test]
fn looks_like_the_published_example() {
    let id = |n: u128| Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + n);
    let created = Contact {
        household_id: id(2),
        service_user_id: id(3),
        members: vec![
            MemberReference {
                id: id(3),
                role: MemberRole::PrimaryCarer,
            },
            MemberReference {
                id: id(4),
                role: MemberRole::SecondaryCarer,
            },
            MemberReference {
                id: id(5),
                role: MemberRole::Child,
            },
        ],
        centre: Some("Riverside Children's Centre".to_owned()),
        form_reference: "F-000123".to_owned(),
        consents: [
            ("contact.phone", ConsentAnswer::Yes),
            ("contact.text", ConsentAnswer::Yes),
            ("contact.email", ConsentAnswer::No),
            ("contact.post", ConsentAnswer::NotAnswered),
            ("special_category", ConsentAnswer::Yes),
            ("sharing", ConsentAnswer::No),
        ]
        .map(|(purpose, answer)| (purpose.to_owned(), answer))
        .into(),
    };
    let at = DateTime::from_timestamp_millis(1_793_610_000_000).unwrap();
    let message = contact_created(id(1), at, "https://enrol.example.org", &created);
    let example: serde_json::Value = serde_json::from_str(include_str!(
        "../../queue-config/events/contact.created.v1.example.json"
    ))
    .unwrap();
    assert_eq!(message.body, example);
    assert_eq!(message.id.to_string(), message.body["id"]);
}

#[test]
fn what_is_said_of_changes_and_merges_is_as_published() {
    let read = |text: &str| serde_json::from_str::<Json>(text).unwrap();
    let id = |n: u128| Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + n);
    let at = DateTime::from_timestamp_millis(1_793_610_000_000).unwrap();
    let merged = contact_merged(id(1), at, "https://enrol.example.org", id(3), id(4), false);
    let example = read(include_str!(
        "../../queue-config/events/contact.merged.v1.example.json"
    ));
    assert_eq!(merged.body, example);
    let schema = read(include_str!(
        "../../queue-config/events/contact.merged.v1.schema.json"
    ));
    check(&schema, &example, "event").unwrap();
    let mut named = example.clone();
    named["data"]["surname"] = json!("Hussain");
    assert!(check(&schema, &named, "event").is_err());

    let schema = read(include_str!(
        "../../queue-config/events/contact.updated.v1.schema.json"
    ));
    let example = read(include_str!(
        "../../queue-config/events/contact.updated.v1.example.json"
    ));
    check(&schema, &example, "event").unwrap();
    let contact = Contact {
        household_id: id(2),
        service_user_id: id(3),
        members: vec![MemberReference {
            id: id(3),
            role: MemberRole::PrimaryCarer,
        }],
        centre: None,
        form_reference: "F-000124".to_owned(),
        consents: BTreeMap::new(),
    };
    let changed = ["address".to_owned()];
    let updated = contact_updated(id(1), at, "https://enrol.example.org", &contact, &changed);
    check(&schema, &updated.body, "event").unwrap();
    let mut valued = updated.body.clone();
    valued["data"]["changed"] = json!([{"address": "14 Elm Road"}]);
    assert!(check(&schema, &valued, "event").is_err());
}

#[test]
fn what_is_said_of_a_withdrawal_is_as_published() {
    let read = |text: &str| serde_json::from_str::<Json>(text).unwrap();
    let id = |n: u128| Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + n);
    let at = DateTime::from_timestamp_millis(1_793_610_000_000).unwrap();
    let address = "https://enrol.example.org";
    let withdrawn = consent_withdrawn(id(1), at, address, id(2), id(3), "contact.email");
    let example = read(include_str!(
        "../../queue-config/events/consent.withdrawn.v1.example.json"
    ));
    assert_eq!(withdrawn.body, example);
    let schema = read(include_str!(
        "../../queue-config/events/consent.withdrawn.v1.schema.json"
    ));
    check(&schema, &example, "event").unwrap();
    let mut named = example.clone();
    named["data"]["email"] = json!("grace@example.org");
    assert!(check(&schema, &named, "event").is_err());
}

#[test]
fn what_is_said_of_erasing_is_as_published() {
    let read = |text: &str| serde_json::from_str::<Json>(text).unwrap();
    let id = |n: u128| Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + n);
    let at = DateTime::from_timestamp_millis(1_793_610_000_000).unwrap();
    let address = "https://enrol.example.org";
    let erased = contact_erased(id(1), at, address, id(2), &[id(3), id(5)]);
    let due = retention_due(id(1), at, address, id(2));
    for (message, example, schema) in [
        (
            erased,
            include_str!("../../queue-config/events/contact.erased.v1.example.json"),
            include_str!("../../queue-config/events/contact.erased.v1.schema.json"),
        ),
        (
            due,
            include_str!("../../queue-config/events/retention.due.v1.example.json"),
            include_str!("../../queue-config/events/retention.due.v1.schema.json"),
        ),
    ] {
        assert_eq!(message.body, read(example));
        check(&read(schema), &message.body, "event").unwrap();
        let mut named = message.body;
        named["data"]["surname"] = json!("Hussain");
        assert!(check(&read(schema), &named, "event").is_err());
    }
}

#[test]
fn the_example_fits_the_schema() {
    let read = |text: &str| serde_json::from_str::<Json>(text).unwrap();
    let schema = read(include_str!(
        "../../queue-config/events/contact.created.v1.schema.json"
    ));
    let example = read(include_str!(
        "../../queue-config/events/contact.created.v1.example.json"
    ));
    check(&schema, &example, "event").unwrap();

    for (pointer, wrong) in [
        ("/data/consents/contact.email", json!("maybe")),
        ("/data/members/0/role", json!("parent")),
        ("/data/members/0/id", json!("1")),
        ("/data/centre", json!(7)),
        ("/time", json!("yesterday")),
        ("/specversion", json!("0.3")),
    ] {
        let mut changed = example.clone();
        *changed.pointer_mut(pointer).unwrap() = wrong;
        assert!(check(&schema, &changed, "event").is_err(), "{pointer}");
    }
    let mut with_name = example.clone();
    with_name["data"]["members"][0]["surname"] = json!("Hussain");
    assert!(check(&schema, &with_name, "event").is_err());
}

#[test]
fn a_merge_of_households_is_as_published() {
    let id = |n: u128| Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + n);
    let at = DateTime::from_timestamp_millis(1_793_610_000_000).unwrap();
    let merged = household_merged(id(1), at, "https://enrol.example.org", id(2), id(6), false);
    assert_eq!(merged.body, published("household.merged.v1.example.json"));
}

#[test]
fn every_event_has_a_schema_an_example_that_fits_it_and_a_place_in_the_document() {
    let document = published("asyncapi.json");
    let own = TYPES.map(|kind| (kind, short(kind).to_owned(), "events"));
    let theirs = recipient_event::TYPES
        .map(|kind| (kind, format!("recipients/{}", short(kind)), "recipient"));
    for (kind, path, channel) in own.into_iter().chain(theirs) {
        let schema = published(&format!("{path}.schema.json"));
        let example = published(&format!("{path}.example.json"));
        check(&schema, &example, &path).unwrap();
        assert_eq!(schema["properties"]["type"]["const"], kind);
        let mut named = example.clone();
        named["data"]["surname"] = json!("Hussain");
        assert!(check(&schema, &named, &path).is_err(), "{path}");

        let messages = document["channels"][channel]["messages"]
            .as_object()
            .unwrap();
        let message = messages
            .values()
            .map(|reference| followed(&document, reference))
            .find(|message| message["name"] == kind)
            .unwrap_or_else(|| panic!("{kind} is not in the channel {channel}"));
        let payload = &message["payload"]["schema"];
        assert_eq!(*payload, json!({ "$ref": format!("./{path}.schema.json") }));
        assert_eq!(message["examples"][0]["payload"], example, "{path}");
        assert_eq!(message["title"], schema["title"]);
    }
    let described = |channel: &str| {
        document["channels"][channel]["messages"]
            .as_object()
            .unwrap()
            .len()
    };
    assert_eq!(described("events"), TYPES.len(), "and no other");
    assert_eq!(
        described("recipient"),
        recipient_event::TYPES.len(),
        "and no other"
    );
}

#[test]
fn the_document_of_all_channels_is_true() {
    let document = published("asyncapi.json");
    assert_eq!(document["asyncapi"], "3.0.0");
    let mut references = 0;
    every_reference(&document, &mut |reference| {
        references += 1;
        if reference.starts_with('#') {
            followed(&document, &json!({ "$ref": reference }));
        } else {
            published(reference.strip_prefix("./").unwrap());
        }
    });
    assert!(references > 40, "{references} references");
    for operation in document["operations"].as_object().unwrap().values() {
        let channel = followed(&document, &operation["channel"]);
        let sent: Vec<&Json> = operation["messages"].as_array().unwrap().iter().collect();
        assert_eq!(sent.len(), channel["messages"].as_object().unwrap().len());
    }
    let channels = &document["channels"];
    assert_eq!(channels["events"]["address"], topology::EVENTS.name);
    let recipient = Uuid::nil();
    let queue = channels["recipient"]["address"].as_str().unwrap();
    let queue = queue.replace("{recipient}", &recipient.to_string());
    assert_eq!(queue, topology::recipient_queue(recipient));
    assert_eq!(document["defaultContentType"], CONTENT_TYPE);
}

/// Every type that stands anywhere in the code is in one of the two lists, which the other tests go by.
#[test]
fn no_event_is_published_that_is_not_listed() {
    // Tests make up types of their own.
    let is_test = |path: &std::path::Path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().ends_with("_tests.rs"))
    };
    let mut found = std::collections::BTreeSet::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src"
    ))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs" || e == "sql") && !is_test(&path) {
                let text = std::fs::read_to_string(&path).unwrap();
                let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '.');
                let kinds = text
                    .match_indices("uk.enrol.")
                    .map(|(at, _)| text[at..].split(ends).next().unwrap_or_default().to_owned());
                let is_version = |part: &str| {
                    part.strip_prefix('v')
                        .is_some_and(|n| n.parse::<u32>().is_ok())
                };
                found.extend(kinds.filter(|kind| kind.rsplit('.').next().is_some_and(is_version)));
            }
        }
    }
    let listed: std::collections::BTreeSet<String> = TYPES
        .iter()
        .chain(&recipient_event::TYPES)
        .map(|kind| (*kind).to_owned())
        .collect();
    assert_eq!(found, listed);
}

fn every_reference(value: &Json, see: &mut impl FnMut(&str)) {
    match value {
        Json::Object(members) => {
            if let Some(Json::String(reference)) = members.get("$ref") {
                see(reference);
            }
            members
                .values()
                .for_each(|member| every_reference(member, see));
        }
        Json::Array(items) => items.iter().for_each(|item| every_reference(item, see)),
        _ => {}
    }
}

/// What a reference within the document leads to in the end.
fn followed<'a>(document: &'a Json, reference: &Json) -> &'a Json {
    let pointer = reference["$ref"]
        .as_str()
        .unwrap()
        .strip_prefix('#')
        .unwrap();
    let found = document
        .pointer(pointer)
        .unwrap_or_else(|| panic!("{pointer} leads nowhere"));
    match found.get("$ref") {
        Some(_) => followed(document, found),
        None => found,
    }
}
