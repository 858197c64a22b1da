//! The register of those who are given records of families.

pub mod events;
pub mod given;
pub mod queues;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::{Database, Result, StorageError};
use crate::domain::recipient::{Basis, Organisations, Terms};
use crate::domain::recipient_fields::FieldGroup;

/// Scope without which nobody gets events.
pub const EVENTS_READ: &str = "events:read";

/// A recipient as registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Id; the audit trail and the broker know it by this.
    pub id: Uuid,
    /// What was agreed.
    pub terms: Terms,
    /// Every change names the version it saw.
    pub version: i32,
    /// When it was registered.
    pub registered_at: DateTime<Utc>,
    /// When it was cut off.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Why.
    pub revoked_reason: Option<String>,
}

impl Recipient {
    /// Whether it is given anything on `today`.
    pub fn is_live(&self, today: NaiveDate) -> bool {
        self.revoked_at.is_none() && self.terms.valid_until >= today
    }
}

/// A row of the table. Public within storage so that other queries can make a [`Recipient`] of theirs.
pub(super) struct Row {
    pub id: Uuid,
    pub organisation: String,
    pub name: String,
    pub contact: String,
    pub purpose: String,
    pub basis: String,
    pub responsible: Option<String>,
    pub scopes: Vec<String>,
    pub field_groups: Vec<String>,
    pub centres: Vec<String>,
    pub has_queue: bool,
    pub valid_until: NaiveDate,
    pub version: i32,
    pub registered_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub revoked_reason: Option<String>,
}

impl TryFrom<Row> for Recipient {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self> {
        let inconsistent = |problem: &str| StorageError::Inconsistent {
            subject: "recipient",
            problem: problem.to_owned(),
        };
        let basis = Basis::parse(&row.basis).ok_or_else(|| inconsistent("unknown basis"))?;
        let groups: Option<BTreeSet<_>> = row
            .field_groups
            .iter()
            .map(|g| FieldGroup::parse(g))
            .collect();
        Ok(Self {
            id: row.id,
            terms: Terms {
                organisation: row.organisation,
                name: row.name,
                contact: row.contact,
                purpose: row.purpose,
                basis,
                responsible: row.responsible,
                scopes: row.scopes,
                field_groups: groups.ok_or_else(|| inconsistent("unknown part of a record"))?,
                centres: row.centres,
                has_queue: row.has_queue,
                valid_until: row.valid_until,
            },
            version: row.version,
            registered_at: row.registered_at,
            revoked_at: row.revoked_at,
            revoked_reason: row.revoked_reason,
        })
    }
}

/// All recipients: those in force first, by name.
pub async fn list(database: &Database) -> Result<Vec<Recipient>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, organisation, name, contact, purpose, basis, responsible, scopes, field_groups, centres, has_queue,
                valid_until, version, registered_at, revoked_at, revoked_reason
         FROM recipient ORDER BY revoked_at IS NOT NULL, lower(name), id"
    )
    .fetch_all(database.pool())
    .await?;
    rows.into_iter().map(Recipient::try_from).collect()
}

/// One recipient.
pub async fn find(database: &Database, id: Uuid) -> Result<Option<Recipient>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, organisation, name, contact, purpose, basis, responsible, scopes, field_groups, centres, has_queue,
                valid_until, version, registered_at, revoked_at, revoked_reason
         FROM recipient WHERE id = $1",
        id
    )
    .fetch_optional(database.pool())
    .await?;
    row.map(Recipient::try_from).transpose()
}

/// Terms that are in order, else an error that names what is not.
fn checked(terms: &Terms) -> Result<()> {
    match terms.problems(Utc::now().date_naive()).first() {
        None => Ok(()),
        Some(problem) => Err(StorageError::Inconsistent {
            subject: "recipient",
            problem: problem.text.to_owned(),
        }),
    }
}

fn names(groups: &BTreeSet<FieldGroup>) -> Vec<String> {
    groups.iter().map(|g| g.as_str().to_owned()).collect()
}

