//! The same field across many forms: all the surnames, all the postcodes.

use chrono::Utc;
use uuid::Uuid;

use super::centres::Scope;
use super::{Database, Result};

/// Kinds of field that are typed as one line.
const WRITTEN: [&str; 6] = ["name", "date", "postcode", "phone", "nhs_number", "email"];

/// A field of a form that a clerk could answer without opening the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchField {
    /// The form.
    pub form_id: Uuid,
    /// Name of the field.
    pub name: String,
}

/// Last parts of the names of open fields, with how many there are, for `account`. Article 9 fields and forms that a
/// colleague has are left out.
pub async fn kinds(
    database: &Database,
    scope: &Scope,
    account: Uuid,
) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT substring(x.name FROM '[^.]+$') AS "last!", count(*) AS "open!"
           FROM field x JOIN form f ON f.id = x.form_id
           WHERE f.state = 'in_review' AND f.referred_at IS NULL AND x.state IN ('review', 'unreadable')
             AND x.settled_as IS NULL AND NOT x.special AND x.kind = ANY($1)
             AND NOT EXISTS (SELECT 1 FROM review_claim c
                             WHERE c.form_id = f.id AND c.lease_until > $2 AND c.account_id <> $3)
             AND NOT EXISTS (SELECT 1 FROM field_draft d
                             WHERE d.form_id = x.form_id AND d.name = x.name AND d.confirmed)
             AND ($4::text[] IS NULL OR f.centre = ANY($4) OR f.centre IS NULL AND $5)
           GROUP BY 1 ORDER BY 2 DESC, 1"#,
        &WRITTEN.map(str::to_owned),
        Utc::now(),
        account,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_all(database.pool())
    .await?;
    Ok(rows.into_iter().map(|r| (r.last, r.open)).collect())
}

/// Open fields whose name ends in `last`, the least sure first, at most `limit`; what [`kinds`] leaves out is left out.
pub async fn fields(
    database: &Database,
    scope: &Scope,
    account: Uuid,
    last: &str,
    limit: i64,
) -> Result<Vec<BatchField>> {
    let fields = sqlx::query_as!(
        BatchField,
        r#"SELECT x.form_id, x.name
           FROM field x JOIN form f ON f.id = x.form_id
           WHERE f.state = 'in_review' AND f.referred_at IS NULL AND x.state IN ('review', 'unreadable')
             AND x.settled_as IS NULL AND NOT x.special AND x.kind = ANY($1)
             AND substring(x.name FROM '[^.]+$') = $4
             AND NOT EXISTS (SELECT 1 FROM review_claim c
                             WHERE c.form_id = f.id AND c.lease_until > $2 AND c.account_id <> $3)
             AND NOT EXISTS (SELECT 1 FROM field_draft d
                             WHERE d.form_id = x.form_id AND d.name = x.name AND d.confirmed)
             AND ($6::text[] IS NULL OR f.centre = ANY($6) OR f.centre IS NULL AND $7)
           ORDER BY x.confidence, f.received_at, x.name LIMIT $5"#,
        &WRITTEN.map(str::to_owned),
        Utc::now(),
        account,
        last,
        limit,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_all(database.pool())
    .await?;
    Ok(fields)
}
