//! Forms and fields that wait for a second or a third person: what a supervisor sees, and may waive.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::centres::Scope;
use super::second_keying::{self, KeyError, sample_begins};
use super::settlement::SettlementContext;
use super::{Database, Result, StorageError};
use crate::config::{Adjudicator, Keying};

/// How much waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Fields that forms wait for.
    pub double: i64,
    /// Fields of the sample.
    pub sample: i64,
    /// Fields that two people read differently.
    pub differing: i64,
}

/// How much waits of forms in `scope`, for everybody together or only what `account` may take on.
pub async fn counts(
    database: &Database,
    rules: &Keying,
    scope: &Scope,
    account: Option<Uuid>,
) -> Result<Counts> {
    let counts = sqlx::query_as!(
        Counts,
        r#"SELECT count(*) FILTER (WHERE t.state = 'open' AND t.purpose = 'double') AS "double!",
                  count(*) FILTER (WHERE t.state = 'open' AND t.purpose = 'qa' AND t.created_at > $2) AS "sample!",
                  count(*) FILTER (WHERE t.state = 'differs') AS "differing!"
           FROM keying_task t JOIN form f ON f.id = t.form_id
           WHERE t.state IN ('open', 'differs') AND (t.purpose = 'qa' OR f.state = 'second_keying')
             AND ($1::uuid IS NULL OR t.first_by IS DISTINCT FROM $1 AND t.form_by IS DISTINCT FROM $1
                  AND t.second_by IS DISTINCT FROM $1)
             AND ($3::text[] IS NULL OR f.centre = ANY($3) OR f.centre IS NULL AND $4)"#,
        account,
        sample_begins(rules, Utc::now()),
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_one(database.pool())
    .await?;
    Ok(counts)
}

/// A form whose record is not made before others have keyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingForm {
    /// Id.
    pub id: Uuid,
    /// What people quote.
    pub reference: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Fields to key.
    pub open: i64,
    /// Fields that two people read differently.
    pub differing: i64,
    /// People of its centre who could key all that is open.
    pub may_key: i64,
    /// People of its centre who could decide all that differs.
    pub may_decide: i64,
}

/// Forms in `scope` that wait for a second or third person, oldest first, at most `limit`.
pub async fn forms(
    database: &Database,
    rules: &Keying,
    scope: &Scope,
    limit: i64,
) -> Result<Vec<WaitingForm>> {
    let keying = ["clerk", "second_clerk", "supervisor"].map(str::to_owned);
    let deciding = match rules.adjudicator {
        Adjudicator::Supervisor => vec!["supervisor".to_owned()],
        Adjudicator::Clerk => keying.to_vec(),
    };
    let forms = sqlx::query_as!(
        WaitingForm,
        r#"SELECT f.id, f.reference, min(t.created_at) AS "since!",
                  count(*) FILTER (WHERE t.state = 'open') AS "open!",
                  count(*) FILTER (WHERE t.state = 'differs') AS "differing!",
                  (SELECT count(*) FROM account a WHERE a.disabled_at IS NULL AND EXISTS (SELECT FROM account_role r
                             WHERE r.account_id = a.id AND r.role = ANY($1))
                     AND (NOT EXISTS (SELECT FROM account_centre w WHERE w.account_id = a.id)
                          OR EXISTS (SELECT FROM account_centre w WHERE w.account_id = a.id AND w.centre = f.centre)
                          OR f.centre IS NULL AND EXISTS (SELECT FROM account_role r
                             WHERE r.account_id = a.id AND r.role = 'supervisor'))
                     AND NOT EXISTS (SELECT FROM keying_task o WHERE o.form_id = f.id AND o.state = 'open'
                                     AND (o.first_by = a.id OR o.form_by = a.id))) AS "may_key!",
                  (SELECT count(*) FROM account a WHERE a.disabled_at IS NULL AND EXISTS (SELECT FROM account_role r
                             WHERE r.account_id = a.id AND r.role = ANY($2))
                     AND (NOT EXISTS (SELECT FROM account_centre w WHERE w.account_id = a.id)
                          OR EXISTS (SELECT FROM account_centre w WHERE w.account_id = a.id AND w.centre = f.centre)
                          OR f.centre IS NULL AND EXISTS (SELECT FROM account_role r
                             WHERE r.account_id = a.id AND r.role = 'supervisor'))
                     AND NOT EXISTS (SELECT FROM keying_task o WHERE o.form_id = f.id AND o.state = 'differs'
                                     AND (o.first_by = a.id OR o.form_by = a.id OR o.second_by = a.id))) AS "may_decide!"
           FROM form f JOIN keying_task t ON t.form_id = f.id
           WHERE f.state = 'second_keying' AND t.purpose = 'double' AND t.state IN ('open', 'differs')
             AND ($4::text[] IS NULL OR f.centre = ANY($4) OR f.centre IS NULL AND $5)
           GROUP BY f.id, f.reference, f.received_at ORDER BY f.received_at, f.id LIMIT $3"#,
        &keying,
        &deciding,
        limit,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_all(database.pool())
    .await?;
    Ok(forms)
}

/// Lets the first answers of a form stand without a second keying, for a reason that is kept. What two people read
/// differently still waits for a third. Makes the record when nothing else is open.
///
/// # Errors
/// [`KeyError::Changed`] when nothing waits to be keyed.
pub async fn waive(
    database: &Database,
    context: &SettlementContext<'_>,
    form_id: Uuid,
    account: Uuid,
    reason: &str,
) -> Result<(), KeyError> {
    let mut transaction = database.begin().await?;
    let state = sqlx::query_scalar!("SELECT state FROM form WHERE id = $1 FOR UPDATE", form_id)
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or(StorageError::NotFound { subject: "form" })?;
    if state != "second_keying" {
        return Err(KeyError::Changed);
    }
    let waived = sqlx::query!(
        "UPDATE keying_task SET state = 'waived', waived_by = $2, waived_at = $3, waive_reason = $4,
                lease_holder = NULL, lease_until = NULL, version = version + 1
         WHERE form_id = $1 AND purpose = 'double' AND state = 'open'",
        form_id,
        account,
        Utc::now(),
        reason
    )
    .execute(&mut *transaction)
    .await?;
    if waived.rows_affected() == 0 {
        return Err(KeyError::Changed);
    }
    let act = Act::new("waived_second_keying", "form", form_id);
    audit::record(&mut *transaction, Actor::Account(account), act).await?;
    second_keying::finish(&mut transaction, context, form_id, account).await?;
    transaction.commit().await?;
    Ok(())
}

/// A record in which the sample found something wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongRecord {
    /// Id of the task that found it.
    pub task_id: Uuid,
    /// The form.
    pub form_id: Uuid,
    /// What people quote.
    pub reference: String,
    /// Its record.
    pub household_id: Uuid,
    /// Name of the field.
    pub name: String,
    /// Definition the form was printed from.
    pub definition_id: String,
    /// Version of that definition.
    pub definition_version: i32,
    /// When it was decided.
    pub found_at: DateTime<Utc>,
}

