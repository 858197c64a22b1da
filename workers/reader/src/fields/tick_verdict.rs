//! From the boxes of a field to its value, state and reasons.
//!
//! Accepted is only what is unambiguous: clear marks and empty boxes, as many as the group allows, no doubt about any
//! box or word, and a probability above the threshold proved for the field's target. Blank stays blank and never means
//! no. A consent is confirmed by a person unless the configuration says otherwise.

use enrol::domain::calibration::FieldSignals;
use enrol::domain::field::{FieldKind, FieldState, FieldValue};
use enrol::domain::reading::FieldReading;
use enrol::forms::definition::Field;

use super::texts::Networks;
use super::tick_signals::TickSignals;
use super::verdict::reading;
use crate::calibration::RiskGroup;
use crate::ticks::mark::Doubt;
use crate::ticks::{BoxReading, Mark, PagePen, WordMark};

/// Beyond this a box may be another one, millimetres: half of what separates two rows of boxes.
const MOST_RESIDUAL_MM: f64 = 1.5;

/// What the boxes of one field say.
struct Answer<'a> {
    /// Values of the options that are marked, or meant by a ringed or unstruck word.
    meant: Vec<&'a str>,
    /// What is odd, in words for a clerk.
    doubts: Vec<String>,
}

/// Tick boxes. `pen` is that of the page, `residual_mm` says how far the field may be off.
pub fn of_boxes(
    networks: &Networks,
    field: &Field,
    boxes: &[BoxReading],
    pen: &PagePen,
    residual_mm: f64,
) -> (FieldReading, TickSignals) {
    let signals = TickSignals::new(field, boxes, pen, residual_mm);
    let mut answer = answer(field, boxes, pen);
    if residual_mm > MOST_RESIDUAL_MM {
        answer
            .doubts
            .push("It is not certain where on the scan these boxes lie.".to_owned());
    }
    let features = signals.features();
    let judgement = networks.judge(field, RiskGroup::Tick, &features);
    let clear = boxes.iter().map(|b| b.clearness).fold(1.0, f64::min);
    let mut result = FieldReading {
        confidence: judgement.map_or(clear, |j| j.probability),
        signals: Some(FieldSignals {
            group: RiskGroup::Tick.name(),
            features,
            eligible: answer.doubts.is_empty(),
            drawn: false,
        }),
        ..reading(field)
    };
    let too_many = field.kind == FieldKind::OneOf && answer.meant.len() > 1;
    result.value = match (field.kind, answer.meant.as_slice()) {
        (_, []) => None,
        _ if too_many => None,
        (FieldKind::OneOf, [one, ..]) => Some(FieldValue::Text((*one).to_owned())),
        (_, some) => Some(FieldValue::Choices(
            some.iter().map(|m| (*m).to_owned()).collect(),
        )),
    };
    let doubtful = !answer.doubts.is_empty();
    result.reasons = answer.doubts;
    // Without a calibration a page whose marks break up is not believed.
    if !doubtful && !judgement.map_or_else(|| !pen.breaks_up(), |j| j.enough) {
        result.reasons.push(
            if result.value.is_none() {
                "Nothing is marked, but a pale mark may have been lost in this scan."
            } else {
                "Probably right, but not clear enough to go unseen."
            }
            .to_owned(),
        );
    }
    let is_consent = field.rules.consent.is_some();
    if is_consent
        && !(networks.accept_consent && result.reasons.is_empty() && result.value.is_some())
    {
        result
            .reasons
            .push("Consent is always confirmed by a person.".to_owned());
    }
    if result.reasons.is_empty() {
        result.state = if result.value.is_none() {
            FieldState::Blank
        } else {
            FieldState::Accepted
        };
    }
    (result, signals)
}

fn answer<'a>(field: &'a Field, boxes: &[BoxReading], pen: &PagePen) -> Answer<'a> {
    let options = || field.options.iter().zip(boxes);
    let values = |wanted: &dyn Fn(&BoxReading) -> bool| -> Vec<&'a str> {
        options()
            .filter(|(_, b)| wanted(b))
            .map(|(o, _)| o.value.as_str())
            .collect()
    };
    let ticked = values(&|b| b.mark == Mark::Ticked);
    let filled = values(&|b| b.mark == Mark::Filled);
    let mut doubts: Vec<String> = Vec::new();
    for (doubt, words) in [
        (
            Doubt::Little,
            "A box holds something that may or may not be a mark.",
        ),
        (
            Doubt::Pale,
            "A box holds something very pale that may be a pencil mark.",
        ),
        (
            Doubt::AtRim,
            "A pen line runs into a box from outside: whose mark is it?",
        ),
        (
            Doubt::Line,
            "A straight line goes through a box: it may be a mark or a crossing-out.",
        ),
    ] {
        if boxes.iter().any(|b| b.mark == Mark::Unsure(doubt)) {
            doubts.push(words.to_owned());
        }
    }
    // Filled boxes beside crossed ones are corrections; alone they are marks.
    let mut meant = if ticked.is_empty() || pen.fills_boxes {
        values(&|b| matches!(b.mark, Mark::Ticked | Mark::Filled))
    } else {
        ticked
    };
    if !filled.is_empty() && !pen.fills_boxes {
        doubts.push(
            "A box is filled in or scribbled over, which may be a mark or a correction.".to_owned(),
        );
    }
    if field.kind == FieldKind::OneOf && meant.len() > 1 {
        doubts.push(format!(
            "{} boxes are marked where one is expected.",
            meant.len()
        ));
    }
    let ringed = values(&|b| b.words == WordMark::Ringed);
    let standing = values(&|b| b.words != WordMark::StruckOut);
    if !ringed.is_empty() {
        doubts.push("A word beside a box is ringed.".to_owned());
    }
    if standing.len() < boxes.len() {
        doubts.push("A word beside a box is struck out.".to_owned());
    }
    if meant.is_empty() {
        if !ringed.is_empty() {
            meant = ringed;
        } else if standing.len() == 1 && boxes.len() > 1 {
            // Delete as appropriate: what is left is meant.
            meant = standing;
        }
    }
    Answer { meant, doubts }
}
