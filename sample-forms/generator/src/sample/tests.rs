//! Samples are made in a print font here: tests run where no handwriting fonts are installed.

use enrol::domain::field::{FieldKind, FieldValue};

use super::*;
use crate::plan::listed;

fn with_workshop<T>(work: impl FnOnce(&Workshop<'_>) -> T) -> T {
    let definition = enrol::forms::load("registration").expect("the built-in form loads");
    let fonts = Fonts::print();
    work(&Workshop {
        definition: &definition,
        fonts: &fonts,
        seed: 7,
    })
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_the_truth_covers_every_field() {
    with_workshop(|workshop| {
        let plan = &listed::samples()[3];
        let files = workshop.make(4, plan).expect("a sample");
        assert_eq!(files, workshop.make(4, plan).expect("a sample"));
        let truth: serde_json::Value =
            serde_json::from_slice(&files.last().expect("files").1).expect("a truth file");
        assert_eq!(truth["set_number"], workshop.set_number(4));
        let named = truth["fields"].as_object().expect("fields");
        assert_eq!(named.len(), workshop.definition.fields.len());
        for field in &workshop.definition.fields {
            let value = &named[&field.name];
            assert!(
                value.is_null() || FieldValue::from_json(field.kind, value).is_some(),
                "{}",
                field.name
            );
        }
    });
}

#[test]
fn every_listed_family_answers_what_is_required_in_the_right_shape() {
    with_workshop(|workshop| {
        for (index, plan) in (1..).zip(listed::samples()) {
            let family = Family::random(plan.family, &mut workshop.random(index, Purpose::Family));
            let answers = answers::all(
                workshop.definition,
                &family,
                &mut workshop.random(index, Purpose::Answers),
            );
            assert_eq!(family.children.len(), plan.family.children);
            for child in &family.children {
                assert!(
                    family
                        .signed
                        .years_since(child.born)
                        .is_some_and(|years| years < 5),
                    "{}",
                    plan.name
                );
            }
            for field in workshop
                .definition
                .fields
                .iter()
                .filter(|f| f.rules.required)
            {
                let absent =
                    field.name.starts_with("child_") || field.name.starts_with("secondary");
                assert!(
                    absent || !answers[&field.name].value.is_null(),
                    "{} {}",
                    plan.name,
                    field.name
                );
            }
            for field in workshop
                .definition
                .fields
                .iter()
                .filter(|f| f.kind == FieldKind::NhsNumber)
            {
                assert!(
                    answers[&field.name]
                        .value
                        .as_str()
                        .is_none_or(|n| n.starts_with("999"))
                );
            }
        }
    });
}

#[test]
fn set_numbers_are_six_digits_and_differ() {
    with_workshop(|workshop| {
        let numbers: std::collections::BTreeSet<String> =
            (0..5_000).map(|i| workshop.set_number(i)).collect();
        assert_eq!(numbers.len(), 5_000);
        assert!(numbers.iter().all(|n| n.len() == 6));
    });
}
