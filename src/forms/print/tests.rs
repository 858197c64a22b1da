//! A printed blank, turned into a picture, has its marks and boxes where the definition says.

use std::sync::Arc;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};

use super::*;
use crate::forms;
use crate::forms::definition::Zone;

/// Pixels per millimetre: 10 make a pixel a tenth of a millimetre.
const SCALE: f64 = 10.0;
/// How far a printed edge may lie from where the definition has it, millimetres.
const TOLERANCE: f64 = 0.3;

/// A page as grey values.
struct Picture {
    width: usize,
    grey: Vec<u8>,
}

impl Picture {
    fn at(&self, x: f64, y: f64) -> u8 {
        self.grey[(y * SCALE) as usize * self.width + (x * SCALE) as usize]
    }

    /// The first place from `from` to `to` on the line `x, y(t)` that is darker than `limit`.
    fn first_dark(
        &self,
        from: f64,
        to: f64,
        limit: u8,
        place: impl Fn(f64) -> (f64, f64),
    ) -> Option<f64> {
        let steps = ((to - from) * SCALE) as usize;
        (0..steps)
            .map(|step| from + (step as f64 + 0.5) / SCALE)
            .find(|t| {
                let (x, y) = place(*t);
                self.at(x, y) < limit
            })
    }
}

fn pictures(sets: &[Option<String>]) -> (FormDefinition, Vec<Picture>) {
    let definition = forms::load("registration").expect("built in");
    let pdf = print(&definition, sets).unwrap_or_else(|error| panic!("{error}"));
    (definition, drawn(pdf))
}

fn drawn(pdf: Vec<u8>) -> Vec<Picture> {
    let pdf = Pdf::new(Arc::new(pdf)).expect("a PDF");
    let cache = RenderCache::new();
    let scale = (SCALE * super::super::metrics::MM_PER_POINT) as f32;
    let settings = PixmapSettings {
        x_scale: scale,
        y_scale: scale,
        bg_color: WHITE,
    };
    let interpreter = InterpreterSettings::default();
    let draw = |page| {
        let pixmap = render(
            page,
            &cache,
            &interpreter,
            &RenderSettings::default(),
            &settings,
        );
        let grey = pixmap
            .data()
            .iter()
            .map(|p| ((u16::from(p.r) + u16::from(p.g) + u16::from(p.b)) / 3) as u8);
        Picture {
            width: usize::from(pixmap.width()),
            grey: grey.collect(),
        }
    };
    pdf.pages().iter().map(draw).collect()
}

fn close(found: Option<f64>, wanted: f64, what: &str) {
    let found = found.unwrap_or_else(|| panic!("{what}: nothing printed near {wanted:.1}"));
    assert!(
        (found - wanted).abs() <= TOLERANCE,
        "{what}: printed at {found:.2}, defined at {wanted:.2}"
    );
}

/// Left and upper edge of a zone, looked for from 1.5 mm outside it.
fn edges(picture: &Picture, zone: &Zone, limit: u8, what: &str) {
    let (middle_x, middle_y) = (zone.x + zone.width / 2.0, zone.y + zone.height / 2.0);
    let left = picture.first_dark(zone.x - 1.0, zone.x + 1.0, limit, |x| (x, middle_y));
    close(left, zone.x, &format!("{what}, left edge"));
    let top = picture.first_dark(zone.y - 1.0, zone.y + 1.0, limit, |y| (middle_x, y));
    close(top, zone.y, &format!("{what}, upper edge"));
}

#[test]
fn marks_cells_boxes_and_lines_are_where_the_definition_says() {
    let (definition, pages) = pictures(&[Some("483920".to_owned())]);
    assert_eq!(pages.len(), definition.pages as usize);
    for (picture, number) in pages.iter().zip(1..) {
        for mark in &definition.corner_marks {
            edges(
                picture,
                &mark.zone,
                100,
                &format!("corner mark on page {number}"),
            );
            assert!(
                picture.at(mark.zone.right() - 0.3, mark.zone.bottom() - 0.3) < 30,
                "corner marks are filled"
            );
        }
        for field in definition.fields.iter().filter(|f| f.page == number) {
            for zone in field
                .cells
                .iter()
                .take(1)
                .chain(field.options.iter().map(|o| &o.zone))
            {
                edges(picture, zone, 215, &field.name);
                assert!(
                    picture.at(zone.x + zone.width / 2.0, zone.y + zone.height / 2.0) > 250,
                    "{} is empty",
                    field.name
                );
            }
            for line in &field.lines {
                let middle = line.x + line.width / 2.0;
                let found =
                    picture.first_dark(line.bottom() - 1.0, line.bottom() + 1.0, 215, |y| {
                        (middle, y)
                    });
                close(found, line.bottom(), &field.name);
            }
        }
    }
}

