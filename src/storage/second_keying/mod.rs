//! Fields that somebody keys a second time: handing them out, taking the second answer, and what follows from it.
//!
//! For double keying the form waits in the state `second_keying`, and its record is made in the transaction that takes
//! the last answer. A sample (`qa`) only compares. That nobody keys a field twice is asked for when a task is handed out
//! and again when an answer is taken, and the table's constraints refuse it whatever the program does.

mod handing_out;
mod taking;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::form_fields::from_name;
use super::settlement::SettleError;
use super::{Result, StorageError};
use crate::config::Keying;
use crate::domain::field::FieldKind;
use crate::domain::keying::presentation;
pub(super) use handing_out::sample_begins;
pub use handing_out::{holds, next, of_holder, release};
pub use taking::key;
pub(super) use taking::{LockedTask, finish, first_answer, lock, sealed_name, settled};

/// Why a field is keyed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The record is not made before two people agree.
    Double,
    /// A sample of what is in records already.
    Sample,
}

impl Purpose {
    pub(super) fn parse(name: &str) -> Self {
        if name == "double" {
            Self::Double
        } else {
            Self::Sample
        }
    }
}

/// A field to key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Id.
    pub id: Uuid,
    /// The form it stands on.
    pub form_id: Uuid,
    /// Name of the field.
    pub name: String,
    /// What an answer has to name.
    pub version: i32,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyed {
    /// It says the same as the first.
    Agrees,
    /// A third person has to decide.
    Differs,
    /// The same person has sent it before.
    Before,
}

/// Why an answer was not taken. Nothing is stored.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The task was settled or withdrawn in the meantime.
    #[error("the field does not wait any more")]
    Changed,
    /// A colleague has it.
    #[error("somebody else has the field")]
    Held,
    /// The person had a part in the field already.
    #[error("the same person may not key a field twice")]
    SamePerson,
    /// The record cannot be made with this answer, or the database failed.
    #[error(transparent)]
    Settle(#[from] SettleError),
}

impl From<StorageError> for KeyError {
    fn from(error: StorageError) -> Self {
        Self::Settle(error.into())
    }
}

impl From<sqlx::Error> for KeyError {
    fn from(error: sqlx::Error) -> Self {
        StorageError::from(error).into()
    }
}

/// Takes back what was asked of others for a form.
pub(super) async fn withdraw(connection: &mut PgConnection, form_id: Uuid) -> Result<()> {
    sqlx::query!(
        "UPDATE keying_task SET state = 'withdrawn', second_as = NULL, second_value = NULL, key_id = NULL,
                sealed = NULL, lease_holder = NULL, lease_until = NULL, version = version + 1
         WHERE form_id = $1 AND state IN ('open', 'differs')",
        form_id
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Asks for a second keying of the fields that `clerk` or a colleague answered and that the rules name. Returns how many
/// there are. What was asked for an earlier state of the form is withdrawn.
pub(super) async fn request(
    connection: &mut PgConnection,
    rules: &Keying,
    form_id: Uuid,
    clerk: Uuid,
    now: DateTime<Utc>,
) -> Result<usize> {
    withdraw(connection, form_id).await?;
    let kinds: Vec<String> = rules.double.iter().map(|k| k.as_str().to_owned()).collect();
    let fields = sqlx::query!(
        r#"SELECT name, kind, confidence, settled_by AS "settled_by!" FROM field
           WHERE form_id = $1 AND settled_by IS NOT NULL AND kind = ANY($2)"#,
        form_id,
        &kinds
    )
    .fetch_all(&mut *connection)
    .await?;
    for field in &fields {
        let kind: FieldKind = from_name(&field.kind)?;
        let mode = presentation(kind, field.confidence, rules);
        sqlx::query!(
            "INSERT INTO keying_task (id, form_id, name, kind, purpose, state, first_by, form_by, mode, chance, created_at)
             VALUES ($1, $2, $3, $4, 'double', 'open', $5, $6, $7, 1, $8)",
            Uuid::new_v4(),
            form_id,
            field.name,
            field.kind,
            field.settled_by,
            clerk,
            mode.as_str(),
            now
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(fields.len())
}
