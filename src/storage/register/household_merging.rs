//! Two households found to be one: made one, and parted again.
//!
//! The kept household takes the members, forms and consents of the other and the answers it lacks. The other stays as a
//! row that leads to it. Undoing gives back what was the other's, and takes from the kept one what the merge gave it.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::audit::{self, Act, Actor};
use super::super::sealing::Sealer;
use super::super::{Database, Result, outbox};
use super::changes::{self, Cause, Owner};
use super::merging::{Merge, MergeError, MergeRecord, lacking};
use super::{announcing, lock, matching, special, withdrawal};
use crate::domain::proposal::{Answers, says_the_same};
use crate::messaging::cloud_event::household_merged;

/// A membership as it was before a merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Membership {
    person: Uuid,
    role: String,
    position: i32,
    joined_on: NaiveDate,
    left_on: Option<NaiveDate>,
}

/// Makes one household of two. Returns the merge's id, by which it can be undone.
///
/// # Errors
/// [`MergeError::Changed`] when one of them was changed since it was looked at; [`MergeError::Unfit`] when something
/// keeps the other from being used or erased, or both are one.
pub async fn merge(
    database: &Database,
    sealer: &Sealer,
    public_url: &str,
    account: Uuid,
    merge: Merge<'_>,
) -> Result<Uuid, MergeError> {
    let mut transaction = database.begin().await?;
    lock(&mut transaction).await?;
    check(&mut transaction, &merge).await?;
    let Merge { kept, absorbed, .. } = merge;
    let (id, now) = (Uuid::now_v7(), Utc::now());
    let cause = cause("merge", now, account);
    let members = memberships(&mut transaction, absorbed).await?;
    let joined = join(&mut transaction, kept, &members).await?;
    let (registrations, consents) = move_papers(&mut transaction, absorbed, kept, None).await?;
    give_answers(&mut transaction, sealer, kept, absorbed, &cause).await?;
    sqlx::query!(
        "UPDATE household SET merged_into = $2, version = version + 1 WHERE id = $1",
        absorbed,
        kept
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "INSERT INTO household_merge (id, kept_id, absorbed_id, reason, merged_at, merged_by, members, joined,
                                      registrations, consents)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        id,
        kept,
        absorbed,
        merge.reason,
        now,
        account,
        json!(members),
        &joined,
        &registrations,
        &consents
    )
    .execute(&mut *transaction)
    .await?;
    withdrawal::remove_without_consent(&mut transaction, kept, &cause).await?;
    keep_keys_of_members(&mut transaction, &[kept]).await?;
    let event = household_merged(Uuid::now_v7(), now, public_url, kept, absorbed, false);
    outbox::insert(&mut transaction, &event).await?;
    check_sharing(&mut transaction, absorbed).await?;
    let actor = Actor::Account(account);
    let (one, other) = (
        Act::new("merged", "household", kept),
        Act::new("merged_away", "household", absorbed),
    );
    audit::record(&mut *transaction, actor, one).await?;
    audit::record(&mut *transaction, actor, other).await?;
    transaction.commit().await?;
    Ok(id)
}

fn cause(kind: &'static str, at: DateTime<Utc>, by: Uuid) -> Cause {
    Cause {
        kind,
        as_of: at.date_naive(),
        form_id: None,
        at,
        by: Some(by),
    }
}

async fn check(connection: &mut PgConnection, merge: &Merge<'_>) -> Result<(), MergeError> {
    if merge.kept == merge.absorbed {
        return Err(MergeError::Unfit);
    }
    let rows = sqlx::query!(
        r#"SELECT id, version, EXISTS (SELECT FROM record_stop s WHERE s.household_id = h.id AND s.lifted_at IS NULL)
                      AS "stopped!"
           FROM household h WHERE id = ANY ($1) AND merged_into IS NULL ORDER BY id FOR UPDATE"#,
        &[merge.kept, merge.absorbed]
    )
    .fetch_all(connection)
    .await?;
    let version = |id: Uuid| rows.iter().find(|r| r.id == id).map(|r| r.version);
    let seen = (version(merge.kept), version(merge.absorbed));
    if seen != (Some(merge.versions.0), Some(merge.versions.1)) {
        return Err(MergeError::Changed);
    }
    if rows.iter().any(|row| row.stopped) {
        return Err(MergeError::Unfit);
    }
    Ok(())
}

