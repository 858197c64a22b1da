//! Who on a form is on record already: somebody says so before the form changes a record or makes a new one.

mod decide;
mod show;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use super::frame::{Frame, Section, date_time};
use super::page_error::{PageError, render};
use super::routes::Routes;
use super::session::SignedIn;
use super::state::AppState;
use super::visible;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::register::deciding;

/// Forms listed at most; the oldest come first.
const MOST_ROWS: i64 = 200;

struct Row {
    id: Uuid,
    reference: String,
    received: String,
    people: i64,
    candidates: i64,
}

struct Done {
    reference: String,
    household_id: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "matching_list.html", config = "src/web/askama.toml")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
    done: Option<Done>,
}

#[derive(Deserialize)]
pub(super) struct ListQuery {
    done: Option<Uuid>,
}

/// The forms that wait for somebody to say who is on record already.
async fn list(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Query(query): Query<ListQuery>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::CheckForms)?;
    let waiting = deciding::waiting(&state.database, &signed_in.scope(), MOST_ROWS).await?;
    let done = match query.done {
        Some(form) => visible::form(&state, &signed_in, form)
            .await
            .ok()
            .map(|head| Done {
                reference: head.reference,
                household_id: head.household_id,
            }),
        None => None,
    };
    audit::record(state.database.pool(), signed_in.actor(), Act::list("form")).await?;
    let rows = waiting.into_iter().map(|form| Row {
        id: form.id,
        reference: form.reference,
        received: date_time(form.received_at),
        people: form.people,
        candidates: form.candidates,
    });
    Ok(render(&ListPage {
        frame: Frame::new("Same person?", &signed_in, Section::Matching),
        rows: rows.collect(),
        done,
    }))
}

/// Addresses of saying who is on record already.
pub(super) fn routes() -> Routes {
    Routes::default()
        .get("/matching", list)
        .get("/matching/{form}", show::show)
        .post("/matching/{form}", decide::decide)
        .post("/matching/{form}/back", decide::back)
}
