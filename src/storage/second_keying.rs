//! Fields that somebody keys a second time: handing them out, taking the second answer, and what follows from it.
//!
//! For double keying the form waits in the state `second_keying`, and its record is made in the transaction that takes
//! the last answer. A sample (`qa`) only compares. That nobody keys a field twice is asked for when a task is handed out
//! and again when an answer is taken, and the table's constraints refuse it whatever the program does.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::form_fields::{self, StoredField, from_name};
use super::sealing::SpecialContent;
use super::settlement::{self, SettleError, SettlementContext};
use super::{Database, Result, StorageError, calibration_cases, review};
use crate::config::Keying;
use crate::domain::field::FieldKind;
use crate::domain::household::Settled;
use crate::domain::keying::{presentation, same_answer};

/// Why a field is keyed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The record is not made before two people agree.
    Double,
    /// A sample of what is in records already.
    Sample,
}

impl Purpose {
    pub(super) fn parse(name: &str) -> Self {
        if name == "double" {
            Self::Double
        } else {
            Self::Sample
        }
    }
}

/// A field to key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Id.
    pub id: Uuid,
    /// The form it stands on.
    pub form_id: Uuid,
    /// Name of the field.
    pub name: String,
    /// What an answer has to name.
    pub version: i32,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyed {
    /// It says the same as the first.
    Agrees,
    /// A third person has to decide.
    Differs,
    /// The same person has sent it before.
    Before,
}

/// Why an answer was not taken. Nothing is stored.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The task was settled or withdrawn in the meantime.
    #[error("the field does not wait any more")]
    Changed,
    /// A colleague has it.
    #[error("somebody else has the field")]
    Held,
    /// The person had a part in the field already.
    #[error("the same person may not key a field twice")]
    SamePerson,
    /// The record cannot be made with this answer, or the database failed.
    #[error(transparent)]
    Settle(#[from] SettleError),
}

impl From<StorageError> for KeyError {
    fn from(error: StorageError) -> Self {
        Self::Settle(error.into())
    }
}

impl From<sqlx::Error> for KeyError {
    fn from(error: sqlx::Error) -> Self {
        StorageError::from(error).into()
    }
}