#[test]
fn the_printed_code_is_the_one_of_the_page() {
    let (definition, pages) = pictures(&[Some("483920".to_owned())]);
    for (picture, page) in pages.iter().zip(1..) {
        let code = PageCode {
            form: "registration".into(),
            version: definition.version,
            page,
            set_number: Some("483920".into()),
        };
        let qr = qr_modules(&code).expect("fits");
        let side = definition.qr_zone.width / f64::from(qr.size());
        for y in 0..qr.size() {
            for x in 0..qr.size() {
                let (left, top) = (f64::from(x) + 0.5, f64::from(y) + 0.5);
                let dark = picture.at(
                    definition.qr_zone.x + left * side,
                    definition.qr_zone.y + top * side,
                ) < 128;
                assert_eq!(dark, qr.get_module(x, y), "module {x}, {y} of page {page}");
            }
        }
    }
}

#[test]
fn copies_follow_each_other_and_embed_their_fonts() {
    let definition = forms::load("registration").expect("built in");
    let one = print(&definition, &[None]).expect("printed");
    let three = print(
        &definition,
        &[Some("100001".into()), Some("100002".into()), None],
    )
    .expect("printed");
    assert_eq!(
        Pdf::new(Arc::new(three)).expect("a PDF").pages().len(),
        3 * definition.pages as usize
    );
    let holds = |needle: &[u8]| one.windows(needle.len()).any(|w| w == needle);
    assert!(
        holds(b"/FontFile2") || holds(b"/FontFile3"),
        "fonts are embedded"
    );
    assert!(
        !holds(b"/Subtype /Image") && !holds(b"/Subtype/Image"),
        "everything is drawn, nothing is a picture"
    );
}

#[test]
fn refuses_a_set_number_that_is_none() {
    let definition = forms::load("registration").expect("built in");
    assert!(matches!(
        print(&definition, &[Some("12 34".into())]),
        Err(PrintError::SetNumber)
    ));
}

#[test]
fn missing_fonts_name_the_package() {
    let error = Fonts::from_folder(std::path::Path::new("/no/such/folder"))
        .err()
        .expect("no fonts there");
    assert!(error.to_string().contains("fonts-liberation"), "{error}");
}

fn fillable(set: Option<&str>) -> (FormDefinition, lopdf::Document) {
    let definition = forms::load("registration").expect("built in");
    let fonts = Fonts::find().unwrap_or_else(|error| panic!("{error}"));
    let pdf = print_fillable(&definition, set, &fonts).expect("printed");
    let document = lopdf::Document::load_mem_with_options(&pdf, lopdf::LoadOptions::default());
    (definition, document.expect("a PDF"))
}

/// The names above a widget and its own, and a value that may stand in any of them.
fn name_of(document: &lopdf::Document, widget: &lopdf::Dictionary) -> String {
    let own = widget
        .get(b"T")
        .ok()
        .and_then(|t| lopdf::decode_text_string(t).ok());
    let above = widget
        .get(b"Parent")
        .and_then(lopdf::Object::as_reference)
        .and_then(|id| document.get_dictionary(id))
        .map(|parent| name_of(document, parent))
        .ok();
    [above, own]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(".")
}

#[test]
fn on_paper_nothing_of_the_form_fields_shows() {
    let definition = forms::load("registration").expect("built in");
    let fonts = Fonts::find().unwrap_or_else(|error| panic!("{error}"));
    let flat = print_with(&definition, &[Some("483920".into())], &fonts).expect("printed");
    let fillable = print_fillable(&definition, Some("483920"), &fonts).expect("printed");
    assert_ne!(flat, fillable);
    let (flat, fillable) = (drawn(flat), drawn(fillable));
    assert_eq!(flat.len(), fillable.len());
    for (number, (one, other)) in (1..).zip(flat.iter().zip(&fillable)) {
        assert!(one.grey == other.grey, "page {number} looks different");
    }
}

