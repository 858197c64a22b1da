//! A form filled in on a screen is read from its form fields, and not believed where the page shows something else.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use enrol::domain::field::{FieldKind, FieldState, FieldValue};
use enrol::domain::reading::{DocumentReading, FieldReading};
use enrol::forms;
use enrol::forms::definition::FormDefinition;
use enrol::forms::print::{Fonts, print_fillable};
use enrol_reader::{Reader, ReaderOptions, read_document};
use enrol_sample::digital::{self, Entries};
use lopdf::{Document, LoadOptions, Object, ObjectId, dictionary, text_string};
use serde_json::{Value, json};

static READER: LazyLock<Reader> =
    LazyLock::new(|| Reader::new(ReaderOptions::default()).expect("a reader"));
static FORM: LazyLock<FormDefinition> =
    LazyLock::new(|| forms::load("registration").expect("built in"));
static BLANK: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let fonts = Fonts::find().unwrap_or_else(|error| panic!("{error}"));
    print_fillable(&FORM, Some("483920"), &fonts).expect("printed")
});

fn read(pdf: &[u8]) -> DocumentReading {
    read_document(&READER, pdf).expect("read")
}

/// The one form of a file.
fn fields(pdf: &[u8]) -> BTreeMap<String, FieldReading> {
    let document = read(pdf);
    assert_eq!(document.forms.len(), 1);
    assert!(document.unplaced.is_empty(), "{:?}", document.unplaced);
    let fields = document.forms.into_iter().flat_map(|form| form.fields);
    fields.map(|f| (f.name.clone(), f)).collect()
}

fn fill(values: &[(&str, Value)]) -> Vec<u8> {
    let values = values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let entries = digital::entries(&FORM, &values, "Jo Lee");
    digital::fill(&BLANK, &entries).expect("filled in")
}

fn open(pdf: &[u8]) -> Document {
    Document::load_mem_with_options(pdf, LoadOptions::default()).expect("a PDF")
}

fn saved(mut document: Document) -> Vec<u8> {
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).expect("memory");
    bytes
}

fn widgets(document: &Document, name: &str) -> Vec<ObjectId> {
    let all = digital::widgets(document).expect("widgets");
    all.into_iter()
        .filter(|id| digital::name_of(document, *id).expect("a name") == name)
        .collect()
}

/// Changes entries of the widgets of one name.
fn change(pdf: &[u8], name: &str, change: impl Fn(&mut lopdf::Dictionary)) -> Vec<u8> {
    let mut document = open(pdf);
    let widgets = widgets(&document, name);
    assert!(!widgets.is_empty());
    for id in widgets {
        change(document.get_dictionary_mut(id).expect("a widget"));
    }
    saved(document)
}

/// In review, with a reason that says this.
fn doubted(field: &FieldReading, why: &str) {
    assert_eq!(
        field.state,
        FieldState::Review,
        "{}: {:?}",
        field.name,
        field.reasons
    );
    assert!(
        field.reasons.iter().any(|r| r.contains(why)),
        "{}: {:?}",
        field.name,
        field.reasons
    );
    assert!(field.confidence <= 0.5, "{}", field.name);
}

fn text(field: &FieldReading) -> Option<&str> {
    match &field.value {
        Some(FieldValue::Text(text)) => Some(text),
        _ => None,
    }
}

