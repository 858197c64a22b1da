//! Forms that wait for a clerk: who has which, what was read, and what the clerk settles.
//!
//! Two things keep clerks from overwriting each other. A claim with a lease says who works on a form; the form's
//! version says what they saw when they began. A submission needs both: nobody else's live claim, and the version
//! that the page was made from.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::centres::Scope;
use super::sealing::Sealer;
use super::settlement::{self, SettleError, Settlement, SettlementContext};
use super::{Database, Result, StorageError};
use crate::domain::household::Settled;

/// How long a claim lasts without a sign of life: as long as a session may idle.
pub const CLAIM: TimeDelta = TimeDelta::minutes(15);

/// Somebody working on a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Account.
    pub account_id: Uuid,
    /// What colleagues see.
    pub display_name: String,
    /// When the claim ends by itself.
    pub lease_until: DateTime<Utc>,
}

/// A form in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingForm {
    /// Id.
    pub id: Uuid,
    /// What people quote.
    pub reference: String,
    /// When its first page arrived.
    pub received_at: DateTime<Utc>,
    /// Pages it has.
    pub pages: i64,
    /// Fields that a person has to look at.
    pub to_look_at: i64,
    /// Who has it.
    pub holder: Option<Holder>,
}

/// Forms waiting for a clerk who sees `scope`, oldest first, at most `limit`.
pub async fn waiting(database: &Database, scope: &Scope, limit: i64) -> Result<Vec<WaitingForm>> {
    let rows = sqlx::query!(
        r#"SELECT f.id, f.reference, f.received_at,
                  (SELECT count(*) FROM page p WHERE p.form_id = f.id AND p.outcome = 'in_form') AS "pages!",
                  (SELECT count(*) FROM field x WHERE x.form_id = f.id AND x.settled_as IS NULL
                       AND x.state IN ('review', 'unreadable')) AS "to_look_at!",
                  c.account_id AS "account_id?", a.display_name AS "display_name?", c.lease_until AS "lease_until?"
           FROM form f
           LEFT JOIN review_claim c ON c.form_id = f.id AND c.lease_until > $1
           LEFT JOIN account a ON a.id = c.account_id
           WHERE f.state = 'in_review' AND ($3::text[] IS NULL OR f.centre = ANY($3) OR f.centre IS NULL AND $4)
           ORDER BY f.received_at, f.id LIMIT $2"#,
        Utc::now(),
        limit,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_all(database.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| WaitingForm {
            id: r.id,
            reference: r.reference,
            received_at: r.received_at,
            pages: r.pages,
            to_look_at: r.to_look_at,
            holder: holder(r.account_id, r.display_name, r.lease_until),
        })
        .collect())
}

/// How many forms of `scope` wait, and how many were settled since `since`.
pub async fn counts(
    database: &Database,
    scope: &Scope,
    since: DateTime<Utc>,
) -> Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE state = 'in_review') AS "waiting!",
                  count(*) FILTER (WHERE state = 'settled' AND settled_at >= $1) AS "settled!"
           FROM form WHERE state IN ('in_review', 'settled')
             AND ($2::text[] IS NULL OR centre = ANY($2) OR centre IS NULL AND $3)"#,
        since,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_one(database.pool())
    .await?;
    Ok((row.waiting, row.settled))
}

fn holder(
    account_id: Option<Uuid>,
    display_name: Option<String>,
    lease_until: Option<DateTime<Utc>>,
) -> Option<Holder> {
    Some(Holder {
        account_id: account_id?,
        display_name: display_name?,
        lease_until: lease_until?,
    })
}

/// What is known of a form as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormHead {
    /// Id.
    pub id: Uuid,
    /// What people quote.
    pub reference: String,
    /// Definition it was printed from.
    pub definition_id: String,
    /// Version of that definition.
    pub definition_version: u32,
    /// Printed set number.
    pub set_number: Option<String>,
    /// `incomplete`, `in_review`, `second_keying`, `matching`, `settled` or `set_aside`.
    pub state: String,
    /// Why it is incomplete or set aside.
    pub reason: Option<String>,
    /// When its first page arrived.
    pub received_at: DateTime<Utc>,
    /// When it was settled.
    pub settled_at: Option<DateTime<Utc>>,
    /// What a change has to name.
    pub version: i32,
    /// Who has it.
    pub holder: Option<Holder>,
    /// The household it told of.
    pub household_id: Option<Uuid>,
}

