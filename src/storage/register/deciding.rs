//! Saying who on a waiting form is on record already.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::audit::{self, Act, Actor};
use super::super::settlement::{self, SettleError, Settlement, SettlementContext};
use super::super::{Database, Result, StorageError};
use super::matching::StoredReason;
use super::people;
use super::registration::told;
use crate::domain::household::MemberRole;
use crate::domain::proposal::{ADDRESS, Answers, Change};
use crate::storage::centres::Scope;

/// A form whose people somebody has to say something of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingForm {
    /// Id.
    pub id: Uuid,
    /// What people quote.
    pub reference: String,
    /// When its first page arrived.
    pub received_at: DateTime<Utc>,
    /// People on it who may be on record.
    pub people: i64,
    /// Records that come into question.
    pub candidates: i64,
}

/// Forms that wait for somebody to say who is on record already, oldest first.
pub async fn waiting(database: &Database, scope: &Scope, limit: i64) -> Result<Vec<WaitingForm>> {
    let forms = sqlx::query_as!(
        WaitingForm,
        r#"SELECT f.id, f.reference, f.received_at, count(DISTINCT c.block) AS "people!", count(c.block) AS "candidates!"
           FROM form f LEFT JOIN match_candidate c ON c.form_id = f.id AND c.is_same IS NULL
           WHERE f.state = 'matching' AND ($1::text[] IS NULL OR f.centre = ANY($1) OR f.centre IS NULL AND $2)
           GROUP BY f.id ORDER BY f.received_at, f.id LIMIT $3"#,
        scope.centres.as_deref(),
        scope.unknown,
        limit
    )
    .fetch_all(database.pool())
    .await?;
    Ok(forms)
}

/// How many forms wait.
pub async fn count_waiting(database: &Database, scope: &Scope) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "forms!" FROM form
           WHERE state = 'matching' AND ($1::text[] IS NULL OR centre = ANY($1) OR centre IS NULL AND $2)"#,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_one(database.pool())
    .await?)
}

/// A record that may be the person on the form.
#[derive(Clone)]
pub struct Candidate {
    /// The person on record.
    pub id: Uuid,
    /// Their household, where they are a member now.
    pub household_id: Option<Uuid>,
    /// Whether the machine takes them for the same person.
    pub likely: bool,
    /// Chance that it is one person, by the model.
    pub probability: f64,
    /// Why.
    pub reasons: Vec<StoredReason>,
    /// What is on record.
    pub on_record: Answers,
    /// What the form would change there.
    pub changes: Vec<Change>,
    /// Names of Article 9 answers that it would change.
    pub special_changes: Vec<String>,
    /// What an answer has to name.
    pub version: i32,
}

/// Somebody on the form with the records that may be them.
#[derive(Clone)]
pub struct Question {
    /// The block of the form: `child_2`.
    pub block: String,
    /// Carer or child.
    pub role: MemberRole,
    /// What the form says.
    pub on_form: Answers,
    /// Likeliest first.
    pub candidates: Vec<Candidate>,
}

/// Everything that has to be said of a form.
#[derive(Clone)]
pub struct Questions {
    /// In the order of the form, those in question only.
    pub people: Vec<Question>,
    /// People on the form who are new in any case.
    pub new_people: usize,
    /// The household that the form most likely tells more of; nothing for one of its own.
    pub likely_household: Option<Uuid>,
    /// The day for which the form speaks.
    pub signed: NaiveDate,
}

