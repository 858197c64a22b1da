//! `/api/events`: a recipient asks for its events again, in order, or has them put into its queue again.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::EVENTS_READ;
use super::bearer::Recipient;
use super::problem::{Problem, ProblemView};
use crate::storage::audit::{self, Act};
use crate::storage::{Database, StorageError, recipients};
use crate::web::state::AppState;

/// Events in one answer.
const ROWS: i64 = 200;

/// Which events to give.
#[derive(Deserialize, IntoParams)]
pub(super) struct PullQuery {
    /// Only those after this number; 0 for all.
    #[serde(default)]
    after: i64,
}

/// Events in order.
#[derive(Serialize, ToSchema)]
pub(super) struct EventPage {
    /// CloudEvents as the queue would have them, by `sequence`. What may not be seen (any longer) is left out.
    #[schema(value_type = Vec<Object>)]
    events: Vec<serde_json::Value>,
    /// Number of the last event that was looked at, given or left out: `after` of the next request.
    position: i64,
    /// Whether there are more now.
    more: bool,
}

/// This recipient's events after a number, in order, 200 at a time. Each is given as it may be seen now.
#[utoipa::path(
    get,
    path = "/api/events",
    params(PullQuery),
    responses(
        (status = 200, description = "Events", body = EventPage),
        (status = 401, description = "No valid token", body = ProblemView, content_type = "application/problem+json"),
        (status = 403, description = "Scope missing", body = ProblemView, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests; Retry-After says how long to wait", body = ProblemView, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemView, content_type = "application/problem+json"),
    ),
    security(("token" = ["events:read"]))
)]
pub(super) async fn pull(
    State(state): State<AppState>,
    recipient: Recipient,
    Query(query): Query<PullQuery>,
) -> Result<Json<EventPage>, Problem> {
    recipient.must(EVENTS_READ)?;
    let pulling = async move {
        audit::record(state.database.pool(), recipient.actor(), Act::list("event")).await?;
        let after = query.after.max(0);
        recipients::events::pull(
            &state.database,
            &recipient.0,
            after,
            &state.public_url,
            ROWS,
        )
        .await
    };
    let page = Database::uninterrupted(pulling).await?;
    Ok(Json(EventPage {
        events: page.events,
        position: page.position,
        more: page.more,
    }))
}

/// Which events to repeat.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Replay {
    /// The first moment of the range.
    #[schema(value_type = String, format = DateTime)]
    from: DateTime<Utc>,
    /// The first moment after the range.
    #[schema(value_type = String, format = DateTime)]
    until: DateTime<Utc>,
}

/// What will be repeated.
#[derive(Serialize, ToSchema)]
pub(super) struct Replayed {
    /// Events that go into the queue again, each as it may be seen then.
    events: u64,
}

/// Puts this recipient's events of a time range into its queue once more, with the same ids and numbers.
#[utoipa::path(
    post,
    path = "/api/events/replay",
    request_body = Replay,
    responses(
        (status = 202, description = "They will be in the queue within seconds", body = Replayed),
        (status = 401, description = "No valid token", body = ProblemView, content_type = "application/problem+json"),
        (status = 403, description = "Scope missing", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "This recipient has no queue", body = ProblemView, content_type = "application/problem+json"),
        (status = 422, description = "Not a range", body = ProblemView, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests; Retry-After says how long to wait", body = ProblemView, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemView, content_type = "application/problem+json"),
    ),
    security(("token" = ["events:read"]))
)]
pub(super) async fn replay(
    State(state): State<AppState>,
    recipient: Recipient,
    body: axum::body::Bytes,
) -> Result<(StatusCode, Json<Replayed>), Problem> {
    recipient.must(EVENTS_READ)?;
    let range: Replay = serde_json::from_slice(&body).map_err(|_| {
        Problem::Refused("Send JSON with from and until as RFC 3339 times".to_owned())
    })?;
    if range.from >= range.until {
        return Err(Problem::Refused("from has to be before until".to_owned()));
    }
    let replaying = async move {
        let act = Act::new("replayed", "recipient", recipient.id());
        audit::record(state.database.pool(), recipient.actor(), act).await?;
        recipients::events::replay(&state.database, recipient.id(), range.from, range.until).await
    };
    match Database::uninterrupted(replaying).await {
        Ok(events) => Ok((StatusCode::ACCEPTED, Json(Replayed { events }))),
        Err(StorageError::Conflict { .. }) => Err(Problem::NoQueue),
        Err(error) => Err(error.into()),
    }
}
