//! How well machine and people do. A supervisor sees the figures of their centres; a clerk sees their own only.
//! `?days=` chooses the period, `?format=json` answers with the same figures as JSON.

mod figures;
mod picture;
mod tables;
mod words;

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::frame::{Frame, Section, date_time};
use super::page_error::{PageError, render};
use super::posted::Posted;
use super::routes::Routes;
use super::session::SignedIn;
use super::state::AppState;
use crate::storage::StorageError;
use crate::storage::accounts::Permission;
use crate::storage::centres::Scope;
use crate::storage::keying_waits::{self, Counts};
use figures::Figures;
use picture::Picture;
use tables::Table;
use words::share;

/// Periods to choose from, in days.
const PERIODS: [i64; 4] = [7, 30, 90, 365];
/// Wrong records shown; the oldest come first.
const MOST_RECORDS: i64 = 100;

#[derive(Deserialize)]
pub(in crate::web) struct QualityQuery {
    days: Option<i64>,
    format: Option<String>,
}

struct WrongRow {
    task_id: Uuid,
    household_id: Uuid,
    reference: String,
    label: String,
    found: String,
}

#[derive(Template)]
#[template(path = "quality.html", config = "src/web/askama.toml")]
struct QualityPage {
    frame: Frame,
    csrf: String,
    days: i64,
    periods: [i64; 4],
    own: bool,
    /// Codes of the centres the figures are of; empty means all.
    centres: String,
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
    let mut figures = figures::gather(&state, &signed_in, days, supervisor).await?;
    let mut wrong = Vec::new();
    if let Some(all) = &mut figures.all {
        wrong = wrong_records(&state, &signed_in.scope()).await?;
        all.wrong_records = wrong.len();
    }
    if query.format.as_deref() == Some("json") {
        return Ok(Json(figures).into_response());
    }
    Ok(page(&signed_in, &figures, wrong))
}

/// What the form calls a field.
fn label(state: &AppState, definition: &str, version: u32, name: &str) -> String {
    let field = state
        .definition(definition, version)
        .and_then(|d| d.field(name));
    field.map_or_else(|| name.to_owned(), |f| f.label.clone())
}

async fn wrong_records(state: &AppState, scope: &Scope) -> Result<Vec<WrongRow>, PageError> {
    let records = keying_waits::wrong_records(&state.database, scope, MOST_RECORDS).await?;
    let row = |r: keying_waits::WrongRecord| {
        let version = u32::try_from(r.definition_version).unwrap_or_default();
        WrongRow {
            task_id: r.task_id,
            household_id: r.household_id,
            reference: r.reference,
            label: label(state, &r.definition_id, version, &r.name),
            found: date_time(r.found_at),
        }
    };
    Ok(records.into_iter().map(row).collect())
}

fn page(signed_in: &SignedIn, figures: &Figures, wrong: Vec<WrongRow>) -> Response {
    let mut tables = Vec::new();
    if let Some(all) = &figures.all {
        tables.push(tables::rates_table(&all.rates));
        tables.push(tables::wrong_fields_table(all));
    }
    tables.push(tables::clerks_table(&figures.clerks, figures.all.is_none()));
    tables.push(tables::modes_table(&figures.modes));
    if let Some(all) = &figures.all {
        tables.push(tables::reasons_table(&all.reasons));
    }
    let own = figures.all.is_none();
    let title = if own { "Your figures" } else { "Quality" };
    let page = QualityPage {
        frame: Frame::new(title, signed_in, Section::Quality).wide(),
        csrf: signed_in.csrf.clone(),
        days: figures.days,
        periods: PERIODS,
        own,
        centres: signed_in.account.centres.join(", "),
        counts: figures.all.as_ref().map(|all| Counts {
            double: all.counts.waiting_double,
            sample: all.counts.waiting_sample,
            differing: all.counts.waiting_differing,
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

pub(in crate::web) async fn dealt_with(
    State(state): State<AppState>,
    Path(task): Path<Uuid>,
    posted: Posted,
) -> Result<Redirect, PageError> {
    let signed_in = &posted.signed_in;
    signed_in.must(Permission::Quality)?;
    let scope = signed_in.scope();
    match keying_waits::dealt_with(&state.database, &scope, task, signed_in.account.id).await {
        Ok(()) => Ok(Redirect::to("/quality")),
        Err(StorageError::NotFound { .. }) => Err(PageError::NotFound),
        Err(error) => Err(error.into()),
    }
}

/// Addresses of the quality page.
pub(super) fn routes() -> Routes {
    Routes::default()
        .get("/quality", show)
        .post("/quality/wrong-records/{task}", dealt_with)
}
