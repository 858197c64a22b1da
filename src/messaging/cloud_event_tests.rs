//! The event against its published example and schema.

use serde_json::Value as Json;

use super::*;

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

/// The part of JSON Schema that the event's schema uses. A keyword it does not know is an error, so that nothing in
/// the schema goes unchecked.
fn check(schema: &Json, value: &Json, at: &str) -> Result<(), String> {
    for (keyword, rule) in schema.as_object().unwrap() {
        let fits = match keyword.as_str() {
            "$schema" | "$id" | "title" | "description" => true,
            "type" => match rule {
                Json::String(name) => has_type(value, name),
                rule => rule
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|name| has_type(value, name.as_str().unwrap())),
            },
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "minLength" => value.as_str().unwrap().chars().count() as u64 >= rule.as_u64().unwrap(),
            "minItems" => value.as_array().unwrap().len() as u64 >= rule.as_u64().unwrap(),
            "format" => has_format(value.as_str().unwrap(), rule.as_str().unwrap()),
            "required" => rule
                .as_array()
                .unwrap()
                .iter()
                .all(|name| value.get(name.as_str().unwrap()).is_some()),
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        check(rule, member, &format!("{at}.{name}"))?;
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = |name: &str| {
                    schema
                        .get("properties")
                        .is_some_and(|p| p.get(name).is_some())
                };
                for (name, member) in value
                    .as_object()
                    .unwrap()
                    .iter()
                    .filter(|(name, _)| !known(name))
                {
                    if *rule == Json::Bool(false) {
                        return Err(format!("{at}.{name} is not foreseen"));
                    }
                    check(rule, member, &format!("{at}.{name}"))?;
                }
                true
            }
            "items" => {
                for (index, item) in value.as_array().unwrap().iter().enumerate() {
                    check(rule, item, &format!("{at}[{index}]"))?;
                }
                true
            }
            other => panic!("the check does not know the keyword {other}"),
        };
        if !fits {
            return Err(format!("{at} violates {keyword}"));
        }
    }
    Ok(())
}

fn has_type(value: &Json, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        other => panic!("the check does not know the type {other}"),
    }
}

fn has_format(text: &str, format: &str) -> bool {
    match format {
        "uuid" => text.len() == 36 && Uuid::try_parse(text).is_ok(),
        "date-time" => DateTime::parse_from_rfc3339(text).is_ok(),
        "uri" => url::Url::parse(text).is_ok(),
        "uri-reference" => !text.contains(char::is_whitespace),
        other => panic!("the check does not know the format {other}"),
    }
}
