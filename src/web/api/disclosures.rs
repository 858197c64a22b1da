//! `GET /api/disclosures`: for information governance, what of a family was given to whom.

use axum::Json;
use axum::extract::{Query, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::DISCLOSURES_READ;
use super::bearer::Recipient;
use super::problem::{Problem, ProblemView};
use crate::storage::audit::{self, Act};
use crate::storage::disclosures;
use crate::web::state::AppState;

/// Disclosures in one answer.
const ROWS: i64 = 1000;

/// Whose disclosures to list.
#[derive(Deserialize, IntoParams)]
pub(super) struct DisclosureQuery {
    /// Id of the household.
    #[param(value_type = String)]
    household: Uuid,
}

/// Something of a family that was given away. No values.
#[derive(Serialize, ToSchema)]
pub(super) struct DisclosureView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: DateTime<Utc>,
    /// To whom.
    #[schema(value_type = String)]
    recipient_id: Uuid,
    /// What people call the recipient.
    recipient: String,
    /// The family.
    #[schema(value_type = String)]
    household_id: Uuid,
    /// One person of it; nothing means all.
    #[schema(value_type = Option<String>)]
    service_user_id: Option<Uuid>,
    /// `api` or `event`.
    #[schema(example = "api")]
    via: String,
    /// Type of the event.
    event_type: Option<String>,
    /// Parts of the record; none means ids alone.
    field_groups: Vec<String>,
    /// Lawful basis, as it was that day.
    #[schema(example = "public_task")]
    basis: String,
    /// Purpose, as it was that day.
    purpose: String,
}

/// What of a family was given to whom, when and why, newest first, at most 1,000.
#[utoipa::path(
    get,
    path = "/api/disclosures",
    params(DisclosureQuery),
    responses(
        (status = 200, description = "Disclosures", body = Vec<DisclosureView>),
        (status = 401, description = "No valid token", body = ProblemView, content_type = "application/problem+json"),
        (status = 403, description = "Scope missing", body = ProblemView, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests; Retry-After says how long to wait", body = ProblemView, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemView, content_type = "application/problem+json"),
    ),
    security(("token" = ["disclosures:read"]))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    recipient: Recipient,
    Query(query): Query<DisclosureQuery>,
) -> Result<Json<Vec<DisclosureView>>, Problem> {
    recipient.must(DISCLOSURES_READ)?;
    let act = Act::new("listed_disclosures", "household", query.household);
    audit::record(state.database.pool(), recipient.actor(), act).await?;
    let noted = disclosures::of_household(&state.database, query.household, ROWS).await?;
    let view = |d: disclosures::Noted| DisclosureView {
        at: d.at,
        recipient_id: d.recipient_id,
        recipient: d.recipient,
        household_id: d.household_id,
        service_user_id: d.service_user_id,
        via: d.via,
        event_type: d.event_type,
        field_groups: d.field_groups,
        basis: d.basis,
        purpose: d.purpose,
    };
    Ok(Json(noted.into_iter().map(view).collect()))
}