/// Records of forms in `scope` that the sample found wrong and that nobody has dealt with, oldest first.
pub async fn wrong_records(
    database: &Database,
    scope: &Scope,
    limit: i64,
) -> Result<Vec<WrongRecord>> {
    let records = sqlx::query_as!(
        WrongRecord,
        r#"SELECT t.id AS task_id, t.form_id, f.reference, r.household_id, t.name, f.definition_id,
                  f.definition_version, t.third_at AS "found_at!"
           FROM keying_task t JOIN form f ON f.id = t.form_id JOIN registration r ON r.form_id = t.form_id
           WHERE t.purpose = 'qa' AND t.state = 'decided' AND t.taken <> 'first' AND t.dealt_with_at IS NULL
             AND ($2::text[] IS NULL OR f.centre = ANY($2) OR f.centre IS NULL AND $3)
           ORDER BY t.third_at LIMIT $1"#,
        limit,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_all(database.pool())
    .await?;
    Ok(records)
}

/// Notes that `account` has seen to a wrong record of a form in `scope`. Sent twice, it is noted once.
///
/// # Errors
/// [`StorageError::NotFound`] when there is no such task, or it belongs to another centre.
pub async fn dealt_with(
    database: &Database,
    scope: &Scope,
    task_id: Uuid,
    account: Uuid,
) -> Result<()> {
    let mut transaction = database.begin().await?;
    let missing = StorageError::NotFound {
        subject: "field to key",
    };
    let form_id = sqlx::query_scalar!(
        "SELECT t.form_id FROM keying_task t JOIN form f ON f.id = t.form_id
         WHERE t.id = $1 AND ($2::text[] IS NULL OR f.centre = ANY($2) OR f.centre IS NULL AND $3)",
        task_id,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(missing)?;
    let noted = sqlx::query!(
        "UPDATE keying_task SET dealt_with_by = $2, dealt_with_at = $3
         WHERE id = $1 AND purpose = 'qa' AND state = 'decided' AND taken <> 'first' AND dealt_with_at IS NULL",
        task_id,
        account,
        Utc::now()
    )
    .execute(&mut *transaction)
    .await?;
    if noted.rows_affected() > 0 {
        let act = Act::new("dealt_with_wrong_record", "form", form_id);
        audit::record(&mut *transaction, Actor::Account(account), act).await?;
    }
    transaction.commit().await?;
    Ok(())
}
