//! Reading the fields of a placed page.

mod accents;
pub mod expectation;
mod found;
mod hand;
pub mod signals;
mod texts;
pub mod ticked;
pub mod typing;
pub mod verdict;
pub mod written;

use chrono::Local;
use enrol::domain::field::FieldKind;
use enrol::forms::definition::{Field, FormDefinition};

use self::found::Found;
pub use self::hand::Hand;
pub use self::signals::{ReadField, Signals};
use self::texts::read_texts;
pub use self::texts::{Networks, NetworksError};
pub use self::ticked::Policy;
use self::written::Written;
use crate::handwriting::{RecogniserError, TextReading};
use crate::print;
use crate::raster::Grey;
use crate::registration::{PlacedPage, PreparedPage};
use crate::stages::{Stage, StageClock};
use crate::ticks::{self, GroupInk, GroupReading, PagePen, PageStyle};
use crate::zones::{ZonePicture, ink};

/// Reads every field of `placed`'s page, in the order of the definition.
///
/// # Errors
/// The network failed: no page can be read then.
pub fn read_page(
    networks: &Networks,
    definition: &FormDefinition,
    page: &PreparedPage,
    placed: &PlacedPage,
    policy: Policy,
    clock: &mut StageClock,
) -> Result<Vec<ReadField>, RecogniserError> {
    let fields: Vec<&Field> = definition
        .fields
        .iter()
        .filter(|f| f.page == placed.code.page)
        .collect();
    let mut found: Vec<Found> = Vec::with_capacity(fields.len());
    let mut pen = PagePen::default();
    for field in &fields {
        found.push(Found::on_page(field, page, placed, &mut pen));
        clock.lap(
            if field.kind.is_tick() || field.kind == FieldKind::Signature {
                Stage::Ticks
            } else {
                Stage::Cut
            },
        );
    }
    let residuals: Vec<f64> = fields.iter().map(|f| placed.zone(f).residual_mm).collect();
    let sheet = Sheet {
        definition,
        fields: &fields,
        residuals_mm: &residuals,
        pen,
        policy,
    };
    read_found(networks, &sheet, &mut found, clock)
}

/// The pictures of one field, cut as [`read_page`] cuts them, each with the index of its ruled line (`None` for
/// a comb or boxes).
pub struct WrittenZones<'a> {
    /// The field.
    pub field: &'a Field,
    /// Its pictures, lines in order.
    pub pictures: Vec<(Option<usize>, ZonePicture)>,
}

/// Reads written fields from pictures of their zones, those of one form together.
///
/// # Errors
/// The network failed.
pub fn read_zones(
    networks: &Networks,
    definition: &FormDefinition,
    zones: &[WrittenZones<'_>],
) -> Result<Vec<ReadField>, RecogniserError> {
    let fields: Vec<&Field> = zones.iter().map(|z| z.field).collect();
    let mut pen = PagePen::default();
    let mut found: Vec<Found> = zones
        .iter()
        .map(|zone| Found::of_pictures(zone, &mut pen))
        .collect();
    let residuals = vec![0.0; fields.len()];
    let sheet = Sheet {
        definition,
        fields: &fields,
        residuals_mm: &residuals,
        pen,
        policy: Policy::default(),
    };
    read_found(networks, &sheet, &mut found, &mut StageClock::off())
}

/// What is known of a page before its fields are read.
struct Sheet<'a> {
    definition: &'a FormDefinition,
    /// The fields of the page.
    fields: &'a [&'a Field],
    /// How far each of them may be off.
    residuals_mm: &'a [f64],
    pen: PagePen,
    policy: Policy,
}

