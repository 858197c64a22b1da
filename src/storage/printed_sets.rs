//! Set numbers of printed blanks: each is given out once.

use chrono::Utc;
use uuid::Uuid;

use super::{Database, Result};
use crate::forms::definition::FormDefinition;

/// Takes those of `candidates` that no form bears and no earlier print has, in ascending order.
pub async fn take(
    database: &Database,
    definition: &FormDefinition,
    candidates: &[String],
    by: Uuid,
) -> Result<Vec<String>> {
    let version = i32::try_from(definition.version).unwrap_or(i32::MAX);
    let mut taken = sqlx::query_scalar!(
        "INSERT INTO printed_set (definition_id, definition_version, set_number, printed_at, printed_by)
         SELECT $1, $2, candidate, $4, $5 FROM unnest($3::text[]) candidate
         WHERE NOT EXISTS (SELECT FROM form WHERE definition_id = $1 AND definition_version = $2
                           AND set_number = candidate)
         ON CONFLICT DO NOTHING RETURNING set_number",
        definition.id,
        version,
        candidates,
        Utc::now(),
        by
    )
    .fetch_all(database.pool())
    .await?;
    taken.sort();
    Ok(taken)
}
