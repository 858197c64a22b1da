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
    (definition, pdf.pages().iter().map(draw).collect())
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
