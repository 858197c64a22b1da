//! Work in hand: how many forms wait, how long, from which centres.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, Local, NaiveTime, TimeDelta, Utc};
use serde::Deserialize;

use crate::storage::accounts::Permission;
use crate::storage::work_in_hand::{Ages, CentreWork, WorkInHand, work_in_hand};
use crate::storage::{Database, newer_model};
use crate::web::frame::{Frame, Section};
use crate::web::page_error::{PageError, render};
use crate::web::posted::Posted;
use crate::web::session::SignedIn;
use crate::web::state::AppState;

struct AgeRow {
    label: &'static str,
    forms: i64,
    most: i64,
}

struct CentreRow {
    name: String,
    waiting: i64,
    oldest: String,
    incomplete: i64,
    settled: i64,
}

#[derive(Template)]
#[template(path = "supervision.html", config = "src/web/askama.toml")]
struct QueuePage {
    frame: Frame,
    work: WorkInHand,
    oldest: Option<String>,
    oldest_unread: Option<String>,
    ages: Vec<AgeRow>,
    centres: Vec<CentreRow>,
    csrf: String,
    /// Forms that wait and were read with an earlier model.
    older: i64,
    counts: [i64; 4],
    /// How many were just sent to be read again.
    sent: Option<i64>,
}

/// How many forms may be read again at once: the readers have new scans to read as well.
const AT_ONCE: [i64; 4] = [10, 50, 200, 1000];

#[derive(Deserialize)]
pub(in crate::web) struct SentQuery {
    again: Option<i64>,
}

pub(in crate::web) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Query(query): Query<SentQuery>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::Exceptions)?;
    let now = Utc::now();
    let work = work_in_hand(&state.database, &signed_in.scope(), now, midnight(now)).await?;
    let names = centre_names(&state);
    let page = QueuePage {
        frame: Frame::new("Work in hand", &signed_in, Section::Supervision),
        oldest: work.oldest.map(|at| age(now - at)),
        oldest_unread: work.oldest_unread.map(|at| age(now - at)),
        ages: age_rows(work.by_age),
        centres: work
            .centres
            .iter()
            .map(|c| centre_row(c, &names, now))
            .collect(),
        csrf: signed_in.csrf.clone(),
        older: newer_model::count(&state.database, &signed_in.scope()).await?,
        counts: AT_ONCE,
        sent: query.again,
        work,
    };
    Ok(render(&page))
}

/// Has forms read again that wait and were read with an earlier model.
pub(in crate::web) async fn read_again(
    State(state): State<AppState>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::Exceptions)?;
    let count = posted.first("count").and_then(|count| count.parse().ok());
    let limit = count.filter(|count| AT_ONCE.contains(count));
    let limit = limit.ok_or(PageError::Malformed)?;
    let (scope, me) = (posted.signed_in.scope(), posted.signed_in.account.id);
    let sent = Database::uninterrupted(async move {
        let definitions = state.definitions();
        newer_model::read_again(&state.database, definitions, &scope, me, limit).await
    })
    .await?;
    Ok(Redirect::to(&format!("/supervision?again={sent}")).into_response())
}

/// When today began here.
pub(in crate::web) fn midnight(now: DateTime<Utc>) -> DateTime<Utc> {
    now.with_timezone(&Local)
        .with_time(NaiveTime::MIN)
        .earliest()
        .map_or(now - TimeDelta::days(1), |at| at.with_timezone(&Utc))
}

/// Names of centres by code, as the forms print them.
fn centre_names(state: &AppState) -> Vec<(String, String)> {
    state
        .definitions()
        .iter()
        .filter_map(|definition| {
            let field = definition.field("office.centre")?;
            let names = field
                .options
                .iter()
                .map(|o| (o.value.clone(), o.label.clone()));
            Some(names.collect::<Vec<_>>())
        })
        .flatten()
        .collect()
}

fn centre_row(work: &CentreWork, names: &[(String, String)], now: DateTime<Utc>) -> CentreRow {
    let name = match &work.centre {
        None => "Centre not known".to_owned(),
        Some(code) => names
            .iter()
            .find(|(value, _)| value == code)
            .map_or_else(|| code.clone(), |(_, label)| label.clone()),
    };
    CentreRow {
        name,
        waiting: work.waiting,
        oldest: work.oldest.map(|at| age(now - at)).unwrap_or_default(),
        incomplete: work.incomplete,
        settled: work.settled,
    }
}

fn age_rows(ages: Ages) -> Vec<AgeRow> {
    let rows = [
        ("Less than a day", ages.today),
        ("One to three days", ages.three_days),
        ("Three days to a week", ages.week),
        ("Longer than a week", ages.longer),
    ];
    let most = rows.iter().map(|(_, forms)| *forms).max().unwrap_or(0);
    rows.into_iter()
        .map(|(label, forms)| AgeRow {
            label,
            forms,
            most: most.max(1),
        })
        .collect()
}

/// An age in the unit in which people would tell it.
fn age(age: TimeDelta) -> String {
    let of = |count: i64, unit: &str| match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    };
    match age {
        _ if age >= TimeDelta::days(2) => of(age.num_days(), "day"),
        _ if age >= TimeDelta::hours(2) => of(age.num_hours(), "hour"),
        _ => of(age.num_minutes().max(0), "minute"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_as_people_tell_them() {
        for (minutes, told) in [
            (0, "0 minutes"),
            (1, "1 minute"),
            (119, "119 minutes"),
            (120, "2 hours"),
            (47 * 60, "47 hours"),
            (48 * 60, "2 days"),
        ] {
            assert_eq!(age(TimeDelta::minutes(minutes)), told);
        }
    }
}
