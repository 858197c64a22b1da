//! The seconds that a page's script measured for each field. A page without script sends none, and none are stored.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::domain::field::FieldValue;
use crate::domain::keying::presentation;
use crate::storage::keying_times::{self, KeyingTime};
use crate::storage::review::Answer;
use crate::web::review::form::OpenForm;
use crate::web::state::AppState;

/// Seconds by field name, from inputs called `seconds:NAME`.
pub(in crate::web) fn seconds(fields: &[(String, String)]) -> BTreeMap<&str, f64> {
    fields
        .iter()
        .filter_map(|(input, value)| {
            let seconds: f64 = value.parse().ok()?;
            let name = input.strip_prefix("seconds:")?;
            (seconds.is_finite() && seconds > 0.0).then_some((name, seconds))
        })
        .collect()
}

/// The times for the fields of a form that needed a person, by what the page showed of the reader's value.
pub(in crate::web) fn of_form(
    state: &AppState,
    form: &OpenForm<'_>,
    answers: &[Answer],
    posted: &[(String, String)],
) -> Vec<KeyingTime> {
    let seconds = seconds(posted);
    let looked_at = answers.iter().filter(|a| form.attention.contains(&a.name));
    looked_at
        .filter_map(|answer| {
            let field = form.fields.get(&answer.name)?;
            let read: Option<&FieldValue> = field.value.as_ref();
            Some(KeyingTime {
                kind: field.kind,
                mode: presentation(field.kind, field.confidence, &state.keying).as_str(),
                seconds: *seconds.get(answer.name.as_str())?,
                changed: read != answer.settled.value(),
            })
        })
        .collect()
}

/// Stores times. Losing them harms nobody, so a failure is logged and not shown.
pub(in crate::web) async fn store(
    state: &AppState,
    form: Uuid,
    account: Uuid,
    times: &[KeyingTime],
) {
    if times.is_empty() {
        return;
    }
    if let Err(error) = keying_times::record(&state.database, form, account, times).await {
        tracing::warn!(?error, "times of keying could not be stored");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plausible_seconds_count() {
        let posted = [
            ("seconds:a", "2.5"),
            ("seconds:b", "-1"),
            ("seconds:c", "NaN"),
            ("seconds:d", "inf"),
            ("seconds:e", "soon"),
            ("value:f", "3"),
        ]
        .map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(seconds(&posted), BTreeMap::from([("a", 2.5)]));
    }
}
