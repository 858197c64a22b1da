//! `GET /api/service-users/{id}`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::READ;
use super::bearer::Recipient;
use super::problem::{Problem, ProblemView};
use super::record::{self, ConsentView, MemberView};
use crate::domain::recipient_fields::FieldGroup;
use crate::storage::audit::{self, Act};
use crate::storage::recipients::given;
use crate::storage::{disclosures, service_users};
use crate::web::state::AppState;

/// A person with what the whole household shares.
#[derive(Serialize, ToSchema)]
pub(super) struct ServiceUserView {
    /// The person.
    #[serde(flatten)]
    member: MemberView,
    /// The id that was asked for, when that record was found to be the same person as this one. Use `id` from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    merged_id: Option<Uuid>,
    /// Household, the same for all its members.
    #[schema(value_type = String, pattern = "^[0-9a-f-]{36}$")]
    household_id: Uuid,
    /// Part `household`: the centre that registered the family.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    centre: Option<Option<String>>,
    /// Part `household`: reference of the form that told of the family last.
    #[serde(skip_serializing_if = "Option::is_none")]
    form_reference: Option<String>,
    /// Answers that the whole household shares, of the parts that are given, by field name.
    #[schema(value_type = Object)]
    household_details: BTreeMap<String, serde_json::Value>,
    /// Part `consents`: consents the household was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    consents: Option<Vec<ConsentView>>,
    /// Whether the address is protected: then telephone, e-mail, address and centre are left out. Do not tell anybody.
    address_protected: bool,
    /// Version of the person's record; it grows with each change of an ordinary answer.
    version: i32,
    /// When that was.
    #[schema(value_type = String, format = DateTime)]
    changed_at: DateTime<Utc>,
    /// When the record was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: DateTime<Utc>,
}

/// One service user with what the whole household shares: the parts that were agreed, of families that are given.
#[utoipa::path(
    get,
    path = "/api/service-users/{service_user}",
    params(("service_user" = String, Path, description = "Id, as in events. That of a merged record leads to the one in use.")),
    responses(
        (status = 200, description = "The record", body = ServiceUserView),
        (status = 401, description = "No valid token", body = ProblemView, content_type = "application/problem+json"),
        (status = 403, description = "Scope missing", body = ProblemView, content_type = "application/problem+json"),
        (status = 404, description = "No such record, or not for this recipient", body = ProblemView, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests; Retry-After says how long to wait", body = ProblemView, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemView, content_type = "application/problem+json"),
    ),
    security(("token" = ["service-users:read"]))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    recipient: Recipient,
    Path(id): Path<String>,
) -> Result<Json<ServiceUserView>, Problem> {
    recipient.must(READ)?;
    let id: Uuid = id.parse().map_err(|_| Problem::NotFound)?;
    let (database, terms) = (&state.database, recipient.terms());
    let place = given::person(database, recipient.id(), id)
        .await?
        .filter(|place| !place.is_child || terms.gives(FieldGroup::Children))
        .ok_or(Problem::NotFound)?;
    let mut household = service_users::household(database, place.household)
        .await?
        .ok_or(Problem::NotFound)?;
    record::restrict(&mut household, terms);
    let at = household.members.iter().position(|m| m.id == place.person);
    let member = household.members.swap_remove(at.ok_or(Problem::NotFound)?);
    // Noted before it is given away: an answer that could not be noted is not given.
    let with_special = terms.gives(FieldGroup::Special);
    let action = if with_special { "read_special" } else { "read" };
    let mut transaction = database.begin().await?;
    let act = Act::new(action, "service_user", place.person);
    audit::record(&mut *transaction, recipient.actor(), act).await?;
    disclosures::through_api(
        &mut transaction,
        &recipient.0,
        household.id,
        Some(place.person),
    )
    .await?;
    transaction
        .commit()
        .await
        .map_err(crate::storage::StorageError::from)?;
    let special = if with_special {
        let special = service_users::special(database, &state.sealer, place.person).await?;
        Some(record::hidden(special, household.address_protected))
    } else {
        None
    };
    let shares = terms.gives(FieldGroup::Household);
    Ok(Json(ServiceUserView {
        merged_id: (id != place.person).then_some(id),
        household_id: household.id,
        consents: record::consents(&household, terms),
        centre: shares.then_some(household.centre),
        form_reference: shares.then_some(household.form_reference),
        household_details: record::given(household.details, terms),
        address_protected: household.address_protected,
        version: place.version,
        changed_at: place.changed_at,
        created_at: member.created_at,
        member: MemberView::new(member, special, terms),
    }))
}
