//! Consents: each on its own, a free choice, with its exact words on the form.

use std::collections::HashMap;

use crate::domain::field::FieldKind;
use crate::forms::definition::Field;
use crate::forms::problem::Problems;
use crate::forms::resolve::Resolved;

pub(super) fn run(resolved: &Resolved, problems: &mut Problems<'_>) {
    for (field, offset) in resolved
        .definition
        .fields
        .iter()
        .zip(&resolved.field_offsets)
    {
        consent(field, *offset, problems);
    }
    unique_consents(resolved, problems);
}

fn consent(field: &Field, offset: usize, problems: &mut Problems<'_>) {
    let name = &field.name;
    let rules = &field.rules;
    match (&rules.consent, &rules.wording) {
        (Some(_), None) => {
            let remedy = "add `wording = \"I agree that ...\"` with `wording_at`: what a person agreed to must be on record";
            problems.add(
                offset,
                format!("the consent `{name}` has no wording"),
                remedy,
            );
        }
        (Some(_), Some(words)) if words.trim().len() < 20 => {
            let message = format!("the wording of the consent `{name}` says next to nothing");
            problems.add(
                offset,
                message,
                "write out who may do what, for which purpose",
            );
        }
        (None, Some(_)) => {
            let remedy = "add `consent = \"contact.email\"` or whatever it covers, or put the words in a [[page.text]]";
            problems.add(
                offset,
                format!("`{name}` has a wording but is no consent"),
                remedy,
            );
        }
        _ => {}
    }
    let printed = name.starts_with("consent.");
    if printed && rules.consent.is_none() {
        let message = format!("`{name}` is named as a consent and does not say what it covers");
        problems.add(
            offset,
            message,
            "add `consent = \"contact.email\"` or whatever it covers",
        );
    }
    if rules.consent.is_some() {
        let values: Vec<&str> = field.options.iter().map(|o| o.value.as_str()).collect();
        if field.kind != FieldKind::OneOf || values != ["yes", "no"] {
            let remedy =
                "make it `kind = \"one_of\"` with the options yes and no: a free choice has both";
            problems.add(
                offset,
                format!("the consent `{name}` does not offer yes and no"),
                remedy,
            );
        }
        if rules.required {
            let remedy =
                "remove `required`: consent is a free choice and an empty answer counts as no";
            problems.add(offset, format!("the consent `{name}` is required"), remedy);
        }
    }
}

fn unique_consents(resolved: &Resolved, problems: &mut Problems<'_>) {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (field, offset) in resolved
        .definition
        .fields
        .iter()
        .zip(&resolved.field_offsets)
    {
        let Some(covers) = &field.rules.consent else {
            continue;
        };
        if let Some(other) = seen.insert(covers, &field.name) {
            let message = format!(
                "`{}` and `{other}` both ask for the consent {covers}",
                field.name
            );
            problems.add(*offset, message, "ask for each consent once");
        }
    }
}
