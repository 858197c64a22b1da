//! Consents as a form gives them, with what proves them: where the answer stands on which page.

use sqlx::PgConnection;
use uuid::Uuid;

use super::super::{Result, StorageError};
use super::registration::Registering;
use crate::domain::household::Household;

/// Adds what the form says of each consent to the history of `person`, who signed it. The picture is cut from the
/// original when it is asked for.
pub(super) async fn add(
    connection: &mut PgConnection,
    registering: &Registering<'_>,
    household_id: Uuid,
    person: Uuid,
    household: &Household,
) -> Result<()> {
    for consent in &household.consents {
        let inconsistent = |problem: String| StorageError::Inconsistent {
            subject: "consent",
            problem,
        };
        let field = registering
            .definition
            .field(&consent.field)
            .ok_or_else(|| inconsistent(format!("no field {}", consent.field)))?;
        let zone: [f64; 4] = field.zone.into();
        let stored = sqlx::query!(
            "INSERT INTO consent (id, household_id, service_user_id, form_id, purpose, answer, wording,
                                  wording_version, page_id, zone_mm, signed_on, captured_at, confirmed_by)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, p.id, $9, $10, $11, $12
             FROM page p WHERE p.form_id = $4 AND p.form_page = $13 AND p.outcome = 'in_form'",
            Uuid::now_v7(),
            household_id,
            person,
            registering.form_id,
            consent.purpose,
            consent.answer.as_str(),
            consent.wording,
            registering.definition.wording_version,
            &zone,
            household.signed_on,
            registering.now,
            registering.by,
            i32::try_from(field.page).unwrap_or_default()
        )
        .execute(&mut *connection)
        .await?;
        if stored.rows_affected() != 1 {
            let problem = format!("no page {} to prove {}", field.page, consent.field);
            return Err(inconsistent(problem));
        }
    }
    Ok(())
}
