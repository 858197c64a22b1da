//! From what was measured or recognised to a field's value, confidence, state and reasons.
//!
//! Until confidences are calibrated no writing, by hand or typed, is accepted without a clerk. A clear tick is, except
//! for a consent, which a person always confirms. Reasons never hold a value.

use enrol::domain::field::{FieldKind, FieldState, FieldValue};
use enrol::domain::reading::FieldReading;
use enrol::forms::definition::Field;

use super::written::{Written, compact};
use crate::checking;
use crate::ticks::{BoxReading, Mark};

/// Below this the reader says itself that it is guessing.
const GUESS_BELOW: f64 = 0.5;

fn reading(field: &Field) -> FieldReading {
    FieldReading {
        name: field.name.clone(),
        kind: field.kind,
        raw: None,
        value: None,
        confidence: 0.0,
        state: FieldState::Review,
        reasons: Vec::new(),
        page: field.page,
        zone: field.zone.into(),
    }
}

/// A zone without ink.
pub fn of_blank(field: &Field) -> FieldReading {
    FieldReading {
        state: FieldState::Blank,
        confidence: 0.95,
        ..reading(field)
    }
}

/// Handwriting or print.
pub fn of_writing(field: &Field, written: &Written) -> FieldReading {
    let mut result = FieldReading {
        confidence: written.confidence,
        ..reading(field)
    };
    if compact(&written.text).is_empty() {
        result.state = FieldState::Unreadable;
        result
            .reasons
            .push("Something is written here that could not be read.".to_owned());
        return result;
    }
    result.raw = Some(written.raw.clone());
    let checked = checking::check(field, &written.text);
    result.value = checked.value;
    result.reasons.push(
        if written.typed {
            "Typed text is always checked for now."
        } else {
            "Handwriting is always checked for now."
        }
        .to_owned(),
    );
    if written.confidence < GUESS_BELOW {
        result
            .reasons
            .push("The reader is not sure of some characters.".to_owned());
    }
    result.reasons.extend(checked.reasons);
    result
}

/// Tick boxes. `fills_boxes` says that this person marks by filling boxes in.
pub fn of_boxes(field: &Field, boxes: &[BoxReading], fills_boxes: bool) -> FieldReading {
    let with = |mark: Mark| -> Vec<&str> {
        let both = field.options.iter().zip(boxes);
        both.filter(|(_, b)| b.mark == mark)
            .map(|(o, _)| o.value.as_str())
            .collect()
    };
    let (ticked, filled, unsure) = (
        with(Mark::Ticked),
        with(Mark::Filled),
        with(Mark::Unsure).len(),
    );
    let clear = |b: &BoxReading| {
        if fills_boxes && b.mark == Mark::Filled {
            0.9
        } else {
            b.confidence
        }
    };
    let mut result = FieldReading {
        confidence: boxes.iter().map(clear).fold(1.0, f64::min),
        ..reading(field)
    };
    match unsure {
        0 => {}
        1 => result
            .reasons
            .push("A box holds something that may or may not be a mark.".to_owned()),
        n => result.reasons.push(format!(
            "{n} boxes hold something that may or may not be a mark."
        )),
    }
    // Filled boxes beside crossed ones are corrections; alone they are marks.
    let marked = if ticked.is_empty() || fills_boxes {
        field
            .options
            .iter()
            .map(|o| o.value.as_str())
            .filter(|v| ticked.contains(v) || filled.contains(v))
            .collect()
    } else {
        ticked
    };
    if !filled.is_empty() && !fills_boxes {
        result
            .reasons
            .push("A box is filled in, which may be a mark or a correction.".to_owned());
    }
    let too_many = field.kind == FieldKind::OneOf && marked.len() > 1;
    if too_many {
        result.reasons.push(format!(
            "{} boxes are marked where one is expected.",
            marked.len()
        ));
    }
    let doubtful = !result.reasons.is_empty();
    result.value = match field.kind {
        _ if marked.is_empty() || too_many => None,
        FieldKind::OneOf => (unsure == 0).then(|| FieldValue::Text(marked[0].to_owned())),
        _ => Some(FieldValue::Choices(
            marked.iter().map(|m| (*m).to_owned()).collect(),
        )),
    };
    if doubtful {
        result.confidence = result.confidence.min(0.5);
    }
    if field.rules.consent.is_some() {
        result
            .reasons
            .push("Consent is always confirmed by a person.".to_owned());
    } else if !doubtful {
        result.state = if marked.is_empty() {
            FieldState::Blank
        } else {
            FieldState::Accepted
        };
    }
    result
}

/// A signature box.
pub fn of_signature(field: &Field, signed: Option<bool>, confidence: f64) -> FieldReading {
    let mut result = FieldReading {
        confidence,
        value: signed.map(FieldValue::Signed),
        ..reading(field)
    };
    result.reasons.push(
        match signed {
            Some(true) => "A signature is always confirmed by a person.",
            Some(false) => "No signature was found: please look.",
            None => "It cannot be told whether this is signed.",
        }
        .to_owned(),
    );
    result
}
