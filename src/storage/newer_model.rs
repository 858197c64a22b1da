//! Forms that wait and were read with an earlier model than the one in force: the model that a reader started with last.

use uuid::Uuid;

use super::centres::Scope;
use super::{Database, Result, StorageError, form_actions};
use crate::forms::definition::FormDefinition;

/// How many forms of `scope` wait for a clerk that were read with another model. Forms that a clerk has at this moment
/// do not count. None while no reader has started yet.
pub async fn count(database: &Database, scope: &Scope) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "forms!" FROM form f
           WHERE f.state = 'in_review' AND ($1::text[] IS NULL OR f.centre = ANY($1) OR f.centre IS NULL AND $2)
             AND NOT EXISTS (SELECT FROM review_claim c WHERE c.form_id = f.id AND c.lease_until > now())
             AND EXISTS (SELECT FROM page p
                         JOIN (SELECT name FROM reading_model ORDER BY started_at DESC LIMIT 1) m
                             ON p.model IS DISTINCT FROM m.name
                         WHERE p.form_id = f.id AND p.outcome = 'in_form')"#,
        scope.centres.as_deref(),
        scope.unknown
    )
    .fetch_one(database.pool())
    .await?)
}

/// Has at most `limit` of them read again, the oldest first; what people typed is kept. A form of which a file is not
/// there any more is left as it is. Returns how many there are.
pub async fn read_again(
    database: &Database,
    definitions: &[FormDefinition],
    scope: &Scope,
    account: Uuid,
    limit: i64,
) -> Result<usize> {
    let mut tx = database.begin().await?;
    let forms = sqlx::query!(
        r#"SELECT f.id, f.definition_id, f.definition_version FROM form f
           WHERE f.state = 'in_review' AND ($1::text[] IS NULL OR f.centre = ANY($1) OR f.centre IS NULL AND $2)
             AND NOT EXISTS (SELECT FROM review_claim c WHERE c.form_id = f.id AND c.lease_until > now())
             AND EXISTS (SELECT FROM page p
                         JOIN (SELECT name FROM reading_model ORDER BY started_at DESC LIMIT 1) m
                             ON p.model IS DISTINCT FROM m.name
                         WHERE p.form_id = f.id AND p.outcome = 'in_form')
             AND NOT EXISTS (SELECT FROM page p JOIN document d ON d.id = p.document_id
                             WHERE p.form_id = f.id AND p.outcome = 'in_form'
                               AND (d.original_key IS NULL OR d.sha256 IS NULL))
           ORDER BY f.received_at, f.id LIMIT $3 FOR UPDATE OF f SKIP LOCKED"#,
        scope.centres.as_deref(),
        scope.unknown,
        limit
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut sent = 0;
    for form in forms {
        let definition = definitions.iter().find(|d| {
            d.id == form.definition_id && i32::try_from(d.version) == Ok(form.definition_version)
        });
        let Some(definition) = definition else {
            continue;
        };
        form_actions::send_to_reader(&mut tx, definition, form.id, account).await?;
        sent += 1;
    }
    tx.commit().await.map_err(StorageError::from)?;
    Ok(sent)
}