/// One form.
pub async fn form(database: &Database, id: Uuid) -> Result<Option<FormHead>> {
    let row = sqlx::query!(
        r#"SELECT f.id, f.reference, f.definition_id, f.definition_version, f.set_number, f.state, f.reason,
                  f.received_at, f.settled_at, f.version, c.account_id AS "account_id?",
                  a.display_name AS "display_name?", c.lease_until AS "lease_until?", r.household_id AS "household_id?"
           FROM form f
           LEFT JOIN review_claim c ON c.form_id = f.id AND c.lease_until > $2
           LEFT JOIN account a ON a.id = c.account_id
           LEFT JOIN registration r ON r.form_id = f.id
           WHERE f.id = $1"#,
        id,
        Utc::now()
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(row.map(|r| FormHead {
        id: r.id,
        reference: r.reference,
        definition_id: r.definition_id,
        definition_version: u32::try_from(r.definition_version).unwrap_or_default(),
        set_number: r.set_number,
        state: r.state,
        reason: r.reason,
        received_at: r.received_at,
        settled_at: r.settled_at,
        version: r.version,
        holder: holder(r.account_id, r.display_name, r.lease_until),
        household_id: r.household_id,
    }))
}

/// A page of a form and where its picture is.
#[derive(Debug, Clone, PartialEq)]
pub struct FormPage {
    /// Id.
    pub id: Uuid,
    /// File it is in.
    pub document_id: Uuid,
    /// Key of the file's bytes as they arrived.
    pub original_key: String,
    /// Name under which the file arrived.
    pub object_key: String,
    /// Page of the file, from 1.
    pub number: u32,
    /// Page of the form, from 1.
    pub form_page: u32,
    /// Row-major 3x3 homography from form millimetres to pixels of the decoded page.
    pub homography: [f64; 9],
}

/// The pages of a form in form order.
pub async fn pages(database: &Database, form_id: Uuid) -> Result<Vec<FormPage>> {
    let rows = sqlx::query!(
        r#"SELECT p.id, p.document_id, COALESCE(d.original_key, d.object_key) AS "original_key!", d.object_key,
                  p.number, p.form_page AS "form_page!", p.homography AS "homography!"
           FROM page p JOIN document d ON d.id = p.document_id
           WHERE p.form_id = $1 AND p.outcome = 'in_form' AND p.homography IS NOT NULL ORDER BY p.form_page"#,
        form_id
    )
    .fetch_all(database.pool())
    .await?;
    rows.into_iter()
        .map(|r| {
            let homography =
                <[f64; 9]>::try_from(r.homography).map_err(|_| StorageError::Inconsistent {
                    subject: "page",
                    problem: "its homography is not 3 by 3".into(),
                })?;
            Ok(FormPage {
                id: r.id,
                document_id: r.document_id,
                original_key: r.original_key,
                object_key: r.object_key,
                number: u32::try_from(r.number).unwrap_or_default(),
                form_page: u32::try_from(r.form_page).unwrap_or_default(),
                homography,
            })
        })
        .collect()
}

/// Claims a form for `account` or renews the claim. Answers who has it instead, where somebody else does.
pub async fn claim(database: &Database, form_id: Uuid, account: Uuid) -> Result<Option<Holder>> {
    let now = Utc::now();
    let claimed = sqlx::query!(
        "INSERT INTO review_claim (form_id, account_id, lease_until) VALUES ($1, $2, $3)
         ON CONFLICT (form_id) DO UPDATE SET account_id = excluded.account_id, lease_until = excluded.lease_until
         WHERE review_claim.account_id = excluded.account_id OR review_claim.lease_until <= $4",
        form_id,
        account,
        now + CLAIM,
        now
    )
    .execute(database.pool())
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(None);
    }
    live_holder(database.pool(), form_id).await
}

/// Gives a form of `account` back to the list.
pub async fn release(database: &Database, form_id: Uuid, account: Uuid) -> Result<()> {
    sqlx::query!(
        "DELETE FROM review_claim WHERE form_id = $1 AND account_id = $2",
        form_id,
        account
    )
    .execute(database.pool())
    .await?;
    Ok(())
}

