//! Which families a recipient is given through the API.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::super::{Database, Result};

/// A person in a household that the recipient is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The record in use for the person asked for.
    pub person: Uuid,
    /// The household: of several that are given, the one joined last.
    pub household: Uuid,
    /// Whether the person is a child.
    pub is_child: bool,
    /// Version of the person's record.
    pub version: i32,
    /// When it was changed last.
    pub changed_at: DateTime<Utc>,
}

/// Where the recipient finds the person called `id`, which may be that of a record merged into another.
pub async fn person(database: &Database, recipient: Uuid, id: Uuid) -> Result<Option<Place>> {
    let place = sqlx::query_as!(
        Place,
        r#"SELECT s.id AS person, m.household_id AS household, s.kind = 'child' AS "is_child!", s.version, s.changed_at
           FROM service_user s JOIN household_member m ON m.service_user_id = s.id
           WHERE s.id = person_in_use($2) AND m.left_on IS NULL AND recipient_sees($1, m.household_id)
           ORDER BY m.joined_on DESC, m.household_id LIMIT 1"#,
        recipient,
        id
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(place)
}

/// Whether the recipient is given the household.
pub async fn sees(database: &Database, recipient: Uuid, household: Uuid) -> Result<bool> {
    let sees = sqlx::query_scalar!(
        r#"SELECT recipient_sees($1, $2) AS "sees!""#,
        recipient,
        household
    )
    .fetch_one(database.pool())
    .await?;
    Ok(sees)
}

/// A household as it stands in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Id.
    pub id: Uuid,
    /// Differs when anything of the record does.
    pub revision: String,
}

/// Up to `limit` households that the recipient is given, by id, those after `after`.
pub async fn families(
    database: &Database,
    recipient: Uuid,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Family>> {
    let families = sqlx::query_as!(
        Family,
        r#"SELECT h.id, household_revision(h.id) AS "revision!" FROM household h
           WHERE ($2::uuid IS NULL OR h.id > $2) AND recipient_sees($1, h.id) ORDER BY h.id LIMIT $3"#,
        recipient,
        after,
        limit
    )
    .fetch_all(database.pool())
    .await?;
    Ok(families)
}

/// What tells one state of a household's record from another.
pub async fn revision(database: &Database, household: Uuid) -> Result<Option<String>> {
    let revision = sqlx::query_scalar!("SELECT household_revision($1)", household)
        .fetch_one(database.pool())
        .await?;
    Ok(revision)
}

/// Number of the event that the recipient was given last. Asked for before a record is read, it is a lower bound: the
/// record holds at least what that event announced.
pub async fn position(database: &Database, recipient: Uuid) -> Result<i64> {
    let position = sqlx::query_scalar!(
        "SELECT last_sequence FROM recipient WHERE id = $1",
        recipient
    )
    .fetch_one(database.pool())
    .await?;
    Ok(position)
}
