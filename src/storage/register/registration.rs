//! What one settled form does to the register.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value as Json, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::sealing::Sealer;
use super::super::{Result, StorageError};
use super::changes::{self, Cause, Owner};
use super::people::{self, Told};
use super::{consents, matching, special, withdrawal};
use crate::domain::household::{Household, Member, MemberRole, block_of, leaf_of};
use crate::domain::proposal::{self, ADDRESS, Answers, gather_address};
use crate::forms::definition::FormDefinition;

/// What registering needs besides what the form says.
#[derive(Clone, Copy)]
pub struct Registering<'a> {
    /// Seals Article 9 answers.
    pub sealer: &'a Sealer,
    /// The definition the form was printed from.
    pub definition: &'a FormDefinition,
    /// The form.
    pub form_id: Uuid,
    /// Whether the form asks for the address to be kept private.
    pub protected: bool,
    /// Now.
    pub now: DateTime<Utc>,
    /// The clerk who settled the form.
    pub by: Option<Uuid>,
}

/// Who on the form is on record already, as a person decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    /// The person's id by block of the form: `child_2`.
    pub same: BTreeMap<String, Uuid>,
    /// The household that the form tells more of; nothing makes a new one.
    pub household: Option<Uuid>,
}

/// A member of the household as the form names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredMember {
    /// The person.
    pub id: Uuid,
    /// What the form says they are.
    pub role: MemberRole,
    /// Whether they are new on record.
    pub made: bool,
}

/// What became of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The household.
    pub household_id: Uuid,
    /// Whether it is new.
    pub made: bool,
    /// The first carer, who signed the form.
    pub signer: Uuid,
    /// Everybody on the form.
    pub members: Vec<RegisteredMember>,
    /// Names of the answers that changed on record, without values; of Article 9 answers it says `special`.
    pub changed: Vec<String>,
}

/// Takes a form into the register: new people, more about those on record, their household, its consents.
pub async fn register(
    connection: &mut PgConnection,
    registering: &Registering<'_>,
    household: &Household,
    decisions: &Decisions,
) -> Result<Registered> {
    let cause = Cause {
        kind: "registration",
        as_of: household.speaks_for(registering.now.date_naive()),
        form_id: Some(registering.form_id),
        at: registering.now,
        by: registering.by,
    };
    let made = decisions.household.is_none();
    let mut changed = Vec::new();
    let household_id = match decisions.household {
        Some(id) => {
            changed.extend(tell_household(connection, registering, id, household, &cause).await?);
            id
        }
        None => add_household(connection, registering, household, &cause).await?,
    };
    note_registration(connection, registering, household_id, made, &cause).await?;
    let mut members = Vec::new();
    for member in &household.members {
        let told = told(household, member);
        let known = decisions.same.get(&member.block()).copied();
        let id = match known {
            Some(id) => {
                changed
                    .extend(people::tell(connection, registering.sealer, id, &told, &cause).await?);
                id
            }
            None => people::add(connection, registering.sealer, member.role, &told, &cause).await?,
        };
        join(connection, household_id, id, member, cause.as_of).await?;
        note_member(connection, registering.form_id, member, id, known.is_none()).await?;
        members.push(RegisteredMember {
            id,
            role: member.role,
            made: known.is_none(),
        });
    }
    let signer = members
        .iter()
        .find(|m| m.role == MemberRole::PrimaryCarer)
        .map(|m| m.id)
        .ok_or_else(|| StorageError::Inconsistent {
            subject: "household",
            problem: "it has no primary carer".to_owned(),
        })?;
    consents::add(connection, registering, household_id, signer, household).await?;
    withdrawal::remove_without_consent(connection, household_id, &cause).await?;
    for member in &members {
        matching::keep_keys_of(connection, member.id).await?;
    }
    changed.sort();
    changed.dedup();
    Ok(Registered {
        household_id,
        made,
        signer,
        members,
        changed,
    })
}

/// What the form says of one of its members. A second carer of the same address has the first one's.
pub(in crate::storage) fn told(household: &Household, member: &Member) -> Told {
    let block = member.block();
    let mut answers = member.answers();
    gather_address(&mut answers);
    let same_address = answers.get("same_address").and_then(Json::as_str) == Some("yes");
    if same_address && !answers.contains_key(ADDRESS) {
        let first = household
            .members
            .iter()
            .find(|m| m.role == MemberRole::PrimaryCarer);
        let mut first = first.map(Member::answers).unwrap_or_default();
        gather_address(&mut first);
        answers.extend(first.remove_entry(ADDRESS));
    }
    let own = household
        .special
        .iter()
        .filter(|(name, _)| block_of(name) == block);
    let special = own
        .map(|(name, value)| (leaf_of(name).to_owned(), value.clone()))
        .collect();
    Told { answers, special }
}