/// What has to be said of a waiting form.
pub async fn questions(
    database: &Database,
    context: &SettlementContext<'_>,
    form_id: Uuid,
) -> Result<Questions, SettleError> {
    let mut transaction = database.begin().await?;
    let household = settlement::household_of(&mut transaction, context, form_id).await?;
    let signed = household.speaks_for(Utc::now().date_naive());
    let mut people = Vec::new();
    for member in &household.members {
        let told = told(&household, member);
        let rows = sqlx::query!(
            r#"SELECT c.service_user_id, c.probability, c.verdict, c.reasons, s.version,
                      (SELECT m.household_id FROM household_member m
                       WHERE m.service_user_id = s.id AND m.left_on IS NULL
                       ORDER BY m.joined_on DESC, m.household_id LIMIT 1) AS household_id
               FROM match_candidate c JOIN service_user s ON s.id = c.service_user_id
               WHERE c.form_id = $1 AND c.block = $2 AND c.is_same IS NULL ORDER BY c.weight DESC"#,
            form_id,
            member.block()
        )
        .fetch_all(&mut *transaction)
        .await?;
        let mut candidates = Vec::new();
        for row in rows {
            let id = row.service_user_id;
            let found =
                people::compare(&mut transaction, context.sealer, id, &told, signed).await?;
            candidates.push(Candidate {
                id,
                household_id: row.household_id,
                likely: row.verdict == "same",
                probability: row.probability,
                reasons: serde_json::from_value(row.reasons).unwrap_or_default(),
                on_record: found.on_record,
                changes: found.ordinary,
                special_changes: found.special.into_iter().map(|c| c.name).collect(),
                version: row.version,
            });
        }
        if !candidates.is_empty() {
            people.push(Question {
                block: member.block(),
                role: member.role,
                on_form: told.answers,
                candidates,
            });
        }
    }
    let likely_household = likely_household(&mut transaction, &people).await?;
    transaction.commit().await?;
    Ok(Questions {
        new_people: household.members.len() - people.len(),
        people,
        likely_household,
        signed,
    })
}

/// The household that the form most likely tells more of: that of the first carer's likeliest record, if they are its
/// first carer or it is where they still say they live. Somebody who was a second carer and now gives another address
/// has most likely a household of their own; their children then belong to both.
async fn likely_household(
    connection: &mut PgConnection,
    people: &[Question],
) -> Result<Option<Uuid>> {
    let Some(first) = people.iter().find(|q| q.role == MemberRole::PrimaryCarer) else {
        return Ok(None);
    };
    let Some(record) = first.candidates.first() else {
        return Ok(None);
    };
    let postcode = first
        .on_form
        .get(ADDRESS)
        .and_then(|a| a.get("postcode")?.as_str());
    Ok(sqlx::query_scalar!(
        "SELECT m.household_id FROM household_member m
         WHERE m.service_user_id = $1 AND m.left_on IS NULL AND m.role <> 'child'
           AND (m.role = 'primary_carer' OR EXISTS (
               SELECT FROM household_member o JOIN address a ON a.service_user_id = o.service_user_id
               WHERE o.household_id = m.household_id AND o.role = 'primary_carer' AND a.until IS NULL
                 AND a.postcode = $2))
         ORDER BY (m.role = 'primary_carer') DESC, m.joined_on DESC, m.household_id LIMIT 1",
        record.id,
        postcode
    )
    .fetch_optional(connection)
    .await?)
}

/// The households of the records in question for a form: whoever decides has to see them all.
pub async fn households_in_question(database: &Database, form_id: Uuid) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "SELECT DISTINCT m.household_id FROM match_candidate c
         JOIN household_member m ON m.service_user_id = c.service_user_id
         WHERE c.form_id = $1 AND c.is_same IS NULL AND m.left_on IS NULL",
        form_id
    )
    .fetch_all(database.pool())
    .await?)
}

/// What somebody said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// For each block in question the person it is, or nothing for somebody new.
    pub people: BTreeMap<String, Option<Uuid>>,
    /// The versions of the records that were shown.
    pub versions: BTreeMap<Uuid, i32>,
    /// The household that the form tells more of; nothing for one of its own.
    pub household: Option<Uuid>,
}

/// Why what was said was not taken. Nothing is stored.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// The form does not wait any more, or a record shown was changed, or another came into question.
    #[error("the form or a record was changed in the meantime")]
    Changed,
    /// Nothing was said of some people.
    #[error("nothing was said of {}", .0.join(", "))]
    Unanswered(Vec<String>),
    /// Two people on the form cannot be one on record.
    #[error("two people on the form were said to be the same record")]
    OnePersonTwice,
    /// None of those chosen belongs to the household chosen.
    #[error("nobody chosen belongs to the household chosen")]
    StrangeHousehold,
    /// The record cannot be made, or the database failed.
    #[error(transparent)]
    Settle(#[from] SettleError),
}

