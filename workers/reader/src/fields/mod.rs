//! Reading the fields of a placed page.

pub mod expectation;
pub mod typing;
pub mod verdict;

use enrol::domain::field::FieldKind;
use enrol::domain::reading::FieldReading;
use enrol::forms::definition::{Field, FormDefinition, Zone};

use self::verdict::Written;
use crate::handwriting::{self, Labels, LinePicture, LineReading, Recogniser, RecogniserError};
use crate::print;
use crate::raster::Grey;
use crate::registration::{PlacedPage, PreparedPage};
use crate::stages::{Stage, StageClock};
use crate::ticks::{self, BoxReading};
use crate::zones::comb::{self, Comb};
use crate::zones::{cut, writing};

/// What was found in a field's zone before anything was recognised.
enum Found {
    Boxes(Vec<BoxReading>),
    Signature(Option<bool>, f64),
    Blank,
    Comb { comb: Comb, line: Grey },
    Lines(Vec<Grey>),
}

/// Reads every field of `placed`'s page, in the order of the definition.
///
/// # Errors
/// The network failed: no page can be read then.
pub fn read_page(
    recogniser: &Recogniser,
    definition: &FormDefinition,
    page: &PreparedPage,
    placed: &PlacedPage,
    clock: &mut StageClock,
) -> Result<Vec<FieldReading>, RecogniserError> {
    let fields: Vec<&Field> = definition
        .fields
        .iter()
        .filter(|f| f.page == placed.code.page)
        .collect();
    let mut found: Vec<Found> = Vec::with_capacity(fields.len());
    for field in &fields {
        found.push(find(field, page, placed));
        clock.lap(
            if field.kind.is_tick() || field.kind == FieldKind::Signature {
                Stage::Ticks
            } else {
                Stage::Cut
            },
        );
    }

    let typed = typing::is_typed(found.iter().filter_map(|f| match f {
        Found::Comb { comb, .. } => Some(comb),
        _ => None,
    }));
    let all_boxes = || {
        found.iter().flat_map(|f| {
            if let Found::Boxes(boxes) = f {
                boxes.as_slice()
            } else {
                &[]
            }
        })
    };
    let fills_boxes = ticks::fills_boxes(all_boxes());
    let mut lines: Vec<LinePicture> = Vec::new();
    for item in &found {
        match item {
            Found::Comb { line, .. } => lines.push(recogniser.line(line)),
            Found::Lines(pieces) => lines.extend(pieces.iter().map(|p| recogniser.line(p))),
            Found::Boxes(_) | Found::Signature(..) | Found::Blank => {}
        }
    }
    let scores = recogniser.read(&lines)?;
    clock.lap(Stage::Handwriting);

    let mut next = scores.iter();
    let mut readings = Vec::with_capacity(fields.len());
    for (field, item) in fields.iter().zip(&found) {
        let reading = match item {
            Found::Boxes(boxes) => verdict::of_boxes(field, boxes, fills_boxes),
            Found::Signature(signed, confidence) => {
                verdict::of_signature(field, *signed, *confidence)
            }
            Found::Blank => verdict::of_blank(field),
            Found::Comb { comb, line } => {
                let labels = labels(recogniser, field);
                let knowledge = expectation::knowledge(field, &comb.used, &labels);
                let read = next
                    .next()
                    .and_then(|s| handwriting::read_line(s, &labels, knowledge.as_ref()));
                clock.lap(Stage::Handwriting);
                let print = typed
                    .then(|| print::read_line(line, &alphabet_for_print(field)).ok())
                    .flatten();
                clock.lap(Stage::Print);
                let written = Written::in_comb(field, &comb.used, read, print);
                verdict::of_writing(field, &written)
            }
            Found::Lines(pieces) => {
                let labels = labels(recogniser, field);
                let read: Vec<Option<LineReading>> = pieces
                    .iter()
                    .map(|_| {
                        next.next().and_then(|s| {
                            handwriting::read_line(s, &labels, &handwriting::knowledge::Anything)
                        })
                    })
                    .collect();
                clock.lap(Stage::Handwriting);
                let print = if typed {
                    pieces
                        .iter()
                        .map(|p| print::read_line(p, &alphabet_for_print(field)).ok())
                        .collect()
                } else {
                    None
                };
                clock.lap(Stage::Print);
                let written = Written::on_lines(&read, print);
                verdict::of_writing(field, &written)
            }
        };
        readings.push(reading);
    }
    Ok(readings)
}

fn find(field: &Field, page: &PreparedPage, placed: &PlacedPage) -> Found {
    let homography = &placed.homography;
    match field.kind {
        FieldKind::OneOf | FieldKind::AnyOf => Found::Boxes(
            field
                .options
                .iter()
                .map(|o| ticks::read_box(page, homography, o))
                .collect(),
        ),
        FieldKind::Signature => {
            let (signed, confidence) = ticks::read_signature(page, homography, field.zone);
            Found::Signature(signed, confidence)
        }
        FieldKind::Text => {
            let own = [field.zone];
            let lines: &[Zone] = if field.lines.is_empty() {
                &own
            } else {
                &field.lines
            };
            let pieces: Vec<Grey> = lines
                .iter()
                .filter_map(|line| {
                    writing::line(&cut(page, homography, writing::zone_of(line)), line)
                })
                .collect();
            if pieces.is_empty() {
                Found::Blank
            } else {
                Found::Lines(pieces)
            }
        }
        _ => {
            let picture = cut(page, homography, field.zone.grown(comb::MARGIN_MM));
            let comb = Comb::new(&picture, &field.cells);
            match comb.line() {
                Some(line) => Found::Comb { comb, line },
                None => Found::Blank,
            }
        }
    }
}

fn labels(recogniser: &Recogniser, field: &Field) -> Labels {
    let own = expectation::alphabet(field);
    if own.is_empty() {
        let all: String = recogniser.characters().iter().collect();
        Labels::new(&all, recogniser.characters(), recogniser.blank())
    } else {
        Labels::new(&own, recogniser.characters(), recogniser.blank())
    }
}

/// Tesseract knows no folding: both cases of a name are allowed, and the result is folded.
fn alphabet_for_print(field: &Field) -> String {
    match field.kind {
        FieldKind::Name | FieldKind::Text | FieldKind::Email => field.rules.alphabet.clone(),
        _ => expectation::alphabet(field),
    }
}
