//! Making two households one, and parting them again.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::super::frame::{Frame, Section, date_time};
use super::super::page_error::{PageError, message, render};
use super::super::posted::Posted;
use super::super::session::SignedIn;
use super::super::state::AppState;
use super::super::visible;
use crate::storage::Database;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::register::household_merging::{self as merging, Alike};
use crate::storage::register::merging::{Merge, MergeError};
use crate::storage::service_users::{HouseholdRecord, ServiceUser};

struct Other {
    id: Uuid,
    version: i32,
    reference: String,
    people: String,
    shares_member: bool,
}

struct PastMerge {
    id: Uuid,
    when: String,
    by: String,
    reason: String,
    undone: Option<String>,
}

#[derive(Template)]
#[template(path = "household_merge.html", config = "src/web/askama.toml")]
struct MergePage {
    frame: Frame,
    csrf: String,
    id: Uuid,
    version: i32,
    others: Vec<Other>,
    elsewhere: usize,
    merges: Vec<PastMerge>,
}

/// The households that may be the same as this one, and the merges it had part in.
pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::MergePeople)?;
    visible::household(&state, &signed_in, id).await?;
    let database = &state.database;
    let act = Act::new("viewed_likenesses", "household", id);
    audit::record(database.pool(), signed_in.actor(), act).await?;
    let (version, alike) = merging::like(database, id).await?;
    let (mut others, mut elsewhere) = (Vec::new(), 0);
    for other in &alike {
        match visible::household_if_seen(&state, &signed_in, other.id).await? {
            Some(record) => others.push(row(other, &record)),
            None => elsewhere += 1,
        }
    }
    let merges = merging::of_household(database, id).await?;
    Ok(render(&MergePage {
        frame: Frame::new("Records of one household", &signed_in, Section::Elsewhere),
        csrf: signed_in.csrf.clone(),
        id,
        version,
        others,
        elsewhere,
        merges: merges
            .into_iter()
            .map(|m| PastMerge {
                id: m.id,
                when: date_time(m.merged_at),
                by: m.merged_by,
                reason: m.reason,
                undone: m.undone_at.map(date_time),
            })
            .collect(),
    }))
}

fn row(other: &Alike, record: &HouseholdRecord) -> Other {
    let name = |member: &ServiceUser| format!("{} {}", member.first_name, member.surname);
    let people: Vec<String> = record.members.iter().map(name).collect();
    Other {
        id: other.id,
        version: other.version,
        reference: record.form_reference.clone(),
        people: people.join(", "),
        shares_member: other.shares_member,
    }
}

/// Makes the chosen household one with this.
pub(super) async fn merge(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::MergePeople)?;
    visible::household(&state, &posted.signed_in, id).await?;
    let chosen: Option<Uuid> = posted.first("other").and_then(|v| v.parse().ok());
    let reason = posted.first("reason").unwrap_or_default().trim().to_owned();
    let (Some(other), false) = (chosen, reason.is_empty()) else {
        let lines = ["Choose the household that is the same, and say how you know."];
        let back = format!("/households/{id}/merge");
        return Ok(message(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Nothing was changed",
            &lines,
            (&back, "Back"),
        ));
    };
    visible::household(&state, &posted.signed_in, other).await?;
    let number = |name: &str| posted.first(name).and_then(|v| v.parse::<i32>().ok());
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
        let (database, sealer) = (&state.database, &state.sealer);
        merging::merge(database, sealer, &state.public_url, account, merge)
            .await
            .map(|_| ())
    });
    after(merged.await, id)
}

/// Parts two households again.
pub(super) async fn undo(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::MergePeople)?;
    visible::household(&state, &posted.signed_in, id).await?;
    let merge: Uuid = posted
        .first("merge")
        .and_then(|v| v.parse().ok())
        .ok_or(PageError::Malformed)?;
    let of_household = merging::of_household(&state.database, id).await?;
    if !of_household.iter().any(|m| m.id == merge) {
        return Err(PageError::NotFound);
    }
    let account = posted.signed_in.account.id;
    let undone = Database::uninterrupted(async move {
        let (database, sealer) = (&state.database, &state.sealer);
        merging::undo(database, sealer, &state.public_url, account, merge).await
    });
    after(undone.await, id)
}

fn after(done: Result<(), MergeError>, id: Uuid) -> Result<Response, PageError> {
    let why = match done {
        Ok(()) => return Ok(Redirect::to(&format!("/households/{id}/merge")).into_response()),
        Err(MergeError::Storage(error)) => return Err(error.into()),
        Err(MergeError::Changed) => {
            "One of the households was changed in the meantime. Look at them again."
        }
        Err(MergeError::Unfit) => {
            "One of the households is on hold, restricted or objected to. Have that lifted first."
        }
    };
    let back = format!("/households/{id}/merge");
    Ok(message(
        StatusCode::CONFLICT,
        "Nothing was changed",
        &[why],
        (&back, "Back"),
    ))
}