#[test]
fn every_part_is_a_form_field_of_its_name_in_its_place() {
    let (definition, document) = fillable(Some("483920"));
    let mut wanted: Vec<(u32, String, [i64; 4])> = vec![(1, "enrol_form".to_owned(), [0; 4])];
    let tenths = |mm: f64| (mm / super::super::metrics::MM_PER_POINT * 10.0).round() as i64;
    for field in &definition.fields {
        for part in forms::fillable::parts(field) {
            let top = definition.page.height_mm - part.zone.y;
            let low = definition.page.height_mm - part.zone.bottom();
            let top = if part.entry == forms::fillable::Entry::Line {
                low + 6.2
            } else {
                top
            };
            let rect = [part.zone.x, low, part.zone.right(), top].map(tenths);
            wanted.push((field.page, part.name, rect));
        }
    }
    let mut found = Vec::new();
    for (number, page) in document.get_pages() {
        assert_eq!(
            document
                .get_dictionary(page)
                .and_then(|p| p.get(b"Tabs"))
                .and_then(lopdf::Object::as_name)
                .ok(),
            Some(b"S".as_slice())
        );
        for widget in document.get_page_annotations(page).expect("annotations") {
            let rect: Vec<i64> = widget
                .get(b"Rect")
                .and_then(lopdf::Object::as_array)
                .expect("a place")
                .iter()
                .map(|v| (v.as_float().expect("a number") * 10.0).round() as i64)
                .collect();
            let rect = <[i64; 4]>::try_from(rect).expect("four edges");
            found.push((number, name_of(&document, widget), rect));
        }
    }
    wanted.sort();
    found.sort();
    assert_eq!(wanted.len(), found.len());
    for (wanted, found) in wanted.iter().zip(&found) {
        assert_eq!((wanted.0, &wanted.1), (found.0, &found.1));
        let near = wanted
            .2
            .iter()
            .zip(found.2)
            .all(|(w, f)| (w - f).abs() <= 1);
        assert!(near, "{}: {:?} and {:?}", wanted.1, wanted.2, found.2);
    }
}

#[test]
fn the_document_is_tagged_and_says_what_it_is() {
    let (definition, document) = fillable(None);
    let catalog = document.catalog().expect("a catalog");
    let language = catalog.get(b"Lang").and_then(lopdf::decode_text_string);
    assert_eq!(language.expect("a language"), "en-GB");
    let tree = catalog
        .get(b"StructTreeRoot")
        .and_then(lopdf::Object::as_reference);
    let tree = document
        .get_dictionary(tree.expect("a tree"))
        .expect("a tree");
    let parents = tree.get(b"ParentTree").expect("a parent tree");
    let (_, parents) = document.dereference(parents).expect("a parent tree");
    let parents = parents
        .as_dict()
        .and_then(|p| p.get(b"Nums"))
        .and_then(lopdf::Object::as_array)
        .expect("numbers");
    let element = |key: i64| {
        let at = parents
            .iter()
            .step_by(2)
            .position(|k| k.as_i64().ok() == Some(key))?;
        document
            .get_dictionary(parents[2 * at + 1].as_reference().ok()?)
            .ok()
    };
    let mut heard = 0;
    let mut code = None;
    for page in document.get_pages().into_values() {
        for widget in document.get_page_annotations(page).expect("annotations") {
            if name_of(&document, widget) == "enrol_form" {
                code = widget.get(b"V").and_then(lopdf::decode_text_string).ok();
                continue;
            }
            let key = widget
                .get(b"StructParent")
                .and_then(lopdf::Object::as_i64)
                .expect("a key");
            let element = element(key).expect("an element of the structure");
            assert_eq!(
                element.get(b"S").and_then(lopdf::Object::as_name).ok(),
                Some(b"Form".as_slice())
            );
            let spoken = widget
                .get(b"TU")
                .and_then(lopdf::decode_text_string)
                .expect("a label");
            assert!(!spoken.trim().is_empty());
            heard += 1;
        }
    }
    let parts: usize = definition
        .fields
        .iter()
        .map(|f| forms::fillable::parts(f).len())
        .sum();
    assert_eq!(heard, parts);
    let code = PageCode::parse(&code.expect("the form's code")).expect("ours");
    assert_eq!(
        (code.form.as_str(), code.version, code.set_number),
        ("registration", definition.version, None)
    );
}
