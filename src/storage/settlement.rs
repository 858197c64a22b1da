//! Settling a form: what it does to the register, and the event that announces it, in one transaction.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::qa_sample::{self, Chance};
use super::register::{self, Registered, RegisteredMember, Registering, matching};
use super::sealing::Sealer;
use super::{Result, StorageError};
use super::{calibration_cases, form_fields, outbox, second_keying};
use crate::config::Keying;
use crate::domain::household::{self, ConsentAnswer, Household, HouseholdError, SettledFields};
use crate::domain::protected_address;
use crate::forms::definition::FormDefinition;
use crate::messaging::cloud_event::{Contact, MemberReference, contact_created, contact_updated};

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
    /// It waits for a person to say who on it is on record already.
    Matching,
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
    make_record(connection, context, form_id, by, actor).await
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

/// Takes a locked form into the register for which nobody has to key anything more, unless somebody on it may be on record
/// already and nobody has said so yet. `by` settled the form, `actor` did what it last waited for.
pub(super) async fn make_record(
    connection: &mut PgConnection,
    context: &SettlementContext<'_>,
    form_id: Uuid,
    by: Option<Uuid>,
    actor: Actor,
) -> Result<Settlement, SettleError> {
    let now = Utc::now();
    let settled = settled_fields(connection, context.sealer, form_id).await?;
    let household = household::from_fields(context.definition, &settled)?;
    register::lock(connection).await?;
    let Some(decisions) = matching::look_up(connection, form_id, &household).await? else {
        wait_for_matching(connection, form_id, by, actor).await?;
        return Ok(Settlement::Matching);
    };
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
    let registering = Registering {
        sealer: context.sealer,
        definition: context.definition,
        form_id,
        protected: protected_address::asked_for(&settled),
        now,
        by,
    };
    let registered = register::register(connection, &registering, &household, &decisions).await?;
    let reference = sqlx::query_scalar!(
        "UPDATE form SET state = 'settled', settled_at = $2, version = version + 1, reason_code = NULL, reason = NULL
         WHERE id = $1 RETURNING reference",
        form_id,
        now
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!("DELETE FROM review_claim WHERE form_id = $1", form_id)
        .execute(&mut *connection)
        .await?;
    announce(connection, context, &registered, &household, reference, now).await?;
    note(connection, actor, form_id, &registered).await?;
    Ok(Settlement::Record(registered.household_id))
}

/// The event about what became of the form.
async fn announce(
    connection: &mut PgConnection,
    context: &SettlementContext<'_>,
    registered: &Registered,
    household: &Household,
    form_reference: String,
    now: DateTime<Utc>,
) -> Result<()> {
    let protected = sqlx::query_scalar!(
        "SELECT address_protected FROM household WHERE id = $1",
        registered.household_id
    )
    .fetch_one(&mut *connection)
    .await?;
    let reference = |m: &RegisteredMember| MemberReference {
        id: m.id,
        role: m.role,
    };
    let contact = Contact {
        household_id: registered.household_id,
        service_user_id: registered.signer,
        members: registered.members.iter().map(reference).collect(),
        centre: household.centre.clone().filter(|_| !protected),
        form_reference,
        consents: answers_in_force(connection, registered).await?,
    };
    let (id, url) = (Uuid::now_v7(), context.public_url);
    let event = if registered.made {
        contact_created(id, now, url, &contact)
    } else {
        contact_updated(id, now, url, &contact, &registered.changed)
    };
    outbox::insert(connection, &event).await
}

/// What the signer's answers are now; an older form changes none of them.
async fn answers_in_force(
    connection: &mut PgConnection,
    registered: &Registered,
) -> Result<BTreeMap<String, ConsentAnswer>> {
    let rows = sqlx::query!(
        r#"SELECT purpose AS "purpose!", answer AS "answer!" FROM standing_consents($1)
           WHERE service_user_id = person_in_use($2)"#,
        registered.household_id,
        registered.signer
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let answer =
                ConsentAnswer::parse(&row.answer).ok_or_else(|| StorageError::Inconsistent {
                    subject: "consent",
                    problem: format!("no answer is called {}", row.answer),
                })?;
            Ok((row.purpose, answer))
        })
        .collect()
}

async fn note(
    connection: &mut PgConnection,
    actor: Actor,
    form_id: Uuid,
    registered: &Registered,
) -> Result<()> {
    let act = Act::new("settled", "form", form_id);
    audit::record(&mut *connection, actor, act).await?;
    let action = if registered.made {
        "created"
    } else {
        "updated"
    };
    let act = Act::new(action, "household", registered.household_id);
    audit::record(&mut *connection, actor, act).await?;
    for member in &registered.members {
        let action = if member.made { "created" } else { "updated" };
        let act = Act::new(action, "service_user", member.id);
        audit::record(&mut *connection, actor, act).await?;
    }
    Ok(())
}

/// What the settled fields of a form say.
pub(super) async fn household_of(
    connection: &mut PgConnection,
    context: &SettlementContext<'_>,
    form_id: Uuid,
) -> Result<Household, SettleError> {
    let settled = settled_fields(connection, context.sealer, form_id).await?;
    Ok(household::from_fields(context.definition, &settled)?)
}

async fn wait_for_matching(
    connection: &mut PgConnection,
    form_id: Uuid,
    by: Option<Uuid>,
    actor: Actor,
) -> Result<()> {
    sqlx::query!(
        "UPDATE form SET state = 'matching', version = version + 1, checked_by = $2 WHERE id = $1",
        form_id,
        by
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("DELETE FROM review_claim WHERE form_id = $1", form_id)
        .execute(&mut *connection)
        .await?;
    audit::record(
        connection,
        actor,
        Act::new("sent_to_matching", "form", form_id),
    )
    .await
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
