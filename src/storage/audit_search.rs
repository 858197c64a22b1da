//! Looking something up in the audit trail.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Database, Result};

/// What is looked for. Everything that is given has to fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
    /// What was done.
    pub action: Option<String>,
    /// Who did it or what it was done with.
    pub id: Option<Uuid>,
    /// Only entries older than this one.
    pub before: Option<i64>,
}

/// An entry with the names of those it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Id of the entry.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: a colleague's or a recipient's name; nobody for Enrol itself.
    pub actor: Option<String>,
    /// Their id.
    pub actor_id: Option<Uuid>,
    /// What was done.
    pub action: String,
    /// Kind of thing it was done with.
    pub subject: String,
    /// Which one.
    pub subject_id: Option<Uuid>,
    /// What people call it, where that is a form.
    pub reference: Option<String>,
    /// Which field or page of it.
    pub part: Option<String>,
}

/// The entries that fit, newest first, at most `limit`.
pub async fn search(database: &Database, search: &Search, limit: i64) -> Result<Vec<Found>> {
    Ok(sqlx::query_as!(
        Found,
        r#"SELECT e.id, e.at, COALESCE(a.display_name, r.name) AS actor, e.actor_id, e.action, e.subject,
                  e.subject_id, f.reference AS "reference?", e.part
           FROM audit_entry e
           LEFT JOIN account a ON e.actor_kind = 'account' AND a.id = e.actor_id
           LEFT JOIN recipient r ON e.actor_kind = 'recipient' AND r.id = e.actor_id
           LEFT JOIN form f ON e.subject = 'form' AND f.id = e.subject_id
           WHERE ($1::timestamptz IS NULL OR e.at >= $1) AND ($2::timestamptz IS NULL OR e.at < $2)
             AND ($3::text IS NULL OR e.action = $3)
             AND ($4::uuid IS NULL OR e.subject_id = $4 OR e.actor_id = $4)
             AND ($5::bigint IS NULL OR e.id < $5)
           ORDER BY e.id DESC LIMIT $6"#,
        search.from,
        search.until,
        search.action,
        search.id,
        search.before,
        limit
    )
    .fetch_all(database.pool())
    .await?)
}

/// The id of the form that people call `reference`.
pub async fn form_called(database: &Database, reference: &str) -> Result<Option<Uuid>> {
    Ok(
        sqlx::query_scalar!("SELECT id FROM form WHERE reference = $1", reference)
            .fetch_optional(database.pool())
            .await?,
    )
}

/// Every kind of thing that was ever done.
pub async fn actions(database: &Database) -> Result<Vec<String>> {
    Ok(
        sqlx::query_scalar!("SELECT DISTINCT action FROM audit_entry ORDER BY action")
            .fetch_all(database.pool())
            .await?,
    )
}
