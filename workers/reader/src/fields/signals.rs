//! What is measured beside a reading, from which a probability that it is right can be fitted. No value is in it.

use enrol::domain::field::FieldKind;
use enrol::domain::reading::FieldReading;
use enrol::forms::definition::Field;
use serde::Serialize;

use super::hand::Hand;
use super::written::CELLS_DOUBTED;
use crate::calibration::RiskGroup;
use crate::handwriting::knowledge::free_text::TextRole;
use crate::handwriting::{CellSupport, ReadApart, TextReading};
use crate::ticks::TickSignals;

/// A field's reading, and its signals where something is written in it.
#[derive(Debug, Clone)]
pub struct ReadField {
    /// What goes on to the clerk.
    pub reading: FieldReading,
    /// What is known about how it came about; `None` for ticks, signatures and blanks.
    pub signals: Option<Signals>,
    /// The signals of a group of tick boxes, marked or not; `None` for all else.
    pub ticks: Option<TickSignals>,
}

/// The signals of one written field. Of a field of several lines each is that of its worst line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Signals {
    /// Kind of field.
    pub kind: FieldKind,
    /// Whether the page was taken for a typed one.
    pub typed: bool,
    /// What a line is for; `None` for combs.
    pub role: Option<TextRole>,
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
    /// What the cells say about the text; `None` without cells.
    pub support: Option<CellSupport>,
    /// What each reader says about the text; `None` when the line has not been read, or there are several lines.
    pub apart: Option<ReadApart>,
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
    /// What the rest of the page says about the hand; `None` where no other comb was read both ways.
    pub hand: Option<Hand>,
    /// Whether something like an accent stands above a letter of a name: the networks know none.
    pub accented: bool,
    /// Whether free writing goes on beyond an end of its line.
    pub runs_over: bool,
    /// How far the field's zone may be off, millimetres.
    pub residual_mm: f64,
    /// Darkness of the ink, 0 to 1.
    pub ink_contrast: f64,
    /// Mean width of the strokes, millimetres.
    pub stroke_mm: f64,
}

/// Beyond this a zone may hold its neighbour's writing, millimetres: half of what separates two rows of cells.
const MOST_RESIDUAL_MM: f64 = 0.5;

impl Signals {
    /// The risk group of a reading of `field`; `None` for ticks and signatures, and for typed text, which is always checked.
    pub fn group(&self, field: &Field) -> Option<RiskGroup> {
        RiskGroup::of(field).filter(|_| !self.typed)
    }

    /// Whether a field with these signals may be accepted at all, however probable it is: its rules take the value, its
    /// zone lies where it should, no letter seems to have an accent, no line goes on beyond its end, and cell by cell and as
    /// a line it reads the same (free writing has no cells).
    pub fn eligible(&self) -> bool {
        let read_alike = self.kind == FieldKind::Text || self.agreed == Some(true);
        self.valid
            && !self.typed
            && !self.accented
            && !self.runs_over
            && read_alike
            && self.length_doubt.is_none_or(|doubt| doubt <= CELLS_DOUBTED)
            && self.residual_mm <= MOST_RESIDUAL_MM
    }

    /// Of a field in which nothing was measured.
    #[cfg(test)]
    pub fn of_nothing(kind: FieldKind) -> Self {
        Self {
            kind,
            typed: false,
            role: None,
            characters: 0,
            posterior: 0.0,
            rival: 0.0,
            unaided_posterior: 0.0,
            changed: false,
            overruled: 0.0,
            agreed: None,
            worst_margin: None,
            support: None,
            apart: None,
            length_doubt: None,
            print_agreed: None,
            listed: None,
            valid: false,
            valid_share: 0.0,
            hand: None,
            accented: false,
            runs_over: false,
            residual_mm: 0.0,
            ink_contrast: 0.0,
            stroke_mm: 0.0,
        }
    }
}

/// Of several lines' readings, a number of the worst one.
pub fn worst(
    readings: &[&TextReading],
    number: impl Fn(&TextReading) -> Option<f64>,
    worse: fn(f64, f64) -> f64,
) -> Option<f64> {
    readings.iter().filter_map(|r| number(r)).reduce(worse)
}
