//! Tests of the built-in definition and of what bad ones are told.

use super::*;
use crate::domain::field::FieldKind;
use definition::DataCategory;

/// A definition of one page that passes, for tests to break.
const SMALL: &str = r#"
[form]
id = "small"
version = 1
title = "A small form"
wording_version = "2026-01"
privacy_line = "We keep this for a year."

[[page]]

[[page.section]]
title = "About you"
top = 32

[[page.field]]
name = "person.surname"
label = "Surname"
kind = "name"
at = [48, 42]
cells = 20

[[page.field]]
name = "person.born"
label = "Date of birth"
kind = "date"
date = "adult_birth"
at = [48, 54]

[[page.field]]
name = "consent.email"
label = "E-mail"
kind = "one_of"
consent = "contact.email"
wording = "I agree that the centre may e-mail me about its services."
wording_at = [48, 68]
wording_width = 100
at = [162, 67]
columns = [162, 180]
options = [{ value = "yes", label = "Yes" }, { value = "no", label = "No" }]
"#;

/// What the author of `SMALL` is told after `wrong` took the place of `right`.
fn told(right: &str, wrong: &str) -> String {
    assert!(SMALL.contains(right), "{right}");
    match parse("small.toml", &SMALL.replacen(right, wrong, 1)) {
        Ok(_) => "fine".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_built_in_forms_load() {
    for (name, _) in BUILT_IN {
        load(name).unwrap_or_else(|error| panic!("{error}"));
    }
    assert_eq!(load_all().len(), BUILT_IN.len());
}

#[test]
fn the_small_form_is_fine() {
    assert_eq!(told("version = 1", "version = 1"), "fine");
}

#[test]
fn the_registration_form_asks_what_it_should() {
    let form = load("registration").expect("built in");
    let summary: Vec<String> = form
        .fields
        .iter()
        .map(|f| {
            let special = if f.rules.category == DataCategory::Special {
                " special"
            } else {
                ""
            };
            let required = if f.rules.required { " required" } else { "" };
            let consent = f
                .rules
                .consent
                .as_ref()
                .map(|c| format!(" consent to {c}"))
                .unwrap_or_default();
            format!(
                "{} {} {}{special}{required}{consent}",
                f.page,
                f.name,
                f.kind.as_str()
            )
        })
        .collect();
    insta::assert_snapshot!(summary.join("\n"));
}

#[test]
fn json_has_the_agreed_shape() {
    let form = serde_json::to_value(load("registration").expect("built in")).expect("plain data");
    assert_eq!(
        form["page"],
        serde_json::json!({"width_mm": 210.0, "height_mm": 297.0})
    );
    let fields = form["fields"].as_array().expect("fields");
    let find = |name: &str| {
        fields
            .iter()
            .find(|f| f["name"] == name)
            .unwrap_or_else(|| panic!("no {name}"))
    };
    let born = find("child_2.date_of_birth");
    assert_eq!(born["cells"].as_array().map(Vec::len), Some(8));
    assert_eq!(born["cells"][0].as_array().map(Vec::len), Some(4));
    assert_eq!(born["page"], 3);
    let consent = find("consent.email");
    assert_eq!(consent["options"][0]["value"], "yes");
    assert_eq!(
        consent["options"][0]["box"].as_array().map(Vec::len),
        Some(4)
    );
    assert_eq!(consent["rules"]["consent"], "contact.email");
    insta::assert_json_snapshot!(born);
}

#[test]
fn every_field_can_be_answered() {
    for field in load("registration").expect("built in").fields {
        let parts = (field.cells.len(), field.lines.len(), field.options.len());
        match field.kind {
            FieldKind::Text => assert!(parts.1 > 0, "{}", field.name),
            FieldKind::OneOf | FieldKind::AnyOf => assert!(parts.2 > 0, "{}", field.name),
            FieldKind::Signature => assert_eq!(parts, (0, 0, 0), "{}", field.name),
            _ => assert!(parts.0 > 0, "{}", field.name),
        }
        assert!(
            field.cells.windows(2).all(|pair| pair[1].x > pair[0].x),
            "{}",
            field.name
        );
    }
}

#[test]
fn syntax_and_unknown_keys_are_explained() {
    insta::assert_snapshot!("unknown_key", told("cells = 20", "cell_count = 20"));
    insta::assert_snapshot!("syntax", told("at = [48, 42]", "at = [48, 42"));
    insta::assert_snapshot!("unknown_kind", told("kind = \"name\"", "kind = \"nane\""));
    insta::assert_snapshot!("missing_key", told("label = \"Surname\"\n", ""));
}

#[test]
fn positions_are_checked() {
    insta::assert_snapshot!("overlap", told("at = [48, 54]", "at = [48, 46]"));
    insta::assert_snapshot!("off_the_page", told("cells = 20", "cells = 40"));
    insta::assert_snapshot!("on_the_code", told("at = [48, 42]", "at = [90, 22]"));
    insta::assert_snapshot!(
        "small_cells",
        told("cells = 20", "cells = 20\ncell = [4.2, 7]")
    );
    insta::assert_snapshot!(
        "crossing_a_frame",
        told(
            "[[page.section]]",
            "[[page.frame]]\nat = [10, 60]\nsize = [50, 20]\n\n[[page.section]]"
        )
    );
    insta::assert_snapshot!(
        "long_label",
        told(
            "label = \"Surname\"",
            "label = \"Surname-as-on-your-birth-certificate\""
        )
    );
}

#[test]
fn content_is_checked() {
    insta::assert_snapshot!("duplicate_name", told("person.born", "person.surname"));
    insta::assert_snapshot!(
        "no_options",
        told(
            "options = [{ value = \"yes\", label = \"Yes\" }, { value = \"no\", label = \"No\" }]",
            ""
        )
    );
    insta::assert_snapshot!(
        "no_wording",
        told(
            "wording = \"I agree that the centre may e-mail me about its services.\"\n",
            ""
        )
    );
    insta::assert_snapshot!("no_date_role", told("date = \"adult_birth\"\n", ""));
    insta::assert_snapshot!("special", told("person.born", "person.due_date"));
    insta::assert_snapshot!("no_cells", told("cells = 20\n", ""));
    insta::assert_snapshot!("odd_character", told("About you", "About you \u{2603}"));
}

proptest::proptest! {
    #[test]
    fn no_damage_to_a_definition_stops_the_check(at in 0..SMALL.len(), length in 0_usize..40, put in "[ -~\\n]{0,12}") {
        let mut text = SMALL.as_bytes().to_vec();
        text.splice(at..(at + length).min(SMALL.len()), put.bytes());
        let _ = parse("damaged.toml", &String::from_utf8(text).expect("ASCII"));
    }
}

#[test]
fn a_missing_file_names_the_built_in_forms() {
    let error = load("no/such/form.toml")
        .expect_err("no such file")
        .to_string();
    assert!(
        error.contains("no/such/form.toml") && error.contains("registration"),
        "{error}"
    );
}
