//! `GET /api/work`: how much waits.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::WORK_READ;
use super::bearer::Recipient;
use super::problem::{Problem, ProblemView};
use crate::storage::centres::Scope;
use crate::storage::work_in_hand::work_in_hand;
use crate::web::state::AppState;
use crate::web::supervision::queue::midnight;

/// Everything that is not finished.
#[derive(Serialize, ToSchema)]
pub(super) struct WorkView {
    /// Forms waiting for a clerk.
    waiting: i64,
    /// When the first page of the oldest of them arrived.
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest: Option<DateTime<Utc>>,
    /// Forms somebody is working on right now; part of those that wait.
    in_hand: i64,
    /// Forms with a page missing.
    incomplete: i64,
    /// Forms set aside.
    set_aside: i64,
    /// Files not read yet.
    unread: i64,
    /// Files from which no form came and that nobody has dealt with.
    exceptions: i64,
    /// Forms by centre.
    centres: Vec<CentreView>,
}

/// One centre's share.
#[derive(Serialize, ToSchema)]
pub(super) struct CentreView {
    /// Code of the centre; null where it is not known.
    #[schema(example = "OAK")]
    centre: Option<String>,
    /// Forms waiting for a clerk.
    waiting: i64,
    /// Forms with a page missing.
    incomplete: i64,
    /// Forms settled today.
    settled_today: i64,
}

/// How much waits, and where it comes from.
#[utoipa::path(
    get,
    path = "/api/work",
    responses(
        (status = 200, description = "The work", body = WorkView),
        (status = 401, description = "No valid token", body = ProblemView, content_type = "application/problem+json"),
        (status = 403, description = "Scope missing", body = ProblemView, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemView, content_type = "application/problem+json"),
    ),
    security(("token" = ["work:read"]))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    recipient: Recipient,
) -> Result<Json<WorkView>, Problem> {
    recipient.must(WORK_READ)?;
    let now = Utc::now();
    let work = work_in_hand(&state.database, &Scope::ALL, now, midnight(now)).await?;
    let centre = |c: crate::storage::work_in_hand::CentreWork| CentreView {
        centre: c.centre,
        waiting: c.waiting,
        incomplete: c.incomplete,
        settled_today: c.settled,
    };
    Ok(Json(WorkView {
        waiting: work.waiting,
        oldest: work.oldest,
        in_hand: work.in_hand,
        incomplete: work.incomplete,
        set_aside: work.set_aside,
        unread: work.unread,
        exceptions: work.exceptions,
        centres: work.centres.into_iter().map(centre).collect(),
    }))
}
