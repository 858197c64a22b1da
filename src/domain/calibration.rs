//! What is learned from once a clerk has settled a field: how sure the reader was of it, and whether it was right.
//! Neither what was read, nor the field's name, nor whose form it stood on.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::field::FieldKind;

/// How sure the reader was of one field, in numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldSignals {
    /// The fields that share its promise: `key`, `comb`, `text`, `tick`.
    pub group: &'static str,
    /// The signals in the order that the group's calibration knows.
    pub features: Vec<f64>,
    /// Whether it might be accepted at all.
    pub eligible: bool,
    /// Whether it was accepted and then drawn for checking all the same.
    pub drawn: bool,
}

/// A settled field of some form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettledCase {
    /// Names and hashes of the weights it was read with.
    pub model: String,
    /// As in [`FieldSignals::group`].
    pub group: String,
    /// Its kind.
    pub kind: FieldKind,
    /// A random number that fields of the same form share: cases of one hand are not independent.
    pub hand: Uuid,
    /// As in [`FieldSignals::features`].
    pub features: Vec<f64>,
    /// Whether it might be accepted at all.
    pub eligible: bool,
    /// Whether the clerk settled it as what was read.
    pub right: bool,
}
