//! What goes wrong most: why fields went to a person, and which fields came out otherwise than they went in.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::centres::Scope;
use super::{Database, Result};

/// Why fields went to a person, in the reader's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The reason.
    pub reason: String,
    /// Fields of settled forms that had it.
    pub fields: i64,
    /// Of these, settled as something else than what was read. Article 9 fields count as not changed.
    pub changed: i64,
}

/// The `limit` most frequent reasons of forms in `scope` settled since `since`.
pub async fn reasons(
    database: &Database,
    scope: &Scope,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Reason>> {
    let reasons = sqlx::query_as!(
        Reason,
        r#"SELECT r.reason AS "reason!", count(*) AS "fields!",
                  count(*) FILTER (WHERE NOT x.special AND x.settled_value IS DISTINCT FROM x.value) AS "changed!"
           FROM form f JOIN field x ON x.form_id = f.id CROSS JOIN LATERAL unnest(x.reasons) AS r (reason)
           WHERE f.state = 'settled' AND f.settled_at >= $1 AND x.settled_by IS NOT NULL
             AND ($3::text[] IS NULL OR f.centre = ANY($3) OR f.centre IS NULL AND $4)
           GROUP BY r.reason ORDER BY count(*) DESC, r.reason LIMIT $2"#,
        since,
        limit,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_all(database.pool())
    .await?;
    Ok(reasons)
}

/// One field of a form definition and how often it went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WrongField {
    /// Name of the field.
    pub name: String,
    /// Definition it belongs to.
    pub definition_id: String,
    /// Version of that definition.
    pub definition_version: i32,
    /// How often it was settled with something in it or read on it.
    pub fields: i64,
    /// Of these, settled by a person as something else than what was read.
    pub changed: i64,
    /// Of these, found wrong when they were keyed again.
    pub wrong: i64,
}

/// The `limit` fields of forms in `scope` settled since `since` that were changed or found wrong most often. Article 9
/// fields are left out: whether they were changed cannot be seen without opening them.
pub async fn wrong_fields(
    database: &Database,
    scope: &Scope,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<WrongField>> {
    let fields = sqlx::query_as!(
        WrongField,
        r#"SELECT name AS "name!", definition_id AS "definition_id!", definition_version AS "definition_version!",
                  count(*) AS "fields!", count(*) FILTER (WHERE changed) AS "changed!",
                  count(*) FILTER (WHERE wrong) AS "wrong!"
           FROM (SELECT x.name, f.definition_id, f.definition_version,
                        x.settled_by IS NOT NULL AND x.settled_value IS DISTINCT FROM x.value AS changed,
                        EXISTS (SELECT FROM keying_task t WHERE t.form_id = x.form_id AND t.name = x.name
                                AND t.state = 'decided' AND t.taken <> 'first') AS wrong
                 FROM form f JOIN field x ON x.form_id = f.id
                 WHERE f.state = 'settled' AND f.settled_at >= $1 AND NOT x.special
                   AND (x.state <> 'blank' OR x.settled_by IS NOT NULL)
                   AND ($3::text[] IS NULL OR f.centre = ANY($3) OR f.centre IS NULL AND $4)) AS settled
           GROUP BY name, definition_id, definition_version
           HAVING count(*) FILTER (WHERE changed OR wrong) > 0
           ORDER BY count(*) FILTER (WHERE wrong) DESC, count(*) FILTER (WHERE changed) DESC, name LIMIT $2"#,
        since,
        limit,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_all(database.pool())
    .await?;
    Ok(fields)
}
