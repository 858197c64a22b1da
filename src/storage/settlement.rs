//! Settling a form: one household, its consents with their evidence, and the event that announces it, in one
//! transaction.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::qa_sample::{self, Chance};
use super::sealing::{Sealer, associated_data};
use super::{Result, StorageError};
use super::{calibration_cases, form_fields, outbox, second_keying};
use crate::config::Keying;
use crate::domain::household::{
    self, Household, HouseholdError, Member, MemberRole, SettledFields,
};
use crate::domain::protected_address;
use crate::forms::definition::FormDefinition;
use crate::messaging::cloud_event::{ContactCreated, MemberReference, contact_created};

/// What settling needs besides the form.
#[derive(Clone, Copy)]
pub struct SettlementContext<'a> {
    /// Seals Article 9 answers.
    pub sealer: &'a Sealer,
    /// The definition the form was printed from.
    pub definition: &'a FormDefinition,
    /// Where the pages and the API are reached, for the links in the event; no slash at the end.
    pub public_url: &'a str,
    /// What two people have to key, and how much is checked afterwards.
    pub keying: &'a Keying,
    /// Decides which fields are checked afterwards.
    pub chance: Chance<'a>,
}

/// What a form became that a clerk has settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// A record: the household's id.
    Record(Uuid),
    /// It waits for fields to be keyed by a second person.
    SecondKeying,
}

