//! From what was recognised to a field's value, confidence, state and reasons. Boxes and signatures are in
//! [`super::ticked`].
//!
//! Until confidences are calibrated no writing, by hand or typed, is accepted without a clerk. Reasons never hold a
//! value.

use enrol::domain::field::FieldState;
use enrol::domain::reading::FieldReading;
use enrol::forms::definition::Field;

use super::written::{Written, compact};
use crate::checking;

/// Below this the reader says itself that it is guessing.
const GUESS_BELOW: f64 = 0.5;

/// A reading of `field` that says nothing yet.
pub(super) fn reading(field: &Field) -> FieldReading {
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
