//! From what was recognised to a field's value, confidence, state and reasons. Boxes and signatures are in
//! [`super::ticked`].
//!
//! Writing is accepted where its calibrated probability is above the threshold proved for the field's target error rate
//! and nothing else speaks against it. Reasons never hold a value.

use enrol::domain::calibration::FieldSignals;
use enrol::domain::field::FieldState;
use enrol::domain::reading::FieldReading;
use enrol::forms::definition::Field;

use super::signals::Signals;
use super::texts::Networks;
use super::written::{Written, compact};
use crate::calibration::features::features;
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
        alternatives: Vec::new(),
        signals: None,
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
pub fn of_writing(
    networks: &Networks,
    field: &Field,
    written: &Written,
    signals: &Signals,
) -> FieldReading {
    let mut result = reading(field);
    let features = features(signals);
    let group = signals.group(field);
    let judgement = group.and_then(|group| networks.judge(field, group, &features));
    result.confidence = judgement.map_or(written.confidence, |j| j.probability);
    result.signals = group.map(|group| FieldSignals {
        group: group.name(),
        features,
        eligible: signals.eligible(),
        drawn: false,
    });
    if compact(&written.text).is_empty() {
        result.state = FieldState::Unreadable;
        result
            .reasons
            .push("Something is written here that could not be read.".to_owned());
        return result;
    }
    result.raw = Some(written.raw.clone());
    result.alternatives.clone_from(&written.alternatives);
    let checked = checking::check(field, &written.text);
    result.value = checked.value;
    let believed = judgement.is_some_and(|j| j.enough) && signals.eligible();
    if believed && checked.reasons.is_empty() && result.value.is_some() {
        result.state = FieldState::Accepted;
        return result;
    }
    if !believed {
        result
            .reasons
            .push(doubt(written, signals, result.confidence));
    }
    result.reasons.extend(checked.reasons);
    result
}

/// Why writing is not simply believed.
fn doubt(written: &Written, signals: &Signals, confidence: f64) -> String {
    let reason = if written.typed {
        "Typed text is always checked."
    } else if confidence < GUESS_BELOW {
        "The reader is not sure of some characters."
    } else if signals.accented {
        "A letter may have an accent, which the reader cannot read."
    } else if signals.runs_over {
        "The writing goes on beyond its line."
    } else if signals.agreed == Some(false) {
        "Read cell by cell and as a line, this gives different texts."
    } else {
        "Probably right, but not sure enough to go unseen."
    };
    reason.to_owned()
}
