//! What one family may ask for.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::Utc;
use uuid::Uuid;

use super::{sees_plans, stop_in_words};
use crate::storage::Database;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::erasure::stops::{self, StopKind};
use crate::storage::erasure::{self, Extent, Proposal, Reason, Subject};
use crate::web::frame::{Frame, Section};
use crate::web::page_error::{PageError, render};
use crate::web::posted::Posted;
use crate::web::session::SignedIn;
use crate::web::state::AppState;
use crate::web::visible;
use crate::web::words::role_in_words;

/// Why a family may have its records erased (UK GDPR Article 17(1)): names and words, which the plan keeps.
const GROUNDS: [(&str, &str); 4] = [
    ("consent", "The consent it rests on was withdrawn"),
    (
        "objection",
        "The family objects, and nothing outweighs that",
    ),
    ("not_needed", "It is not needed any more"),
    ("unlawful", "It should not have been collected"),
];

struct StopChoice {
    kind: &'static str,
    title: &'static str,
    hint: &'static str,
    reasons: &'static [(&'static str, &'static str)],
    in_force: Option<String>,
}

#[derive(Template)]
#[template(path = "rights.html", config = "src/web/askama.toml")]
struct RightsPage {
    frame: Frame,
    csrf: String,
    id: Uuid,
    people: Vec<(Uuid, String)>,
    stops: Vec<StopChoice>,
    grounds: [(&'static str, &'static str); 4],
    goes: Vec<String>,
    obstacles: Vec<String>,
    /// Whether its erasure is proposed and nobody has decided.
    proposed: bool,
    error: Option<&'static str>,
}

pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::Rights)?;
    visible::household(&state, &signed_in, id).await?;
    let act = Act::new("viewed_rights", "household", id);
    audit::record(state.database.pool(), signed_in.actor(), act).await?;
    page(&state, &signed_in, id, None).await
}

async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    id: Uuid,
    error: Option<&'static str>,
) -> Result<Response, PageError> {
    let record = visible::household(state, signed_in, id).await?;
    let in_force = stops::of_household(&state.database, id).await?;
    let (extent, obstacles) =
        erasure::look(&state.database, Subject::Household(id), Utc::now()).await?;
    let choice = |kind: StopKind| {
        let (title, hint) = match kind {
            StopKind::Hold => (
                "Hold",
                "Nothing of this family is erased while it is in force.",
            ),
            StopKind::Restriction => (
                "Restriction",
                "The record is kept and not used: it is on no contact list, and given only to those who get it by law or to keep somebody safe.",
            ),
            StopKind::Objection => (
                "Objection",
                "As a restriction, until somebody has decided whether the reasons for using the record outweigh it.",
            ),
        };
        StopChoice {
            kind: kind.as_str(),
            title,
            hint,
            reasons: kind.reasons(),
            in_force: in_force
                .iter()
                .find(|s| s.kind == kind.as_str())
                .map(stop_in_words),
        }
    };
    let page = RightsPage {
        frame: Frame {
            error: error.is_some(),
            ..Frame::new("What the family may ask for", signed_in, Section::Elsewhere)
        },
        csrf: signed_in.csrf.clone(),
        id,
        people: record
            .members
            .iter()
            .map(|m| (m.id, role_in_words(&m.role, m.position)))
            .collect(),
        stops: StopKind::ALL.map(choice).into(),
        grounds: GROUNDS,
        goes: in_words(&extent),
        proposed: erasure::is_proposed(&state.database, id).await?,
        obstacles: obstacles.iter().map(erasure::Obstacle::in_words).collect(),
        error,
    };
    let status = match error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok((status, render(&page)).into_response())
}

/// What goes and what stays.
fn in_words(extent: &Extent) -> Vec<String> {
    let count = |n: usize, one: &str, many: &str| match n {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    };
    let mut lines = vec![format!(
        "{}, {}, {}, with every picture, value, change and search key.",
        count(extent.people.len(), "person", "people"),
        count(extent.forms.len(), "form", "forms"),
        count(extent.documents.len(), "scan", "scans"),
    )];
    if !extent.staying.is_empty() {
        lines.push(format!(
            "{} of another household too: they stay, without what this family's forms say.",
            count(extent.staying.len(), "person is", "people are")
        ));
    }
    if !extent.shared.is_empty() {
        lines.push(format!(
            "{} pages of other families too: the file is replaced by one without this family's pages.",
            count(extent.shared.len(), "scan holds", "scans hold")
        ));
    }
    lines.push("Recipients who were told of the family are told to erase it.".to_owned());
    lines
}

/// Places or lifts a stop.
pub(super) async fn stop(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Redirect, PageError> {
    posted.signed_in.must(Permission::Rights)?;
    visible::household(&state, &posted.signed_in, id).await?;
    let kind = posted.first("kind").and_then(StopKind::parse);
    let kind = kind.ok_or(PageError::Malformed)?;
    let by = posted.signed_in.account.id;
    let storing = state.clone();
    if posted.first("lift").is_some() {
        Database::uninterrupted(async move {
            stops::lift(&storing.database, id, kind, by, Utc::now()).await
        })
        .await?;
    } else {
        let reason = posted.first("reason").unwrap_or_default();
        let known = kind.reasons().iter().find(|(name, _)| *name == reason);
        let (reason, _) = *known.ok_or(PageError::Malformed)?;
        Database::uninterrupted(async move {
            stops::place(&storing.database, id, kind, reason, by, Utc::now()).await
        })
        .await?;
    }
    Ok(Redirect::to(&format!("/households/{id}/rights")))
}

/// Proposes to erase the family because it asks for it. Somebody else has to agree.
pub(super) async fn propose(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::Rights)?;
    visible::household(&state, &posted.signed_in, id).await?;
    let ground = posted.first("ground").unwrap_or_default();
    let known = GROUNDS.iter().find(|(name, _)| *name == ground);
    let Some((_, rule)) = known else {
        let error = Some("Say why the family may have it erased");
        return page(&state, &posted.signed_in, id, error).await;
    };
    let proposal = Proposal {
        reason: Reason::Request,
        rule: (*rule).to_owned(),
        subjects: vec![Subject::Household(id)],
        by: posted.signed_in.account.id,
        at: Utc::now(),
    };
    let storing = state.clone();
    let made = Database::uninterrupted(async move {
        erasure::propose(&storing.database, &storing.public_url, &proposal).await
    })
    .await?;
    match made {
        Some(_) if !sees_plans(&posted.signed_in) => {
            Ok(Redirect::to(&format!("/households/{id}/rights")).into_response())
        }
        Some(plan) => Ok(Redirect::to(&format!("/retention/plans/{plan}")).into_response()),
        None => {
            let error = Some("Its erasure is proposed already: see Retention");
            page(&state, &posted.signed_in, id, error).await
        }
    }
}
