//! Comparing what was read with the truth, by kind of field.

use std::collections::BTreeMap;

use enrol::domain::field::{FieldKind, FieldState};
use enrol::domain::reading::FieldReading;
use serde::Serialize;
use serde_json::Value;

/// Counts for one kind of field.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct KindCounts {
    /// Fields that hold something.
    pub filled: usize,
    /// Of those, read exactly right (letter case and spacing of text aside).
    pub right: usize,
    /// Fields left blank.
    pub blank: usize,
    /// Of those, found blank.
    pub blank_right: usize,
    /// Accepted without a clerk.
    pub accepted: usize,
    /// Of those, wrong.
    pub accepted_wrong: usize,
    /// Sent to a clerk.
    pub review: usize,
    /// Given up.
    pub unreadable: usize,
}

/// Counts by kind.
pub type ByKind = BTreeMap<&'static str, KindCounts>;

/// Adds one field to the counts.
pub fn count(counts: &mut ByKind, reading: &FieldReading, truth: &Value) {
    let entry = counts.entry(reading.kind.as_str()).or_default();
    let right = is_right(reading, truth);
    if is_nothing(truth) {
        entry.blank += 1;
        entry.blank_right += usize::from(right);
    } else {
        entry.filled += 1;
        entry.right += usize::from(right);
    }
    match reading.state {
        FieldState::Accepted => {
            entry.accepted += 1;
            entry.accepted_wrong += usize::from(!right);
        }
        FieldState::Review => entry.review += 1,
        FieldState::Unreadable => entry.unreadable += 1,
        FieldState::Blank => {}
    }
}

/// Whether a field was read as it was written, or found blank where nothing was.
pub fn is_right(reading: &FieldReading, truth: &Value) -> bool {
    let read = serde_json::to_value(&reading.value).unwrap_or(Value::Null);
    if is_nothing(truth) {
        reading.state == FieldState::Blank || is_nothing(&read)
    } else {
        same(reading.kind, &read, truth)
    }
}

/// Whether a value stands for a field left blank.
pub fn is_nothing(value: &Value) -> bool {
    value.is_null() || value == &Value::Bool(false) || value == &Value::Array(Vec::new())
}

/// Equal, for names, free text, postcodes and e-mail without regard to letter case and spacing.
pub fn same(kind: FieldKind, read: &Value, truth: &Value) -> bool {
    match (kind, read, truth) {
        (
            FieldKind::Name | FieldKind::Text | FieldKind::Postcode | FieldKind::Email,
            Value::String(read),
            Value::String(truth),
        ) => folded(read) == folded(truth),
        _ => read == truth,
    }
}

fn folded(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}