#[test]
fn the_sample_reads_as_its_truth() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../sample-forms/scans/21-filled-on-a-computer");
    let truth: Value =
        serde_json::from_slice(&std::fs::read(folder.join("truth.json")).expect("a truth"))
            .expect("JSON");
    let fields = fields(&std::fs::read(folder.join("form.pdf")).expect("a form"));
    let wanted = truth["fields"].as_object().expect("fields");
    assert_eq!(fields.len(), wanted.len());
    let mut typed = 0;
    let mut accepted = 0;
    for (name, field) in &fields {
        let value = serde_json::to_value(&field.value).expect("JSON");
        assert_eq!(value, wanted[name], "{name}: {:?}", field.reasons);
        let definition = FORM.field(name).expect("known");
        let confirmed = definition.rules.consent.is_some() || field.kind == FieldKind::Signature;
        match (value.is_null(), confirmed) {
            (_, true) => assert_eq!(field.state, FieldState::Review, "{name}"),
            (true, _) => assert_eq!(field.state, FieldState::Blank, "{name}"),
            // Numbers that begin with 9 are for tests only: the rules say so of each.
            (false, _) if field.kind != FieldKind::NhsNumber => {
                typed += 1;
                if field.state == FieldState::Accepted {
                    assert!(
                        field.reasons.is_empty() && field.confidence > 0.99,
                        "{name}"
                    );
                    accepted += 1;
                }
            }
            _ => {}
        }
    }
    println!("{accepted} of {typed} accepted");
    for field in fields.values().filter(|f| f.state == FieldState::Review) {
        println!("{}: {:?}", field.name, field.reasons);
    }
    assert!(
        accepted * 100 >= typed * 95,
        "{accepted} of {typed} accepted"
    );
}

#[test]
fn a_blank_nobody_filled_in_is_blank() {
    for field in fields(&BLANK).values() {
        let definition = FORM.field(&field.name).expect("known");
        if definition.rules.consent.is_none() && field.kind != FieldKind::Signature {
            assert_eq!(
                field.state,
                FieldState::Blank,
                "{}: {:?}",
                field.name,
                field.reasons
            );
        }
        assert!(!matches!(
            field.value,
            Some(FieldValue::Text(_) | FieldValue::Choices(_))
        ));
    }
}

#[test]
fn every_kind_of_field_can_be_filled_in() {
    let fields = fields(&fill(&[
        ("primary_carer.surname", json!("O'NEILL-WARD")),
        ("primary_carer.date_of_birth", json!("1990-12-31")),
        ("primary_carer.nhs_number", json!("9990000018")),
        ("primary_carer.mobile", json!("07700900123")),
        ("primary_carer.email", json!("jo.lee@example.org")),
        ("primary_carer.postcode", json!("MK42 9AP")),
        ("primary_carer.address_line_1", json!("12 Mill Lane")),
        ("primary_carer.gender", json!("female")),
        (
            "household.home_circumstances",
            json!(["with_partner", "social_rent"]),
        ),
        ("consent.email", json!("yes")),
        ("declaration.signature", json!(true)),
    ]));
    let accepted = |name: &str| {
        let field = &fields[name];
        assert_eq!(
            field.state,
            FieldState::Accepted,
            "{name}: {:?}",
            field.reasons
        );
        serde_json::to_value(&field.value).expect("JSON")
    };
    assert_eq!(accepted("primary_carer.date_of_birth"), json!("1990-12-31"));
    assert_eq!(accepted("primary_carer.mobile"), json!("07700900123"));
    assert_eq!(accepted("primary_carer.email"), json!("jo.lee@example.org"));
    assert_eq!(accepted("primary_carer.postcode"), json!("MK42 9AP"));
    assert_eq!(
        accepted("primary_carer.address_line_1"),
        json!("12 Mill Lane")
    );
    assert_eq!(accepted("primary_carer.surname"), json!("O'NEILL-WARD"));
    assert_eq!(accepted("primary_carer.gender"), json!("female"));
    let home = accepted("household.home_circumstances");
    assert_eq!(home, json!(["with_partner", "social_rent"]));

    let consent = &fields["consent.email"];
    assert_eq!(
        (text(consent), consent.state),
        (Some("yes"), FieldState::Review)
    );
    let nhs = &fields["primary_carer.nhs_number"];
    assert_eq!(
        nhs.state,
        FieldState::Review,
        "the rules have the last word"
    );
    let signature = &fields["declaration.signature"];
    assert_eq!(signature.value, Some(FieldValue::Signed(true)));
    doubted(signature, "typed");
    assert!(signature.raw.is_none());
}

