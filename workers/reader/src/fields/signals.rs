//! What is measured beside a reading, from which a probability that it is right can be fitted. No value is in it.

use enrol::domain::field::FieldKind;
use enrol::domain::reading::FieldReading;
use enrol::forms::definition::Field;
use serde::Serialize;

use super::texts::ByCells;
use crate::calibration::RiskGroup;
use crate::handwriting::{CellSupport, TextReading};
use crate::ticks::TickSignals;

/// A field's reading, and its signals where something is written in it.
#[derive(Debug, Clone)]
pub struct ReadField {
    /// What goes on to the clerk.
    pub reading: FieldReading,
    /// What is known about how it came about; `None` for ticks, signatures and blanks.
    pub signals: Option<Signals>,
    /// A comb as its cells alone were read.
    pub by_cells: Option<ByCells>,
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

/// Beyond this a zone may hold its neighbour's writing, millimetres: half of what separates two rows of cells.
const MOST_RESIDUAL_MM: f64 = 0.5;

impl Signals {
    /// The risk group of this reading of `field`; `None` for ticks and signatures.
    pub fn group(&self, field: &Field) -> Option<RiskGroup> {
        let own = RiskGroup::of(field)?;
        let cells_alone = !self.typed && self.agreed.is_none() && self.worst_margin.is_some();
        Some(if own == RiskGroup::Text || cells_alone {
            own
        } else {
            RiskGroup::Reread
        })
    }

    /// Whether a field with these signals may be accepted at all, however probable it is: its rules take the value, its
    /// zone lies where it should, and the cells alone decided it. What the line network had a say in may not, since that
    /// network has seen the writers that a promise would be proved on.
    pub fn eligible(&self) -> bool {
        self.valid
            && !self.typed
            && self.agreed.is_none()
            && self.worst_margin.is_some()
            && self.residual_mm <= MOST_RESIDUAL_MM
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
