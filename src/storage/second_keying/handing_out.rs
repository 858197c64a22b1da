//! Who gets which field to key: claimed like a form, never by two people at once, never by somebody of another centre.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::Task;
use crate::config::Keying;
use crate::storage::centres::Scope;
use crate::storage::{Database, Result, review};

/// Hands `account` the next field it may key, claimed for as long as a form would be: one it has already, else a field
/// that a form waits for, else one of the sample; oldest first. Two people never get the same one.
/// Only fields of forms in `scope`.
pub async fn next(
    database: &Database,
    rules: &Keying,
    scope: &Scope,
    account: Uuid,
) -> Result<Option<Task>> {
    let now = Utc::now();
    let task = sqlx::query_as!(
        Task,
        "UPDATE keying_task SET lease_holder = $1, lease_until = $2
         WHERE id = (
             SELECT t.id FROM keying_task t JOIN form f ON f.id = t.form_id
             WHERE t.state = 'open'
               AND (t.purpose = 'double' AND f.state = 'second_keying' OR t.purpose = 'qa' AND t.created_at > $4)
               AND t.first_by IS DISTINCT FROM $1 AND t.form_by IS DISTINCT FROM $1
               AND (t.lease_until IS NULL OR t.lease_until <= $3 OR t.lease_holder = $1)
               AND ($5::text[] IS NULL OR f.centre = ANY($5) OR f.centre IS NULL AND $6)
             ORDER BY COALESCE(t.lease_holder = $1 AND t.lease_until > $3, false) DESC, t.purpose, f.received_at,
                      t.form_id, t.name
             LIMIT 1 FOR UPDATE OF t SKIP LOCKED)
         RETURNING id, form_id, name, version",
        account,
        now + review::CLAIM,
        now,
        sample_begins(rules, now),
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(task)
}

/// Since when a drawn field is still asked for.
pub(in crate::storage) fn sample_begins(rules: &Keying, now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::days(i64::from(rules.qa_days))
}

/// A task that `account` has claimed, whatever its state.
pub async fn of_holder(database: &Database, id: Uuid, account: Uuid) -> Result<Option<Task>> {
    let task = sqlx::query_as!(
        Task,
        "SELECT id, form_id, name, version FROM keying_task
         WHERE id = $1 AND (lease_holder = $2 OR second_by = $2 OR third_by = $2)",
        id,
        account
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(task)
}

/// Whether `account` has claimed a task and not answered it.
pub async fn holds(database: &Database, id: Uuid, account: Uuid) -> Result<bool> {
    let holds = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM keying_task WHERE id = $1 AND lease_holder = $2) AS "holds!""#,
        id,
        account
    )
    .fetch_one(database.pool())
    .await?;
    Ok(holds)
}

/// Gives a task of `account` back.
pub async fn release(database: &Database, id: Uuid, account: Uuid) -> Result<()> {
    sqlx::query!(
        "UPDATE keying_task SET lease_holder = NULL, lease_until = NULL WHERE id = $1 AND lease_holder = $2",
        id,
        account
    )
    .execute(database.pool())
    .await?;
    Ok(())
}
