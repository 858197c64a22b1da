//! What a supervisor sees of forms that wait for a second or third person, and may waive.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::not_taken;
use crate::storage::Database;
use crate::storage::accounts::Permission;
use crate::storage::keying_waits::{self, Counts, WaitingForm};
use crate::storage::review;
use crate::web::frame::{Frame, Section, date_time};
use crate::web::page_error::{PageError, render};
use crate::web::posted::Posted;
use crate::web::review::evidence::definition_of;
use crate::web::session::SignedIn;
use crate::web::state::AppState;
use crate::web::visible;

/// Rows shown at most; the oldest come first.
const MOST_ROWS: i64 = 100;
/// Longest reason kept, in characters; shortest that can say anything.
const REASON: std::ops::RangeInclusive<usize> = 10..=500;

struct Row {
    id: Uuid,
    reference: String,
    since: String,
    open: i64,
    differing: i64,
    lacking: Vec<&'static str>,
    error: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "second_waiting.html", config = "src/web/askama.toml")]
struct WaitingPage {
    frame: Frame,
    csrf: String,
    counts: Counts,
    rows: Vec<Row>,
}

pub(in crate::web) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    signed_in.must(Permission::Adjudicate)?;
    page(&state, &signed_in, None).await
}

async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    wrong: Option<Uuid>,
) -> Result<Response, PageError> {
    let scope = signed_in.scope();
    let forms = keying_waits::forms(&state.database, &state.keying, &scope, MOST_ROWS).await?;
    let frame = Frame::new("Waiting for a second person", signed_in, Section::Second).wide();
    let page = WaitingPage {
        frame: Frame {
            error: wrong.is_some(),
            ..frame
        },
        csrf: signed_in.csrf.clone(),
        counts: keying_waits::counts(&state.database, &state.keying, &scope, None).await?,
        rows: forms.into_iter().map(|form| row(form, wrong)).collect(),
    };
    let status = if wrong.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Ok((status, render(&page)).into_response())
}

fn row(form: WaitingForm, wrong: Option<Uuid>) -> Row {
    let mut lacking = Vec::new();
    if form.open > 0 && form.may_key == 0 {
        lacking.push("Nobody else can key it: add a second clerk, or waive it.");
    }
    if form.differing > 0 && form.may_decide == 0 {
        lacking
            .push("Nobody can decide: everybody who may has had a part in it. Add a supervisor.");
    }
    Row {
        error: (wrong == Some(form.id))
            .then_some("Enter a reason of 10 to 500 characters, without anybody's name"),
        id: form.id,
        reference: form.reference,
        since: date_time(form.since),
        open: form.open,
        differing: form.differing,
        lacking,
    }
}

pub(in crate::web) async fn waive(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::Adjudicate)?;
    visible::form(&state, &posted.signed_in, id).await?;
    let me = posted.signed_in.account.id;
    let reason = posted.first("reason").unwrap_or_default().trim().to_owned();
    if !REASON.contains(&reason.chars().count()) {
        return page(&state, &posted.signed_in, Some(id)).await;
    }
    let head = review::form(&state.database, id)
        .await?
        .ok_or(PageError::NotFound)?;
    let definition = definition_of(&state, &head)?.clone();
    let working = state.clone();
    let waived = Database::uninterrupted(async move {
        let context = working.settling(&definition);
        keying_waits::waive(&working.database, &context, id, me, &reason).await
    })
    .await;
    match waived {
        Ok(()) => Ok(Redirect::to("/second/waiting").into_response()),
        Err(error) => not_taken(error, "/second/waiting"),
    }
}
