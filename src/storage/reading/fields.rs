//! The rows a page's fields become.
//!
//! What was read from a special-category zone goes to `field_special`, sealed; its row in `field` only says that
//! the field is there and in which state. Nothing is settled here: that takes a clerk, or the settlement of a form whose
//! other fields are.

use std::collections::HashMap;

use serde_json::{Value as Json, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::agreement::{Answer, Likeness, compare};
use crate::{
    domain::{
        reading::{FieldReading, FormReading},
        urgency::{self, Said},
    },
    forms::definition::{DataCategory, FormDefinition},
    storage::{
        Result, StorageError, calibration_cases, queue,
        sealing::{Sealer, SpecialContent},
    },
};

/// Fields as they were read just now.
pub(in crate::storage) struct NewFields<'a> {
    /// The weights they were read with.
    pub model: &'a str,
    /// What was read.
    pub fields: Vec<&'a FieldReading>,
}

/// Stores the fields of pages that the form did not have before or that were read again. What people typed into them so
/// far is kept; an answer that was settled is not, for it was of another reading.
pub(in crate::storage) async fn store(
    tx: &mut PgConnection,
    sealer: &Sealer,
    definition: &FormDefinition,
    form_id: Uuid,
    new: &NewFields<'_>,
) -> Result<()> {
    let mut rows = Vec::new();
    let (mut names, mut key_ids, mut sealed_values) = (Vec::new(), Vec::new(), Vec::new());
    let mut learned_from = Vec::new();
    for field in &new.fields {
        let special = is_special(definition, &field.name)?;
        let value = json_value(field)?;
        rows.push(json!({
            "name": field.name,
            "kind": field.kind,
            "form_page": field.page,
            "state": field.state,
            "confidence": field.confidence,
            "reasons": field.reasons,
            "raw": field.raw.as_ref().filter(|_| !special),
            "value": value.as_ref().filter(|_| !special),
            "alternatives": (!special && !field.alternatives.is_empty()).then_some(&field.alternatives),
            "special": special,
        }));
        if special {
            let content = SpecialContent {
                raw: field.raw.clone(),
                value,
                settled_value: None,
                alternatives: field.alternatives.clone(),
            };
            let (key_id, sealed) = sealer.seal_field(form_id, &field.name, &content)?;
            names.push(field.name.clone());
            key_ids.push(key_id);
            sealed_values.push(sealed);
        } else {
            learned_from.push(*field);
        }
    }
    sqlx::query!(
        "INSERT INTO field (form_id, name, kind, form_page, state, confidence, reasons, raw, value, alternatives, special)
         SELECT $1, name, kind, form_page, state, confidence, reasons, raw, value, NULLIF(alternatives, 'null'), special
         FROM jsonb_to_recordset($2) AS f (name text, kind text, form_page integer, state text,
              confidence double precision, reasons text[], raw text, value jsonb, alternatives jsonb,
              special boolean)
         ON CONFLICT (form_id, name) DO UPDATE
         SET kind = excluded.kind, form_page = excluded.form_page, state = excluded.state,
             confidence = excluded.confidence, reasons = excluded.reasons, raw = excluded.raw, value = excluded.value,
             alternatives = excluded.alternatives, special = excluded.special, settled_as = NULL, settled_value = NULL,
             settled_by = NULL, settled_at = NULL",
        form_id,
        Json::Array(rows)
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "INSERT INTO field_special (form_id, name, key_id, sealed)
         SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bytea[])
         ON CONFLICT (form_id, name) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed",
        form_id,
        &names,
        &key_ids,
        &sealed_values
    )
    .execute(&mut *tx)
    .await?;
    let names: Vec<String> = new.fields.iter().map(|f| f.name.clone()).collect();
    sqlx::query!(
        "DELETE FROM field_signals WHERE form_id = $1 AND name = ANY($2)",
        form_id,
        &names
    )
    .execute(&mut *tx)
    .await?;
    calibration_cases::insert_signals(tx, form_id, new.model, &learned_from).await
}

/// Notes whether the form comes before older ones, from what was read of it so far.
pub(in crate::storage) async fn set_urgency(
    tx: &mut PgConnection,
    definition: &FormDefinition,
    form_id: Uuid,
    received: chrono::NaiveDate,
) -> Result<()> {
    let names = urgency::deciding_fields(definition);
    let rows = sqlx::query!(
        "SELECT name, state, value FROM field WHERE form_id = $1 AND name = ANY($2)",
        form_id,
        &names
    )
    .fetch_all(&mut *tx)
    .await?;
    let said: Vec<Said<'_>> = rows
        .iter()
        .map(|row| Said {
            name: &row.name,
            written: row.state != "blank",
            date: row.value.as_ref().and_then(|v| v.as_str()?.parse().ok()),
        })
        .collect();
    queue::set_urgency(tx, form_id, urgency::urgency(&said, received)).await
}

/// Whether page `page` of `reading` is another scan of the sheet that the form already has there.
pub(super) async fn compare_page(
    tx: &mut PgConnection,
    sealer: &Sealer,
    form_id: Uuid,
    reading: &FormReading,
    page: u32,
) -> Result<Likeness> {
    let mut earlier = HashMap::new();
    let rows = sqlx::query!(
        r#"SELECT field.name, raw, value, key_id AS "key_id?", sealed AS "sealed?"
           FROM field LEFT JOIN field_special USING (form_id, name) WHERE form_id = $1 AND form_page = $2"#,
        form_id,
        i32::try_from(page).unwrap_or(i32::MAX)
    )
    .fetch_all(tx)
    .await?;
    for row in rows {
        let answer = match (row.key_id, row.sealed) {
            (Some(key_id), Some(sealed)) => {
                let content = sealer.open_field(form_id, &row.name, &key_id, &sealed)?;
                Answer {
                    raw: content.raw,
                    value: content.value,
                }
            }
            _ => Answer {
                raw: row.raw,
                value: row.value,
            },
        };
        earlier.insert(row.name, answer);
    }
    let mut pairs = Vec::new();
    for field in reading.fields.iter().filter(|field| field.page == page) {
        let later = Answer {
            raw: field.raw.clone(),
            value: json_value(field)?,
        };
        pairs.push((earlier.remove(&field.name).unwrap_or_default(), later));
    }
    Ok(compare(
        pairs.iter().map(|(earlier, later)| (earlier, later)),
    ))
}

fn is_special(definition: &FormDefinition, name: &str) -> Result<bool> {
    definition
        .field(name)
        .map(|field| field.rules.category == DataCategory::Special)
        .ok_or_else(|| StorageError::Inconsistent {
            subject: "reading",
            problem: format!("the definition has no field {name}"),
        })
}

fn json_value(field: &FieldReading) -> Result<Option<Json>> {
    field
        .value
        .as_ref()
        .map(serde_json::to_value)
        .transpose()
        .map_err(|_| StorageError::Inconsistent {
            subject: "reading",
            problem: format!("the value of {} is not JSON", field.name),
        })
}
