//! What else a field may be: the reader's other readings, to be taken with one key.

use crate::forms::definition::Field;
use crate::storage::form_fields::StoredField;
use crate::web::review::answers::Typed;

/// Suggestions shown: as many as there are easy number keys.
const MOST: usize = 5;
/// From here on a reading is a real rival.
const LIKELY: f64 = 0.2;

/// Another reading.
pub(super) struct Suggestion {
    /// What it puts into the inputs.
    pub typed: Typed,
    /// As a clerk reads it.
    pub text: String,
    /// How probable, in words.
    pub how_likely: &'static str,
}

/// The suggestions for a field, best first, without what its inputs show already.
pub(super) fn of_field(field: &Field, stored: &StoredField) -> Vec<Suggestion> {
    if field.rules.consent.is_some() || !field.options.is_empty() {
        return vec![];
    }
    let shown = Typed::of_reading(field, stored);
    let mut suggestions: Vec<Suggestion> = Vec::new();
    let readings = stored
        .alternatives
        .iter()
        .map(|a| (a.text.as_str(), a.probability >= LIKELY));
    // As the letters stand, before anything was known of the field.
    let raw = stored.raw.iter().map(|raw| (raw.as_str(), false));
    for (text, likely) in readings.chain(raw) {
        let typed = Typed::of_text(field, text);
        let known = typed == shown || suggestions.iter().any(|s| s.typed == typed);
        if known || typed.is_empty() {
            continue;
        }
        suggestions.push(Suggestion {
            text: typed.in_words(field),
            typed,
            how_likely: if likely { "also likely" } else { "less likely" },
        });
    }
    suggestions.truncate(MOST);
    suggestions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::field::{FieldState, FieldValue};
    use crate::domain::reading::Alternative;

    fn surname(value: &str, raw: &str, alternatives: &[(&str, f64)]) -> (Field, StoredField) {
        let definition = crate::forms::load("registration").unwrap();
        let field = definition.field("primary_carer.surname").unwrap().clone();
        let stored = StoredField {
            name: field.name.clone(),
            kind: field.kind,
            form_page: field.page,
            state: FieldState::Review,
            confidence: 0.6,
            reasons: vec![],
            raw: Some(raw.to_owned()),
            value: Some(FieldValue::Text(value.to_owned())),
            alternatives: alternatives
                .iter()
                .map(|(text, probability)| Alternative {
                    text: (*text).to_owned(),
                    probability: *probability,
                })
                .collect(),
            settled: None,
            settled_by: None,
            settled_at: None,
            special: false,
        };
        (field, stored)
    }

    #[test]
    fn what_is_shown_already_is_not_suggested_again() {
        let (field, stored) = surname(
            "SMITH",
            "SM1TH",
            &[("SMYTH", 0.3), ("SMITH", 0.2), ("SMYTH", 0.1)],
        );
        let texts: Vec<String> = of_field(&field, &stored)
            .into_iter()
            .map(|s| format!("{} {}", s.text, s.how_likely))
            .collect();
        assert_eq!(texts, ["SMYTH also likely", "SM1TH less likely"]);
    }
}
