//! What is measured beside a reading, from which a probability that it is right can be fitted. No value is in it.

use enrol::domain::field::FieldKind;
use enrol::domain::reading::FieldReading;
use serde::Serialize;

use crate::handwriting::TextReading;
use crate::raster::Grey;
use crate::ticks::TickSignals;
use crate::zones::{SCALE, ink};

/// A field's reading, and its signals where something is written in it.
#[derive(Debug, Clone)]
pub struct ReadField {
    /// What goes on to the clerk.
    pub reading: FieldReading,
    /// What is known about how it came about; `None` for ticks, signatures and blanks.
    pub signals: Option<Signals>,
    /// The same for a group of tick boxes, marked or not; `None` for all else.
    pub ticks: Option<TickSignals>,
}

/// The signals of one written field. Of a field of several lines each is that of its worst line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Signals {
    /// Kind of field.
    pub kind: FieldKind,
    /// Whether the page was taken for a typed one.
    pub typed: bool,
    /// Characters read, spaces left out.
    pub characters: usize,
    /// Share of the best text among the candidates, with what is known of the field, 0 to 1.
    pub posterior: f64,
    /// The runner-up's share divided by that of the best.
    pub rival: f64,
    /// Share of the best text where only the alphabet and the number of cells are known.
    pub unaided_posterior: f64,
    /// Whether what is known changed the text.
    pub changed: bool,
    /// How much the readers preferred what they would have read without it: natural logarithm of the ratio, 0 where
    /// nothing was changed.
    pub overruled: f64,
    /// Whether cells and line chose the same text; `None` when only one has read.
    pub agreed: Option<bool>,
    /// Smallest difference between a cell's two best labels, 0 to 1; `None` without cells.
    pub worst_margin: Option<f64>,
    /// How much the line reader preferred a text of any length to the best text (natural logarithm); `None` when it
    /// has not read or when lengths are free.
    pub length_doubt: Option<f64>,
    /// Whether Tesseract read the same; `None` when it has not read.
    pub print_agreed: Option<bool>,
    /// Share of characters that stand in listed words, 0 to 1; `None` where no list applies.
    pub listed: Option<f64>,
    /// Whether the rules of its kind take the text.
    pub valid: bool,
    /// Share of the unaided candidates that the rules take, weighted by their posteriors.
    pub valid_share: f64,
    /// How far the field's zone may be off, millimetres.
    pub residual_mm: f64,
    /// Darkness of the ink, 0 to 1.
    pub ink_contrast: f64,
    /// Mean width of the strokes, millimetres.
    pub stroke_mm: f64,
}

/// Darkness and stroke width of a piece of writing on white paper at [`SCALE`].
pub fn ink_of(picture: &Grey) -> (f64, f64) {
    let (mut dark, mut darkness, mut edge) = (0usize, 0u64, 0usize);
    for y in 0..picture.height {
        for x in 0..picture.width {
            let shade = picture.at(x, y);
            if shade >= ink::INK {
                continue;
            }
            dark += 1;
            darkness += u64::from(255 - shade);
            let paper_beside = x == 0
                || y == 0
                || x + 1 == picture.width
                || y + 1 == picture.height
                || picture.at(x - 1, y) >= ink::INK
                || picture.at(x + 1, y) >= ink::INK
                || picture.at(x, y - 1) >= ink::INK
                || picture.at(x, y + 1) >= ink::INK;
            edge += usize::from(paper_beside);
        }
    }
    if dark == 0 {
        return (0.0, 0.0);
    }
    let contrast = darkness as f64 / dark as f64 / 255.0;
    // A long stroke has two edges.
    (contrast, 2.0 * dark as f64 / edge.max(1) as f64 / SCALE)
}

/// Of several lines' readings, a number of the worst one.
pub fn worst(
    readings: &[&TextReading],
    number: impl Fn(&TextReading) -> Option<f64>,
    worse: fn(f64, f64) -> f64,
) -> Option<f64> {
    readings.iter().filter_map(|r| number(r)).reduce(worse)
}
