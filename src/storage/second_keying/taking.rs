//! Taking an answer: whether it may be given, whether it says the same as the first, and what follows.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{KeyError, Keyed, Purpose};
use crate::domain::household::Settled;
use crate::domain::keying::same_answer;
use crate::storage::audit::{self, Act, Actor};
use crate::storage::form_fields::{self, StoredField};
use crate::storage::sealing::SpecialContent;
use crate::storage::settlement::{self, SettleError, SettlementContext};
use crate::storage::{Database, Result, StorageError, calibration_cases};

/// A task as locked for a change, its form locked before it.
pub(in crate::storage) struct LockedTask {
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
    pub(in crate::storage) fn check(
        &self,
        state: &str,
        version: i32,
        account: Uuid,
    ) -> Result<(), KeyError> {
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
pub(in crate::storage) async fn lock(
    connection: &mut PgConnection,
    id: Uuid,
) -> Result<LockedTask> {
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
pub(in crate::storage) async fn first_answer(
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
pub(in crate::storage) fn sealed_name(name: &str) -> String {
    format!("{name} keyed again")
}

/// What follows once it is known what stands in the field.
pub(in crate::storage) async fn settled(
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
pub(in crate::storage) async fn finish(
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
