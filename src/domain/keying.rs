//! Keying by people: whether they see what the reader made of a field, and whether two answers are the same.

use super::field::{FieldKind, FieldValue};
use super::household::Settled;
use crate::config::Keying;

/// What a clerk sees of the reader's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presentation {
    /// The reader's value stands in the input, to be confirmed or corrected.
    Confirm,
    /// The input is empty: the clerk keys what is on the paper.
    Blind,
}

impl Presentation {
    /// The name used in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Blind => "blind",
        }
    }
}

/// Whether a field of `kind` that was read with `confidence` is confirmed or keyed blind.
///
/// A value that is wrong in one place is slower to mend than to key, and a small error in it is easily overlooked. Marks
/// in boxes are not keyed: the boxes are shown either way.
pub fn presentation(kind: FieldKind, confidence: f64, rules: &Keying) -> Presentation {
    if kind.is_tick() || kind == FieldKind::Signature {
        return Presentation::Confirm;
    }
    let below = rules
        .blind_below_by_kind
        .get(&kind)
        .copied()
        .unwrap_or(rules.blind_below);
    // A confidence that is not a number is no confidence.
    if confidence >= below {
        Presentation::Confirm
    } else {
        Presentation::Blind
    }
}

/// Whether two people mean the same: capitals, spaces and the shape of apostrophes and dashes do not count.
pub fn same_answer(kind: FieldKind, one: &Settled, other: &Settled) -> bool {
    canonical(kind, one) == canonical(kind, other)
}

/// An answer in the one spelling in which it is compared.
pub fn canonical(kind: FieldKind, answer: &Settled) -> Settled {
    let Settled::Value(value) = answer else {
        return answer.clone();
    };
    Settled::Value(match value {
        FieldValue::Text(text) => FieldValue::Text(canonical_text(kind, text)),
        FieldValue::Choices(choices) => {
            let mut choices = choices.clone();
            choices.sort();
            choices.dedup();
            FieldValue::Choices(choices)
        }
        FieldValue::Date(_) | FieldValue::Signed(_) => value.clone(),
    })
}

fn canonical_text(kind: FieldKind, text: &str) -> String {
    match kind {
        // Options are words of the definition and not typed.
        FieldKind::OneOf => text.to_owned(),
        FieldKind::Postcode => without_spaces(text).to_uppercase(),
        FieldKind::Phone | FieldKind::NhsNumber => without_spaces(text),
        _ => {
            let plain: String = text
                .chars()
                .map(|c| match c {
                    '\u{2018}' | '\u{2019}' | '\u{2bc}' => '\'',
                    '\u{2010}'..='\u{2015}' => '-',
                    '\u{201c}' | '\u{201d}' => '"',
                    c => c,
                })
                .collect();
            let words: Vec<&str> = plain.split_whitespace().collect();
            words.join(" ").to_lowercase()
        }
    }
}

fn without_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}

#[cfg(test)]
#[path = "keying_tests.rs"]
mod tests;
