//! How well machine and people do. A supervisor sees everything; a clerk sees their own figures only. `?days=` chooses
//! the period, `?format=json` answers with the same figures as JSON.

mod picture;
mod words;

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::frame::{Frame, Section, date_time};
use super::page_error::{PageError, render};
use super::posted::Posted;
use super::routes::Routes;
use super::session::SignedIn;
use super::state::AppState;
use crate::domain::sampling::{cases_to_prove, wilson};
use crate::storage::accounts::Permission;
use crate::storage::keying_waits::{self, Counts};
use crate::storage::quality::{self, Checked, ClerkFigures, ModeFigures, Reason, StraightThrough};
use picture::Picture;
use words::{kind, mode, percent, share, source};

/// Periods to choose from, in days.
const PERIODS: [i64; 4] = [7, 30, 90, 365];
/// Reasons shown.
const MOST_REASONS: i64 = 10;
/// Wrong records shown; the oldest come first.
const MOST_RECORDS: i64 = 100;

#[derive(Deserialize)]
pub(in crate::web) struct QualityQuery {
    days: Option<i64>,
    format: Option<String>,
}

/// An error rate with what is known of it.
#[derive(Serialize)]
struct Rate {
    #[serde(flatten)]
    checked: Checked,
    /// Wilson's 95 % interval, wide enough for what is undecided.
    low: f64,
    high: f64,
    /// The strictest target among fields of this kind.
    target: f64,
    /// Cases that are still needed to prove the target, were they all right; null when it is out of reach.
    still_needed: Option<u64>,
}

/// Everything on the page.
#[derive(Serialize)]
struct Figures {
    days: i64,
    /// Only for supervisors.
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<AllFigures>,
    clerks: Vec<ClerkFigures>,
    modes: Vec<ModeFigures>,
}

#[derive(Serialize)]
struct AllFigures {
    rates: Vec<Rate>,
    straight_through: StraightThrough,
    reasons: Vec<Reason>,
    waiting_double: i64,
    waiting_sample: i64,
    waiting_differing: i64,
    wrong_records: usize,
}

struct WrongRow {
    task_id: Uuid,
    household_id: Uuid,
    reference: String,
    label: String,
    found: String,
}

struct Row {
    head: String,
    cells: Vec<String>,
}

struct Table {
    caption: &'static str,
    headings: Vec<&'static str>,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "quality.html", config = "src/web/askama.toml")]
struct QualityPage {
    frame: Frame,
    csrf: String,
    days: i64,
    periods: [i64; 4],
    own: bool,
    counts: Option<Counts>,
    straight: Option<[String; 2]>,
    picture: Option<Picture>,
    tables: Vec<Table>,
    wrong: Vec<WrongRow>,
}

pub(in crate::web) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Query(query): Query<QualityQuery>,
) -> Result<Response, PageError> {
    if !signed_in.can(Permission::KeyAgain) {
        signed_in.must(Permission::CheckForms)?;
    }
    let supervisor = signed_in.can(Permission::Quality);
    let days = query.days.filter(|d| PERIODS.contains(d)).unwrap_or(30);
    let since = Utc::now() - TimeDelta::days(days);
    let database = &state.database;
    let only = (!supervisor).then_some(signed_in.account.id);
    let mut wrong = Vec::new();
    let all = if supervisor {
        wrong = wrong_records(&state).await?;
        let counts = keying_waits::counts(database, &state.keying, None).await?;
        let checked = quality::checked(database, since).await?;
        Some(AllFigures {
            rates: checked.into_iter().map(|c| rate(&state, c)).collect(),
            straight_through: quality::straight_through(database, since).await?,
            reasons: quality::reasons(database, since, MOST_REASONS).await?,
            waiting_double: counts.double,
            waiting_sample: counts.sample,
            waiting_differing: counts.differing,
            wrong_records: wrong.len(),
        })
    } else {
        None
    };
    let figures = Figures {
        days,
        all,
        clerks: quality::clerks(database, since, only).await?,
        modes: quality::modes(database, since, only).await?,
    };
    if query.format.as_deref() == Some("json") {
        return Ok(Json(figures).into_response());
    }
    Ok(page(&signed_in, &figures, wrong))
}

fn rate(state: &AppState, checked: Checked) -> Rate {
    let of = |n: i64| u64::try_from(n).unwrap_or_default();
    // What nobody has decided yet may be right or wrong: the interval leaves room for both.
    let cases = of(checked.cases + checked.undecided);
    let (fewest, most) = (of(checked.wrong), of(checked.wrong + checked.undecided));
    let (low, _) = wilson(fewest, cases).unwrap_or((0.0, 1.0));
    let (_, high) = wilson(most, cases).unwrap_or((0.0, 1.0));
    let target = state
        .definitions()
        .iter()
        .flat_map(|d| &d.fields)
        .filter(|f| f.kind.as_str() == checked.kind)
        .map(|f| f.rules.target_error)
        .fold(1.0, f64::min);
    Rate {
        checked,
        low,
        high,
        target,
        still_needed: cases_to_prove(target, most).map(|needed| needed.saturating_sub(cases)),
    }
}

