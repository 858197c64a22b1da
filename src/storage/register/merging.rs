//! Two records found to be one person: made one, and parted again.
//!
//! A merge moves no row of a form, consent or change: those stay with the record that was found not to be in use, which
//! points to the one that is. The kept record takes the memberships, and answers that it lacks; undoing takes back what
//! the merge gave and nothing that was learnt since.

use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::audit::{self, Act, Actor};
use super::super::sealing::Sealer;
use super::super::{Database, Result, StorageError, match_keys, outbox};
use super::changes::{self, Cause, Owner};
use super::{lock, matching, people, special};
use crate::domain::proposal::{ADDRESS, Answers, Change, Outcome, says_the_same};
use crate::messaging::cloud_event::contact_merged;

/// Two records, and why they are one person.
#[derive(Debug, Clone, Copy)]
pub struct Merge<'a> {
    /// The record that stays in use.
    pub kept: Uuid,
    /// The record that leads to it from now on.
    pub absorbed: Uuid,
    /// Their versions as the person saw them, in the same order.
    pub versions: (i32, i32),
    /// Why, in the words of whoever merges. Kept with the merge.
    pub reason: &'a str,
}

/// Why two records were not merged, or not parted.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// One of them was changed in the meantime, or is not in use.
    #[error("one of the records was changed in the meantime")]
    Changed,
    /// A carer and a child, or one and the same record.
    #[error("these records cannot be one person")]
    Unfit,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for MergeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// Makes one record of two. Returns the merge's id, by which it can be undone.
///
/// # Errors
/// See [`MergeError`].
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
    let (id, now) = (Uuid::now_v7(), Utc::now());
    let Merge { kept, absorbed, .. } = merge;
    let ended: Vec<Uuid> = sqlx::query_scalar!(
        "UPDATE household_member SET left_on = GREATEST(joined_on, $2)
         WHERE service_user_id = $1 AND left_on IS NULL RETURNING household_id",
        absorbed,
        now.date_naive()
    )
    .fetch_all(&mut *transaction)
    .await?;
    let joined = join(&mut transaction, kept, absorbed, &ended).await?;
    let cause = Cause {
        kind: "merge",
        as_of: now.date_naive(),
        form_id: None,
        at: now,
        by: Some(account),
    };
    give_answers(&mut transaction, sealer, kept, absorbed, &cause).await?;
    sqlx::query!(
        "UPDATE service_user SET merged_into = $2, version = version + 1, changed_at = $3 WHERE id = $1",
        absorbed,
        kept,
        now
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "INSERT INTO person_merge (id, kept_id, absorbed_id, reason, merged_at, merged_by, joined, ended)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        kept,
        absorbed,
        merge.reason,
        now,
        account,
        &joined,
        &ended
    )
    .execute(&mut *transaction)
    .await?;
    match_keys::forget(&mut transaction, absorbed).await?;
    matching::keep_keys_of(&mut transaction, kept).await?;
    let event = contact_merged(Uuid::now_v7(), now, public_url, kept, absorbed, false);
    outbox::insert(&mut transaction, &event).await?;
    let actor = Actor::Account(account);
    audit::record(
        &mut *transaction,
        actor,
        Act::new("merged", "service_user", kept),
    )
    .await?;
    audit::record(
        &mut *transaction,
        actor,
        Act::new("merged_away", "service_user", absorbed),
    )
    .await?;
    transaction.commit().await?;
    Ok(id)
}

async fn check(connection: &mut PgConnection, merge: &Merge<'_>) -> Result<(), MergeError> {
    if merge.kept == merge.absorbed {
        return Err(MergeError::Unfit);
    }
    let rows = sqlx::query!(
        "SELECT id, kind, version FROM service_user WHERE id = ANY($1) AND merged_into IS NULL ORDER BY id FOR UPDATE",
        &[merge.kept, merge.absorbed]
    )
    .fetch_all(connection)
    .await?;
    let version = |id: Uuid| rows.iter().find(|r| r.id == id).map(|r| r.version);
    let seen = (version(merge.kept), version(merge.absorbed));
    if seen != (Some(merge.versions.0), Some(merge.versions.1)) {
        return Err(MergeError::Changed);
    }
    if rows.windows(2).any(|pair| pair[0].kind != pair[1].kind) {
        return Err(MergeError::Unfit);
    }
    Ok(())
}

