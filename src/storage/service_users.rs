//! Records: households, their members and their consents. Whoever reads one writes an audit entry.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value as Json;
use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::register::special::open;
use super::sealing::Sealer;
use super::{Database, Result, StorageError};
use crate::domain::household::block_name;
use crate::domain::protected_address::tells_where;

/// A member of a household.
#[derive(Clone, PartialEq)]
pub struct ServiceUser {
    /// Id.
    pub id: Uuid,
    /// Household; of somebody who belongs to several, the one asked for, else the one they joined last.
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
    /// Other ordinary answers by field name without the block, the parts of the address among them.
    pub details: Json,
    /// When the record was made.
    pub created_at: DateTime<Utc>,
}

impl ServiceUser {
    /// The block of the form that describes this person: `child_2`.
    pub fn block(&self) -> String {
        block_name(&self.role, self.position)
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
    /// Who gave or refused it.
    pub service_user_id: Uuid,
    /// The form it stands on.
    pub form_id: Option<Uuid>,
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
    /// The day on which the person took it back, since when the answer is `no`.
    pub withdrawn_on: Option<NaiveDate>,
    /// Whether it was only ever taken back through staff, so that they may put a mistake right.
    pub by_staff: bool,
    /// The clerk who confirmed it.
    pub confirmed_by: Option<String>,
}

/// A household with everything stored about it but Article 9 data.
#[derive(Clone, PartialEq)]
pub struct HouseholdRecord {
    /// Id.
    pub id: Uuid,
    /// The form that told of it last.
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
    /// Carers, then children; those who belong to it now.
    pub members: Vec<ServiceUser>,
    /// Consents as they stand, in the order of the members and of their purposes.
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
        "SELECT h.id, r.form_id, h.centre, h.details, h.created_at, h.address_protected, f.reference,
                f.definition_id, f.definition_version
         FROM household h JOIN registration r ON r.household_id = h.id JOIN form f ON f.id = r.form_id
         WHERE h.id = $1 ORDER BY r.registered_at DESC, r.form_id LIMIT 1",
        id
    )
    .fetch_optional(database.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let members = sqlx::query_as!(
        ServiceUser,
        r#"SELECT s.id, m.household_id, m.role, m.position, s.first_name, s.surname, s.date_of_birth, s.nhs_number,
                s.phone, s.email, s.created_at,
                s.details || COALESCE(jsonb_strip_nulls(jsonb_build_object('address_line_1', a.line_1,
                    'address_line_2', a.line_2, 'town', a.town, 'postcode', a.postcode)), '{}') AS "details!"
         FROM household_member m JOIN service_user s ON s.id = m.service_user_id
              LEFT JOIN address a ON a.service_user_id = s.id AND a.until IS NULL
         WHERE m.household_id = $1 AND m.left_on IS NULL
         ORDER BY array_position(ARRAY['primary_carer', 'secondary_carer', 'child'], m.role), m.position"#,
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
        "SELECT h.address_protected FROM household h JOIN registration r ON r.household_id = h.id
         WHERE r.form_id = $1",
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

/// The consents of a household's members as they stand: of each person and purpose the one given last, unless it was
/// withdrawn since.
pub async fn consents(database: &Database, household_id: Uuid) -> Result<Vec<ConsentRecord>> {
    let consents = sqlx::query_as!(
        ConsentRecord,
        r#"SELECT w.service_user_id AS "service_user_id!", c.form_id, c.purpose, w.answer AS "answer!", c.wording,
                  c.wording_version, c.signed_on, c.captured_at, w.withdrawn_on, a.display_name AS "confirmed_by?",
                  w.withdrawn_on IS NOT NULL AND NOT EXISTS (
                      SELECT FROM consent_withdrawal b WHERE person_in_use(b.service_user_id) = w.service_user_id
                             AND b.purpose = c.purpose AND b.how IN ('link', 'reply')) AS "by_staff!"
           FROM standing_consents($1) w JOIN consent c ON c.id = w.consent_id
           LEFT JOIN account a ON a.id = c.confirmed_by
           LEFT JOIN household_member m ON m.household_id = $1 AND m.service_user_id = w.service_user_id
           ORDER BY array_position(ARRAY['primary_carer', 'secondary_carer'], m.role), m.position, c.purpose"#,
        household_id
    )
    .fetch_all(database.pool())
    .await?;
    Ok(consents)
}

/// One person with the place they have in their household. The id of a record that was found to be the same person as
/// another leads to that other one.
pub async fn service_user(database: &Database, id: Uuid) -> Result<Option<ServiceUser>> {
    let member = sqlx::query_as!(
        ServiceUser,
        r#"SELECT s.id, m.household_id, m.role, m.position, s.first_name, s.surname, s.date_of_birth, s.nhs_number,
                s.phone, s.email, s.created_at,
                s.details || COALESCE(jsonb_strip_nulls(jsonb_build_object('address_line_1', a.line_1,
                    'address_line_2', a.line_2, 'town', a.town, 'postcode', a.postcode)), '{}') AS "details!"
         FROM service_user s JOIN household_member m ON m.service_user_id = s.id
              LEFT JOIN address a ON a.service_user_id = s.id AND a.until IS NULL
         WHERE s.id = person_in_use($1)
         ORDER BY m.left_on DESC NULLS FIRST, m.joined_on DESC, m.household_id LIMIT 1"#,
        id
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(member)
}

/// Article 9 answers of one person, by field name without the block.
pub async fn special(
    database: &Database,
    sealer: &Sealer,
    person: Uuid,
) -> Result<BTreeMap<String, Json>> {
    let rows = sqlx::query!(
        "SELECT name, key_id, sealed FROM special_value WHERE service_user_id = $1",
        person
    )
    .fetch_all(database.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            let value = open(sealer, person, &row.name, &row.key_id, &row.sealed)?;
            Ok((row.name, value))
        })
        .collect()
}

/// Article 9 answers of a household and all its members, by field name with the block: `child_2.disability`.
pub async fn special_of_household(
    database: &Database,
    sealer: &Sealer,
    household_id: Uuid,
) -> Result<BTreeMap<String, Json>> {
    let rows = sqlx::query!(
        r#"SELECT v.household_id AS owner, v.name, v.key_id, v.sealed, NULL AS role, NULL::integer AS position
           FROM special_value v WHERE v.household_id = $1
           UNION ALL
           SELECT v.service_user_id, v.name, v.key_id, v.sealed, m.role, m.position
           FROM household_member m JOIN special_value v ON v.service_user_id = m.service_user_id
           WHERE m.household_id = $1 AND m.left_on IS NULL"#,
        household_id
    )
    .fetch_all(database.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            let missing = || StorageError::Inconsistent {
                subject: "special value",
                problem: "a column is empty that cannot be".to_owned(),
            };
            let (owner, name) = (
                row.owner.ok_or_else(missing)?,
                row.name.ok_or_else(missing)?,
            );
            let (key_id, sealed) = (
                row.key_id.ok_or_else(missing)?,
                row.sealed.ok_or_else(missing)?,
            );
            let value = open(sealer, owner, &name, &key_id, &sealed)?;
            let name = match (row.role, row.position) {
                (Some(role), Some(position)) => format!("{}.{name}", block_name(&role, position)),
                _ => name,
            };
            Ok((name, value))
        })
        .collect()
}
