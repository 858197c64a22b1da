//! Why a person has to look, and what to look for, in words.

use crate::domain::field::FieldState;
use crate::storage::form_fields::StoredField;

/// How sure the reader was.
pub(in crate::web::review) fn how_sure(stored: &StoredField) -> &'static str {
    match (stored.state, stored.confidence) {
        (FieldState::Unreadable, _) => "The reader could not read it.",
        (FieldState::Blank, _) => "The reader found nothing here.",
        _ if stored.value.is_none() && stored.raw.is_none() => "The reader found nothing here.",
        (_, c) if c >= 0.95 => "The reader is fairly sure.",
        (_, c) if c >= 0.7 => "The reader is not sure.",
        _ => "The reader is very unsure.",
    }
}

/// What to look for, for a reason that does not say so itself.
pub(super) fn what_to_do(reason: &str) -> Option<&'static str> {
    const ADVICE: [(&str, &str); 7] = [
        (
            "check digit",
            "Compare digit by digit: probably one is wrong.",
        ),
        (
            "different texts",
            "Look for letters that share a box or run together.",
        ),
        (
            "not sure of some characters",
            "Compare letter by letter; the other readings may fit better.",
        ),
        (
            "not sure enough to go unseen",
            "Compare letter by letter, then confirm.",
        ),
        ("pale mark", "Look for a faint mark in every box."),
        ("in the future", "Look at the year, and at day and month."),
        (
            "end of a postcode",
            "Look for 0 and O, 1 and I, 5 and S, 2 and Z.",
        ),
    ];
    ADVICE
        .iter()
        .find(|(part, _)| reason.contains(part))
        .map(|(_, advice)| *advice)
}
