//! Records: households, their members and their consents. Whoever reads one writes an audit entry.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value as Json;
use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::sealing::{Sealer, SealingError, associated_data};
use super::{Database, Result, StorageError};
use crate::domain::protected_address::tells_where;

/// A member of a household.
#[derive(Clone, PartialEq)]
pub struct ServiceUser {
    /// Id.
    pub id: Uuid,
    /// Household.
    pub household_id: Uuid,
    /// `primary_carer`, `secondary_carer` or `child`.
    pub role: String,
    /// Position among those of the same role, from 1.
    pub position: i32,
    /// First name or names.
    pub first_name: String,
    /// Surname.
    pub surname: String,
    /// Date of birth.
    pub date_of_birth: Option<NaiveDate>,
    /// NHS number, ten digits.
    pub nhs_number: Option<String>,
    /// Telephone number, digits only.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Other ordinary answers by field name without the block.
    pub details: Json,
    /// When the record was made.
    pub created_at: DateTime<Utc>,
}

impl ServiceUser {
    /// The block of the form that describes this person: `child_2`.
    pub fn block(&self) -> String {
        if self.role == "child" {
            format!("child_{}", self.position)
        } else {
            self.role.clone()
        }
    }

    /// Takes out what tells where the person is and how to reach them.
    pub fn hide_whereabouts(&mut self) {
        (self.phone, self.email) = (None, None);
        if let Some(details) = self.details.as_object_mut() {
            details.retain(|name, _| !tells_where(name));
        }
    }
}

/// A consent with its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsentRecord {
    /// Purpose or channel.
    pub purpose: String,
    /// `yes`, `no`, `not_answered` or `unreadable`.
    pub answer: String,
    /// What the person was told.
    pub wording: String,
    /// Version of the wording and of the privacy notice.
    pub wording_version: String,
    /// Date on the form.
    pub signed_on: Option<NaiveDate>,
    /// When it was taken down.
    pub captured_at: DateTime<Utc>,
    /// The clerk who confirmed it.
    pub confirmed_by: Option<String>,
}

/// A household with everything stored about it but Article 9 data.
#[derive(Clone, PartialEq)]
pub struct HouseholdRecord {
    /// Id.
    pub id: Uuid,
    /// Form it was made of.
    pub form_id: Uuid,
    /// Reference of that form.
    pub form_reference: String,
    /// Definition of that form.
    pub definition_id: String,
    /// Version of that definition.
    pub definition_version: u32,
    /// The centre that registered the family.
    pub centre: Option<String>,
    /// Ordinary answers that belong to no single member, by field name.
    pub details: BTreeMap<String, Json>,
    /// Carers, then children.
    pub members: Vec<ServiceUser>,
    /// Consents in the order of their purposes.
    pub consents: Vec<ConsentRecord>,
    /// Whether where the family is must not become known.
    pub address_protected: bool,
    /// When the record was made.
    pub created_at: DateTime<Utc>,
}

impl HouseholdRecord {
    /// Takes out what tells where the family is and how to reach it.
    pub fn hide_whereabouts(&mut self) {
        self.centre = None;
        self.details.retain(|name, _| !tells_where(name));
        self.members
            .iter_mut()
            .for_each(ServiceUser::hide_whereabouts);
    }
}

/// One household.
pub async fn household(database: &Database, id: Uuid) -> Result<Option<HouseholdRecord>> {
    let row = sqlx::query!(
        "SELECT h.id, h.form_id, h.centre, h.details, h.created_at, h.address_protected, f.reference,
                f.definition_id, f.definition_version
         FROM household h JOIN form f ON f.id = h.form_id WHERE h.id = $1",
        id
    )
    .fetch_optional(database.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let members = sqlx::query_as!(
        ServiceUser,
        "SELECT id, household_id, role, position, first_name, surname, date_of_birth, nhs_number, phone, email,
                details, created_at
         FROM service_user WHERE household_id = $1
         ORDER BY array_position(ARRAY['primary_carer', 'secondary_carer', 'child'], role), position",
        id
    )
    .fetch_all(database.pool())
    .await?;
    let consents = consents(database, id).await?;
    Ok(Some(HouseholdRecord {
        id: row.id,
        form_id: row.form_id,
        form_reference: row.reference,
        definition_id: row.definition_id,
        definition_version: u32::try_from(row.definition_version).unwrap_or_default(),
        centre: row.centre,
        details: serde_json::from_value(row.details).unwrap_or_default(),
        members,
        consents,
        address_protected: row.address_protected,
        created_at: row.created_at,
    }))
}

/// Whether a record was made of the form whose family must not be found.
pub async fn form_is_protected(database: &Database, form_id: Uuid) -> Result<bool> {
    let protected = sqlx::query_scalar!(
        "SELECT address_protected FROM household WHERE form_id = $1",
        form_id
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(protected.unwrap_or(false))
}

/// Marks a household's address as protected, or takes the mark off, with the entry in the audit trail.
pub async fn protect_address(
    database: &Database,
    actor: Actor,
    id: Uuid,
    protected: bool,
) -> Result<()> {
    let mut transaction = database.begin().await?;
    let found = sqlx::query!(
        "UPDATE household SET address_protected = $2 WHERE id = $1",
        id,
        protected
    )
    .execute(&mut *transaction)
    .await?;
    if found.rows_affected() == 0 {
        return Err(StorageError::NotFound {
            subject: "household",
        });
    }
    let action = if protected {
        "protected_address"
    } else {
        "unprotected_address"
    };
    audit::record(&mut *transaction, actor, Act::new(action, "household", id)).await?;
    transaction.commit().await?;
    Ok(())
}

/// The consents of a household.
pub async fn consents(database: &Database, household_id: Uuid) -> Result<Vec<ConsentRecord>> {
    let consents = sqlx::query_as!(
        ConsentRecord,
        r#"SELECT c.purpose, c.answer, c.wording, c.wording_version, c.signed_on, c.captured_at,
                  a.display_name AS "confirmed_by?"
           FROM consent c LEFT JOIN account a ON a.id = c.confirmed_by
           WHERE c.household_id = $1 ORDER BY c.purpose"#,
        household_id
    )
    .fetch_all(database.pool())
    .await?;
    Ok(consents)
}

/// One member of a household.
pub async fn service_user(database: &Database, id: Uuid) -> Result<Option<ServiceUser>> {
    let member = sqlx::query_as!(
        ServiceUser,
        "SELECT id, household_id, role, position, first_name, surname, date_of_birth, nhs_number, phone, email,
                details, created_at
         FROM service_user WHERE id = $1",
        id
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(member)
}

/// Article 9 answers of a household by field name, those whose name begins with `prefix`.
pub async fn special(
    database: &Database,
    sealer: &Sealer,
    household_id: Uuid,
    prefix: &str,
) -> Result<BTreeMap<String, Json>> {
    let rows = sqlx::query!(
        "SELECT name, key_id, sealed FROM service_user_special
         WHERE household_id = $1 AND starts_with(name, $2) ORDER BY name",
        household_id,
        prefix
    )
    .fetch_all(database.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            let plain = sealer.open(
                &row.key_id,
                &associated_data(household_id, &row.name),
                &row.sealed,
            )?;
            let value = serde_json::from_slice(&plain).map_err(|_| SealingError::Malformed)?;
            Ok((row.name, value))
        })
        .collect()
}