/// Article 9 answers that belong to nobody in particular.
fn special_of_all(household: &Household) -> Answers {
    let blocks: Vec<String> = household.members.iter().map(Member::block).collect();
    let mut special = household.special.clone();
    special.retain(|name, _| !blocks.iter().any(|block| block == block_of(name)));
    special
}

async fn add_household(
    connection: &mut PgConnection,
    registering: &Registering<'_>,
    household: &Household,
    cause: &Cause,
) -> Result<Uuid> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "INSERT INTO household (id, centre, details, created_at, address_protected, as_of)
         VALUES ($1, $2, $3, $4, $5, $6)",
        id,
        household.centre,
        json!(household.details),
        cause.at,
        registering.protected,
        cause.as_of
    )
    .execute(&mut *connection)
    .await?;
    for (name, value) in &special_of_all(household) {
        let owner = Owner::Household(id);
        special::put(connection, registering.sealer, owner, name, value).await?;
    }
    Ok(id)
}

/// The same as [`people::tell`] for what belongs to no single member.
async fn tell_household(
    connection: &mut PgConnection,
    registering: &Registering<'_>,
    id: Uuid,
    household: &Household,
    cause: &Cause,
) -> Result<Vec<String>> {
    let owner = Owner::Household(id);
    let row = sqlx::query!(
        "SELECT centre, details, as_of FROM household WHERE id = $1 FOR UPDATE",
        id
    )
    .fetch_optional(&mut *connection)
    .await?
    .ok_or(StorageError::NotFound {
        subject: "household",
    })?;
    let since = changes::since(connection, owner).await?;
    let from = |name: &str| since.get(name).copied().unwrap_or(row.as_of);
    const CENTRE: &str = "office.centre";
    let mut on_record: Answers = serde_json::from_value(row.details).unwrap_or_default();
    let mut on_form: Answers = household.details.clone();
    on_record.extend(row.centre.map(|c| (CENTRE.to_owned(), json!(c))));
    on_form.extend(
        household
            .centre
            .as_ref()
            .map(|c| (CENTRE.to_owned(), json!(c))),
    );
    let mut changed = Vec::new();
    let mut differing = proposal::changes(&on_record, from, &on_form, cause.as_of);
    for name in proposal::about_somebody_else(&on_record, &on_form, &mut differing) {
        let old = on_record.remove(&name);
        changes::note(connection, owner, &name, old.as_ref(), None, cause).await?;
        changed.push(name);
    }
    for change in differing {
        if change.is_taken() {
            let (old, new) = (change.old.as_ref(), Some(&change.new));
            changes::note(connection, owner, &change.name, old, new, cause).await?;
            on_record.insert(change.name.clone(), change.new);
            changed.push(change.name);
        }
    }
    let centre = on_record.remove(CENTRE);
    sqlx::query!(
        "UPDATE household SET centre = $2, details = $3, address_protected = address_protected OR $4,
                version = version + 1 WHERE id = $1",
        id,
        centre.as_ref().and_then(Json::as_str),
        json!(on_record),
        registering.protected
    )
    .execute(&mut *connection)
    .await?;
    let known = special::of(connection, registering.sealer, owner).await?;
    let special = proposal::changes(&known, from, &special_of_all(household), cause.as_of);
    if special::take(connection, registering.sealer, owner, &special, cause).await? {
        changed.push("special".to_owned());
    }
    Ok(changed)
}

async fn note_registration(
    connection: &mut PgConnection,
    registering: &Registering<'_>,
    household_id: Uuid,
    made: bool,
    cause: &Cause,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO registration (form_id, household_id, made, as_of, registered_at, registered_by)
         VALUES ($1, $2, $3, $4, $5, $6)",
        registering.form_id,
        household_id,
        made,
        cause.as_of,
        cause.at,
        cause.by
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn note_member(
    connection: &mut PgConnection,
    form_id: Uuid,
    member: &Member,
    id: Uuid,
    made: bool,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO registration_member (form_id, block, service_user_id, made) VALUES ($1, $2, $3, $4)",
        form_id,
        member.block(),
        id,
        made
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes the person a member of the household; one who had left is back. A member keeps the role they had there.
async fn join(
    connection: &mut PgConnection,
    household_id: Uuid,
    id: Uuid,
    member: &Member,
    on: NaiveDate,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO household_member (household_id, service_user_id, role, position, joined_on)
         SELECT $1, $2, r.role, COALESCE(1 + (SELECT max(position) FROM household_member m
                                              WHERE m.household_id = $1 AND m.role = r.role), 1), $4
         FROM (SELECT CASE WHEN $3 = 'primary_carer' AND EXISTS (SELECT FROM household_member m
                                WHERE m.household_id = $1 AND m.role = 'primary_carer' AND m.left_on IS NULL)
                           THEN 'secondary_carer' ELSE $3 END AS role) r
         ON CONFLICT (household_id, service_user_id) DO UPDATE SET left_on = NULL",
        household_id,
        id,
        member.role.as_str(),
        on
    )
    .execute(connection)
    .await?;
    Ok(())
}
