//! What was typed into a PDF comes out beside its pages, and form fields made to break things do not.

mod common;

use common::{decoder, pdf};
use enrol::decoding::{DecodeError, DecodeLimits, Decoded, DecodedPage, FilledForm, FilledKind};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary, text_string};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A page of this many points with one black bar, so that it is not a scan.
fn blank() -> Document {
    pdf::document(vec![pdf::drawing("0 g 100 100 200 20 re f")])
}

/// An appearance that fills its whole box with black.
fn black(document: &mut Document) -> ObjectId {
    document.add_object(Stream::new(
        dictionary! {
            "Type" => "XObject", "Subtype" => "Form",
            "BBox" => vec![0.into(), 0.into(), 100.into(), 20.into()],
        },
        b"0 g 0 0 100 20 re f".to_vec(),
    ))
}

fn widget(entries: Dictionary) -> Dictionary {
    let mut widget = dictionary! {
        "Type" => "Annot", "Subtype" => "Widget",
        "Rect" => vec![100.into(), 500.into(), 200.into(), 520.into()],
    };
    widget.extend(&entries);
    widget
}

fn text(name: &str, value: Object) -> Dictionary {
    widget(dictionary! { "FT" => "Tx", "T" => text_string(name), "V" => value })
}

/// Puts widgets on the first page and a form into the catalogue.
fn with_form(mut document: Document, widgets: Vec<Object>, form: Dictionary) -> Vec<u8> {
    let page = document.get_pages()[&1];
    let page = document.get_dictionary_mut(page).expect("a page");
    page.set("Annots", widgets);
    document
        .catalog_mut()
        .expect("a catalogue")
        .set("AcroForm", form);
    pdf::saved(document)
}

fn fields(widgets: Vec<Dictionary>) -> Vec<u8> {
    let mut document = blank();
    let ids: Vec<Object> = widgets
        .into_iter()
        .map(|w| document.add_object(w).into())
        .collect();
    let form = dictionary! { "Fields" => ids.clone() };
    with_form(document, ids, form)
}

fn read(bytes: &[u8]) -> Result<(Option<FilledForm>, Vec<DecodedPage>), DecodeError> {
    let (mut form, mut pages) = (None, Vec::new());
    decoder().decode_all(bytes, &DecodeLimits::default(), |decoded| {
        match decoded {
            Decoded::Form(found) => form = Some(found),
            Decoded::Page(page) => pages.push(page),
        }
        Ok::<_, DecodeError>(())
    })?;
    Ok((form, pages))
}

/// The form of a file whose page must be drawn whatever the form is.
fn form(bytes: &[u8]) -> Option<FilledForm> {
    let (form, pages) = read(bytes).expect("a readable file");
    assert_eq!(pages.len(), 1);
    form
}

fn unread(bytes: &[u8]) -> String {
    let form = form(bytes).expect("a form");
    assert!(form.fields.is_empty());
    form.unread.expect("a reason")
}

#[test]
fn values_come_with_name_kind_page_and_place() {
    let mut document = blank();
    let above = document.add_object(dictionary! { "T" => text_string("child_1"), "FT" => "Tx" });
    let black = black(&mut document);
    let surname = widget(dictionary! {
        "Parent" => above, "T" => text_string("surname"), "V" => text_string("KŁOS"),
        "AP" => dictionary! { "N" => black },
    });
    let group = document.add_object(dictionary! {
        "T" => text_string("consent"), "FT" => "Btn", "Ff" => 1 << 15, "V" => "yes",
    });
    let button = |on: &str| {
        widget(dictionary! {
            "Parent" => group, "AS" => "Off", "V" => "Off", "AP" => dictionary! { "N" => dictionary! { on => black } },
        })
    };
    let widgets: Vec<Object> = [surname, button("yes"), button("no")]
        .into_iter()
        .map(|w| document.add_object(w).into())
        .collect();
    let bytes = with_form(
        document,
        widgets,
        dictionary! { "Fields" => vec![above.into(), group.into()] },
    );
    let (form, pages) = read(&bytes).expect("readable");
    let form = form.expect("a form");
    let short: Vec<_> = form
        .fields
        .iter()
        .map(|f| (f.name.as_str(), f.kind, f.value.as_str(), f.page, f.drawn))
        .collect();
    assert_eq!(
        short,
        [
            ("child_1.surname", FilledKind::Text, "KŁOS", 1, true),
            ("consent", FilledKind::Button, "yes", 1, true),
            ("consent", FilledKind::Button, "yes", 1, true),
        ]
    );
    assert_eq!(form.fields[0].rect, [100.0, 500.0, 200.0, 520.0]);
    // What was typed is on the picture, too: the middle of the box, 510 points above the foot.
    let page = &pages[0];
    let (x, y) = (
        page.width as usize * 150 / 595,
        page.height as usize * (842 - 510) / 842,
    );
    assert_eq!(page.grey[y * page.width as usize + x], 0);
}