#[test]
fn a_value_changed_behind_the_page_goes_to_review() {
    let pdf = fill(&[
        ("primary_carer.mobile", json!("07700900123")),
        ("primary_carer.gender", json!("female")),
        ("household.home_circumstances", json!(["with_partner"])),
    ]);
    let changed = change(&pdf, "primary_carer.mobile", |w| {
        w.set("V", text_string("07700900128"));
    });
    doubted(
        &fields(&changed)["primary_carer.mobile"],
        "not what the file says",
    );

    // Another button is on than the one that is drawn.
    let mut document = open(&pdf);
    let button = widgets(&document, "primary_carer.gender")[0];
    let group = document
        .get_dictionary(button)
        .and_then(|b| b.get(b"Parent"));
    let group = group.and_then(Object::as_reference).expect("a group");
    let group = document.get_dictionary_mut(group).expect("a group");
    group.set("V", "male");
    doubted(
        &fields(&saved(document))["primary_carer.gender"],
        "boxes marked",
    );

    let off = change(&pdf, "household.home_circumstances.with_partner", |w| {
        w.set("V", "Off")
    });
    doubted(
        &fields(&off)["household.home_circumstances"],
        "boxes marked",
    );
    let odd = change(&pdf, "household.home_circumstances.with_partner", |w| {
        w.set("V", "Yes")
    });
    doubted(
        &fields(&odd)["household.home_circumstances"],
        "boxes marked",
    );
}

#[test]
fn what_is_typed_but_not_drawn_goes_to_review() {
    let pdf = fill(&[
        ("primary_carer.surname", json!("LEE")),
        ("primary_carer.gender", json!("male")),
    ]);
    let bare = change(&pdf, "primary_carer.surname", |w| {
        w.remove(b"AP");
    });
    let bare = change(&bare, "primary_carer.gender", |w| {
        w.remove(b"AP");
    });
    let bare = fields(&bare);
    doubted(&bare["primary_carer.surname"], "did not draw");
    assert_eq!(text(&bare["primary_carer.surname"]), Some("LEE"));
    doubted(&bare["primary_carer.gender"], "did not draw");
    let hidden = change(&pdf, "primary_carer.surname", |w| w.set("F", 2));
    doubted(&fields(&hidden)["primary_carer.surname"], "shows nothing");
}

#[test]
fn what_is_drawn_but_not_typed_goes_to_review() {
    let pdf = fill(&[("primary_carer.surname", json!("LEE"))]);
    let emptied = change(&pdf, "primary_carer.surname", |w| {
        w.set("V", text_string(""))
    });
    let fields = fields(&emptied);
    doubted(&fields["primary_carer.surname"], "Nothing was typed here");
    assert_eq!(fields["primary_carer.first_name"].state, FieldState::Blank);
}

#[test]
fn what_breaks_the_rules_goes_to_review() {
    let mut entries = Entries::new();
    for (name, value) in [
        ("primary_carer.date_of_birth.1", "31"),
        ("primary_carer.date_of_birth.2", "02"),
        ("primary_carer.date_of_birth.3", "1990"),
        ("primary_carer.nhs_number.1", "943"),
        ("primary_carer.nhs_number.2", "476"),
        ("primary_carer.nhs_number.3", "5910"),
    ] {
        entries.insert(name.to_owned(), value.to_owned());
    }
    let fields = fields(&digital::fill(&BLANK, &entries).expect("filled in"));
    for name in ["primary_carer.date_of_birth", "primary_carer.nhs_number"] {
        let field = &fields[name];
        assert_eq!(
            (field.state, &field.value),
            (FieldState::Review, &None),
            "{name}"
        );
        assert!(field.raw.is_some() && !field.reasons.is_empty(), "{name}");
    }
}

