//! Households from small definitions made for the purpose.

use super::*;
use crate::forms::definition::{CornerMark, FieldRules, PageSize, Zone};

const NOWHERE: Zone = Zone {
    x: 0.0,
    y: 0.0,
    width: 1.0,
    height: 1.0,
};

fn field(name: &str, kind: FieldKind) -> Field {
    Field {
        name: name.into(),
        label: name.into(),
        group: String::new(),
        kind,
        page: 1,
        zone: NOWHERE,
        cells: vec![],
        lines: vec![],
        options: vec![],
        rules: FieldRules {
            required: false,
            alphabet: String::new(),
            category: DataCategory::Ordinary,
            consent: None,
            wording: None,
            date: None,
            target_error: 0.003,
        },
    }
}

fn required(mut field: Field) -> Field {
    field.rules.required = true;
    field
}

fn consent(purpose: &str) -> Field {
    let mut field = field(&format!("consent.{purpose}"), FieldKind::OneOf);
    field.rules.consent = Some(format!("contact.{purpose}"));
    field.rules.wording = Some(format!("You may use {purpose} to contact me."));
    field
}

fn definition() -> FormDefinition {
    let mut ethnic = field("child_1.ethnic_group", FieldKind::OneOf);
    ethnic.rules.category = DataCategory::Special;
    let mut signed = field("declaration.date_signed", FieldKind::Date);
    signed.rules.date = Some(DateRole::Signed);
    FormDefinition {
        id: "registration".into(),
        version: 1,
        title: "Register".into(),
        wording_version: "1".into(),
        page: PageSize {
            width_mm: 210.0,
            height_mm: 297.0,
        },
        pages: 1,
        optional_pages: vec![],
        corner_marks: [CornerMark { zone: NOWHERE }; 4],
        qr_zone: NOWHERE,
        artwork: vec![],
        fields: vec![
            field("office.centre", FieldKind::Text),
            required(field("primary_carer.first_name", FieldKind::Name)),
            required(field("primary_carer.surname", FieldKind::Name)),
            field("primary_carer.home_phone", FieldKind::Phone),
            field("primary_carer.mobile", FieldKind::Phone),
            field("address.postcode", FieldKind::Postcode),
            required(field("child_1.first_name", FieldKind::Name)),
            required(field("child_1.surname", FieldKind::Name)),
            field("child_1.date_of_birth", FieldKind::Date),
            ethnic,
            consent("email"),
            consent("post"),
            required(field("declaration.signature", FieldKind::Signature)),
            signed,
        ],
    }
}

fn text(value: &str) -> Settled {
    Settled::Value(FieldValue::Text(value.into()))
}

fn smallest() -> SettledFields {
    [
        ("primary_carer.first_name", text("ADA")),
        ("primary_carer.surname", text("SMITH")),
        (
            "declaration.signature",
            Settled::Value(FieldValue::Signed(true)),
        ),
    ]
    .map(|(name, settled)| (name.to_owned(), settled))
    .into()
}

#[test]
fn expectant_parents_make_a_household_without_children() {
    let household = from_fields(&definition(), &smallest()).unwrap();
    assert_eq!(household.members.len(), 1);
    assert_eq!(household.members[0].role, MemberRole::PrimaryCarer);
}

#[test]
fn a_child_that_is_begun_needs_its_required_fields() {
    let mut fields = smallest();
    fields.insert("child_1.first_name".into(), text("TOM"));
    let error = from_fields(&definition(), &fields).unwrap_err();
    assert_eq!(
        error,
        HouseholdError::Missing(vec!["child_1.surname".into()])
    );
}

#[test]
fn an_unreadable_mark_in_a_block_means_that_the_block_is_used() {
    let mut fields = smallest();
    fields.insert("child_1.date_of_birth".into(), Settled::Unreadable);
    let HouseholdError::Missing(names) = from_fields(&definition(), &fields).unwrap_err();
    assert_eq!(names, ["child_1.first_name", "child_1.surname"]);
}

#[test]
fn a_form_without_a_signature_makes_no_household() {
    let mut fields = smallest();
    fields.insert(
        "declaration.signature".into(),
        Settled::Value(FieldValue::Signed(false)),
    );
    assert!(from_fields(&definition(), &fields).is_err());
}

#[test]
fn answers_go_where_they_belong() {
    let mut fields = smallest();
    fields.insert("office.centre".into(), text("Goldington"));
    fields.insert("primary_carer.home_phone".into(), text("01234567890"));
    fields.insert("primary_carer.mobile".into(), text("07700900123"));
    fields.insert("address.postcode".into(), text("MK41 0AA"));
    fields.insert("child_1.first_name".into(), text("TOM"));
    fields.insert("child_1.surname".into(), text("SMITH"));
    fields.insert("child_1.ethnic_group".into(), text("white_irish"));
    let signed = NaiveDate::from_ymd_opt(2026, 3, 27).unwrap();
    fields.insert(
        "declaration.date_signed".into(),
        Settled::Value(FieldValue::Date(signed)),
    );

    let household = from_fields(&definition(), &fields).unwrap();
    assert_eq!(household.centre.as_deref(), Some("Goldington"));
    assert_eq!(household.signed_on, Some(signed));
    assert_eq!(household.details["address.postcode"], "MK41 0AA");
    assert_eq!(household.members[0].phone.as_deref(), Some("07700900123"));
    assert_eq!(household.members[1].role, MemberRole::Child);
    assert!(!household.members[1].details.contains_key("ethnic_group"));
    assert_eq!(household.special["child_1.ethnic_group"], "white_irish");
}

#[test]
fn only_a_plain_yes_is_consent() {
    let mut fields = smallest();
    fields.insert("consent.email".into(), text("yes"));
    let consents = from_fields(&definition(), &fields).unwrap().consents;
    let answers: Vec<_> = consents
        .iter()
        .map(|c| (c.purpose.as_str(), c.answer))
        .collect();
    assert_eq!(
        answers,
        [
            ("contact.email", ConsentAnswer::Yes),
            ("contact.post", ConsentAnswer::NotAnswered)
        ]
    );
    for (settled, answer) in [
        (text("no"), ConsentAnswer::No),
        (text("perhaps"), ConsentAnswer::No),
        (Settled::Unreadable, ConsentAnswer::Unreadable),
    ] {
        assert_eq!(ConsentAnswer::from_settled(Some(&settled)), answer);
    }
}

#[test]
fn debug_output_shows_no_personal_data() {
    let household = from_fields(&definition(), &smallest()).unwrap();
    let shown = format!("{household:?} {:?} {:?}", household.members, smallest());
    assert!(
        !shown.contains("SMITH") && !shown.contains("ADA"),
        "{shown}"
    );
}
