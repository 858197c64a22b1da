//! The list of forms waiting for a clerk.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use chrono::{Local, Utc};
use serde::Deserialize;
use uuid::Uuid;

use crate::storage::accounts::Role;
use crate::storage::review::{self, WaitingForm};
use crate::web::frame::{Frame, Section, date_time};
use crate::web::page_error::{PageError, render};
use crate::web::session::SignedIn;
use crate::web::state::AppState;

/// Rows shown at most; the oldest come first, so nothing is forgotten beyond them.
const MOST_ROWS: i64 = 200;

enum Holding {
    Nobody,
    You,
    Colleague(String),
}

struct Row {
    id: Uuid,
    reference: String,
    received: String,
    pages: i64,
    to_look_at: i64,
    holder: Holding,
}

struct Done {
    reference: String,
    /// The record, unless a second person has to key something first.
    household_id: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "review_list.html", config = "src/web/askama.toml")]
struct ListPage {
    frame: Frame,
    summary: String,
    rows: Vec<Row>,
    next: Option<Uuid>,
    done: Option<Done>,
}

#[derive(Deserialize)]
pub(in crate::web) struct ListQuery {
    /// The form that was just settled.
    done: Option<Uuid>,
}

pub(in crate::web) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Query(query): Query<ListQuery>,
) -> Result<Response, PageError> {
    signed_in.must_be(Role::Clerk)?;
    let forms = review::waiting(&state.database, MOST_ROWS).await?;
    let (waiting, settled_today) = review::counts(&state.database, start_of_day()).await?;
    let done = match query.done {
        Some(id) => review::form(&state.database, id).await?.and_then(|form| {
            let waits = form.state == "second_keying";
            (waits || form.household_id.is_some()).then_some(Done {
                household_id: form.household_id,
                reference: form.reference,
            })
        }),
        None => None,
    };
    let rows: Vec<Row> = forms
        .into_iter()
        .map(|form| row(form, signed_in.account.id))
        .collect();
    // A form the clerk already has, else the oldest that nobody has.
    let mine = rows.iter().find(|r| matches!(r.holder, Holding::You));
    let free = rows.iter().find(|r| matches!(r.holder, Holding::Nobody));
    let next = mine.or(free).map(|r| r.id);
    let page = ListPage {
        frame: Frame::new("Forms to check", &signed_in, Section::Review),
        summary: format!("{waiting} waiting, {settled_today} settled today"),
        rows,
        next,
        done,
    };
    Ok(render(&page))
}

fn row(form: WaitingForm, me: Uuid) -> Row {
    let holder = match form.holder {
        None => Holding::Nobody,
        Some(holder) if holder.account_id == me => Holding::You,
        Some(holder) => Holding::Colleague(holder.display_name),
    };
    Row {
        id: form.id,
        reference: form.reference,
        received: date_time(form.received_at),
        pages: form.pages,
        to_look_at: form.to_look_at,
        holder,
    }
}

/// Midnight where the server stands.
fn start_of_day() -> chrono::DateTime<Utc> {
    let midnight = Local::now().date_naive().and_hms_opt(0, 0, 0);
    let local = midnight.and_then(|m| m.and_local_timezone(Local).earliest());
    local.map_or_else(Utc::now, |m| m.with_timezone(&Utc))
}