/// Takes the memberships of a household out, as they were.
async fn memberships(connection: &mut PgConnection, household: Uuid) -> Result<Vec<Membership>> {
    let mut members = sqlx::query_as!(
        Membership,
        "DELETE FROM household_member WHERE household_id = $1
         RETURNING service_user_id AS person, role, position, joined_on, left_on",
        household
    )
    .fetch_all(connection)
    .await?;
    members.sort_by(|a, b| (&a.role, a.position).cmp(&(&b.role, b.position)));
    Ok(members)
}

/// Makes the people members of the household. A second primary carer is a secondary one there. Returns who is new to it.
async fn join(
    connection: &mut PgConnection,
    household: Uuid,
    members: &[Membership],
) -> Result<Vec<Uuid>> {
    let mut joined = Vec::new();
    for member in members {
        let new = sqlx::query_scalar!(
            "INSERT INTO household_member (household_id, service_user_id, role, position, joined_on, left_on)
             SELECT $1, $2, r.role, COALESCE(1 + (SELECT max(position) FROM household_member m
                                                  WHERE m.household_id = $1 AND m.role = r.role), 1), $4, $5
             FROM (SELECT CASE WHEN $3 = 'primary_carer' AND EXISTS (SELECT FROM household_member m
                                    WHERE m.household_id = $1 AND m.role = 'primary_carer' AND m.left_on IS NULL)
                               THEN 'secondary_carer' ELSE $3 END AS role) r
             ON CONFLICT (household_id, service_user_id) DO NOTHING RETURNING service_user_id",
            household,
            member.person,
            member.role,
            member.joined_on,
            member.left_on
        )
        .fetch_optional(&mut *connection)
        .await?;
        joined.extend(new);
    }
    Ok(joined)
}

/// Makes forms and consents of one household those of another: all, or only these. Returns which.
async fn move_papers(
    connection: &mut PgConnection,
    from: Uuid,
    to: Uuid,
    only: Option<(&[Uuid], &[Uuid])>,
) -> Result<(Vec<Uuid>, Vec<Uuid>)> {
    let (forms, answers) = only.unzip();
    let registrations = sqlx::query_scalar!(
        "UPDATE registration SET household_id = $2 WHERE household_id = $1 AND ($3::uuid[] IS NULL OR form_id = ANY ($3))
         RETURNING form_id",
        from,
        to,
        forms
    )
    .fetch_all(&mut *connection)
    .await?;
    let consents = sqlx::query_scalar!(
        "UPDATE consent SET household_id = $2 WHERE household_id = $1 AND ($3::uuid[] IS NULL OR id = ANY ($3))
         RETURNING id",
        from,
        to,
        answers
    )
    .fetch_all(&mut *connection)
    .await?;
    // Forms that somebody said tell more of the household, those still waiting among them.
    sqlx::query!(
        "UPDATE form SET joins_household = $2 WHERE joins_household = $1 AND ($3::uuid[] IS NULL OR id = ANY ($3))",
        from,
        to,
        forms
    )
    .execute(connection)
    .await?;
    Ok((registrations, consents))
}

/// Gives the kept household the answers it lacks, and the protection of the other's address.
async fn give_answers(
    connection: &mut PgConnection,
    sealer: &Sealer,
    kept: Uuid,
    absorbed: Uuid,
    cause: &Cause,
) -> Result<()> {
    let mut mine = details(connection, kept).await?;
    let theirs = details(connection, absorbed).await?;
    for change in lacking(&mine, theirs) {
        let owner = Owner::Household(kept);
        changes::note(
            connection,
            owner,
            &change.name,
            None,
            Some(&change.new),
            cause,
        )
        .await?;
        mine.insert(change.name, change.new);
    }
    write_details(connection, kept, &mine).await?;
    sqlx::query!(
        "UPDATE household k SET address_protected = k.address_protected OR a.address_protected
         FROM household a WHERE k.id = $1 AND a.id = $2",
        kept,
        absorbed
    )
    .execute(&mut *connection)
    .await?;
    let owner = Owner::Household(kept);
    let mine = special::of(connection, sealer, owner).await?;
    let theirs = special::of(connection, sealer, Owner::Household(absorbed)).await?;
    special::take(connection, sealer, owner, &lacking(&mine, theirs), cause).await?;
    Ok(())
}

