//! Files from which no form came: what is wrong with each, another try, and putting away what is dealt with.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use uuid::Uuid;

use crate::storage::StorageError;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::exceptions::{self, Dismissal, ExceptionFile, Which};
use crate::web::frame::{Frame, Section, date_time};
use crate::web::page_error::{PageError, message, render};
use crate::web::posted::Posted;
use crate::web::reception::way::shown_name;
use crate::web::session::SignedIn;
use crate::web::state::AppState;
use crate::web::visible;

/// Files on one page.
const ROWS: i64 = 100;

struct Row {
    id: Uuid,
    name: String,
    received: String,
    quarantined: bool,
    reason: String,
    kept: bool,
    dismissed: Option<String>,
}

#[derive(Template)]
#[template(path = "exceptions.html", config = "src/web/askama.toml")]
struct ExceptionsPage {
    frame: Frame,
    csrf: String,
    done: Option<&'static str>,
    rows: Vec<Row>,
    put_away: Vec<Row>,
    reasons: Vec<(&'static str, &'static str)>,
}

#[derive(Deserialize)]
pub(in crate::web) struct DoneQuery {
    done: Option<String>,
}

pub(in crate::web) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Query(query): Query<DoneQuery>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::Exceptions)?;
    let scope = signed_in.scope();
    audit::record(
        state.database.pool(),
        signed_in.actor(),
        Act::list("document"),
    )
    .await?;
    let waiting = exceptions::list(&state.database, &scope, Which::Waiting, ROWS).await?;
    let put_away = exceptions::list(&state.database, &scope, Which::Dismissed, ROWS).await?;
    let page = ExceptionsPage {
        frame: Frame::new("Exceptions", &signed_in, Section::Supervision),
        csrf: signed_in.csrf.clone(),
        done: match query.done.as_deref() {
            Some("again") => Some("It is being read again."),
            Some("dismissed") => Some("It is put away. You find it below if you need it back."),
            Some("restored") => Some("It is back in the list."),
            _ => None,
        },
        rows: waiting.into_iter().map(row).collect(),
        put_away: put_away.into_iter().map(row).collect(),
        reasons: Dismissal::ALL
            .map(|d| (d.as_str(), d.label()))
            .into_iter()
            .collect(),
    };
    Ok(render(&page))
}

fn row(file: ExceptionFile) -> Row {
    Row {
        id: file.id,
        name: shown_name(&file.object_key).to_owned(),
        received: date_time(file.received_at),
        quarantined: file.state == "quarantined",
        reason: file.reason.unwrap_or_default(),
        kept: file.kept,
        dismissed: file
            .dismissed
            .map(|(by, at, why)| format!("{}, by {by} on {}", why.label(), date_time(at))),
    }
}

pub(in crate::web) async fn read_again(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::Exceptions)?;
    visible::scan(&state, &posted.signed_in, id).await?;
    let done = exceptions::read_again(&state.database, id, posted.signed_in.actor()).await;
    answer(done, "again")
}

pub(in crate::web) async fn dismiss(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::Exceptions)?;
    visible::scan(&state, &posted.signed_in, id).await?;
    let why = posted.first("reason").and_then(Dismissal::parse);
    let why = why.ok_or(PageError::Malformed)?;
    let by = posted.signed_in.account.id;
    let done = exceptions::dismiss(&state.database, id, by, why).await;
    answer(done, "dismissed")
}

pub(in crate::web) async fn restore(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::Exceptions)?;
    visible::scan(&state, &posted.signed_in, id).await?;
    let by = posted.signed_in.account.id;
    let done = exceptions::restore(&state.database, id, by).await;
    answer(done, "restored")
}

/// Back to the list; or, when a colleague was quicker, a page that says so.
fn answer(done: Result<(), StorageError>, word: &str) -> Result<Response, PageError> {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/supervision/exceptions?done={word}")).into_response()),
        Err(StorageError::Conflict { .. }) => Ok(message(
            StatusCode::CONFLICT,
            "Nothing was changed",
            &[
                "Somebody else has dealt with this file in the meantime, or it cannot be read again.",
            ],
            ("/supervision/exceptions", "Back to the exceptions"),
        )),
        Err(error) => Err(error.into()),
    }
}
