//! What became of a person's record: every value that took another's place, and every form that told of them.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value as Json;
use uuid::Uuid;

use super::super::{Database, Result};

/// A value that took another's place.
#[derive(Clone, PartialEq)]
pub struct PastChange {
    /// Name of the answer.
    pub name: String,
    /// `registration`, `merge`, `unmerge`, `rectification` or `withdrawal`.
    pub cause: String,
    /// What was on record; nothing for Article 9 answers.
    pub old: Option<Json>,
    /// What took its place; nothing for Article 9 answers.
    pub new: Option<Json>,
    /// Whether it is an Article 9 answer, whose values are sealed.
    pub special: bool,
    /// The day from which the new value is true.
    pub as_of: NaiveDate,
    /// Reference of the form that said so.
    pub form_reference: Option<String>,
    /// When it was noted.
    pub changed_at: DateTime<Utc>,
    /// Who noted it.
    pub changed_by: Option<String>,
}

/// What changed in a person's record, newest first.
pub async fn changes_of(database: &Database, person: Uuid) -> Result<Vec<PastChange>> {
    let changes = sqlx::query_as!(
        PastChange,
        r#"SELECT c.name, c.cause, c.old, c.new, c.sealed IS NOT NULL AS "special!", c.as_of,
                  f.reference AS "form_reference?", c.changed_at, a.display_name AS "changed_by?"
           FROM record_change c LEFT JOIN form f ON f.id = c.form_id LEFT JOIN account a ON a.id = c.changed_by
           WHERE c.service_user_id = $1 ORDER BY c.changed_at DESC, c.name"#,
        person
    )
    .fetch_all(database.pool())
    .await?;
    Ok(changes)
}

/// A place where somebody lived.
#[derive(Clone, PartialEq)]
pub struct PastAddress {
    /// The lines that are known, in order.
    pub lines: Vec<String>,
    /// From which day.
    pub since: NaiveDate,
    /// Until which day; nothing for the address in use.
    pub until: Option<NaiveDate>,
}

/// Where a person lived, newest first.
pub async fn addresses_of(database: &Database, person: Uuid) -> Result<Vec<PastAddress>> {
    let rows = sqlx::query!(
        "SELECT line_1, line_2, town, postcode, since, until FROM address WHERE service_user_id = $1
         ORDER BY until DESC NULLS FIRST, since DESC, id DESC",
        person
    )
    .fetch_all(database.pool())
    .await?;
    let address = |lines: [Option<String>; 4], since, until| PastAddress {
        lines: lines.into_iter().flatten().collect(),
        since,
        until,
    };
    Ok(rows
        .into_iter()
        .map(|r| address([r.line_1, r.line_2, r.town, r.postcode], r.since, r.until))
        .collect())
}

/// A form that told of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldBy {
    /// The form.
    pub form_id: Uuid,
    /// What people quote.
    pub reference: String,
    /// Where on it: `child_2`.
    pub block: String,
    /// Whether it made the record.
    pub made: bool,
    /// The day for which it speaks.
    pub as_of: NaiveDate,
    /// When it was taken into the register.
    pub registered_at: DateTime<Utc>,
}

/// The forms that told of a person, newest first.
pub async fn forms_of(database: &Database, person: Uuid) -> Result<Vec<ToldBy>> {
    let forms = sqlx::query_as!(
        ToldBy,
        "SELECT r.form_id, f.reference, m.block, m.made, r.as_of, r.registered_at
         FROM registration_member m JOIN registration r ON r.form_id = m.form_id JOIN form f ON f.id = r.form_id
         WHERE m.service_user_id = $1 ORDER BY r.as_of DESC, r.registered_at DESC",
        person
    )
    .fetch_all(database.pool())
    .await?;
    Ok(forms)
}
