//! What is measured beside a tick field's answer, from which a probability that it is right can be fitted.

use enrol::domain::field::FieldKind;
use enrol::forms::definition::Field;

use crate::ticks::mark::{EMPTY_BELOW, TICKED_FROM};
use crate::ticks::{BoxReading, Mark, PagePen};

/// Names of the features, in order. A change of these needs a new calibration.
pub const NAMES: [&str; 18] = [
    "one_of",
    "options",
    "marks",
    "unmarked",
    "mark_ink",
    "mark_central",
    "mark_span",
    "mark_length",
    "mark_darkness",
    "empty_ink",
    "empty_pale",
    "page_marks",
    "page_least_ink",
    "page_darkness",
    "page_pen",
    "page_doubtful",
    "doubtful",
    "residual",
];

/// The signals of one tick field.
#[derive(Debug, Clone, PartialEq)]
pub struct TickSignals {
    features: [f64; NAMES.len()],
}

impl TickSignals {
    /// Of a field's boxes; of several marks or empty boxes the worst counts.
    pub fn new(field: &Field, boxes: &[BoxReading], pen: &PagePen, residual_mm: f64) -> Self {
        let marked: Vec<&BoxReading> = boxes
            .iter()
            .filter(|b| matches!(b.mark, Mark::Ticked | Mark::Filled))
            .collect();
        let empty = boxes.iter().filter(|b| b.mark == Mark::Empty);
        let flag = |is: bool| f64::from(u8::from(is));
        // Where nothing is marked, nothing can be said of a mark.
        let worst = |pick: fn(&BoxReading) -> f64, worse: fn(f64, f64) -> f64| {
            let each = marked.iter().map(|b| pick(b));
            each.reduce(worse).unwrap_or(0.0)
        };
        let least = |pick| worst(pick, f64::min);
        let (empty_ink, empty_pale) = empty.fold((0.0f64, 0.0f64), |(ink, pale), b| {
            (ink.max(b.evidence.ink), pale.max(b.evidence.pale))
        });
        let mark_ink = least(|b| (b.evidence.ink / TICKED_FROM).max(0.1).ln());
        Self {
            features: [
                flag(field.kind == FieldKind::OneOf),
                (boxes.len().max(1) as f64).ln(),
                (marked.len() as f64).min(3.0),
                flag(marked.is_empty()),
                mark_ink,
                least(|b| b.evidence.central),
                least(|b| b.evidence.span.0.min(b.evidence.span.1)),
                worst(|b| b.evidence.length.min(10.0), f64::max),
                least(|b| b.evidence.darkness),
                empty_ink / EMPTY_BELOW,
                empty_pale * 10.0,
                (1.0 + pen.marks as f64).ln(),
                (pen.least_ink / TICKED_FROM).ln(),
                pen.darkness,
                pen.pen_mm.min(2.0),
                (1.0 + pen.doubtful as f64).ln(),
                flag(boxes.iter().any(|b| matches!(b.mark, Mark::Unsure(_)))),
                residual_mm.clamp(0.0, 2.0),
            ],
        }
    }

    /// The features in the order of [`NAMES`].
    pub fn features(&self) -> Vec<f64> {
        self.features.to_vec()
    }
}
