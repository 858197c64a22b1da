//! Who on a form is on record already: the records that come into question, and whether somebody has to say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::{Database, Result, StorageError, match_keys};
use super::people::{self, Told};
use super::registration::{Decisions, told};
use crate::domain::household::{Household, MemberRole};
use crate::domain::proposal::{ADDRESS, Answers};
use crate::matching::{Comparison, Kind, Parameters, Traits, Verdict, compare};

/// Records shown for one person of a form at most; the likeliest come first.
const MOST_CANDIDATES: usize = 5;

/// Why two records may be one person, as shown and kept. Holds no value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredReason {
    /// What was compared: `date_of_birth`, `phone`.
    pub of: String,
    /// How it agrees or differs, in words.
    pub words: String,
    /// Bits for (above 0) or against (below) one person.
    pub weight: f64,
}

/// Looks for everybody on the form among those on record, and notes who comes into question. The caller holds
/// [`super::lock`].
///
/// Returns what people decided before, or nothing when somebody has to say something first.
pub(in crate::storage) async fn look_up(
    connection: &mut PgConnection,
    form_id: Uuid,
    household: &Household,
) -> Result<Option<Decisions>> {
    sqlx::query!(
        "DELETE FROM match_candidate WHERE form_id = $1 AND is_same IS NULL",
        form_id
    )
    .execute(&mut *connection)
    .await?;
    let known = decided(connection, form_id).await?;
    for member in &household.members {
        if known.same.contains_key(&member.block()) {
            continue;
        }
        let traits = traits_on_form(household, member.role, &told(household, member));
        let mut found = alike(connection, &traits).await?;
        found.truncate(MOST_CANDIDATES);
        for (id, comparison, verdict) in found {
            note_candidate(
                connection,
                form_id,
                &member.block(),
                id,
                &comparison,
                verdict,
            )
            .await?;
        }
    }
    let undecided = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM match_candidate WHERE form_id = $1 AND is_same IS NULL) AS "any!""#,
        form_id
    )
    .fetch_one(&mut *connection)
    .await?;
    if undecided {
        return Ok(None);
    }
    Ok(Some(known))
}

/// The records that may be the person described, likeliest first.
async fn alike(
    connection: &mut PgConnection,
    traits: &Traits,
) -> Result<Vec<(Uuid, Comparison, Verdict)>> {
    let parameters = Parameters::bundled();
    let mut found = Vec::new();
    let candidates = match_keys::candidates(connection, traits).await?;
    for (id, known) in candidates.people {
        let comparison = compare(parameters, traits, &known, Some(candidates.namesakes));
        let verdict = parameters.verdict(&comparison);
        if verdict != Verdict::Different {
            found.push((id, comparison, verdict));
        }
    }
    found.sort_by(|a, b| b.1.weight.total_cmp(&a.1.weight));
    Ok(found)
}

