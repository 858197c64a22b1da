//! Draws one page.

use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::TextDirection;

use super::tags::{self, Tags};
use super::{Fonts, PrintError, qr_modules};
use crate::domain::field::FieldKind;
use crate::forms::artwork::{Ink, Shape, TextLine};
use crate::forms::definition::{Field, FormDefinition, Zone};
use crate::forms::layout::GUIDE_WIDTH;
use crate::forms::metrics::{self, MM_PER_POINT, Weight};
use crate::forms::page_code::PageCode;

/// A surface that takes millimetres, and notes what is drawn on it.
struct Pen<'s, 'd> {
    surface: &'s mut Surface<'d>,
    tags: &'s mut Tags,
}

fn points(mm: f64) -> f32 {
    (mm / MM_PER_POINT) as f32
}

fn rect(zone: &Zone) -> Option<Rect> {
    Rect::from_xywh(
        points(zone.x),
        points(zone.y),
        points(zone.width),
        points(zone.height),
    )
}

fn colour(ink: Ink) -> rgb::Color {
    let [red, green, blue] = ink.0;
    rgb::Color::new(red, green, blue)
}

impl Pen<'_, '_> {
    fn fill_ink(&mut self, ink: Ink) {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill {
            paint: colour(ink).into(),
            ..Fill::default()
        }));
    }

    fn stroke_ink(&mut self, width: f64, ink: Ink) {
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke {
            paint: colour(ink).into(),
            width: points(width),
            ..Stroke::default()
        }));
    }

    fn path(&mut self, build: impl FnOnce(&mut PathBuilder)) {
        let mut builder = PathBuilder::new();
        build(&mut builder);
        if let Some(path) = builder.finish() {
            self.surface.start_tagged(tags::decoration());
            self.surface.draw_path(&path);
            self.surface.end_tagged();
        }
    }

    fn fill(&mut self, zones: &[Zone], ink: Ink) {
        self.fill_ink(ink);
        self.path(|path| {
            zones
                .iter()
                .filter_map(rect)
                .for_each(|r| path.push_rect(r))
        });
    }

    fn outline(&mut self, zone: &Zone, width: f64, ink: Ink) {
        self.stroke_ink(width, ink);
        self.path(|path| rect(zone).into_iter().for_each(|r| path.push_rect(r)));
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, ink: Ink) {
        self.stroke_ink(width, ink);
        self.path(|path| {
            path.move_to(points(from.0), points(from.1));
            path.line_to(points(to.0), points(to.1));
        });
    }

    fn text(&mut self, line: &TextLine, fonts: &Fonts) {
        self.fill_ink(line.ink);
        let start = Point::from_xy(points(line.x), points(line.baseline));
        let size = line.size_pt as f32;
        let drawn = self.surface.start_tagged(tags::words());
        self.surface.draw_text(
            start,
            fonts.of(line.weight),
            size,
            &line.text,
            false,
            TextDirection::LeftToRight,
        );
        self.surface.end_tagged();
        self.tags.line(line, drawn);
    }
}

/// Draws page `number` of the form.
pub(super) fn draw(
    surface: &mut Surface<'_>,
    definition: &FormDefinition,
    number: u32,
    set: Option<&str>,
    fonts: &Fonts,
    tags: &mut Tags,
) -> Result<(), PrintError> {
    tags.page();
    let mut pen = Pen { surface, tags };
    for artwork in definition.artwork.iter().filter(|a| a.page == number) {
        match &artwork.shape {
            Shape::Text(line) => pen.text(line, fonts),
            Shape::Line {
                from,
                to,
                width,
                ink,
            } => pen.line(*from, *to, *width, *ink),
            Shape::Rect { zone, fill, stroke } => {
                if let Some(ink) = fill {
                    pen.fill(&[*zone], *ink);
                }
                if let Some((width, ink)) = stroke {
                    pen.outline(zone, *width, *ink);
                }
            }
        }
    }
    for field in definition.fields.iter().filter(|f| f.page == number) {
        answer(&mut pen, field);
    }
    pen.fill(&definition.corner_marks.map(|mark| mark.zone), Ink::BLACK);
    code(&mut pen, definition, number, set, fonts)
}

/// What people write in.
fn answer(pen: &mut Pen<'_, '_>, field: &Field) {
    for cell in &field.cells {
        pen.outline(cell, GUIDE_WIDTH, Ink::GUIDE);
    }
    for line in &field.lines {
        pen.line(
            (line.x, line.bottom()),
            (line.right(), line.bottom()),
            GUIDE_WIDTH,
            Ink::GUIDE,
        );
    }
    for option in &field.options {
        pen.outline(&option.zone, GUIDE_WIDTH, Ink::GUIDE);
    }
    if field.kind == FieldKind::Signature {
        pen.outline(&field.zone, GUIDE_WIDTH, Ink::GUIDE);
    }
}

/// The QR code and, beside it, its set number for people.
fn code(
    pen: &mut Pen<'_, '_>,
    definition: &FormDefinition,
    page: u32,
    set: Option<&str>,
    fonts: &Fonts,
) -> Result<(), PrintError> {
    let code = PageCode {
        form: definition.id.clone(),
        version: definition.version,
        page,
        set_number: set.map(str::to_owned),
    };
    let qr = qr_modules(&code)?;
    let zone = definition.qr_zone;
    let side = zone.width / f64::from(qr.size());
    let mut dark = Vec::new();
    for y in 0..qr.size() {
        for x in (0..qr.size()).filter(|x| qr.get_module(*x, y)) {
            let (left, top) = (zone.x + f64::from(x) * side, zone.y + f64::from(y) * side);
            dark.push(Zone {
                x: left,
                y: top,
                width: side,
                height: side,
            });
        }
    }
    pen.fill(&dark, Ink::BLACK);
    if let Some((first, last)) = set.and_then(|s| s.split_at_checked(3)) {
        let text = format!("Set {first} {last}");
        let (size_pt, weight) = (8.5, Weight::Regular);
        // To the left of the code, clear of its quiet zone of four modules.
        let x = zone.x - 5.0 * side - metrics::width_mm(&text, size_pt, weight);
        let baseline = zone.y + 12.2;
        pen.text(
            &TextLine {
                x,
                baseline,
                size_pt,
                weight,
                ink: Ink::SOFT,
                text,
            },
            fonts,
        );
    }
    Ok(())
}
