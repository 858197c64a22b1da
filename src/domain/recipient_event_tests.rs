//! What different recipients get of the same event.

use super::*;
use crate::domain::recipient::Basis;
use crate::domain::recipient::tests::terms;

const FAMILY: &str = "01930000-0000-7000-8000-000000000002";

fn created() -> Json {
    serde_json::from_str(include_str!(
        "../../queue-config/events/contact.created.v1.example.json"
    ))
    .unwrap()
}

fn updated(changed: &[&str]) -> Json {
    let mut event = created();
    event["type"] = json!(UPDATED);
    event["data"]["changed"] = json!(changed);
    event
}

#[test]
fn a_recipient_gets_the_parts_it_may_have_and_no_others() {
    let all = terms(Basis::PublicTask, &FieldGroup::ALL);
    let event = created();
    let whole = project(&event, &all, false, 7);
    assert_eq!(whole["data"], event["data"]);
    assert_eq!(whole["sequence"], "00000000000000000007");
    assert_eq!(
        groups_in(&whole),
        [FieldGroup::Household, FieldGroup::Consents]
    );

    let names_only = terms(Basis::PublicTask, &[FieldGroup::Identity]);
    let little = project(&event, &names_only, false, 8);
    let data = little["data"].as_object().unwrap();
    let names: Vec<_> = data.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["household_id", "link", "members", "service_user_id"]
    );
    assert_eq!(
        data["members"].as_array().unwrap().len(),
        2,
        "the child is left out"
    );
    assert!(groups_in(&little).is_empty());
    assert_eq!(little["id"], event["id"]);
}

#[test]
fn a_protected_family_has_no_centre_and_nothing_that_tells_where_it_went() {
    let all = terms(Basis::PublicTask, &FieldGroup::ALL);
    let event = project(&updated(&["address", "mobile", "language"]), &all, true, 1);
    assert_eq!(event["data"]["centre"], Json::Null);
    assert_eq!(event["data"]["changed"], json!(["language"]));
}

#[test]
fn changed_names_only_what_the_recipient_is_given() {
    let some = terms(
        Basis::PublicTask,
        &[FieldGroup::Identity, FieldGroup::Contact],
    );
    let event = project(
        &updated(&["address", "mobile", "special", "surname"]),
        &some,
        false,
        1,
    );
    assert_eq!(event["data"]["changed"], json!(["mobile", "surname"]));
}

#[test]
fn what_nobody_has_thought_of_is_not_given() {
    let all = terms(Basis::PublicTask, &FieldGroup::ALL);
    let mut event = created();
    event["data"]["first_name"] = json!("Grace");
    event["extension"] = json!("Grace");
    assert!(
        !project(&event, &all, false, 1)
            .to_string()
            .contains("Grace")
    );
    event["type"] = json!("uk.enrol.something.else.v1");
    assert_eq!(project(&event, &all, false, 1)["data"], json!({}));
}

#[test]
fn each_event_has_its_audience() {
    let family: Uuid = FAMILY.parse().unwrap();
    let household = json!({ "household_id": FAMILY });
    for (kind, data, audience_of) in [
        (CREATED, household.clone(), Audience::Household(family)),
        (UPDATED, household.clone(), Audience::Household(family)),
        (WITHDRAWN, household.clone(), Audience::Household(family)),
        (
            WITHDRAWN,
            json!({ "service_user_id": FAMILY }),
            Audience::People([family, family]),
        ),
        (
            MERGED,
            json!({ "kept_id": FAMILY, "absorbed_id": FAMILY }),
            Audience::People([family, family]),
        ),
        (ERASED, household.clone(), Audience::WhoeverKnows(family)),
        ("uk.enrol.retention.due.v1", household, Audience::None),
        (CREATED, json!({}), Audience::None),
    ] {
        assert_eq!(audience(kind, &data), audience_of, "{kind}");
    }
}

#[test]
fn withdrawals_are_for_those_with_consents_or_what_rests_on_them() {
    let names = |group| group == FieldGroup::Identity;
    let special = |group| group == FieldGroup::Special;
    assert!(!concerns(WITHDRAWN, names, false) && concerns(WITHDRAWN, special, false));
    assert!(concerns(MERGED, names, false) && !concerns(MERGED, names, true));
}