/// Gives the kept person the memberships that ended for the other. Returns the households that are new to them.
async fn join(
    connection: &mut PgConnection,
    kept: Uuid,
    absorbed: Uuid,
    ended: &[Uuid],
) -> Result<Vec<Uuid>> {
    let joined = sqlx::query_scalar!(
        "INSERT INTO household_member (household_id, service_user_id, role, position, joined_on)
         SELECT a.household_id, $1, a.role,
                1 + (SELECT max(position) FROM household_member m
                     WHERE m.household_id = a.household_id AND m.role = a.role), a.joined_on
         FROM household_member a WHERE a.service_user_id = $2 AND a.household_id = ANY($3)
         ON CONFLICT (household_id, service_user_id) DO NOTHING RETURNING household_id",
        kept,
        absorbed,
        ended
    )
    .fetch_all(connection)
    .await?;
    Ok(joined)
}

/// Gives the kept record the answers it lacks.
async fn give_answers(
    connection: &mut PgConnection,
    sealer: &Sealer,
    kept: Uuid,
    absorbed: Uuid,
    cause: &Cause,
) -> Result<()> {
    let (mine, _) = people::answers(connection, kept).await?;
    let (theirs, _) = people::answers(connection, absorbed).await?;
    let given = lacking(&mine, theirs);
    people::set(connection, kept, mine, &given, cause).await?;
    let (owner, other) = (Owner::Person(kept), Owner::Person(absorbed));
    let mine = special::of(connection, sealer, owner).await?;
    let theirs = special::of(connection, sealer, other).await?;
    special::take(connection, sealer, owner, &lacking(&mine, theirs), cause).await?;
    Ok(())
}

/// Those of `theirs` that are not among `mine`. What stands under a name of its own (`significant_person_1.name`) is taken
/// only where both name the same person there, or nothing is known of anybody: two people must not become one.
pub(super) fn lacking(mine: &Answers, theirs: Answers) -> Vec<Change> {
    let apart: Vec<String> = theirs
        .keys()
        .filter_map(|name| name.split_once('.').map(|(block, _)| format!("{block}.")))
        .filter(|block| {
            let whose = format!("{block}name");
            match (mine.get(&whose), theirs.get(&whose)) {
                (Some(mine), Some(theirs)) => !says_the_same(mine, theirs),
                (None, None) => false,
                _ => mine.keys().any(|name| name.starts_with(block)),
            }
        })
        .collect();
    let new = theirs.into_iter().filter(|(name, _)| {
        !mine.contains_key(name) && !apart.iter().any(|block| name.starts_with(block))
    });
    new.map(|(name, new)| Change {
        name,
        old: None,
        new,
        outcome: Outcome::Added,
    })
    .collect()
}

/// A merge as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeRecord {
    /// Id.
    pub id: Uuid,
    /// The record in use.
    pub kept_id: Uuid,
    /// The record that leads to it.
    pub absorbed_id: Uuid,
    /// Why.
    pub reason: String,
    /// When.
    pub merged_at: DateTime<Utc>,
    /// Who.
    pub merged_by: String,
    /// When it was undone.
    pub undone_at: Option<DateTime<Utc>>,
}

/// The merges that a person's record had part in, newest first.
pub async fn of_person(database: &Database, id: Uuid) -> Result<Vec<MergeRecord>> {
    let merges = sqlx::query_as!(
        MergeRecord,
        "SELECT m.id, m.kept_id, m.absorbed_id, m.reason, m.merged_at, a.display_name AS merged_by, m.undone_at
         FROM person_merge m JOIN account a ON a.id = m.merged_by
         WHERE m.kept_id = $1 OR m.absorbed_id = $1 ORDER BY m.merged_at DESC, m.id",
        id
    )
    .fetch_all(database.pool())
    .await?;
    Ok(merges)
}