/// Takes back what was asked of others for a form.
pub(super) async fn withdraw(connection: &mut PgConnection, form_id: Uuid) -> Result<()> {
    sqlx::query!(
        "UPDATE keying_task SET state = 'withdrawn', second_as = NULL, second_value = NULL, key_id = NULL,
                sealed = NULL, lease_holder = NULL, lease_until = NULL, version = version + 1
         WHERE form_id = $1 AND state IN ('open', 'differs')",
        form_id
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Asks for a second keying of the fields that `clerk` or a colleague answered and that the rules name. Returns how many
/// there are. What was asked for an earlier state of the form is withdrawn.
pub(super) async fn request(
    connection: &mut PgConnection,
    rules: &Keying,
    form_id: Uuid,
    clerk: Uuid,
    now: DateTime<Utc>,
) -> Result<usize> {
    withdraw(connection, form_id).await?;
    let kinds: Vec<String> = rules.double.iter().map(|k| k.as_str().to_owned()).collect();
    let fields = sqlx::query!(
        r#"SELECT name, kind, confidence, settled_by AS "settled_by!" FROM field
           WHERE form_id = $1 AND settled_by IS NOT NULL AND kind = ANY($2)"#,
        form_id,
        &kinds
    )
    .fetch_all(&mut *connection)
    .await?;
    for field in &fields {
        let kind: FieldKind = from_name(&field.kind)?;
        let mode = presentation(kind, field.confidence, rules);
        sqlx::query!(
            "INSERT INTO keying_task (id, form_id, name, kind, purpose, state, first_by, form_by, mode, chance, created_at)
             VALUES ($1, $2, $3, $4, 'double', 'open', $5, $6, $7, 1, $8)",
            Uuid::new_v4(),
            form_id,
            field.name,
            field.kind,
            field.settled_by,
            clerk,
            mode.as_str(),
            now
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(fields.len())
}

/// Hands `account` the next field it may key, claimed for as long as a form would be: one it has already, else a field
/// that a form waits for, else one of the sample; oldest first. Two people never get the same one.
pub async fn next(database: &Database, rules: &Keying, account: Uuid) -> Result<Option<Task>> {
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
               AND (f.centre IN (SELECT k.centre FROM account_centre k WHERE k.account_id = $1)
                    OR NOT EXISTS (SELECT FROM account_centre k WHERE k.account_id = $1))
             ORDER BY COALESCE(t.lease_holder = $1 AND t.lease_until > $3, false) DESC, t.purpose, f.received_at,
                      t.form_id, t.name
             LIMIT 1 FOR UPDATE OF t SKIP LOCKED)
         RETURNING id, form_id, name, version",
        account,
        now + review::CLAIM,
        now,
        sample_begins(rules, now)
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(task)
}

/// Since when a drawn field is still asked for.
pub(super) fn sample_begins(rules: &Keying, now: DateTime<Utc>) -> DateTime<Utc> {
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

/// A task as locked for a change, its form locked before it.
pub(super) struct LockedTask {
    pub form_id: Uuid,
    pub name: String,
    pub purpose: Purpose,
    pub state: String,
    pub first_by: Option<Uuid>,
    pub form_by: Option<Uuid>,
    pub second_by: Option<Uuid>,
    pub third_by: Option<Uuid>,
    pub second_as: Option<String>,
    pub second_value: Option<serde_json::Value>,
    pub key_id: Option<String>,
    pub sealed: Option<Vec<u8>>,
    version: i32,
    form_state: String,
    lease_holder: Option<Uuid>,
    lease_until: Option<DateTime<Utc>>,
}

impl LockedTask {
    /// Whether it waits in `state` at `version`, and nobody else has it.
    pub(super) fn check(&self, state: &str, version: i32, account: Uuid) -> Result<(), KeyError> {
        let waits = match self.purpose {
            Purpose::Double => self.form_state == "second_keying",
            Purpose::Sample => true,
        };
        if self.state != state || self.version != version || !waits {
            return Err(KeyError::Changed);
        }
        if [self.first_by, self.form_by, self.second_by].contains(&Some(account)) {
            return Err(KeyError::SamePerson);
        }
        let live = self.lease_until.is_some_and(|until| until > Utc::now());
        if live && self.lease_holder.is_some_and(|holder| holder != account) {
            return Err(KeyError::Held);
        }
        Ok(())
    }
}

/// Locks the form and then the task, in the order of everybody who changes either.
pub(super) async fn lock(connection: &mut PgConnection, id: Uuid) -> Result<LockedTask> {
    let missing = StorageError::NotFound {
        subject: "field to key",
    };
    let form_id = sqlx::query_scalar!("SELECT form_id FROM keying_task WHERE id = $1", id)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(form_id) = form_id else {
        return Err(missing);
    };
    sqlx::query!("SELECT id FROM form WHERE id = $1 FOR UPDATE", form_id)
        .fetch_one(&mut *connection)
        .await?;
    let row = sqlx::query!(
        "SELECT t.id, t.form_id, t.name, t.purpose, t.state, t.version, t.first_by, t.form_by, t.second_by, t.third_by,
                t.second_as, t.second_value, t.key_id, t.sealed, t.lease_holder, t.lease_until, f.state AS form_state
         FROM keying_task t JOIN form f ON f.id = t.form_id WHERE t.id = $1 FOR UPDATE OF t",
        id
    )
    .fetch_optional(connection)
    .await?;
    let row = row.ok_or(missing)?;
    Ok(LockedTask {
        purpose: Purpose::parse(&row.purpose),
        form_id: row.form_id,
        name: row.name,
        state: row.state,
        first_by: row.first_by,
        form_by: row.form_by,
        second_by: row.second_by,
        third_by: row.third_by,
        second_as: row.second_as,
        second_value: row.second_value,
        key_id: row.key_id,
        sealed: row.sealed,
        version: row.version,
        form_state: row.form_state,
        lease_holder: row.lease_holder,
        lease_until: row.lease_until,
    })
}

/// The field of a task with its first answer.
pub(super) async fn first_answer(
    connection: &mut PgConnection,
    context: &SettlementContext<'_>,
    task: &LockedTask,
) -> Result<(StoredField, Settled)> {
    let fields = form_fields::load(connection, context.sealer, task.form_id).await?;
    let field = fields.into_iter().find(|f| f.name == task.name);
    let answer = field
        .as_ref()
        .and_then(|f| f.settled.clone().or_else(|| f.settled_by_machine()));
    field.zip(answer).ok_or_else(|| StorageError::Inconsistent {
        subject: "field to key",
        problem: "it has no first answer".to_owned(),
    })
}

/// Takes the second answer of `account`. When it agrees and was the last that a form waited for, the record is made.
///
/// # Errors
/// See [`KeyError`].
pub async fn key(
    database: &Database,
    context: &SettlementContext<'_>,
    id: Uuid,
    version: i32,
    account: Uuid,
    answer: &Settled,
) -> Result<Keyed, KeyError> {
    let mut transaction = database.begin().await?;
    let task = lock(&mut transaction, id).await?;
    // The same page sent twice, by a double click or a reload.
    if task.second_by == Some(account) {
        return Ok(Keyed::Before);
    }
    task.check("open", version, account)?;
    let (field, first) = first_answer(&mut transaction, context, &task).await?;
    let agrees = same_answer(field.kind, &first, answer);
    let kept = if agrees {
        Kept::default()
    } else {
        keep(context, &task, &field, answer)?
    };
    sqlx::query!(
        "UPDATE keying_task SET state = $2, second_by = $3, second_at = $4, second_as = $5, second_value = $6,
                key_id = $7, sealed = $8, lease_holder = NULL, lease_until = NULL, version = version + 1
         WHERE id = $1",
        id,
        if agrees { "agreed" } else { "differs" },
        account,
        Utc::now(),
        kept.settled_as,
        kept.value,
        kept.key_id,
        kept.sealed
    )
    .execute(&mut *transaction)
    .await?;
    let act = Act::new("keyed_again", "form", task.form_id);
    audit::record(&mut *transaction, Actor::Account(account), act).await?;
    if agrees {
        settled(&mut transaction, context, &task, &first, account).await?;
    }
    transaction.commit().await?;
    Ok(if agrees {
        Keyed::Agrees
    } else {
        Keyed::Differs
    })
}

/// The columns that hold an answer which is not decided on.
#[derive(Default)]
struct Kept {
    settled_as: Option<&'static str>,
    value: Option<serde_json::Value>,
    key_id: Option<String>,
    sealed: Option<Vec<u8>>,
}

fn keep(
    context: &SettlementContext<'_>,
    task: &LockedTask,
    field: &StoredField,
    answer: &Settled,
) -> Result<Kept> {
    let mut kept = Kept {
        settled_as: Some(answer.as_str()),
        value: answer.value().and_then(|v| serde_json::to_value(v).ok()),
        ..Kept::default()
    };
    if field.special {
        let content = SpecialContent {
            settled_value: kept.value.take(),
            ..SpecialContent::default()
        };
        let (key_id, sealed) =
            context
                .sealer
                .seal_field(task.form_id, &sealed_name(&task.name), &content)?;
        (kept.key_id, kept.sealed) = (Some(key_id), Some(sealed));
    }
    Ok(kept)
}

/// Ties a sealed second answer to its place, so that it cannot be taken for the first.
pub(super) fn sealed_name(name: &str) -> String {
    format!("{name} keyed again")
}

/// What follows once it is known what stands in the field.
pub(super) async fn settled(
    connection: &mut PgConnection,
    context: &SettlementContext<'_>,
    task: &LockedTask,
    truth: &Settled,
    account: Uuid,
) -> Result<(), SettleError> {
    match task.purpose {
        Purpose::Sample => {
            let today = Utc::now().date_naive();
            calibration_cases::keep_judged(connection, task.form_id, &task.name, truth, today)
                .await?;
            Ok(())
        }
        Purpose::Double => finish(connection, context, task.form_id, account).await,
    }
}

/// Makes the record of a form that waits for no more keying.
pub(super) async fn finish(
    connection: &mut PgConnection,
    context: &SettlementContext<'_>,
    form_id: Uuid,
    account: Uuid,
) -> Result<(), SettleError> {
    let row = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE state IN ('open', 'differs')) AS "waiting!",
                  (array_agg(form_by ORDER BY created_at DESC))[1] AS form_by
           FROM keying_task WHERE form_id = $1 AND purpose = 'double'"#,
        form_id
    )
    .fetch_one(&mut *connection)
    .await?;
    if row.waiting == 0 {
        settlement::make_record(
            connection,
            context,
            form_id,
            row.form_by,
            Actor::Account(account),
        )
        .await?;
    }
    Ok(())
}
