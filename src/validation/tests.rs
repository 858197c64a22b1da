//! The one entry, on the fields of the registration form.

use chrono::NaiveDate;

use super::*;
use crate::forms;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 14).expect("a date")
}

fn checked(name: &str, text: &str) -> Result<serde_json::Value, Vec<String>> {
    let form = forms::load("registration").expect("built in");
    let field = form
        .field(name)
        .unwrap_or_else(|| panic!("no field {name}"));
    check(field, text, today()).map(|value| serde_json::to_value(value).expect("plain"))
}

#[test]
fn every_kind_gives_its_plain_value() {
    let cases = [
        (
            "primary_carer.first_name",
            " ANNA  MARIA ",
            serde_json::json!("ANNA MARIA"),
        ),
        (
            "primary_carer.date_of_birth",
            "31/12/1990",
            serde_json::json!("1990-12-31"),
        ),
        (
            "primary_carer.nhs_number",
            "999 000 0018",
            serde_json::json!("9990000018"),
        ),
        (
            "primary_carer.mobile",
            "07700 900123",
            serde_json::json!("07700900123"),
        ),
        (
            "primary_carer.email",
            "A@EXAMPLE.ORG",
            serde_json::json!("a@example.org"),
        ),
        (
            "primary_carer.postcode",
            "mk401ab",
            serde_json::json!("MK40 1AB"),
        ),
        (
            "primary_carer.address_line_1",
            "1  High Street",
            serde_json::json!("1 High Street"),
        ),
        (
            "primary_carer.relationship",
            "Foster carer",
            serde_json::json!("foster_carer"),
        ),
        ("consent.email", "no", serde_json::json!("no")),
        (
            "household.home_circumstances",
            "temporary, Rented, council or association, lone_parent",
            serde_json::json!(["lone_parent", "social_rent", "temporary"]),
        ),
        ("declaration.signature", "yes", serde_json::json!(true)),
    ];
    for (name, text, value) in cases {
        assert_eq!(checked(name, text), Ok(value), "{name}");
    }
}

#[test]
fn reasons_are_sentences() {
    let cases = [
        ("primary_carer.first_name", "", "Nothing is written here."),
        (
            "primary_carer.nhs_number",
            "123",
            "An NHS number has 10 digits; this one has 3.",
        ),
        (
            "child_1.date_of_birth",
            "1/1/2030",
            "This date is in the future.",
        ),
        (
            "consent.email",
            "perhaps",
            "This is not one of the printed choices; choose one of them.",
        ),
        (
            "consent.email",
            "yes, no",
            "Only one of the choices can hold; choose one.",
        ),
    ];
    for (name, text, reason) in cases {
        assert_eq!(checked(name, text), Err(vec![reason.to_owned()]), "{name}");
    }
}

#[test]
fn remarks_on_what_is_valid_and_odd() {
    let form = forms::load("registration").expect("built in");
    let remark = |name: &str, text: &str| {
        let field = form.field(name).expect("a field");
        let value = check(field, text, today()).expect("valid");
        unusual(field, &value, today())
    };
    assert_eq!(remark("child_1.date_of_birth", "1/1/2018").len(), 1);
    assert!(remark("child_1.date_of_birth", "1/1/2024").is_empty());
    assert_eq!(remark("primary_carer.mobile", "020 7946 0018").len(), 1);
    assert!(remark("primary_carer.mobile", "07700 900123").is_empty());
}