pub(super) async fn live_holder(
    executor: impl PgExecutor<'_>,
    form_id: Uuid,
) -> Result<Option<Holder>> {
    let row = sqlx::query!(
        "SELECT c.account_id, a.display_name, c.lease_until FROM review_claim c JOIN account a ON a.id = c.account_id
         WHERE c.form_id = $1 AND c.lease_until > $2",
        form_id,
        Utc::now()
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|r| Holder {
        account_id: r.account_id,
        display_name: r.display_name,
        lease_until: r.lease_until,
    }))
}

/// What a clerk settled one field as.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Name of the field.
    pub name: String,
    /// What it was settled as.
    pub settled: Settled,
    /// Whether the clerk had to look at it or changed what the machine took; else it stays the machine's.
    pub by_clerk: bool,
}

/// Why a submission was not taken. Nothing is stored.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The form was changed since the page was made, or is not waiting any more.
    #[error("the form was changed since the page was made")]
    Changed,
    /// A colleague has claimed the form.
    #[error("somebody else has the form")]
    Held(Holder),
    /// The form cannot be settled as it is, or the database failed.
    #[error(transparent)]
    Settle(#[from] SettleError),
}

impl From<StorageError> for SubmitError {
    fn from(error: StorageError) -> Self {
        Self::Settle(error.into())
    }
}

impl From<sqlx::Error> for SubmitError {
    fn from(error: sqlx::Error) -> Self {
        StorageError::from(error).into()
    }
}

/// Stores what a clerk settled and makes the household or asks for a second keying, all or nothing.
///
/// # Errors
/// See [`SubmitError`].
pub async fn submit(
    database: &Database,
    context: &SettlementContext<'_>,
    form_id: Uuid,
    expected_version: i32,
    account: Uuid,
    answers: &[Answer],
) -> Result<Settlement, SubmitError> {
    let mut transaction = database.begin().await?;
    let current = sqlx::query!(
        "SELECT state, version FROM form WHERE id = $1 FOR UPDATE",
        form_id
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(StorageError::NotFound { subject: "form" })?;
    if current.state != "in_review" || current.version != expected_version {
        return Err(SubmitError::Changed);
    }
    if let Some(holder) = live_holder(&mut *transaction, form_id).await?
        && holder.account_id != account
    {
        return Err(SubmitError::Held(holder));
    }
    store_answers(&mut transaction, context.sealer, form_id, account, answers).await?;
    let settlement = settlement::settle_form(
        &mut transaction,
        context,
        form_id,
        expected_version,
        Some(account),
    )
    .await?;
    super::drafts::forget(&mut transaction, form_id).await?;
    transaction.commit().await?;
    Ok(settlement)
}

async fn store_answers(
    connection: &mut PgConnection,
    sealer: &Sealer,
    form_id: Uuid,
    account: Uuid,
    answers: &[Answer],
) -> Result<()> {
    let special: Vec<String> = sqlx::query_scalar!(
        "SELECT name FROM field WHERE form_id = $1 AND special",
        form_id
    )
    .fetch_all(&mut *connection)
    .await?;
    let mine: Vec<&Answer> = answers.iter().filter(|a| a.by_clerk).collect();
    let names: Vec<String> = mine.iter().map(|a| a.name.clone()).collect();
    let settled_as: Vec<String> = mine.iter().map(|a| a.settled.as_str().to_owned()).collect();
    let plain = |answer: &Answer| {
        answer
            .settled
            .value()
            .and_then(|v| serde_json::to_value(v).ok())
    };
    let values: Vec<Option<serde_json::Value>> = mine
        .iter()
        .map(|a| {
            if special.contains(&a.name) {
                None
            } else {
                plain(a)
            }
        })
        .collect();
    sqlx::query!(
        "UPDATE field SET settled_as = u.settled_as, settled_value = u.value, settled_by = $5, settled_at = $6
         FROM unnest($2::text[], $3::text[], $4::jsonb[]) AS u (name, settled_as, value)
         WHERE field.form_id = $1 AND field.name = u.name",
        form_id,
        &names,
        &settled_as,
        &values as &[Option<serde_json::Value>],
        account,
        Utc::now()
    )
    .execute(&mut *connection)
    .await?;
    for answer in mine.iter().filter(|a| special.contains(&a.name)) {
        super::form_fields::put_special(
            &mut *connection,
            sealer,
            form_id,
            &answer.name,
            plain(answer),
        )
        .await?;
    }
    Ok(())
}