/// Why a form was not settled.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// Fields that neither the machine nor a clerk has settled, by name. A clerk has to look.
    #[error("fields are not settled: {}", .0.join(", "))]
    Unsettled(Vec<String>),
    /// Required fields without a value, by name. A clerk has to look.
    #[error(transparent)]
    Household(#[from] HouseholdError),
    /// The database failed, or the form is not what it was taken for.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for SettleError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// Makes the household of a form whose fields are all settled, inside the caller's transaction, unless a second person
/// has to key some of them first. `by` is the clerk, or nobody when nothing needed one.
///
/// # Errors
/// [`StorageError::Conflict`] when the form is not in review at `expected_version`; the other cases are in
/// [`SettleError`]. The caller rolls back.
pub async fn settle_form(
    connection: &mut PgConnection,
    context: &SettlementContext<'_>,
    form_id: Uuid,
    expected_version: i32,
    by: Option<Uuid>,
) -> Result<Settlement, SettleError> {
    let form = sqlx::query!(
        "SELECT state, version FROM form WHERE id = $1 FOR UPDATE",
        form_id
    )
    .fetch_optional(&mut *connection)
    .await?
    .ok_or(StorageError::NotFound { subject: "form" })?;
    if form.state != "in_review" || form.version != expected_version {
        return Err(StorageError::Conflict { subject: "form" }.into());
    }
    if let Some(clerk) = by {
        // Nobody is asked to key again what cannot become a record.
        let settled = settled_fields(connection, context.sealer, form_id).await?;
        household::from_fields(context.definition, &settled)?;
        let rules = context.keying;
        if second_keying::request(connection, rules, form_id, clerk, Utc::now()).await? > 0 {
            wait_for_second_keying(connection, form_id, clerk).await?;
            return Ok(Settlement::SecondKeying);
        }
    }
    let actor = by.map_or(Actor::Machine, Actor::Account);
    let household_id = make_record(connection, context, form_id, by, actor).await?;
    Ok(Settlement::Record(household_id))
}

async fn wait_for_second_keying(
    connection: &mut PgConnection,
    form_id: Uuid,
    clerk: Uuid,
) -> Result<()> {
    sqlx::query!(
        "UPDATE form SET state = 'second_keying', version = version + 1 WHERE id = $1",
        form_id
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("DELETE FROM review_claim WHERE form_id = $1", form_id)
        .execute(&mut *connection)
        .await?;
    let act = Act::new("sent_to_second_keying", "form", form_id);
    audit::record(connection, Actor::Account(clerk), act).await
}

/// Makes the household of a locked form for which nobody has to key anything more. `by` settled the form, `actor` did
/// what it last waited for.
pub(super) async fn make_record(
    connection: &mut PgConnection,
    context: &SettlementContext<'_>,
    form_id: Uuid,
    by: Option<Uuid>,
    actor: Actor,
) -> Result<Uuid, SettleError> {
    let now = Utc::now();
    let reference = sqlx::query_scalar!("SELECT reference FROM form WHERE id = $1", form_id)
        .fetch_one(&mut *connection)
        .await?;
    let settled = settled_fields(connection, context.sealer, form_id).await?;
    let household = household::from_fields(context.definition, &settled)?;

    sqlx::query!(
        "UPDATE field SET settled_as = CASE state WHEN 'accepted' THEN 'value' ELSE 'blank' END,
                settled_value = CASE WHEN state = 'accepted' THEN value END, settled_at = $2
         WHERE form_id = $1 AND settled_as IS NULL",
        form_id,
        now
    )
    .execute(&mut *connection)
    .await?;
    qa_sample::draw(connection, context, form_id, by, now).await?;
    calibration_cases::keep(connection, form_id, now.date_naive()).await?;
    let household_id = Uuid::now_v7();
    let protected = protected_address::asked_for(&settled);
    insert_household(
        connection,
        household_id,
        form_id,
        &household,
        protected,
        now,
    )
    .await?;
    let members = insert_members(connection, household_id, &household, now).await?;
    insert_special(connection, context.sealer, household_id, &household).await?;
    insert_consents(
        connection,
        context,
        form_id,
        household_id,
        &household,
        by,
        now,
    )
    .await?;
    sqlx::query!(
        "UPDATE form SET state = 'settled', settled_at = $2, version = version + 1, reason_code = NULL, reason = NULL
         WHERE id = $1",
        form_id,
        now
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("DELETE FROM review_claim WHERE form_id = $1", form_id)
        .execute(&mut *connection)
        .await?;
    let service_user_id = members
        .iter()
        .find(|member| member.role == MemberRole::PrimaryCarer)
        .map(|member| member.id)
        .ok_or_else(|| StorageError::Inconsistent {
            subject: "household",
            problem: "it has no primary carer".to_owned(),
        })?;
    let created = ContactCreated {
        household_id,
        service_user_id,
        members,
        centre: household.centre.clone().filter(|_| !protected),
        form_reference: reference,
        consents: household
            .consents
            .iter()
            .map(|c| (c.purpose.clone(), c.answer))
            .collect::<BTreeMap<_, _>>(),
    };
    let event = contact_created(Uuid::now_v7(), now, context.public_url, &created);
    outbox::insert(connection, &event).await?;
    audit::record(
        &mut *connection,
        actor,
        Act::new("settled", "form", form_id),
    )
    .await?;
    audit::record(
        &mut *connection,
        actor,
        Act::new("created", "household", household_id),
    )
    .await?;
    Ok(household_id)
}

async fn settled_fields(
    connection: &mut PgConnection,
    sealer: &Sealer,
    form_id: Uuid,
) -> Result<SettledFields, SettleError> {
    let mut settled = SettledFields::new();
    let mut open = Vec::new();
    for field in form_fields::load(connection, sealer, form_id).await? {
        match field.settled.clone().or_else(|| field.settled_by_machine()) {
            Some(answer) => {
                settled.insert(field.name, answer);
            }
            None => open.push(field.name),
        }
    }
    if open.is_empty() {
        Ok(settled)
    } else {
        Err(SettleError::Unsettled(open))
    }
}

async fn insert_household(
    connection: &mut PgConnection,
    id: Uuid,
    form_id: Uuid,
    household: &Household,
    protected: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO household (id, form_id, centre, details, created_at, address_protected)
         VALUES ($1, $2, $3, $4, $5, $6)",
        id,
        form_id,
        household.centre,
        serde_json::json!(household.details),
        now,
        protected
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_members(
    connection: &mut PgConnection,
    household_id: Uuid,
    household: &Household,
    now: DateTime<Utc>,
) -> Result<Vec<MemberReference>> {
    let mut ids = Vec::new();
    for member in &household.members {
        let id = Uuid::now_v7();
        insert_member(connection, id, household_id, member, now).await?;
        ids.push(MemberReference {
            id,
            role: member.role,
        });
    }
    Ok(ids)
}

async fn insert_member(
    connection: &mut PgConnection,
    id: Uuid,
    household_id: Uuid,
    member: &Member,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO service_user (id, household_id, role, position, first_name, surname, date_of_birth, nhs_number,
                                   phone, email, details, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        id,
        household_id,
        member.role.as_str(),
        member.position,
        member.first_name,
        member.surname,
        member.date_of_birth,
        member.nhs_number,
        member.phone,
        member.email,
        serde_json::json!(member.details),
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_special(
    connection: &mut PgConnection,
    sealer: &Sealer,
    household_id: Uuid,
    household: &Household,
) -> Result<()> {
    for (name, value) in &household.special {
        let plain = value.to_string();
        let (key_id, sealed) =
            sealer.seal(&associated_data(household_id, name), plain.as_bytes())?;
        sqlx::query!(
            "INSERT INTO service_user_special (household_id, name, key_id, sealed) VALUES ($1, $2, $3, $4)",
            household_id,
            name,
            key_id,
            sealed
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The evidence of a consent is where its answer stands on which page; the picture is cut from the original.
async fn insert_consents(
    connection: &mut PgConnection,
    context: &SettlementContext<'_>,
    form_id: Uuid,
    household_id: Uuid,
    household: &Household,
    by: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<()> {
    for consent in &household.consents {
        let field =
            context
                .definition
                .field(&consent.field)
                .ok_or_else(|| StorageError::Inconsistent {
                    subject: "consent",
                    problem: format!("no field {}", consent.field),
                })?;
        let zone: [f64; 4] = field.zone.into();
        let stored = sqlx::query!(
            "INSERT INTO consent (id, household_id, purpose, answer, wording, wording_version, page_id, zone_mm,
                                  signed_on, captured_at, confirmed_by)
             SELECT $1, $2, $3, $4, $5, $6, p.id, $7, $8, $9, $10
             FROM page p WHERE p.form_id = $11 AND p.form_page = $12 AND p.outcome = 'in_form'",
            Uuid::now_v7(),
            household_id,
            consent.purpose,
            consent.answer.as_str(),
            consent.wording,
            context.definition.wording_version,
            &zone,
            household.signed_on,
            now,
            by,
            form_id,
            i32::try_from(field.page).unwrap_or_default()
        )
        .execute(&mut *connection)
        .await?;
        if stored.rows_affected() != 1 {
            return Err(StorageError::Inconsistent {
                subject: "consent",
                problem: format!("no page {} to prove {}", field.page, consent.field),
            });
        }
    }
    Ok(())
}