/// Registers a recipient, in one transaction with the terms' history and the audit entry.
///
/// # Errors
/// [`StorageError::Inconsistent`] says what is wrong with the terms.
pub async fn register(database: &Database, terms: &Terms, actor: Actor) -> Result<Uuid> {
    checked(terms)?;
    let (id, now) = (Uuid::now_v7(), Utc::now());
    let mut transaction = database.begin().await?;
    sqlx::query!(
        "INSERT INTO recipient (id, organisation, organisation_version, name, contact, purpose, basis, responsible,
                                scopes, field_groups, centres, has_queue, valid_until, registered_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        id,
        terms.organisation,
        Organisations::current().version,
        terms.name,
        terms.contact,
        terms.purpose,
        terms.basis.as_str(),
        terms.responsible,
        &terms.scopes,
        &names(&terms.field_groups),
        &terms.centres,
        terms.has_queue,
        terms.valid_until,
        now
    )
    .execute(&mut *transaction)
    .await?;
    keep_terms(&mut transaction, id, 1, terms, actor).await?;
    audit::record(
        &mut *transaction,
        actor,
        Act::new("registered", "recipient", id),
    )
    .await?;
    wake_relay(&mut transaction).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Puts new terms in place of those of `version`. They count from the next call and event on; families that are no
/// longer given are announced as such.
///
/// # Errors
/// [`StorageError::Conflict`] when somebody else changed or revoked it since.
pub async fn change(
    database: &Database,
    id: Uuid,
    version: i32,
    terms: &Terms,
    actor: Actor,
) -> Result<()> {
    checked(terms)?;
    let mut transaction = database.begin().await?;
    let changed = sqlx::query!(
        "UPDATE recipient SET organisation = $3, organisation_version = $4, name = $5, contact = $6, purpose = $7,
                basis = $8, responsible = $9, scopes = $10, field_groups = $11, centres = $12, has_queue = $13,
                valid_until = $14, version = version + 1
         WHERE id = $1 AND version = $2 AND revoked_at IS NULL",
        id,
        version,
        terms.organisation,
        Organisations::current().version,
        terms.name,
        terms.contact,
        terms.purpose,
        terms.basis.as_str(),
        terms.responsible,
        &terms.scopes,
        &names(&terms.field_groups),
        &terms.centres,
        terms.has_queue,
        terms.valid_until
    )
    .execute(&mut *transaction)
    .await?;
    if changed.rows_affected() == 0 {
        return Err(StorageError::Conflict {
            subject: "recipient",
        });
    }
    keep_terms(&mut transaction, id, version + 1, terms, actor).await?;
    sqlx::query!(
        "INSERT INTO sharing_check (household_id) SELECT household_id FROM recipient_family WHERE recipient_id = $1",
        id
    )
    .execute(&mut *transaction)
    .await?;
    audit::record(
        &mut *transaction,
        actor,
        Act::new("changed", "recipient", id),
    )
    .await?;
    wake_relay(&mut transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// Cuts a recipient off: its tokens open nothing from now on, and the relay takes its queue away.
///
/// # Errors
/// [`StorageError::NotFound`] when there is none that is still in force.
pub async fn revoke(database: &Database, id: Uuid, reason: &str, actor: Actor) -> Result<()> {
    let mut transaction = database.begin().await?;
    let now = Utc::now();
    let revoked = sqlx::query!(
        "UPDATE recipient SET revoked_at = $2, revoked_reason = $3, version = version + 1
         WHERE id = $1 AND revoked_at IS NULL",
        id,
        now,
        reason
    )
    .execute(&mut *transaction)
    .await?;
    if revoked.rows_affected() == 0 {
        return Err(StorageError::NotFound {
            subject: "recipient",
        });
    }
    sqlx::query!(
        "UPDATE api_token SET revoked_at = $2 WHERE recipient_id = $1 AND revoked_at IS NULL",
        id,
        now
    )
    .execute(&mut *transaction)
    .await?;
    audit::record(
        &mut *transaction,
        actor,
        Act::new("revoked", "recipient", id),
    )
    .await?;
    wake_relay(&mut transaction).await?;
    transaction.commit().await?;
    Ok(())
}

async fn keep_terms(
    connection: &mut PgConnection,
    id: Uuid,
    version: i32,
    terms: &Terms,
    actor: Actor,
) -> Result<()> {
    let by = match actor {
        Actor::Account(account) => Some(account),
        Actor::Recipient(_) | Actor::Machine => None,
    };
    sqlx::query!(
        "INSERT INTO recipient_terms (recipient_id, version, terms, set_at, set_by) VALUES ($1, $2, $3, $4, $5)",
        id,
        version,
        json!(terms),
        Utc::now(),
        by
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn wake_relay(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!("SELECT pg_notify('enrol_outbox', '')")
        .execute(connection)
        .await?;
    Ok(())
}
