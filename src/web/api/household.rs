//! `/api/households`: the families a recipient is given, and one of them whole.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::READ;
use super::bearer::Recipient;
use super::problem::{Problem, ProblemView};
use super::record::{self, ConsentView, MemberView};
use crate::domain::recipient_fields::FieldGroup;
use crate::storage::audit::{self, Act};
use crate::storage::recipients::given::{self, Family};
use crate::storage::service_users::HouseholdRecord;
use crate::storage::{StorageError, disclosures, service_users};
use crate::web::state::AppState;

/// Families in one answer.
const ROWS: i64 = 500;

/// Which families to list.
#[derive(Deserialize, IntoParams)]
pub(super) struct ListQuery {
    /// Only those after this id: the last one of the page before.
    #[param(value_type = Option<String>)]
    after: Option<Uuid>,
}

/// Families the recipient is given.
#[derive(Serialize, ToSchema)]
pub(super) struct HouseholdList {
    /// Number of the event the recipient was given last when this was asked for. Later events may say more.
    position: i64,
    /// The families, by id.
    households: Vec<HouseholdLine>,
    /// Whether there are more: then ask again with `after` set to the last id.
    more: bool,
}

/// A family in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct HouseholdLine {
    /// Id.
    #[schema(value_type = String, pattern = "^[0-9a-f-]{36}$")]
    id: Uuid,
    /// Differs from the one before when anything of the record has changed.
    revision: String,
}

/// A household with all its members, in the parts that were agreed.
#[derive(Serialize, ToSchema)]
pub(super) struct HouseholdView {
    /// Id.
    #[schema(value_type = String, pattern = "^[0-9a-f-]{36}$")]
    id: Uuid,
    /// Differs from the one before when anything of the record has changed.
    revision: String,
    /// Number of the event the recipient was given last when this was read: this answer holds what that event and
    /// those before it announced. An answer with a lower number than one that is kept already is older.
    position: i64,
    /// Part `household`: the centre that registered the family.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    centre: Option<Option<String>>,
    /// Part `household`: reference of the form that told of the family last.
    #[serde(skip_serializing_if = "Option::is_none")]
    form_reference: Option<String>,
    /// Answers that belong to no single member, of the parts that are given, by field name.
    #[schema(value_type = Object)]
    details: BTreeMap<String, serde_json::Value>,
    /// Part `special`: UK GDPR Article 9 data that belongs to no single member, by field name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    special: Option<BTreeMap<String, serde_json::Value>>,
    /// Carers, then children; children only with the part `children`.
    members: Vec<MemberView>,
    /// Part `consents`: answers as they stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    consents: Option<Vec<ConsentView>>,
    /// Whether the address is protected: then telephone, e-mail, address and centre are left out. Do not tell anybody.
    address_protected: bool,
    /// When the record was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: DateTime<Utc>,
}

/// The families this recipient is given, by id, 500 at a time: what a copy is compared with.
#[utoipa::path(
    get,
    path = "/api/households",
    params(ListQuery),
    responses(
        (status = 200, description = "Families", body = HouseholdList),
        (status = 401, description = "No valid token", body = ProblemView, content_type = "application/problem+json"),
        (status = 403, description = "Scope missing", body = ProblemView, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests; Retry-After says how long to wait", body = ProblemView, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemView, content_type = "application/problem+json"),
    ),
    security(("token" = ["service-users:read"]))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    recipient: Recipient,
    Query(query): Query<ListQuery>,
) -> Result<Json<HouseholdList>, Problem> {
    recipient.must(READ)?;
    let database = &state.database;
    audit::record(database.pool(), recipient.actor(), Act::list("household")).await?;
    let position = given::position(database, recipient.id()).await?;
    let mut families = given::families(database, recipient.id(), query.after, ROWS + 1).await?;
    let most = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let more = families.len() > most;
    families.truncate(most);
    let line = |family: Family| HouseholdLine {
        id: family.id,
        revision: family.revision,
    };
    Ok(Json(HouseholdList {
        position,
        households: families.into_iter().map(line).collect(),
        more,
    }))
}

/// One household with all its members: the parts that were agreed, of families that are given.
#[utoipa::path(
    get,
    path = "/api/households/{household}",
    params(("household" = String, Path, description = "Id, as in events")),
    responses(
        (status = 200, description = "The record", body = HouseholdView),
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
) -> Result<Json<HouseholdView>, Problem> {
    recipient.must(READ)?;
    let id: Uuid = id.parse().map_err(|_| Problem::NotFound)?;
    let (database, terms) = (&state.database, recipient.terms());
    // The position and the revision before the record: what is read after them is at least as new.
    let position = given::position(database, recipient.id()).await?;
    if !given::sees(database, recipient.id(), id).await? {
        return Err(Problem::NotFound);
    }
    let revision = given::revision(database, id)
        .await?
        .ok_or(Problem::NotFound)?;
    let mut household = service_users::household(database, id)
        .await?
        .ok_or(Problem::NotFound)?;
    record::restrict(&mut household, terms);
    let with_special = terms.gives(FieldGroup::Special);
    let action = if with_special { "read_special" } else { "read" };
    let mut transaction = database.begin().await?;
    let act = Act::new(action, "household", id);
    audit::record(&mut *transaction, recipient.actor(), act).await?;
    disclosures::through_api(&mut transaction, &recipient.0, id, None).await?;
    transaction.commit().await.map_err(StorageError::from)?;
    let special = special_of(&state, &household, with_special).await?;
    Ok(Json(view(
        &recipient, household, special, revision, position,
    )))
}

/// Article 9 answers by the block of the member they belong to; under the empty name those of nobody in particular.
type ByBlock = BTreeMap<String, BTreeMap<String, serde_json::Value>>;

async fn special_of(
    state: &AppState,
    household: &HouseholdRecord,
    wanted: bool,
) -> Result<Option<ByBlock>, StorageError> {
    if !wanted {
        return Ok(None);
    }
    let all =
        service_users::special_of_household(&state.database, &state.sealer, household.id).await?;
    let blocks: Vec<String> = household.members.iter().map(|m| m.block()).collect();
    let mut by_block = ByBlock::new();
    for (name, value) in record::hidden(all, household.address_protected) {
        let (block, leaf) = match name.split_once('.') {
            Some((block, leaf)) if blocks.iter().any(|b| b == block) => (block, leaf),
            // Of a member that this recipient is not given.
            Some((block, _)) if block.starts_with("child_") => continue,
            _ => ("", name.as_str()),
        };
        by_block
            .entry(block.to_owned())
            .or_default()
            .insert(leaf.to_owned(), value);
    }
    Ok(Some(by_block))
}

fn view(
    recipient: &Recipient,
    household: HouseholdRecord,
    special: Option<ByBlock>,
    revision: String,
    position: i64,
) -> HouseholdView {
    let terms = recipient.terms();
    let of = |block: &str| Some(special.as_ref()?.get(block).cloned().unwrap_or_default());
    let shares = terms.gives(FieldGroup::Household);
    HouseholdView {
        id: household.id,
        revision,
        position,
        consents: record::consents(&household, terms),
        centre: shares.then_some(household.centre),
        form_reference: shares.then_some(household.form_reference),
        details: record::given(household.details, terms),
        special: of(""),
        members: household
            .members
            .into_iter()
            .map(|member| {
                let special = of(&member.block());
                MemberView::new(member, special, terms)
            })
            .collect(),
        address_protected: household.address_protected,
        created_at: household.created_at,
    }
}
