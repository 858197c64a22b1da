//! What clerks typed into a form that is not finished: kept per field, so that a closed laptop, an ended session or a
//! lost claim costs nothing. Special-category drafts are sealed like the fields themselves.

use std::collections::BTreeMap;

use chrono::Utc;
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::sealing::{Sealer, associated_data};
use super::{Database, Result, StorageError};

/// What stands in the inputs of one field.
#[derive(Clone, PartialEq)]
pub struct Draft {
    /// The inputs, as the pages write them.
    pub typed: Json,
    /// Whether the person went on to the next field.
    pub confirmed: bool,
    /// Who typed it.
    pub by: Uuid,
    /// What colleagues see of them.
    pub display_name: String,
    /// How long they looked at the field, where their browser measured it.
    pub seconds: Option<f64>,
}

/// Values stay out of logs.
impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Draft(redacted, confirmed: {})", self.confirmed)
    }
}

/// The drafts of a form by field name.
pub async fn of_form(
    database: &Database,
    sealer: &Sealer,
    form_id: Uuid,
) -> Result<BTreeMap<String, Draft>> {
    let rows = sqlx::query!(
        "SELECT d.name, d.account_id, d.typed, d.key_id, d.sealed, d.confirmed, d.seconds, a.display_name
         FROM field_draft d JOIN account a ON a.id = d.account_id WHERE d.form_id = $1",
        form_id
    )
    .fetch_all(database.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            let typed = match (row.typed, row.key_id, row.sealed) {
                (Some(typed), ..) => typed,
                (None, Some(key_id), Some(sealed)) => {
                    let plain = sealer.open(&key_id, &belongs_to(form_id, &row.name), &sealed)?;
                    serde_json::from_slice(&plain).map_err(|_| inconsistent())?
                }
                _ => return Err(inconsistent()),
            };
            let draft = Draft {
                typed,
                confirmed: row.confirmed,
                by: row.account_id,
                display_name: row.display_name,
                seconds: row.seconds,
            };
            Ok((row.name, draft))
        })
        .collect()
}

/// What is to be kept for one field.
pub struct NewDraft<'a> {
    /// Name of the field.
    pub name: &'a str,
    /// The inputs.
    pub typed: Json,
    /// Whether it is Article 9 data.
    pub special: bool,
    /// Whether the person went on to the next field.
    pub confirmed: bool,
    /// How long they looked at it this time; added to what they took before.
    pub seconds: Option<f64>,
}

/// Keeps what `account` typed, in the order given. The form must be in review; `false` when it is not any more.
pub async fn put(
    database: &Database,
    sealer: &Sealer,
    form_id: Uuid,
    account: Uuid,
    drafts: Vec<NewDraft<'_>>,
) -> Result<bool> {
    let mut transaction = database.begin().await?;
    // Settling takes the same lock, so that no draft outlives its form.
    let state = sqlx::query_scalar!("SELECT state FROM form WHERE id = $1 FOR SHARE", form_id)
        .fetch_optional(&mut *transaction)
        .await?;
    if state.as_deref() != Some("in_review") {
        return Ok(false);
    }
    store(&mut transaction, sealer, form_id, account, drafts).await?;
    transaction.commit().await?;
    Ok(true)
}

/// The same for a form that the caller's transaction has locked.
pub(super) async fn store(
    connection: &mut PgConnection,
    sealer: &Sealer,
    form_id: Uuid,
    account: Uuid,
    drafts: Vec<NewDraft<'_>>,
) -> Result<()> {
    for draft in drafts {
        let (typed, key_id, sealed) = if draft.special {
            let plain = draft.typed.to_string();
            let (key_id, sealed) =
                sealer.seal(&belongs_to(form_id, draft.name), plain.as_bytes())?;
            (None, Some(key_id), Some(sealed))
        } else {
            (Some(draft.typed), None, None)
        };
        // The serial number tells the order of saving. What a page keeps while somebody types may arrive after they
        // have confirmed, and must not undo that.
        sqlx::query!(
            "INSERT INTO field_draft AS d (form_id, name, account_id, typed, key_id, sealed, confirmed, saved_at, seconds)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (form_id, name) DO UPDATE
             SET account_id = excluded.account_id, typed = excluded.typed, key_id = excluded.key_id,
                 sealed = excluded.sealed, confirmed = excluded.confirmed, saved_at = excluded.saved_at,
                 serial = DEFAULT,
                 seconds = NULLIF(COALESCE(CASE WHEN d.account_id = excluded.account_id THEN d.seconds END, 0)
                                  + COALESCE(excluded.seconds, 0), 0)
             WHERE excluded.confirmed OR NOT d.confirmed",
            form_id,
            draft.name,
            account,
            typed,
            key_id,
            sealed,
            draft.confirmed,
            Utc::now(),
            draft.seconds.filter(|s| *s > 0.0)
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Takes back what `account` confirmed last in a form. Returns the field's name, if there was one.
pub async fn undo(database: &Database, form_id: Uuid, account: Uuid) -> Result<Option<String>> {
    let name = sqlx::query_scalar!(
        "DELETE FROM field_draft WHERE form_id = $1 AND serial =
             (SELECT max(serial) FROM field_draft WHERE form_id = $1 AND account_id = $2 AND confirmed)
         RETURNING name",
        form_id,
        account
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(name)
}

/// Forgets the drafts of a form that is settled, inside the caller's transaction.
pub(super) async fn forget(connection: &mut PgConnection, form_id: Uuid) -> Result<()> {
    sqlx::query!("DELETE FROM field_draft WHERE form_id = $1", form_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// A sealed draft cannot be put in the place of another, nor of the reading.
pub(super) fn belongs_to(form_id: Uuid, name: &str) -> Vec<u8> {
    associated_data(form_id, &format!("draft:{name}"))
}

fn inconsistent() -> StorageError {
    StorageError::Inconsistent {
        subject: "draft",
        problem: "it is neither plain nor sealed".into(),
    }
}
