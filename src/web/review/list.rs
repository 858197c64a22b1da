//! The list of forms waiting for a clerk.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use chrono::{Local, Utc};
use serde::Deserialize;
use uuid::Uuid;

use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::queue::{self, Part, QueuedForm};
use crate::storage::review;
use crate::web::frame::{Frame, Section, date_time};
use crate::web::page_error::{PageError, render};
use crate::web::session::SignedIn;
use crate::web::state::AppState;
use crate::web::visible;

use super::live;

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
    /// Somebody has begun it.
    begun: bool,
    urgent: Option<String>,
    referred: Option<String>,
    centre: Option<String>,
    holder: Holding,
}

struct Done {
    reference: String,
    /// The record, unless a second person has to key something first.
    household_id: Option<Uuid>,
    /// The form, when somebody has to say first who on it is on record already.
    same_person: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "review_list.html", config = "src/web/askama.toml")]
struct ListPage {
    frame: Frame,
    csrf: String,
    work: String,
    settled_today: i64,
    rows: Vec<Row>,
    /// Whether there is a form for this clerk.
    next: bool,
    /// The clerk asked for a form and there was none.
    none: bool,
    centres: Vec<String>,
    centre: String,
    /// The list of the forms handed to the supervisors.
    referred: bool,
    supervisor: bool,
    done: Option<Done>,
}

#[derive(Deserialize)]
pub(in crate::web) struct ListQuery {
    /// The form that was just settled.
    done: Option<Uuid>,
    /// Only forms of this centre.
    #[serde(default)]
    centre: String,
    /// There was no next form.
    none: Option<u8>,
    /// Forms handed to the supervisors instead of those for clerks.
    referred: Option<u8>,
}

pub(in crate::web) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Query(query): Query<ListQuery>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::CheckForms)?;
    let scope = signed_in.scope();
    let part = Part {
        scope: &scope,
        centre: Some(query.centre.as_str()).filter(|c| !c.is_empty()),
        referred: query.referred.is_some(),
    };
    let forms = queue::waiting(&state.database, part, MOST_ROWS).await?;
    let (_, settled_today) = review::counts(&state.database, &scope, start_of_day()).await?;
    audit::record(state.database.pool(), signed_in.actor(), Act::list("form")).await?;
    let done = match query.done {
        Some(id) => visible::form(&state, &signed_in, id)
            .await
            .ok()
            .and_then(|form| {
                let waits = matches!(form.state.as_str(), "second_keying" | "matching");
                (waits || form.household_id.is_some()).then_some(Done {
                    household_id: form.household_id,
                    same_person: (form.state == "matching").then_some(form.id),
                    reference: form.reference,
                })
            }),
        None => None,
    };
    let rows: Vec<Row> = forms
        .into_iter()
        .map(|form| row(form, signed_in.account.id))
        .collect();
    let referred = query.referred.is_some();
    let next = !referred
        && rows
            .iter()
            .any(|r| !matches!(r.holder, Holding::Colleague(_)));
    let page = ListPage {
        csrf: signed_in.csrf.clone(),
        frame: Frame::new("Forms to check", &signed_in, Section::Review),
        work: live::in_words(queue::work(&state.database, &scope).await?),
        settled_today,
        rows,
        next,
        none: query.none.is_some(),
        centres: queue::centres(&state.database, &scope).await?,
        centre: query.centre,
        referred,
        supervisor: signed_in.can(Permission::Exceptions),
        done,
    };
    Ok(render(&page))
}

fn row(form: QueuedForm, me: Uuid) -> Row {
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
        begun: form.drafts > 0,
        urgent: form.priority_reason,
        referred: form.referred_reason,
        centre: form.centre,
        holder,
    }
}

/// Midnight where the server stands.
fn start_of_day() -> chrono::DateTime<Utc> {
    let midnight = Local::now().date_naive().and_hms_opt(0, 0, 0);
    let local = midnight.and_then(|m| m.and_local_timezone(Local).earliest());
    local.map_or_else(Utc::now, |m| m.with_timezone(&Utc))
}
