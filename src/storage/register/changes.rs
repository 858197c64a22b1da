//! Values that took another's place.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value as Json, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::Result;
use super::super::sealing::{Sealer, associated_data};

/// Whose value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A person.
    Person(Uuid),
    /// A household.
    Household(Uuid),
}

impl Owner {
    /// The ids for the columns `service_user_id` and `household_id`.
    pub(in crate::storage) fn columns(self) -> (Option<Uuid>, Option<Uuid>) {
        match self {
            Self::Person(id) => (Some(id), None),
            Self::Household(id) => (None, Some(id)),
        }
    }

    /// The id, whichever it is.
    pub fn id(self) -> Uuid {
        match self {
            Self::Person(id) | Self::Household(id) => id,
        }
    }
}

/// Why values change, the same for all that change together.
#[derive(Debug, Clone, Copy)]
pub(in crate::storage) struct Cause {
    /// `registration`, `merge`, `unmerge`, `rectification` or `withdrawal`.
    pub kind: &'static str,
    /// The day from which the new values are true.
    pub as_of: NaiveDate,
    /// The form that says so.
    pub form_id: Option<Uuid>,
    /// When it is noted.
    pub at: DateTime<Utc>,
    /// Who notes it.
    pub by: Option<Uuid>,
}

/// What a change keeps of the two values.
#[derive(Default)]
struct Kept<'a> {
    old: Option<&'a Json>,
    new: Option<&'a Json>,
    key_id: Option<String>,
    sealed: Option<Vec<u8>>,
}

/// Notes that an ordinary value took another's place.
pub(in crate::storage) async fn note(
    connection: &mut PgConnection,
    owner: Owner,
    name: &str,
    old: Option<&Json>,
    new: Option<&Json>,
    cause: &Cause,
) -> Result<()> {
    let kept = Kept {
        old,
        new,
        ..Kept::default()
    };
    insert(connection, Uuid::now_v7(), owner, name, kept, cause).await
}

/// Notes that an Article 9 value took another's place, both sealed.
pub(in crate::storage) async fn note_special(
    connection: &mut PgConnection,
    sealer: &Sealer,
    owner: Owner,
    name: &str,
    old: Option<&Json>,
    new: Option<&Json>,
    cause: &Cause,
) -> Result<()> {
    let id = Uuid::now_v7();
    let plain = json!({ "old": old, "new": new }).to_string();
    let (key_id, sealed) = sealer.seal(&associated_data(id, name), plain.as_bytes())?;
    let kept = Kept {
        key_id: Some(key_id),
        sealed: Some(sealed),
        ..Kept::default()
    };
    insert(connection, id, owner, name, kept, cause).await
}

async fn insert(
    connection: &mut PgConnection,
    id: Uuid,
    owner: Owner,
    name: &str,
    kept: Kept<'_>,
    cause: &Cause,
) -> Result<()> {
    let (person, household) = owner.columns();
    sqlx::query!(
        "INSERT INTO record_change (id, service_user_id, household_id, name, cause, old, new, key_id, sealed, as_of,
                                    form_id, changed_at, changed_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        id,
        person,
        household,
        name,
        cause.kind,
        kept.old,
        kept.new,
        kept.key_id,
        kept.sealed,
        cause.as_of,
        cause.form_id,
        cause.at,
        cause.by
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// From which day each value of `owner` that was ever changed is true.
pub(super) async fn since(
    connection: &mut PgConnection,
    owner: Owner,
) -> Result<BTreeMap<String, NaiveDate>> {
    let (person, household) = owner.columns();
    let rows = sqlx::query!(
        r#"SELECT name, max(as_of) AS "as_of!" FROM record_change
           WHERE service_user_id = $1 OR household_id = $2 GROUP BY name"#,
        person,
        household
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|r| (r.name, r.as_of)).collect())
}
