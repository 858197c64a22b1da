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

/// The times for the fields of a form that needed a person, by what the page showed of the reader's value: what each
/// took at the desk, and what `me` took on the page of the whole form, whose inputs are `posted`.
pub(in crate::web) fn of_form(
    state: &AppState,
    form: &OpenForm<'_>,
    answers: &[Answer],
    me: Uuid,
    posted: &[(String, String)],
) -> Vec<KeyingTime> {
    let here = seconds(posted);
    let looked_at = answers.iter().filter(|a| form.attention.contains(&a.name));
    looked_at
        .filter_map(|answer| {
            let field = form.fields.get(&answer.name)?;
            let read: Option<&FieldValue> = field.value.as_ref();
            let before = form.drafts.get(&answer.name);
            let (account, seconds) = whose(
                before.and_then(|draft| Some((draft.by, draft.seconds?))),
                here.get(answer.name.as_str()).map(|seconds| (me, *seconds)),
            )?;
            Some(KeyingTime {
                account,
                kind: field.kind,
                mode: presentation(field.kind, field.confidence, &state.keying).as_str(),
                seconds,
                changed: read != answer.settled.value(),
            })
        })
        .collect()
}

/// Who took how long: the person who had the field last, with what they took before.
fn whose(before: Option<(Uuid, f64)>, here: Option<(Uuid, f64)>) -> Option<(Uuid, f64)> {
    match (before, here) {
        (Some((one, before)), Some((other, here))) if one == other => Some((one, before + here)),
        (before, here) => here.or(before),
    }
}

/// Stores times. Losing them harms nobody, so a failure is logged and not shown.
pub(in crate::web) async fn store(state: &AppState, form: Uuid, times: &[KeyingTime]) {
    if times.is_empty() {
        return;
    }
    if let Err(error) = keying_times::record(&state.database, form, times).await {
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

    #[test]
    fn a_time_belongs_to_whoever_had_the_field_last() {
        let (ada, ben) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(whose(None, None), None);
        assert_eq!(whose(Some((ada, 2.0)), None), Some((ada, 2.0)));
        assert_eq!(whose(Some((ada, 2.0)), Some((ada, 1.5))), Some((ada, 3.5)));
        assert_eq!(whose(Some((ada, 2.0)), Some((ben, 1.5))), Some((ben, 1.5)));
    }
}