#[test]
fn without_appearance_the_page_shows_nothing_and_the_field_says_so() {
    let bytes = fields(vec![text("a", text_string("typed"))]);
    let (form, pages) = read(&bytes).expect("readable");
    let form = form.expect("a form");
    assert_eq!(
        (form.fields[0].value.as_str(), form.fields[0].drawn),
        ("typed", false)
    );
    let page = &pages[0];
    let y = page.height as usize * (842 - 510) / 842;
    let row = &page.grey[y * page.width as usize..][..page.width as usize];
    assert!(row.iter().all(|p| *p == 255));
}

#[test]
fn files_without_form_fields_have_no_form() {
    assert_eq!(form(&pdf::saved(blank())), None);
    assert_eq!(form(&with_form(blank(), vec![], dictionary! {})), None);
    // Form fields that no form in the catalogue owns are drawings.
    let mut document = blank();
    let id = document.add_object(text("a", text_string("b")));
    let page = document.get_pages()[&1];
    document
        .get_dictionary_mut(page)
        .expect("a page")
        .set("Annots", vec![id.into()]);
    assert_eq!(form(&pdf::saved(document)), None);
}

#[test]
fn xfa_is_named_and_not_read() {
    let mut document = blank();
    let id = document.add_object(text("a", text_string("b")));
    let packets = document.add_object(Stream::new(dictionary! {}, b"<xdp/>".to_vec()));
    let bytes = with_form(document, vec![id.into()], dictionary! { "XFA" => packets });
    assert!(unread(&bytes).contains("XFA"));
}

#[test]
fn circles_of_kids_and_parents_end() {
    let mut document = blank();
    let (one, two) = (document.new_object_id(), document.new_object_id());
    document.set_object(one, text("a", text_string("x")));
    for (id, other) in [(one, two), (two, one)] {
        let mut field = text("a", text_string("x"));
        field.set("Kids", vec![other.into(), id.into()]);
        document.set_object(id, field);
    }
    let kids = with_form(
        document.clone(),
        vec![one.into(), two.into()],
        dictionary! { "Fields" => vec![one.into()] },
    );
    assert_eq!(form(&kids).expect("a form").fields.len(), 2);
    for (id, other) in [(one, two), (two, one)] {
        document
            .get_dictionary_mut(id)
            .expect("there")
            .set("Parent", other);
    }
    let parents = with_form(
        document,
        vec![one.into()],
        dictionary! { "Fields" => vec![one.into()] },
    );
    // The parser itself does not follow a reference back to where it is.
    let form = form(&parents).expect("a form");
    assert!(form.fields.len() <= 1, "{form:?}");
}

#[test]
fn fields_below_fields_without_end_are_not_followed() {
    let nested = |depth: usize| {
        let mut document = blank();
        let mut above = document.add_object(dictionary! { "T" => text_string("a") });
        for _ in 0..depth {
            above = document.add_object(dictionary! { "T" => text_string("a"), "Parent" => above });
        }
        let mut last = text("b", text_string("x"));
        last.set("Parent", above);
        let last = document.add_object(last);
        with_form(
            document,
            vec![last.into()],
            dictionary! { "Fields" => vec![last.into()] },
        )
    };
    let found = form(&nested(2)).expect("a form");
    assert_eq!(found.fields[0].name, "a.a.a.b");
    assert!(unread(&nested(40)).contains("nested"));
}