/// Parts two records again: the absorbed one is in use as it was, the kept one loses what the merge gave it, unless it
/// was changed since.
///
/// # Errors
/// [`MergeError::Changed`] when the merge is not in force, or the kept record was itself merged into another.
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
        "UPDATE person_merge m SET undone_at = $2, undone_by = $3
         FROM service_user k WHERE m.id = $1 AND m.undone_at IS NULL AND k.id = m.kept_id AND k.merged_into IS NULL
         RETURNING m.kept_id, m.absorbed_id, m.joined, m.ended, m.merged_at",
        id,
        now,
        account
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(MergeError::Changed)?;
    let (kept, absorbed) = (merge.kept_id, merge.absorbed_id);
    sqlx::query!(
        "UPDATE service_user SET merged_into = NULL, version = version + 1, changed_at = $2 WHERE id = $1",
        absorbed,
        now
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "UPDATE household_member SET left_on = NULL WHERE service_user_id = $1 AND household_id = ANY($2)",
        absorbed,
        &merge.ended
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "UPDATE household_member SET left_on = GREATEST(joined_on, $3)
         WHERE service_user_id = $1 AND household_id = ANY($2)",
        kept,
        &merge.joined,
        now.date_naive()
    )
    .execute(&mut *transaction)
    .await?;
    let cause = Cause {
        kind: "unmerge",
        as_of: now.date_naive(),
        form_id: None,
        at: now,
        by: Some(account),
    };
    take_back(&mut transaction, sealer, kept, merge.merged_at, &cause).await?;
    matching::keep_keys_of(&mut transaction, kept).await?;
    matching::keep_keys_of(&mut transaction, absorbed).await?;
    let event = contact_merged(Uuid::now_v7(), now, public_url, kept, absorbed, true);
    outbox::insert(&mut transaction, &event).await?;
    let actor = Actor::Account(account);
    audit::record(
        &mut *transaction,
        actor,
        Act::new("unmerged", "service_user", kept),
    )
    .await?;
    audit::record(
        &mut *transaction,
        actor,
        Act::new("unmerged", "service_user", absorbed),
    )
    .await?;
    transaction.commit().await?;
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
        "SELECT name, new, sealed IS NOT NULL AS \"special!\" FROM record_change
         WHERE service_user_id = $1 AND cause = 'merge' AND changed_at = $2 ORDER BY name",
        kept,
        given
    )
    .fetch_all(&mut *connection)
    .await?;
    let (mut answers, _) = people::answers(connection, kept).await?;
    let mut changed = false;
    for row in rows {
        let owner = Owner::Person(kept);
        if row.special {
            let last = last_cause(connection, kept, &row.name).await?;
            if last.as_deref() == Some("merge") {
                let old = special::of(connection, sealer, owner)
                    .await?
                    .remove(&row.name);
                changes::note_special(
                    connection,
                    sealer,
                    owner,
                    &row.name,
                    old.as_ref(),
                    None,
                    cause,
                )
                .await?;
                special::remove(connection, owner, &row.name).await?;
            }
            continue;
        }
        let still =
            matches!((answers.get(&row.name), &row.new), (Some(a), Some(b)) if says_the_same(a, b));
        if still {
            let old: Option<Json> = answers.remove(&row.name);
            changes::note(connection, owner, &row.name, old.as_ref(), None, cause).await?;
            changed = true;
            if row.name == ADDRESS {
                super::addresses::end(connection, kept, cause.as_of).await?;
            }
        }
    }
    if changed {
        people::write(connection, kept, &answers, cause).await?;
    }
    Ok(())
}

async fn last_cause(
    connection: &mut PgConnection,
    person: Uuid,
    name: &str,
) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT cause FROM record_change WHERE service_user_id = $1 AND name = $2 ORDER BY changed_at DESC, id DESC LIMIT 1",
        person,
        name
    )
    .fetch_optional(connection)
    .await?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn two_people_in_one_place_do_not_become_one() {
        let answers = |pairs: &[(&str, &str)]| -> Answers {
            let pairs = pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)));
            pairs.collect()
        };
        let given = |mine: &[(&str, &str)], theirs: &[(&str, &str)]| -> Vec<String> {
            let given = lacking(&answers(mine), answers(theirs));
            given.into_iter().map(|change| change.name).collect()
        };
        let (name, phone) = ("significant_person_1.name", "significant_person_1.phone");
        let theirs = [
            (name, "JO MINDER"),
            (phone, "07700900001"),
            ("office.centre", "Harbour"),
        ];
        assert_eq!(given(&[], &theirs), ["office.centre", name, phone]);
        assert_eq!(
            given(&[(name, "Jo Minder")], &theirs),
            ["office.centre", phone]
        );
        assert_eq!(given(&[(name, "Ruth Example")], &theirs), ["office.centre"]);
        assert_eq!(given(&[(phone, "07700900002")], &theirs), ["office.centre"]);
        assert_eq!(
            given(&[(name, "Ruth Example")], &[(phone, "07700900001")]),
            [""; 0]
        );
        // What names nobody is not about somebody.
        let office = ("office.received", "2026-11-02");
        assert_eq!(given(&[office], &theirs), ["office.centre", name, phone]);
    }
}
