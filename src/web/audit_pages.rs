//! The audit trail, for those who check who looked at what. Looking is an entry of its own.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use chrono::{DateTime, Days, Local, NaiveDate, Utc};
use serde::Deserialize;
use uuid::Uuid;

use super::frame::{Frame, Section, date_time};
use super::page_error::{PageError, render};
use super::session::SignedIn;
use super::state::AppState;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::audit_search::{self, Found, Search};

const ROWS: i64 = 100;

struct Row {
    at: String,
    actor: String,
    action: String,
    subject: String,
    part: Option<String>,
}

/// What was asked for, as it stands in the form and in links.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    from: String,
    until: String,
    action: String,
    about: String,
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "audit.html", config = "src/web/askama.toml")]
struct AuditPage {
    frame: Frame,
    asked: Asked,
    actions: Vec<(String, String)>,
    rows: Vec<Row>,
    errors: Vec<(&'static str, &'static str)>,
    older: Option<String>,
}

pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::ReadAudit)?;
    audit::record(state.database.pool(), signed_in.actor(), Act::list("audit")).await?;
    let mut errors = Vec::new();
    let search = understand(&state, &asked, &mut errors).await?;
    let found = if errors.is_empty() {
        audit_search::search(&state.database, &search, ROWS).await?
    } else {
        vec![]
    };
    let full = found.len() >= usize::try_from(ROWS).unwrap_or(usize::MAX);
    let older = found.last().filter(|_| full).map(|last| link(&asked, last));
    let actions = audit_search::actions(&state.database).await?;
    let page = AuditPage {
        frame: Frame {
            error: !errors.is_empty(),
            ..Frame::new("Audit trail", &signed_in, Section::Audit).wide()
        },
        asked,
        actions: actions
            .into_iter()
            .map(|name| (name.clone(), in_words(&name)))
            .collect(),
        rows: found.into_iter().map(row).collect(),
        errors,
        older,
    };
    Ok(render(&page))
}

async fn understand(
    state: &AppState,
    asked: &Asked,
    errors: &mut Vec<(&'static str, &'static str)>,
) -> Result<Search, PageError> {
    const DATE: &str = "Enter a date like 2026-03-27";
    let mut day = |text: &str, target| match text.trim() {
        "" => None,
        text => {
            let day: Option<NaiveDate> = text.parse().ok();
            if day.is_none() {
                errors.push((target, DATE));
            }
            day
        }
    };
    let from = day(&asked.from, "from");
    let until = day(&asked.until, "until").and_then(|d| d.checked_add_days(Days::new(1)));
    let id = match asked.about.trim() {
        "" => None,
        text => match Uuid::parse_str(text) {
            Ok(id) => Some(id),
            Err(_) => audit_search::form_called(&state.database, text).await?,
        },
    };
    if id.is_none() && !asked.about.trim().is_empty() {
        errors.push((
            "about",
            "Enter the reference of a form, like F-000123, or the id of a record or person",
        ));
    }
    Ok(Search {
        from: from.and_then(midnight),
        until: until.and_then(midnight),
        action: Some(asked.action.clone()).filter(|a| !a.is_empty()),
        id,
        before: asked.before,
    })
}

/// The beginning of a day where the server stands.
fn midnight(day: NaiveDate) -> Option<DateTime<Utc>> {
    let local = day.and_hms_opt(0, 0, 0)?.and_local_timezone(Local);
    Some(local.earliest()?.with_timezone(&Utc))
}

fn row(found: Found) -> Row {
    let actor = match (found.actor, found.actor_id) {
        (Some(name), _) => name,
        (None, Some(id)) => id.to_string(),
        (None, None) => "Enrol".to_owned(),
    };
    let subject = match (found.reference, found.subject_id) {
        (Some(reference), _) => format!("{} {reference}", in_words(&found.subject)),
        (None, Some(id)) => format!("{} {id}", in_words(&found.subject)),
        (None, None) => in_words(&found.subject),
    };
    Row {
        at: date_time(found.at),
        actor,
        action: in_words(&found.action),
        subject,
        part: found.part,
    }
}

/// `viewed_special` as `viewed special`.
fn in_words(name: &str) -> String {
    name.replace('_', " ")
}

/// The same search from `last` on.
fn link(asked: &Asked, last: &Found) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("from", &asked.from)
        .append_pair("until", &asked.until)
        .append_pair("action", &asked.action)
        .append_pair("about", &asked.about)
        .append_pair("before", &last.id.to_string())
        .finish();
    format!("/audit?{query}")
}