/// Somebody who was judged before is not asked about again.
async fn note_candidate(
    connection: &mut PgConnection,
    form_id: Uuid,
    block: &str,
    id: Uuid,
    comparison: &Comparison,
    verdict: Verdict,
) -> Result<()> {
    let reasons: Vec<StoredReason> = comparison
        .reasons
        .iter()
        .map(|reason| StoredReason {
            of: reason.compared.key().to_owned(),
            words: reason.words(),
            weight: reason.weight,
        })
        .collect();
    let verdict = if verdict == Verdict::Same {
        "same"
    } else {
        "unsure"
    };
    sqlx::query!(
        "INSERT INTO match_candidate (form_id, block, service_user_id, weight, probability, verdict, reasons)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        form_id,
        block,
        id,
        comparison.weight,
        comparison.probability,
        verdict,
        serde_json::to_value(reasons).unwrap_or_default()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What people said of those on the form who may be on record.
async fn decided(connection: &mut PgConnection, form_id: Uuid) -> Result<Decisions> {
    let same = sqlx::query!(
        "SELECT block, service_user_id FROM match_candidate WHERE form_id = $1 AND is_same",
        form_id
    )
    .fetch_all(&mut *connection)
    .await?;
    let household = sqlx::query_scalar!("SELECT joins_household FROM form WHERE id = $1", form_id)
        .fetch_one(&mut *connection)
        .await?;
    let same: BTreeMap<String, Uuid> = same
        .into_iter()
        .map(|r| (r.block, r.service_user_id))
        .collect();
    Ok(Decisions { same, household })
}

/// What is compared of somebody on a form. A child lives where the first carer does and is reached through the carers.
fn traits_on_form(household: &Household, role: MemberRole, own: &Told) -> Traits {
    if role != MemberRole::Child {
        return traits(Kind::Carer, &own.answers);
    }
    let mut child = traits(Kind::Child, &own.answers);
    for carer in household
        .members
        .iter()
        .filter(|m| m.role != MemberRole::Child)
    {
        take_contact(
            &mut child,
            traits(Kind::Carer, &told(household, carer).answers),
        );
    }
    child
}

/// A child is reached through the carers and lives with the first of them.
fn take_contact(child: &mut Traits, carer: Traits) {
    child.phones.extend(carer.phones);
    child.email = child.email.take().or(carer.email);
    if child.address_line.is_none() && child.postcode.is_none() {
        (child.address_line, child.postcode) = (carer.address_line, carer.postcode);
    }
}

/// Keeps the search keys of a person as they are on record now.
pub(in crate::storage) async fn keep_keys_of(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<()> {
    let kind = sqlx::query_scalar!("SELECT kind FROM service_user WHERE id = $1", id)
        .fetch_one(&mut *connection)
        .await?;
    let traits = traits_on_record(connection, id, &kind).await?;
    match_keys::keep(connection, id, &traits).await
}

/// What is compared of somebody on record. A child's is that of their households' carers too.
async fn traits_on_record(connection: &mut PgConnection, id: Uuid, kind: &str) -> Result<Traits> {
    let (answers, _) = people::answers(connection, id).await?;
    if kind != "child" {
        return Ok(traits(Kind::Carer, &answers));
    }
    let mut child = traits(Kind::Child, &answers);
    let carers = sqlx::query_scalar!(
        "SELECT c.service_user_id FROM household_member m JOIN household_member c ON c.household_id = m.household_id
         WHERE m.service_user_id = $1 AND m.left_on IS NULL AND c.left_on IS NULL AND c.role <> 'child'
         ORDER BY m.joined_on, c.role, c.position",
        id
    )
    .fetch_all(&mut *connection)
    .await?;
    for carer in carers {
        let (answers, _) = people::answers(connection, carer).await?;
        take_contact(&mut child, traits(Kind::Carer, &answers));
    }
    Ok(child)
}

/// A record like another.
#[derive(Debug, Clone)]
pub struct Likeness {
    /// The person on record.
    pub id: Uuid,
    /// How the two compare.
    pub comparison: Comparison,
    /// What a change has to name.
    pub version: i32,
}

/// The version of a person's record, and the other records that may be the same person, likeliest first.
pub async fn like(database: &Database, id: Uuid) -> Result<(i32, Vec<Likeness>)> {
    let mut transaction = database.begin().await?;
    let (kind, version) = sqlx::query!("SELECT kind, version FROM service_user WHERE id = $1", id)
        .fetch_optional(&mut *transaction)
        .await?
        .map(|r| (r.kind, r.version))
        .ok_or(StorageError::NotFound {
            subject: "service user",
        })?;
    let traits = traits_on_record(&mut transaction, id, &kind).await?;
    let mut found = alike(&mut transaction, &traits).await?;
    found.retain(|(other, ..)| *other != id);
    let others: Vec<Uuid> = found.iter().map(|(other, ..)| *other).collect();
    let versions: BTreeMap<Uuid, i32> = sqlx::query!(
        "SELECT id, version FROM service_user WHERE id = ANY($1)",
        &others
    )
    .fetch_all(&mut *transaction)
    .await?
    .into_iter()
    .map(|r| (r.id, r.version))
    .collect();
    transaction.commit().await?;
    let likeness = |(id, comparison, _): (Uuid, Comparison, Verdict)| {
        let version = *versions.get(&id)?;
        Some(Likeness {
            id,
            comparison,
            version,
        })
    };
    Ok((version, found.into_iter().filter_map(likeness).collect()))
}

/// What is compared of a person with these answers.
fn traits(kind: Kind, answers: &Answers) -> Traits {
    let text = |name: &str| answers.get(name).and_then(Json::as_str).map(str::to_owned);
    let address = |part: &str| {
        let whole = answers.get(ADDRESS)?;
        whole.get(part)?.as_str().map(str::to_owned)
    };
    let is_phone = |name: &str| name.contains("phone") || name.contains("mobile");
    Traits {
        kind,
        first_name: text("first_name").unwrap_or_default(),
        middle_names: text("middle_names"),
        surname: text("surname").unwrap_or_default(),
        known_as: text("known_as"),
        date_of_birth: text("date_of_birth").and_then(|d| d.parse().ok()),
        nhs_number: text("nhs_number"),
        phones: answers
            .iter()
            .filter(|(name, _)| is_phone(name))
            .filter_map(|(_, number)| number.as_str().map(str::to_owned))
            .collect(),
        email: text("email"),
        address_line: address("address_line_1"),
        postcode: address("postcode"),
        gender: text("gender"),
    }
}