/// Recognises what was found in the zones of a sheet's fields.
fn read_found(
    networks: &Networks,
    sheet: &Sheet<'_>,
    found: &mut [Found],
    clock: &mut StageClock,
) -> Result<Vec<ReadField>, RecogniserError> {
    let looks_typed = typing::looks_typed(found.iter().filter_map(|f| match f {
        Found::Comb { comb, .. } => Some(comb),
        _ => None,
    }));
    let Sheet {
        definition,
        fields,
        residuals_mm,
        mut pen,
        policy,
    } = *sheet;
    let groups = judge_groups(definition, fields, found, &mut pen);
    clock.lap(Stage::Ticks);
    let today = Local::now().date_naive();
    let texts = read_texts(networks, fields, found, today)?;
    clock.lap(Stage::Handwriting);

    let mut write_all = |typed: bool| -> Vec<Option<(Written, Signals)>> {
        let items = fields.iter().zip(found.iter()).enumerate();
        items
            .map(|(index, (field, item))| {
                let read: Vec<&TextReading> = texts[index].iter().collect();
                write(field, item, &read, typed, residuals_mm[index], clock)
            })
            .collect()
    };
    let mut written = write_all(looks_typed);
    if looks_typed && typing::is_neat_hand(written.iter().flatten().map(|(_, signals)| signals)) {
        written = write_all(false);
    }
    let signals: Vec<Option<&Signals>> = written.iter().map(|w| Some(&w.as_ref()?.1)).collect();
    let hands = Hand::of_the_others(&signals);

    let mut readings = Vec::with_capacity(fields.len());
    for (index, (field, item)) in fields.iter().zip(found.iter()).enumerate() {
        let mut own = written[index].take();
        let mut tick_signals = None;
        let reading = match (item, &mut own) {
            (Found::Boxes(_), _) => {
                let (reading, signals) =
                    ticked::of_boxes(networks, field, &groups[index], &pen, policy);
                tick_signals = Some(signals);
                reading
            }
            (Found::Signature(picture), _) => {
                ticked::of_signature(field, &ticks::signature::of_picture(picture, &pen))
            }
            (_, Some((written, signals))) => {
                signals.hand = hands[index];
                verdict::of_writing(networks, field, written, signals)
            }
            (_, None) => verdict::of_blank(field),
        };
        readings.push(ReadField {
            reading,
            signals: own.map(|(_, signals)| signals),
            ticks: tick_signals,
        });
    }
    clock.lap(Stage::Handwriting);
    Ok(readings)
}

/// Puts the readings of one written field together, with Tesseract's where the page is `typed`; `None` for all else.
fn write(
    field: &Field,
    item: &Found,
    read: &[&TextReading],
    typed: bool,
    residual_mm: f64,
    clock: &mut StageClock,
) -> Option<(Written, Signals)> {
    let print = |line: &Grey| {
        typed
            .then(|| print::read_line(line, &alphabet_for_print(field)).ok())
            .flatten()
    };
    let (written, ink) = match item {
        Found::Comb { comb, line } => {
            let print = print(line);
            clock.lap(Stage::Print);
            let written = Written::in_comb(field, comb, read.first().copied(), print);
            (written, ink_of_all(&[&comb.clean]))
        }
        Found::Lines(pieces) => {
            let pictures: Vec<&Grey> = pieces.iter().map(|piece| &piece.picture).collect();
            let print = pictures.iter().map(|picture| print(picture)).collect();
            clock.lap(Stage::Print);
            let runs_over = pieces.iter().any(|piece| piece.runs_over);
            let written = Written::on_lines(read, print, runs_over);
            (written, ink_of_all(&pictures))
        }
        _ => return None,
    };
    let signals = written.signals(field, read, ink, residual_mm);
    Some((written, signals))
}

/// Judges the groups of boxes of a page, first box by box, then by how the person marks boxes. There is an entry for
/// every field; that of a field without boxes is empty.
fn judge_groups(
    definition: &FormDefinition,
    fields: &[&Field],
    found: &[Found],
    pen: &mut PagePen,
) -> Vec<GroupReading> {
    let mut style = PageStyle::default();
    let judged: Vec<Vec<ticks::BoxReading>> = fields
        .iter()
        .zip(found)
        .map(|(field, found)| match found {
            Found::Boxes(picture) => {
                let ink = GroupInk::measure(picture, definition, field, pen);
                pen.add_borders(ink.border);
                let boxes = ticks::judge::judge(&ink, pen);
                style.add(&boxes);
                boxes
            }
            _ => Vec::new(),
        })
        .collect();
    let group = |boxes| GroupReading {
        boxes,
        may_vanish: pen.may_vanish(),
        fills: style.fills(),
    };
    judged.into_iter().map(group).collect()
}

/// Mean darkness and stroke width of the pictures of one field.
fn ink_of_all(pictures: &[&Grey]) -> (f64, f64) {
    let all: Vec<(f64, f64)> = pictures
        .iter()
        .map(|p| ink::darkness_and_width(p))
        .collect();
    let count = all.len().max(1) as f64;
    let sum = all.iter().fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    (sum.0 / count, sum.1 / count)
}

/// Tesseract knows no folding: both cases of a name are allowed, and the result is folded.
fn alphabet_for_print(field: &Field) -> String {
    match field.kind {
        FieldKind::Name | FieldKind::Text | FieldKind::Email => field.rules.alphabet.clone(),
        _ => expectation::alphabet(field),
    }
}
