//! What else a field may be, to be taken with one key: the reader's other readings, and for a surname the one that others
//! of the family have.

use crate::forms::definition::Field;
use crate::storage::form_fields::StoredField;
use crate::web::review::answers::Typed;
use crate::web::review::form::OpenForm;

/// Suggestions shown: as many as there are easy number keys.
const MOST: usize = 5;
/// From here on a reading is a real rival.
const LIKELY: f64 = 0.2;
/// How the fields for surnames end.
const SURNAME: &str = ".surname";

/// Another reading.
pub(super) struct Suggestion {
    /// As it would be typed: what the button posts.
    pub as_typed: String,
    /// What it puts into the inputs.
    pub typed: Typed,
    /// As a clerk reads it.
    pub text: String,
    /// How probable, in words.
    pub how_likely: &'static str,
}

/// The suggestions for a field, best first, without what its inputs show already. Of fields that are typed blind only what
/// was typed is among them.
pub(super) fn on_form(form: &OpenForm<'_>, field: &Field, stored: &StoredField) -> Vec<Suggestion> {
    let mut family: Vec<String> = Vec::new();
    if field.name.ends_with(SURNAME) {
        let others = form
            .fields
            .values()
            .filter(|other| other.name.ends_with(SURNAME) && other.name != field.name);
        for other in others {
            let kept = form.drafts.get(&other.name).filter(|kept| kept.confirmed);
            let read = form
                .definition
                .field(&other.name)
                .filter(|_| !form.blind.contains(&other.name))
                .map(|own| Typed::of_reading(own, other));
            let said = kept.map(|kept| kept.typed.clone()).or(read);
            let surname = said.as_ref().map_or("", Typed::text);
            if !surname.is_empty() && !family.iter().any(|f| f == surname) {
                family.push(surname.to_owned());
            }
        }
    }
    of_field(field, stored, &family)
}

/// What a button puts into the inputs of a field; `None` where there are no suggestions.
pub(super) fn taken(field: &Field, as_typed: &str) -> Option<Typed> {
    may_be_suggested(field).then(|| Typed::of_text(field, as_typed))
}

fn may_be_suggested(field: &Field) -> bool {
    field.rules.consent.is_none() && field.options.is_empty()
}

/// `family` holds the surnames of the others on the form.
fn of_field(field: &Field, stored: &StoredField, family: &[String]) -> Vec<Suggestion> {
    if !may_be_suggested(field) {
        return vec![];
    }
    let shown = Typed::of_reading(field, stored);
    let mut suggestions: Vec<Suggestion> = Vec::new();
    let shared = family
        .iter()
        .filter(|surname| may_be_misread(surname, shown.text(), stored))
        .map(|surname| (surname.as_str(), "as elsewhere on this form"));
    let readings = stored.alternatives.iter().map(|a| {
        let likely = a.probability >= LIKELY;
        (
            a.text.as_str(),
            if likely { "also likely" } else { "less likely" },
        )
    });
    // As the letters stand, before anything was known of the field.
    let raw = stored.raw.iter().map(|raw| (raw.as_str(), "less likely"));
    for (text, how_likely) in shared.chain(readings).chain(raw) {
        let typed = Typed::of_text(field, text);
        let known = typed == shown || suggestions.iter().any(|s| s.typed == typed);
        if known || typed.is_empty() {
            continue;
        }
        suggestions.push(Suggestion {
            as_typed: text.to_owned(),
            text: typed.in_words(field),
            typed,
            how_likely,
        });
    }
    suggestions.truncate(MOST);
    suggestions
}

/// Whether a surname of the family may be what stands here: the reader thought of it, or was wrong about a third of the
/// letters at most, or made nothing of them.
fn may_be_misread(surname: &str, shown: &str, stored: &StoredField) -> bool {
    let considered = stored.alternatives.iter().any(|a| a.text == surname);
    let letters = surname.chars().count();
    considered || shown.is_empty() || strsim::osa_distance(surname, shown) <= (letters / 3).max(1)
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
        assert_eq!(
            texts(&of_field(&field, &stored, &[])),
            ["SMYTH also likely", "SM1TH less likely"]
        );
    }

    fn texts(suggestions: &[Suggestion]) -> Vec<String> {
        let text = |s: &Suggestion| format!("{} {}", s.text, s.how_likely);
        suggestions.iter().map(text).collect()
    }

    #[test]
    fn a_surname_of_the_family_comes_first_where_it_may_be_misread() {
        let (field, stored) = surname("KUWALSKA", "KUWALSKA", &[("KAWALSKA", 0.3)]);
        let family = ["KOWALSKA", "NOWAK"].map(str::to_owned);
        assert_eq!(
            texts(&of_field(&field, &stored, &family)),
            ["KOWALSKA as elsewhere on this form", "KAWALSKA also likely"]
        );
        let (field, stored) = surname("NOVAK", "NOVAK", &[("NOWAK", 0.1)]);
        assert_eq!(
            texts(&of_field(&field, &stored, &family)),
            ["NOWAK as elsewhere on this form"],
            "said once, though it was read too"
        );
        let (field, stored) = surname("", "", &[]);
        assert_eq!(texts(&of_field(&field, &stored, &family)).len(), 2);
    }
}
