//! `GET /api/service-users/{id}`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::bearer::Recipient;
use super::problem::{Problem, ProblemView};
use super::{READ, READ_SPECIAL};
use crate::domain::protected_address::tells_where;
use crate::storage::audit::{self, Act, Actor};
use crate::storage::service_users;
use crate::web::state::AppState;

/// A person of a household.
#[derive(Serialize, ToSchema)]
pub(super) struct ServiceUserView {
    /// Id.
    #[schema(value_type = String, pattern = "^[0-9a-f-]{36}$")]
    id: Uuid,
    /// Household, the same for all its members.
    #[schema(value_type = String, pattern = "^[0-9a-f-]{36}$")]
    household_id: Uuid,
    /// `primary_carer`, `secondary_carer` or `child`.
    #[schema(example = "child")]
    role: String,
    /// Position among those of the same role, from 1.
    position: i32,
    /// First name or names.
    first_name: String,
    /// Surname.
    surname: String,
    /// Date of birth.
    #[schema(value_type = Option<String>, format = Date)]
    date_of_birth: Option<NaiveDate>,
    /// NHS number, ten digits.
    nhs_number: Option<String>,
    /// Telephone number, digits only.
    phone: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// The centre that registered the family.
    centre: Option<String>,
    /// Reference of the form the record was made of.
    form_reference: String,
    /// Other answers by field name.
    #[schema(value_type = Object)]
    details: serde_json::Value,
    /// Answers that the whole household shares, by field name.
    #[schema(value_type = Object)]
    household_details: BTreeMap<String, serde_json::Value>,
    /// Consents the household was asked for.
    consents: Vec<ConsentView>,
    /// UK GDPR Article 9 data of this person by field name. Absent without the scope `service-users:special`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    special: Option<BTreeMap<String, serde_json::Value>>,
    /// Whether the address is protected: then telephone, e-mail, address and centre are left out. Do not tell anybody.
    address_protected: bool,
    /// When the record was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: DateTime<Utc>,
}

/// A consent.
#[derive(Serialize, ToSchema)]
pub(super) struct ConsentView {
    /// Purpose or channel.
    #[schema(example = "contact.email")]
    purpose: String,
    /// `yes`, `no`, `not_answered` or `unreadable`. Only `yes` is consent.
    #[schema(example = "yes")]
    answer: String,
    /// What the person was told.
    wording: String,
    /// Version of the wording and of the privacy notice.
    wording_version: String,
    /// Date on the form.
    #[schema(value_type = Option<String>, format = Date)]
    signed_on: Option<NaiveDate>,
    /// When it was taken down.
    #[schema(value_type = String, format = DateTime)]
    captured_at: DateTime<Utc>,
}

/// One service user with what the whole household shares.
#[utoipa::path(
    get,
    path = "/api/service-users/{service_user}",
    params(("service_user" = String, Path, description = "Id, as in the event contact.created")),
    responses(
        (status = 200, description = "The record", body = ServiceUserView),
        (status = 401, description = "No valid token", body = ProblemView, content_type = "application/problem+json"),
        (status = 403, description = "Scope missing", body = ProblemView, content_type = "application/problem+json"),
        (status = 404, description = "No such record", body = ProblemView, content_type = "application/problem+json"),
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
    let database = &state.database;
    let mut member = service_users::service_user(database, id)
        .await?
        .ok_or(Problem::NotFound)?;
    let mut household = service_users::household(database, member.household_id)
        .await?
        .ok_or(Problem::NotFound)?;
    if household.address_protected {
        household.hide_whereabouts();
        member.hide_whereabouts();
    }
    let special = recipient.may(READ_SPECIAL);
    // Noted before it is given away: an answer that could not be noted is not given.
    let action = if special { "read_special" } else { "read" };
    let actor = Actor::Recipient(recipient.0.id);
    audit::record(database.pool(), actor, Act::new(action, "service_user", id)).await?;
    let special = match special {
        true => {
            let mut special = service_users::special(database, &state.sealer, member.id).await?;
            if household.address_protected {
                special.retain(|name, _| !tells_where(name));
            }
            Some(special)
        }
        false => None,
    };
    let consents = household
        .consents
        .into_iter()
        .map(|c| ConsentView {
            purpose: c.purpose,
            answer: c.answer,
            wording: c.wording,
            wording_version: c.wording_version,
            signed_on: c.signed_on,
            captured_at: c.captured_at,
        })
        .collect();
    Ok(Json(ServiceUserView {
        id: member.id,
        household_id: member.household_id,
        role: member.role,
        position: member.position,
        first_name: member.first_name,
        surname: member.surname,
        date_of_birth: member.date_of_birth,
        nhs_number: member.nhs_number,
        phone: member.phone,
        email: member.email,
        centre: household.centre,
        form_reference: household.form_reference,
        details: member.details,
        household_details: household.details,
        consents,
        special,
        address_protected: household.address_protected,
        created_at: member.created_at,
    }))
}
