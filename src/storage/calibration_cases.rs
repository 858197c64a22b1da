//! What the reader learns from: signals of fields that wait, and right or wrong once a clerk has settled them.
//!
//! Nothing here leads back to a person: when a form is settled its signals lose the form and the field's name, and get a
//! random number for the hand instead. Special-category fields are left out altogether.

use chrono::{Datelike as _, NaiveDate};
use sqlx::PgConnection;
use uuid::Uuid;

use super::form_fields::from_name;
use super::{Database, Result};
use crate::domain::calibration::SettledCase;
use crate::domain::household::Settled;
use crate::domain::reading::FieldReading;

/// Stores the signals of fields that a clerk may settle. `fields` are rows of `field` already.
pub(super) async fn insert_signals(
    tx: &mut PgConnection,
    form_id: Uuid,
    model: &str,
    fields: &[&FieldReading],
) -> Result<()> {
    let rows: Vec<serde_json::Value> = fields
        .iter()
        .filter_map(|field| {
            let signals = field.signals.as_ref()?;
            Some(serde_json::json!({
                "name": field.name,
                "risk_group": signals.group,
                "features": signals.features,
                "eligible": signals.eligible,
                "drawn": signals.drawn,
            }))
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO field_signals (form_id, name, model, risk_group, features, eligible, drawn)
         SELECT $1, name, $2, risk_group, features, eligible, drawn
         FROM jsonb_to_recordset($3) AS s (name text, risk_group text, features double precision[], eligible boolean,
              drawn boolean)",
        form_id,
        model,
        serde_json::Value::Array(rows)
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Turns the signals of a form whose answers are stored into cases. A field that no clerk looked at is no case, and
/// neither is one that even a clerk could not read. A field drawn for the sample waits until that is keyed.
pub(super) async fn keep(
    connection: &mut PgConnection,
    form_id: Uuid,
    today: NaiveDate,
) -> Result<()> {
    sqlx::query!(
        r#"INSERT INTO calibration_case
                  (id, hand, model, risk_group, kind, features, eligible, drawn, "right", month)
           SELECT gen_random_uuid(), $2, s.model, s.risk_group, f.kind, s.features, s.eligible, s.drawn,
                  f.settled_as = 'value' AND f.value IS NOT NULL AND f.settled_value = f.value, $3
           FROM field_signals s JOIN field f USING (form_id, name)
           WHERE s.form_id = $1 AND f.state IN ('review', 'unreadable') AND f.settled_by IS NOT NULL
                 AND f.settled_as <> 'unreadable' AND NOT f.special
                 AND NOT EXISTS (SELECT FROM keying_task t WHERE t.form_id = f.form_id AND t.name = f.name
                                 AND t.purpose = 'qa' AND t.state = 'open')"#,
        form_id,
        Uuid::new_v4(),
        today.with_day(1).unwrap_or(today)
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "DELETE FROM field_signals s WHERE form_id = $1
           AND NOT EXISTS (SELECT FROM keying_task t WHERE t.form_id = s.form_id AND t.name = s.name
                           AND t.purpose = 'qa' AND t.state = 'open')",
        form_id
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Turns the signals of one field into a case, now that people who did not see the reader's value have said what stands
/// there: better evidence than a clerk who confirmed what was shown, and the only evidence of fields that the machine
/// accepted. Its hand is a new one, for nothing may lead back to the form.
pub(super) async fn keep_judged(
    connection: &mut PgConnection,
    form_id: Uuid,
    name: &str,
    truth: &Settled,
    today: NaiveDate,
) -> Result<()> {
    let value = truth.value().and_then(|v| serde_json::to_value(v).ok());
    if *truth != Settled::Unreadable {
        sqlx::query!(
            r#"INSERT INTO calibration_case
                      (id, hand, model, risk_group, kind, features, eligible, drawn, "right", month)
               SELECT gen_random_uuid(), gen_random_uuid(), s.model, s.risk_group, f.kind, s.features, s.eligible,
                      s.drawn OR f.state = 'accepted', COALESCE(f.value = $3, false), $4
               FROM field_signals s JOIN field f USING (form_id, name)
               WHERE s.form_id = $1 AND s.name = $2 AND NOT f.special"#,
            form_id,
            name,
            value,
            today.with_day(1).unwrap_or(today)
        )
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query!(
        "DELETE FROM field_signals WHERE form_id = $1 AND name = $2",
        form_id,
        name
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// All cases, in no order that means anything.
pub async fn all(database: &Database) -> Result<Vec<SettledCase>> {
    let rows = sqlx::query!(
        r#"SELECT model, risk_group, kind, hand, features, eligible, "right" FROM calibration_case ORDER BY id"#
    )
    .fetch_all(database.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(SettledCase {
                kind: from_name(&row.kind)?,
                model: row.model,
                group: row.risk_group,
                hand: row.hand,
                features: row.features,
                eligible: row.eligible,
                right: row.right,
            })
        })
        .collect()
}

/// Deletes all cases, and the signals of fields that wait. Returns how many cases there were.
pub async fn forget(database: &Database) -> Result<u64> {
    let mut transaction = database.begin().await?;
    let cases = sqlx::query!("DELETE FROM calibration_case")
        .execute(&mut *transaction)
        .await?
        .rows_affected();
    sqlx::query!("DELETE FROM field_signals")
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(cases)
}
