//! Making two records one, and parting them again.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::super::frame::{Frame, Section};
use super::super::page_error::{PageError, message, render};
use super::super::posted::Posted;
use super::super::session::SignedIn;
use super::super::state::AppState;
use super::super::visible;
use super::person;
use crate::storage::Database;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::register::matching::{self, Likeness};
use crate::storage::register::merging::{self, Merge, MergeError};
use crate::storage::service_users;

struct Other {
    id: Uuid,
    version: i32,
    household_id: Uuid,
    name: String,
    born: String,
    reasons: Vec<String>,
}

#[derive(Template)]
#[template(path = "merge.html", config = "src/web/askama.toml")]
struct MergePage {
    frame: Frame,
    csrf: String,
    id: Uuid,
    version: i32,
    others: Vec<Other>,
    elsewhere: usize,
}

/// The records that may be the same person as this one.
pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::MergePeople)?;
    let (record, _) = person(&state, &signed_in, id).await?;
    let database = &state.database;
    let act = Act::new("viewed_likenesses", "service_user", record.id);
    audit::record(database.pool(), signed_in.actor(), act).await?;
    let (version, likenesses) = matching::like(database, record.id).await?;
    let (mut others, mut elsewhere) = (Vec::new(), 0);
    for likeness in likenesses {
        match other(&state, &signed_in, &likeness).await? {
            Some(other) => others.push(other),
            None => elsewhere += 1,
        }
    }
    Ok(render(&MergePage {
        frame: Frame::new("Records of one person", &signed_in, Section::Elsewhere),
        csrf: signed_in.csrf.clone(),
        id: record.id,
        version,
        others,
        elsewhere,
    }))
}

async fn other(
    state: &AppState,
    signed_in: &SignedIn,
    likeness: &Likeness,
) -> Result<Option<Other>, PageError> {
    let Some(known) = service_users::service_user(&state.database, likeness.id).await? else {
        return Ok(None);
    };
    if visible::household_if_seen(state, signed_in, known.household_id)
        .await?
        .is_none()
    {
        return Ok(None);
    }
    let reasons = likeness
        .comparison
        .reasons
        .iter()
        .filter(|r| r.weight > 0.0);
    Ok(Some(Other {
        id: known.id,
        version: likeness.version,
        household_id: known.household_id,
        name: format!("{} {}", known.first_name, known.surname),
        born: known
            .date_of_birth
            .map(super::super::frame::date)
            .unwrap_or_default(),
        reasons: reasons.map(|r| r.words()).collect(),
    }))
}

/// Makes the chosen record one with this.
pub(super) async fn merge(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::MergePeople)?;
    person(&state, &posted.signed_in, id).await?;
    let number = |name: &str| posted.first(name).and_then(|v| v.parse::<i32>().ok());
    let chosen: Option<Uuid> = posted.first("other").and_then(|v| v.parse().ok());
    let reason = posted.first("reason").unwrap_or_default().trim().to_owned();
    let (Some(other), false) = (chosen, reason.is_empty()) else {
        let lines = ["Choose the record that is the same person, and say how you know."];
        let back = format!("/service-users/{id}/merge");
        return Ok(message(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Nothing was changed",
            &lines,
            (&back, "Back"),
        ));
    };
    person(&state, &posted.signed_in, other).await?;
    let versions = (
        number("version").ok_or(PageError::Malformed)?,
        number(&format!("version:{other}")).ok_or(PageError::Malformed)?,
    );
    let account = posted.signed_in.account.id;
    let merged = Database::uninterrupted(async move {
        let merge = Merge {
            kept: id,
            absorbed: other,
            versions,
            reason: &reason,
        };
        merging::merge(
            &state.database,
            &state.sealer,
            &state.public_url,
            account,
            merge,
        )
        .await
        .map(|_| ())
    })
    .await;
    after(merged, id)
}

/// Parts two records again.
pub(super) async fn undo(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::MergePeople)?;
    person(&state, &posted.signed_in, id).await?;
    let merge: Uuid = posted
        .first("merge")
        .and_then(|v| v.parse().ok())
        .ok_or(PageError::Malformed)?;
    let of_person = merging::of_person(&state.database, id).await?;
    if !of_person.iter().any(|m| m.id == merge) {
        return Err(PageError::NotFound);
    }
    let account = posted.signed_in.account.id;
    let undone = Database::uninterrupted(async move {
        merging::undo(
            &state.database,
            &state.sealer,
            &state.public_url,
            account,
            merge,
        )
        .await
    })
    .await;
    after(undone, id)
}

fn after(done: Result<(), MergeError>, id: Uuid) -> Result<Response, PageError> {
    let why = match done {
        Ok(()) => return Ok(Redirect::to(&format!("/service-users/{id}/history")).into_response()),
        Err(MergeError::Storage(error)) => return Err(error.into()),
        Err(MergeError::Changed) => {
            "One of the records was changed in the meantime. Look at them again."
        }
        Err(MergeError::Unfit) => "A carer and a child cannot be one person.",
    };
    let back = format!("/service-users/{id}/history");
    Ok(message(
        StatusCode::CONFLICT,
        "Nothing was changed",
        &[why],
        (&back, "Back to the record"),
    ))
}
