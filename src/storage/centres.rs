//! Which centres' papers a person may see.
//!
//! A person without centres sees those of all. A person with centres sees theirs; papers whose centre is not known
//! yet they see only as a supervisor, because such papers may be anybody's and somebody has to find out whose.

use uuid::Uuid;

use super::{Database, Result};
use crate::domain::role::{Permission, Role};

/// The centres whose papers may be seen. Queries take its parts:
/// `($1::text[] IS NULL OR centre = ANY($1) OR centre IS NULL AND $2)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Codes of the centres; nothing means all of them.
    pub centres: Option<Vec<String>>,
    /// Whether papers belong to it whose centre is not known.
    pub unknown: bool,
}

impl Scope {
    /// Everything, for Enrol itself.
    pub const ALL: Self = Self {
        centres: None,
        unknown: true,
    };

    /// What somebody with these roles and centres may see.
    pub fn new(roles: &[Role], centres: &[String]) -> Self {
        let supervises = |role: &Role| role.permissions().contains(&Permission::Exceptions);
        Self {
            centres: (!centres.is_empty()).then(|| centres.to_vec()),
            unknown: centres.is_empty() || roles.iter().any(supervises),
        }
    }
}

/// The centre a form belongs to, where that is known.
pub async fn of_form(database: &Database, id: Uuid) -> Result<Option<String>> {
    let centre = sqlx::query_scalar!("SELECT centre FROM form WHERE id = $1", id)
        .fetch_optional(database.pool())
        .await?;
    Ok(centre.flatten())
}

/// Whether there is such a form and it may be seen.
pub async fn sees_form(database: &Database, scope: &Scope, id: Uuid) -> Result<bool> {
    let seen = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM form WHERE id = $1
               AND ($2::text[] IS NULL OR centre = ANY($2) OR centre IS NULL AND $3)) AS "seen!""#,
        id,
        scope.centres.as_deref(),
        scope.unknown
    );
    Ok(seen.fetch_one(database.pool()).await?)
}

/// Whether there is such a scan and it may be seen: by the file's own centre, else by that of a form in it.
pub async fn sees_document(database: &Database, scope: &Scope, id: Uuid) -> Result<bool> {
    let seen = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM document d WHERE d.id = $1
               AND ($2::text[] IS NULL OR d.centre = ANY($2) OR d.centre IS NULL AND (
                   EXISTS (SELECT FROM page p JOIN form f ON f.id = p.form_id
                           WHERE p.document_id = d.id AND f.centre = ANY($2))
                   OR $3 AND NOT EXISTS (SELECT FROM page p JOIN form f ON f.id = p.form_id
                                         WHERE p.document_id = d.id AND f.centre IS NOT NULL)))) AS "seen!""#,
        id,
        scope.centres.as_deref(),
        scope.unknown
    );
    Ok(seen.fetch_one(database.pool()).await?)
}

/// Whether there is such a household and it may be seen: by the centre of any of its forms.
pub async fn sees_household(database: &Database, scope: &Scope, id: Uuid) -> Result<bool> {
    let seen = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM registration r JOIN form f ON f.id = r.form_id WHERE r.household_id = $1
               AND ($2::text[] IS NULL OR f.centre = ANY($2) OR f.centre IS NULL AND $3)) AS "seen!""#,
        id,
        scope.centres.as_deref(),
        scope.unknown
    );
    Ok(seen.fetch_one(database.pool()).await?)
}