async fn wrong_records(state: &AppState) -> Result<Vec<WrongRow>, PageError> {
    let records = keying_waits::wrong_records(&state.database, MOST_RECORDS).await?;
    let row = |r: keying_waits::WrongRecord| {
        let version = u32::try_from(r.definition_version).unwrap_or_default();
        let field = state
            .definition(&r.definition_id, version)
            .and_then(|d| d.field(&r.name));
        WrongRow {
            task_id: r.task_id,
            household_id: r.household_id,
            reference: r.reference,
            label: field.map_or(r.name, |f| f.label.clone()),
            found: date_time(r.found_at),
        }
    };
    Ok(records.into_iter().map(row).collect())
}

fn page(signed_in: &SignedIn, figures: &Figures, wrong: Vec<WrongRow>) -> Response {
    let mut tables = Vec::new();
    if let Some(all) = &figures.all {
        tables.push(rates_table(&all.rates));
    }
    tables.push(clerks_table(&figures.clerks, figures.all.is_none()));
    tables.push(modes_table(&figures.modes));
    if let Some(all) = &figures.all {
        tables.push(reasons_table(&all.reasons));
    }
    let own = figures.all.is_none();
    let title = if own { "Your figures" } else { "Quality" };
    let page = QualityPage {
        frame: Frame::new(title, signed_in, Section::Quality).wide(),
        csrf: signed_in.csrf.clone(),
        days: figures.days,
        periods: PERIODS,
        own,
        counts: figures.all.as_ref().map(|all| Counts {
            double: all.waiting_double,
            sample: all.waiting_sample,
            differing: all.waiting_differing,
        }),
        straight: figures.all.as_ref().map(|all| {
            let s = all.straight_through;
            [
                format!(
                    "{} of fields with something in them",
                    share(s.fields_untouched, s.fields)
                ),
                format!("{} of forms", share(s.forms_untouched, s.forms)),
            ]
        }),
        picture: figures.all.as_ref().and_then(|all| Picture::of(&all.rates)),
        tables,
        wrong,
    };
    render(&page)
}

fn rates_table(rates: &[Rate]) -> Table {
    let row = |r: &Rate| Row {
        head: kind(&r.checked.kind),
        cells: vec![
            source(&r.checked.source, &r.checked.check),
            r.checked.cases.to_string(),
            r.checked.wrong.to_string(),
            r.checked.undecided.to_string(),
            format!("{} to {}", percent(r.low), percent(r.high)),
            percent(r.target),
            match r.still_needed {
                Some(0) => "Proved".to_owned(),
                Some(more) => format!("{more} more"),
                None => "Out of reach".to_owned(),
            },
        ],
    };
    Table {
        caption: "Errors found by keying again",
        headings: vec![
            "Kind of field",
            "Answer of",
            "Fields checked",
            "Wrong",
            "Undecided",
            "Error rate, 95 % interval",
            "Target",
            "To prove it",
        ],
        rows: rates.iter().map(row).collect(),
    }
}

fn clerks_table(clerks: &[ClerkFigures], own: bool) -> Table {
    let row = |c: &ClerkFigures| {
        let of = |n: i64| u64::try_from(n).unwrap_or_default();
        let interval = wilson(of(c.wrong), of(c.cases));
        Row {
            head: c.name.clone(),
            cells: vec![
                c.cases.to_string(),
                c.wrong.to_string(),
                interval.map_or_else(String::new, |(l, h)| {
                    format!("{} to {}", percent(l), percent(h))
                }),
                c.timed.to_string(),
                c.seconds.map_or_else(String::new, |s| format!("{s:.1}")),
            ],
        }
    };
    Table {
        caption: if own {
            "Your answers"
        } else {
            "Answers of each clerk"
        },
        headings: vec![
            "Clerk",
            "Fields checked",
            "Wrong",
            "Error rate, 95 % interval",
            "Fields timed",
            "Seconds a field, median",
        ],
        rows: clerks.iter().map(row).collect(),
    }
}

fn modes_table(modes: &[ModeFigures]) -> Table {
    let row = |m: &ModeFigures| Row {
        head: kind(&m.kind),
        cells: vec![
            mode(&m.mode).to_owned(),
            m.timed.to_string(),
            format!("{:.1}", m.seconds),
            share(m.changed, m.timed),
            if m.cases == 0 {
                String::new()
            } else {
                share(m.wrong, m.cases)
            },
        ],
    };
    Table {
        caption: "Time and errors by what is shown",
        headings: vec![
            "Kind of field",
            "Reader's value",
            "Fields timed",
            "Seconds a field, median",
            "Answer differs from it",
            "Wrong in the sample",
        ],
        rows: modes.iter().map(row).collect(),
    }
}

fn reasons_table(reasons: &[Reason]) -> Table {
    let row = |r: &Reason| Row {
        head: r.reason.clone(),
        cells: vec![r.fields.to_string(), share(r.changed, r.fields)],
    };
    Table {
        caption: "Why fields went to a person",
        headings: vec!["Reason", "Fields", "Changed"],
        rows: reasons.iter().map(row).collect(),
    }
}

pub(in crate::web) async fn dealt_with(
    State(state): State<AppState>,
    Path(task): Path<Uuid>,
    posted: Posted,
) -> Result<Redirect, PageError> {
    posted.signed_in.must(Permission::Quality)?;
    keying_waits::dealt_with(&state.database, task, posted.signed_in.account.id).await?;
    Ok(Redirect::to("/quality"))
}

/// Addresses of the quality page.
pub(super) fn routes() -> Routes {
    Routes::default()
        .get("/quality", show)
        .post("/quality/wrong-records/{task}", dealt_with)
}