#[test]
fn too_many_too_long_and_too_much() {
    let many = (0..2001)
        .map(|i| text(&format!("f{i}"), text_string("x")))
        .collect();
    assert!(unread(&fields(many)).contains("2000"));
    let enough = (0..2000)
        .map(|i| text(&format!("f{i}"), text_string("x")))
        .collect();
    assert_eq!(form(&fields(enough)).expect("a form").fields.len(), 2000);
    let long = "x".repeat(2001);
    assert!(unread(&fields(vec![text("a", text_string(&long))])).contains("too much text"));
    assert!(unread(&fields(vec![text(&long, text_string("x"))])).contains("too long"));
    let full = "x".repeat(2000);
    let much = (0..300)
        .map(|i| text(&format!("f{i}"), text_string(&full)))
        .collect();
    assert!(unread(&fields(much)).contains("too much text"));
    // One widget listed on the page again and again is many, too.
    let mut document = blank();
    let id = document.add_object(text("a", text_string("x")));
    let bytes = with_form(
        document,
        vec![id.into(); 2500],
        dictionary! { "Fields" => vec![id.into()] },
    );
    assert!(unread(&bytes).contains("2000"));
}

#[test]
fn odd_types_are_odd_and_not_believed() {
    let of = |value: Object| form(&fields(vec![text("a", value)])).expect("a form");
    assert_eq!(of(Object::Null).fields[0].value, "");
    assert_eq!(of("Off".into()).fields[0].value, "Off");
    for odd in [
        7.into(),
        Object::Boolean(true),
        vec![text_string("x")].into(),
    ] {
        assert!(
            of(odd)
                .unread
                .expect("a reason")
                .contains("other than text")
        );
    }
    let list = widget(
        dictionary! { "FT" => "Ch", "T" => text_string("a"), "V" => vec![text_string("x")] },
    );
    let listed = form(&fields(vec![list])).expect("a form");
    assert_eq!(
        (listed.fields[0].kind, listed.fields[0].value.as_str()),
        (FilledKind::Other, "")
    );
    let nameless = widget(dictionary! { "FT" => "Tx", "V" => text_string("x") });
    assert_eq!(form(&fields(vec![nameless])), None);
    let placeless =
        dictionary! { "Subtype" => "Widget", "FT" => "Tx", "T" => text_string("a"), "Rect" => 3 };
    assert_eq!(
        form(&fields(vec![placeless])).expect("a form").fields[0].rect,
        [0.0; 4]
    );
    // Neither the form nor the list of annotations is what it should be.
    let mut document = blank();
    document
        .catalog_mut()
        .expect("a catalogue")
        .set("AcroForm", 5);
    assert_eq!(form(&pdf::saved(document)), None);
    let mut document = blank();
    let page = document.get_pages()[&1];
    document
        .get_dictionary_mut(page)
        .expect("a page")
        .set("Annots", "Off");
    document
        .catalog_mut()
        .expect("a catalogue")
        .set("AcroForm", dictionary! {});
    assert_eq!(form(&pdf::saved(document)), None);
}

#[test]
fn one_page_for_a_picture_brings_no_form() {
    let limits = DecodeLimits {
        only_page: Some(1),
        ..DecodeLimits::default()
    };
    let bytes = fields(vec![text("a", text_string("x"))]);
    let mut forms = 0;
    decoder()
        .decode_all(&bytes, &limits, |decoded| {
            forms += usize::from(matches!(decoded, Decoded::Form(_)));
            Ok::<_, DecodeError>(())
        })
        .expect("readable");
    assert_eq!(forms, 0);
}

#[test]
fn changed_bytes_in_a_form_end_in_an_outcome() {
    let original = fields(
        (0..5)
            .map(|i| text(&format!("child_{i}"), text_string("Łódź")))
            .collect(),
    );
    let limits = DecodeLimits {
        max_cpu_seconds: 10,
        ..DecodeLimits::default()
    };
    let mut readable = 0;
    for seed in 0..40 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut bytes = original.clone();
        for _ in 0..random.random_range(1..8) {
            let at = random.random_range(0..bytes.len());
            bytes[at] = random.random();
        }
        match decoder().decode_all(&bytes, &limits, |_| Ok(())) {
            Ok(_) => readable += 1,
            Err(DecodeError::Damaged(text)) => {
                assert!(!text.contains("signal"), "seed {seed}: {text}")
            }
            Err(error) => assert!(
                matches!(
                    error,
                    DecodeError::UnknownType { .. }
                        | DecodeError::TooLarge(_)
                        | DecodeError::Empty(_)
                        | DecodeError::PasswordProtected
                        | DecodeError::TooManyPages { .. }
                ),
                "seed {seed}: {error:?}"
            ),
        }
    }
    assert!(readable > 0, "some changes do no harm");
}
