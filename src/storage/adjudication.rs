//! Two people read a field differently: a third decides.

use chrono::Utc;
use sqlx::PgConnection;
use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::centres::Scope;
use super::form_fields::{self, StoredField, typed};
use super::second_keying::{self, KeyError, LockedTask, Purpose, Task};
use super::settlement::SettlementContext;
use super::{Database, Result, StorageError, review};
use crate::domain::household::Settled;
use crate::domain::keying::same_answer;

/// Hands `account` the next field of a form in `scope` that two others read differently, claimed like a form.
pub async fn next(database: &Database, scope: &Scope, account: Uuid) -> Result<Option<Task>> {
    let now = Utc::now();
    let task = sqlx::query_as!(
        Task,
        "UPDATE keying_task SET lease_holder = $1, lease_until = $2
         WHERE id = (
             SELECT t.id FROM keying_task t JOIN form f ON f.id = t.form_id
             WHERE t.state = 'differs' AND (t.purpose = 'qa' OR f.state = 'second_keying')
               AND t.first_by IS DISTINCT FROM $1 AND t.form_by IS DISTINCT FROM $1 AND t.second_by <> $1
               AND (t.lease_until IS NULL OR t.lease_until <= $3 OR t.lease_holder = $1)
               AND ($4::text[] IS NULL OR f.centre = ANY($4) OR f.centre IS NULL AND $5)
             ORDER BY COALESCE(t.lease_holder = $1 AND t.lease_until > $3, false) DESC, t.purpose, f.received_at,
                      t.form_id, t.name
             LIMIT 1 FOR UPDATE OF t SKIP LOCKED)
         RETURNING id, form_id, name, version",
        account,
        now + review::CLAIM,
        now,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(task)
}

/// The two answers of a task that `account` has claimed, the first person's first; `None` when it does not wait.
pub async fn answers(
    database: &Database,
    context: &SettlementContext<'_>,
    id: Uuid,
    account: Uuid,
) -> Result<Option<(Settled, Settled)>> {
    let mut transaction = database.begin().await?;
    let task = second_keying::lock(&mut transaction, id).await?;
    let holds = sqlx::query_scalar!(
        r#"SELECT lease_holder = $2 AS "holds?" FROM keying_task WHERE id = $1"#,
        id,
        account
    )
    .fetch_one(&mut *transaction)
    .await?;
    if task.state != "differs" || holds != Some(true) {
        return Ok(None);
    }
    let (field, first) = second_keying::first_answer(&mut transaction, context, &task).await?;
    let second = second_answer(context, &task, &field)?;
    Ok(Some((first, second)))
}

fn second_answer(
    context: &SettlementContext<'_>,
    task: &LockedTask,
    field: &StoredField,
) -> Result<Settled> {
    let json = match (&task.key_id, &task.sealed) {
        (Some(key_id), Some(sealed)) => {
            let name = second_keying::sealed_name(&task.name);
            context
                .sealer
                .open_field(task.form_id, &name, key_id, sealed)?
                .settled_value
        }
        _ => task.second_value.clone(),
    };
    let answer = match task.second_as.as_deref() {
        Some("blank") => Some(Settled::Blank),
        Some("unreadable") => Some(Settled::Unreadable),
        _ => typed(field.kind, json.as_ref())?.map(Settled::Value),
    };
    answer.ok_or_else(|| StorageError::Inconsistent {
        subject: "field to key",
        problem: "it has no second answer".to_owned(),
    })
}

/// What the third person decides.
#[derive(Clone)]
pub enum Decision {
    /// The first answer stands.
    First,
    /// The second is right.
    Second,
    /// Neither is.
    Neither(Settled),
}

/// Stores the decision of `account`. Returns whether the record that was made already is wrong; a record that is not made
/// yet gets the decided answer, and is made when its form waits for nothing else.
///
/// # Errors
/// See [`KeyError`]; a required field that is decided to be blank or unreadable is a household that cannot be made.
pub async fn decide(
    database: &Database,
    context: &SettlementContext<'_>,
    id: Uuid,
    version: i32,
    account: Uuid,
    decision: Decision,
) -> Result<bool, KeyError> {
    let mut transaction = database.begin().await?;
    let task = second_keying::lock(&mut transaction, id).await?;
    if task.third_by == Some(account) {
        return Ok(false);
    }
    task.check("differs", version, account)?;
    let (field, first) = second_keying::first_answer(&mut transaction, context, &task).await?;
    let second = second_answer(context, &task, &field)?;
    let (truth, by) = match decision {
        Decision::First => (first.clone(), None),
        Decision::Second => (second.clone(), task.second_by),
        Decision::Neither(answer) => (answer, Some(account)),
    };
    // Whoever types what one of the two said takes that answer.
    let (taken, by) = if same_answer(field.kind, &first, &truth) {
        ("first", None)
    } else if same_answer(field.kind, &second, &truth) {
        ("second", task.second_by)
    } else {
        ("neither", by)
    };
    if let (Purpose::Double, Some(by)) = (task.purpose, by) {
        store(&mut transaction, context, &task, &field, &truth, by).await?;
    }
    sqlx::query!(
        "UPDATE keying_task SET state = 'decided', third_by = $2, third_at = $3, taken = $4, second_as = NULL,
                second_value = NULL, key_id = NULL, sealed = NULL, lease_holder = NULL, lease_until = NULL,
                version = version + 1
         WHERE id = $1",
        id,
        account,
        Utc::now(),
        taken
    )
    .execute(&mut *transaction)
    .await?;
    let act = Act::new("decided_difference", "form", task.form_id);
    audit::record(&mut *transaction, Actor::Account(account), act).await?;
    second_keying::settled(&mut transaction, context, &task, &truth, account).await?;
    transaction.commit().await?;
    Ok(task.purpose == Purpose::Sample && taken != "first")
}

/// Puts the decided answer in the place of the first.
async fn store(
    connection: &mut PgConnection,
    context: &SettlementContext<'_>,
    task: &LockedTask,
    field: &StoredField,
    truth: &Settled,
    by: Uuid,
) -> Result<()> {
    let value = truth.value().and_then(|v| serde_json::to_value(v).ok());
    sqlx::query!(
        "UPDATE field SET settled_as = $3, settled_value = $4, settled_by = $5, settled_at = $6
         WHERE form_id = $1 AND name = $2",
        task.form_id,
        task.name,
        truth.as_str(),
        value.clone().filter(|_| !field.special),
        by,
        Utc::now()
    )
    .execute(&mut *connection)
    .await?;
    if field.special {
        form_fields::put_special(connection, context.sealer, task.form_id, &task.name, value)
            .await?;
    }
    Ok(())
}