async fn details(connection: &mut PgConnection, household: Uuid) -> Result<Answers> {
    let details = sqlx::query_scalar!("SELECT details FROM household WHERE id = $1", household)
        .fetch_one(connection)
        .await?;
    Ok(serde_json::from_value(details).unwrap_or_default())
}

async fn write_details(
    connection: &mut PgConnection,
    household: Uuid,
    details: &Answers,
) -> Result<()> {
    sqlx::query!(
        "UPDATE household SET details = $2, version = version + 1 WHERE id = $1",
        household,
        json!(details)
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn keep_keys_of_members(connection: &mut PgConnection, households: &[Uuid]) -> Result<()> {
    let people = sqlx::query_scalar!(
        r#"SELECT DISTINCT m.service_user_id FROM household_member m JOIN service_user s ON s.id = m.service_user_id
           WHERE m.household_id = ANY ($1) AND s.merged_into IS NULL"#,
        households
    )
    .fetch_all(&mut *connection)
    .await?;
    for person in people {
        matching::keep_keys_of(connection, person).await?;
    }
    Ok(())
}

/// Has the relay tell recipients that are given the household no longer.
async fn check_sharing(connection: &mut PgConnection, household: Uuid) -> Result<()> {
    sqlx::query!(
        "INSERT INTO sharing_check (household_id) VALUES ($1)",
        household
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The merges that a household had part in, newest first.
pub async fn of_household(database: &Database, id: Uuid) -> Result<Vec<MergeRecord>> {
    let merges = sqlx::query_as!(
        MergeRecord,
        "SELECT m.id, m.kept_id, m.absorbed_id, m.reason, m.merged_at, a.display_name AS merged_by, m.undone_at
         FROM household_merge m JOIN account a ON a.id = m.merged_by
         WHERE m.kept_id = $1 OR m.absorbed_id = $1 ORDER BY m.merged_at DESC, m.id",
        id
    )
    .fetch_all(database.pool())
    .await?;
    Ok(merges)
}

/// The household in use for an id: itself, or the one it was merged into.
pub async fn in_use(database: &Database, id: Uuid) -> Result<Option<Uuid>> {
    let found = sqlx::query_scalar!(
        r#"WITH RECURSIVE chain AS (
               SELECT id, merged_into FROM household WHERE id = $1
               UNION ALL SELECT h.id, h.merged_into FROM household h JOIN chain c ON h.id = c.merged_into)
           SELECT id AS "id!" FROM chain WHERE merged_into IS NULL"#,
        id
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(found)
}

/// Another household that may be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// Household.
    pub id: Uuid,
    /// What a merge has to name.
    pub version: i32,
    /// Whether somebody is a member of both.
    pub shares_member: bool,
}

/// The version of a household, and others that may be the same: somebody is a member of both, or somebody in one is like
/// somebody in the other.
pub async fn like(database: &Database, id: Uuid) -> Result<(i32, Vec<Alike>)> {
    let members = sqlx::query_scalar!(
        "SELECT service_user_id FROM household_member WHERE household_id = $1 AND left_on IS NULL",
        id
    )
    .fetch_all(database.pool())
    .await?;
    let mut people: BTreeSet<Uuid> = members.iter().copied().collect();
    for member in &members {
        let (_, likenesses) = matching::like(database, *member).await?;
        people.extend(likenesses.iter().map(|likeness| likeness.id));
    }
    let people: Vec<Uuid> = people.into_iter().collect();
    let others = sqlx::query_as!(
        Alike,
        r#"SELECT h.id, h.version, bool_or(m.service_user_id = ANY ($3)) AS "shares_member!"
           FROM household h JOIN household_member m ON m.household_id = h.id AND m.left_on IS NULL
           WHERE m.service_user_id = ANY ($2) AND h.id <> $1 GROUP BY h.id ORDER BY 3 DESC, h.id LIMIT 20"#,
        id,
        &people,
        &members
    )
    .fetch_all(database.pool())
    .await?;
    let version = sqlx::query_scalar!("SELECT version FROM household WHERE id = $1", id)
        .fetch_one(database.pool())
        .await?;
    Ok((version, others))
}

/// Parts two households again: the other one is in use as it was, the kept one loses what the merge gave it. What was
/// learnt since stays with the kept one.
///
/// # Errors
/// [`MergeError::Changed`] when the merge is not in force, or the kept household was itself merged into another.
pub async fn undo(
    database: &Database,
    sealer: &Sealer,
    public_url: &str,
    account: Uuid,
    id: Uuid,
) -> Result<(), MergeError> {
    let mut transaction = database.begin().await?;
    lock(&mut transaction).await?;
    let now = Utc::now();
    let merge = sqlx::query!(
        "UPDATE household_merge m SET undone_at = $2, undone_by = $3
         FROM household k WHERE m.id = $1 AND m.undone_at IS NULL AND k.id = m.kept_id AND k.merged_into IS NULL
         RETURNING m.kept_id, m.absorbed_id, m.members, m.joined, m.registrations, m.consents, m.merged_at",
        id,
        now,
        account
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(MergeError::Changed)?;
    let (kept, absorbed) = (merge.kept_id, merge.absorbed_id);
    let cause = cause("unmerge", now, account);
    sqlx::query!(
        "DELETE FROM household_member WHERE household_id = $1 AND service_user_id = ANY ($2)",
        kept,
        &merge.joined
    )
    .execute(&mut *transaction)
    .await?;
    let members: Vec<Membership> = serde_json::from_value(merge.members).unwrap_or_default();
    restore(&mut transaction, absorbed, &members).await?;
    let papers = (&merge.registrations[..], &merge.consents[..]);
    move_papers(&mut transaction, kept, absorbed, Some(papers)).await?;
    take_back(&mut transaction, sealer, kept, merge.merged_at, &cause).await?;
    sqlx::query!(
        "UPDATE household SET merged_into = NULL, version = version + 1 WHERE id = $1",
        absorbed
    )
    .execute(&mut *transaction)
    .await?;
    keep_keys_of_members(&mut transaction, &[kept, absorbed]).await?;
    let event = household_merged(Uuid::now_v7(), now, public_url, kept, absorbed, true);
    outbox::insert(&mut transaction, &event).await?;
    // Those who knew the other were told that they are given it no longer.
    let members = ["members".to_owned()];
    announcing::updated(&mut transaction, public_url, absorbed, &members, now).await?;
    let actor = Actor::Account(account);
    for household in [kept, absorbed] {
        let act = Act::new("unmerged", "household", household);
        audit::record(&mut *transaction, actor, act).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Puts memberships back as they were. Whoever was erased or merged into another record since is left to that.
async fn restore(
    connection: &mut PgConnection,
    household: Uuid,
    members: &[Membership],
) -> Result<()> {
    for member in members {
        sqlx::query!(
            "INSERT INTO household_member (household_id, service_user_id, role, position, joined_on, left_on)
             SELECT $1, person_in_use(s.id), $3, $4, $5, $6 FROM service_user s WHERE s.id = $2
             ON CONFLICT (household_id, service_user_id) DO NOTHING",
            household,
            member.person,
            member.role,
            member.position,
            member.joined_on,
            member.left_on
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Takes back the answers that the merge gave at `given`, where they still are what it gave.
async fn take_back(
    connection: &mut PgConnection,
    sealer: &Sealer,
    kept: Uuid,
    given: DateTime<Utc>,
    cause: &Cause,
) -> Result<()> {
    let rows = sqlx::query!(
        r#"SELECT c.name, c.new, c.sealed IS NOT NULL AS "special!", NOT EXISTS (
               SELECT FROM record_change l WHERE l.household_id = $1 AND l.name = c.name AND l.changed_at > $2) AS "last!"
           FROM record_change c WHERE c.household_id = $1 AND c.cause = 'merge' AND c.changed_at = $2 ORDER BY c.name"#,
        kept,
        given
    )
    .fetch_all(&mut *connection)
    .await?;
    let owner = Owner::Household(kept);
    let mut answers = details(connection, kept).await?;
    for row in rows.into_iter().filter(|row| row.last) {
        if row.special {
            let old = special::of(connection, sealer, owner)
                .await?
                .remove(&row.name);
            let name = &row.name;
            changes::note_special(connection, sealer, owner, name, old.as_ref(), None, cause)
                .await?;
            special::remove(connection, owner, name).await?;
            continue;
        }
        let still =
            matches!((answers.get(&row.name), &row.new), (Some(a), Some(b)) if says_the_same(a, b));
        if still {
            let old: Option<Json> = answers.remove(&row.name);
            changes::note(connection, owner, &row.name, old.as_ref(), None, cause).await?;
        }
    }
    write_details(connection, kept, &answers).await
}