#[test]
fn fields_of_other_names_are_left_out() {
    let pdf = fill(&[("primary_carer.surname", json!("LEE"))]);
    let mut document = open(&pdf);
    let own = document.add_object(dictionary! {
        "Type" => "Annot", "Subtype" => "Widget", "FT" => "Tx", "T" => text_string("Signature1"),
        "V" => text_string("something"), "Rect" => vec![0.into(), 0.into(), 1.into(), 1.into()],
    });
    let page = document.get_pages()[&1];
    let page = document.get_dictionary_mut(page).expect("a page");
    page.get_mut(b"Annots")
        .and_then(Object::as_array_mut)
        .expect("widgets")
        .push(own.into());
    let fields = fields(&saved(document));
    assert!(!fields.contains_key("Signature1"));
    assert_eq!(fields["primary_carer.surname"].state, FieldState::Accepted);
}

#[test]
fn without_its_fields_or_its_code_a_page_is_read_as_a_picture() {
    let pdf = fill(&[
        ("primary_carer.surname", json!("LEE")),
        ("child_1.surname", json!("LEE")),
    ]);
    let mut document = open(&pdf);
    let code = widgets(&document, "enrol_form")[0];
    let code = document.get_dictionary_mut(code).expect("there");
    code.set("V", text_string("ENROL:registration:1:1:111111"));
    let other_set = fields(&saved(document));
    let mut document = open(&pdf);
    let first = widgets(&document, "primary_carer.known_as")[0];
    document
        .get_dictionary_mut(first)
        .expect("there")
        .set("T", text_string("renamed"));
    let renamed = fields(&saved(document));
    let mut document = open(&pdf);
    document
        .catalog_mut()
        .expect("a catalogue")
        .remove(b"AcroForm");
    let flattened = fields(&saved(document));
    // A value from a form field that the page shows is certain; no picture is.
    let from_a_field = |field: &FieldReading| field.confidence == 1.0;
    for fields in [&other_set, &renamed, &flattened] {
        assert!(!from_a_field(&fields["primary_carer.surname"]));
    }
    // The other pages still have all their fields.
    assert!(from_a_field(&renamed["child_1.surname"]));
    assert_eq!(renamed["child_1.surname"].state, FieldState::Accepted);
    assert!(!from_a_field(&other_set["child_1.surname"]));
}

#[test]
fn a_form_that_is_not_ours_is_a_scan_like_any_other() {
    let mut document = Document::with_version("1.7");
    let tree = document.new_object_id();
    let content = document.add_object(lopdf::Stream::new(
        dictionary! {},
        b"0 g 60 60 480 2 re f 60 700 480 2 re f 60 400 200 30 re f".to_vec(),
    ));
    let field = document.add_object(dictionary! {
        "Type" => "Annot", "Subtype" => "Widget", "FT" => "Tx", "T" => text_string("primary_carer.surname"),
        "V" => text_string("LEE"), "Rect" => vec![100.into(), 500.into(), 200.into(), 520.into()],
    });
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => tree, "Contents" => content, "Annots" => vec![field.into()],
        "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
    });
    document.set_object(
        tree,
        dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 },
    );
    let catalog = document.add_object(dictionary! {
        "Type" => "Catalog", "Pages" => tree, "AcroForm" => dictionary! { "Fields" => vec![field.into()] },
    });
    document.trailer.set("Root", catalog);
    let plain = read(&saved(document.clone()));
    assert!(plain.forms.is_empty());
    assert_eq!(plain.unplaced.len(), 1);
    assert!(!plain.unplaced[0].reason.contains("form fields"));

    let catalog = document.catalog_mut().expect("there");
    catalog.set(
        "AcroForm",
        dictionary! { "Fields" => vec![field.into()], "XFA" => text_string("") },
    );
    let xfa = read(&saved(document));
    assert!(
        xfa.unplaced[0].reason.contains("XFA"),
        "{}",
        xfa.unplaced[0].reason
    );
}
