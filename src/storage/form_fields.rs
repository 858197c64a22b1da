//! The fields of a form with special-category readings opened.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::sealing::{Sealer, SpecialContent};
use super::{Result, StorageError};
use crate::domain::field::{FieldKind, FieldState, FieldValue};
use crate::domain::household::Settled;
use crate::domain::reading::Alternative;

/// A field as read and as settled.
#[derive(Clone, PartialEq)]
pub struct StoredField {
    /// Dotted path.
    pub name: String,
    /// Kind of field.
    pub kind: FieldKind,
    /// Page of the form, from 1.
    pub form_page: u32,
    /// What reading made of it.
    pub state: FieldState,
    /// Confidence that the whole field is right, 0 to 1.
    pub confidence: f64,
    /// Why a person has to look, in words.
    pub reasons: Vec<String>,
    /// What was read before any rule was applied.
    pub raw: Option<String>,
    /// The checked value.
    pub value: Option<FieldValue>,
    /// What else the reader took it for, best first.
    pub alternatives: Vec<Alternative>,
    /// What it was settled as, by a clerk or, once the form is settled, by the machine.
    pub settled: Option<Settled>,
    /// The clerk who settled it.
    pub settled_by: Option<Uuid>,
    /// When it was settled.
    pub settled_at: Option<DateTime<Utc>>,
    /// Article 9 data.
    pub special: bool,
}

/// Values stay out of logs.
impl std::fmt::Debug for StoredField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "StoredField({} {}, redacted)",
            self.name,
            self.state.as_str()
        )
    }
}

impl StoredField {
    /// What the field counts as when nobody else says anything: an accepted value or a blank.
    pub fn settled_by_machine(&self) -> Option<Settled> {
        match (self.state, &self.value) {
            (FieldState::Accepted, Some(value)) => Some(Settled::Value(value.clone())),
            (FieldState::Blank, _) => Some(Settled::Blank),
            _ => None,
        }
    }
}

/// The fields of a form by name.
pub async fn load(
    connection: &mut PgConnection,
    sealer: &Sealer,
    form_id: Uuid,
) -> Result<Vec<StoredField>> {
    let rows = sqlx::query!(
        r#"SELECT f.name, f.kind, f.form_page, f.state, f.confidence, f.reasons, f.raw, f.value, f.alternatives, f.settled_as,
                  f.settled_value, f.settled_by, f.settled_at, f.special, s.key_id AS "key_id?", s.sealed AS "sealed?"
           FROM field f LEFT JOIN field_special s ON s.form_id = f.form_id AND s.name = f.name
           WHERE f.form_id = $1 ORDER BY f.name"#,
        form_id
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let kind: FieldKind = from_name(&row.kind)?;
            let state: FieldState = from_name(&row.state)?;
            let content = match (row.special, row.key_id, row.sealed) {
                (true, Some(key_id), Some(sealed)) => {
                    sealer.open_field(form_id, &row.name, &key_id, &sealed)?
                }
                (true, _, _) => SpecialContent::default(),
                (false, _, _) => SpecialContent {
                    raw: row.raw,
                    value: row.value,
                    settled_value: row.settled_value,
                    // Only a convenience: what cannot be understood is left out.
                    alternatives: row
                        .alternatives
                        .and_then(|json| serde_json::from_value(json).ok())
                        .unwrap_or_default(),
                },
            };
            let value = typed(kind, content.value.as_ref())?;
            let settled = match row.settled_as.as_deref() {
                None => None,
                Some("blank") => Some(Settled::Blank),
                Some("unreadable") => Some(Settled::Unreadable),
                // What the machine accepted is not written a second time.
                Some(_) => {
                    let settled =
                        typed(kind, content.settled_value.as_ref())?.or_else(|| value.clone());
                    settled.map(Settled::Value)
                }
            };
            Ok(StoredField {
                kind,
                state,
                form_page: u32::try_from(row.form_page).unwrap_or_default(),
                confidence: row.confidence,
                reasons: row.reasons,
                raw: content.raw,
                value,
                alternatives: content.alternatives,
                settled,
                settled_by: row.settled_by,
                settled_at: row.settled_at,
                special: row.special,
                name: row.name,
            })
        })
        .collect()
}

/// Seals what a special-category field was settled as, beside what was read from it.
pub(super) async fn put_special(
    connection: &mut PgConnection,
    sealer: &Sealer,
    form_id: Uuid,
    name: &str,
    settled_value: Option<serde_json::Value>,
) -> Result<()> {
    let row = sqlx::query!(
        "SELECT key_id, sealed FROM field_special WHERE form_id = $1 AND name = $2",
        form_id,
        name
    )
    .fetch_optional(&mut *connection)
    .await?;
    let read = match row {
        Some(row) => sealer.open_field(form_id, name, &row.key_id, &row.sealed)?,
        None => SpecialContent::default(),
    };
    let content = SpecialContent {
        settled_value,
        ..read
    };
    let (key_id, sealed) = sealer.seal_field(form_id, name, &content)?;
    sqlx::query!(
        "INSERT INTO field_special (form_id, name, key_id, sealed) VALUES ($1, $2, $3, $4)
         ON CONFLICT (form_id, name) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed",
        form_id,
        name,
        key_id,
        sealed
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) fn from_name<T: serde::de::DeserializeOwned>(name: &str) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).map_err(|_| {
        StorageError::Inconsistent {
            subject: "field",
            problem: format!("unknown kind or state {name}"),
        }
    })
}

/// A stored value of `kind`.
pub(super) fn typed(
    kind: FieldKind,
    json: Option<&serde_json::Value>,
) -> Result<Option<FieldValue>> {
    json.filter(|json| !json.is_null())
        .map(|json| {
            FieldValue::from_json(kind, json).ok_or_else(|| StorageError::Inconsistent {
                subject: "field",
                problem: format!("value does not fit the kind {}", kind.as_str()),
            })
        })
        .transpose()
}