impl From<StorageError> for DecideError {
    fn from(error: StorageError) -> Self {
        Self::Settle(error.into())
    }
}

impl From<sqlx::Error> for DecideError {
    fn from(error: sqlx::Error) -> Self {
        StorageError::from(error).into()
    }
}

/// Takes what `account` said and, when nobody else came into question meanwhile, takes the form into the register.
/// Otherwise the form goes on waiting, for the newcomers only.
///
/// # Errors
/// See [`DecideError`].
pub async fn decide(
    database: &Database,
    context: &SettlementContext<'_>,
    form_id: Uuid,
    expected_version: i32,
    account: Uuid,
    said: &Said,
) -> Result<Settlement, DecideError> {
    let mut transaction = database.begin().await?;
    let form = sqlx::query!(
        "SELECT state, version, checked_by FROM form WHERE id = $1 FOR UPDATE",
        form_id
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(StorageError::NotFound { subject: "form" })?;
    if form.state != "matching" || form.version != expected_version {
        return Err(DecideError::Changed);
    }
    super::lock(&mut transaction).await?;
    check(&mut transaction, form_id, said).await?;
    for (block, person) in &said.people {
        sqlx::query!(
            "UPDATE match_candidate SET is_same = (service_user_id IS NOT DISTINCT FROM $3), decided_by = $4,
                    decided_at = $5
             WHERE form_id = $1 AND block = $2 AND is_same IS NULL",
            form_id,
            block,
            *person,
            account,
            Utc::now()
        )
        .execute(&mut *transaction)
        .await?;
        let act = Act::new("decided_who_it_is", "form", form_id);
        audit::record_part(&mut *transaction, Actor::Account(account), act, block).await?;
    }
    // With nobody on it who is on record, the form cannot tell more of a household.
    let any_known = said.people.values().any(Option::is_some);
    sqlx::query!(
        "UPDATE form SET joins_household = CASE WHEN $3 THEN $2 ELSE joins_household END WHERE id = $1",
        form_id,
        said.household,
        any_known
    )
    .execute(&mut *transaction)
    .await?;
    let (by, actor) = (form.checked_by, Actor::Account(account));
    let settlement = settlement::make_record(&mut transaction, context, form_id, by, actor).await?;
    transaction.commit().await?;
    Ok(settlement)
}

async fn check(
    connection: &mut PgConnection,
    form_id: Uuid,
    said: &Said,
) -> Result<(), DecideError> {
    let open = sqlx::query!(
        "SELECT c.block, c.service_user_id, s.version FROM match_candidate c
         JOIN service_user s ON s.id = c.service_user_id
         WHERE c.form_id = $1 AND c.is_same IS NULL ORDER BY c.block",
        form_id
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut unanswered: Vec<String> = open
        .iter()
        .filter(|c| !said.people.contains_key(&c.block))
        .map(|c| c.block.clone())
        .collect();
    unanswered.dedup();
    if !unanswered.is_empty() {
        return Err(DecideError::Unanswered(unanswered));
    }
    if open
        .iter()
        .any(|c| said.versions.get(&c.service_user_id) != Some(&c.version))
    {
        return Err(DecideError::Changed);
    }
    let mut chosen = Vec::new();
    for (block, person) in &said.people {
        let Some(person) = person else { continue };
        if !open
            .iter()
            .any(|c| c.block == *block && c.service_user_id == *person)
        {
            return Err(DecideError::Changed);
        }
        if chosen.contains(person) {
            return Err(DecideError::OnePersonTwice);
        }
        chosen.push(*person);
    }
    if let Some(household) = said.household.filter(|_| !chosen.is_empty()) {
        let member = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM household_member WHERE household_id = $1 AND left_on IS NULL
                              AND service_user_id = ANY($2)) AS "any!""#,
            household,
            &chosen
        )
        .fetch_one(connection)
        .await?;
        if !member {
            return Err(DecideError::StrangeHousehold);
        }
    }
    Ok(())
}
