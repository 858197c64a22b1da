//! Consents that somebody takes back, and the Article 9 answers that rested on them.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::audit::{self, Act, Actor};
use super::super::{Database, Result, StorageError, outbox};
use super::changes::{self, Cause, Owner};
use super::{lock, special};
use crate::messaging::cloud_event::consent_withdrawn;

/// The purpose of the explicit consent that Article 9(2)(a) UK GDPR asks for.
pub const EXPLICIT: &str = "special_category";

/// A consent taken back, as staff note it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The household on whose record it was noted.
    pub household_id: Uuid,
    /// Who takes it back.
    pub person: Uuid,
    /// `contact.email`, `sharing` ...
    pub purpose: String,
    /// `in_person`, `phone`, `letter`, `email` or `text`.
    pub how: String,
    /// The account of whoever notes it.
    pub by: Uuid,
    /// Now. It beats every form signed on this day or before.
    pub at: DateTime<Utc>,
}

/// Takes a consent back: at once, in every household of the person, with the events that announce it. `public_url` begins
/// the links in them.
///
/// # Errors
/// [`StorageError::Conflict`] when the person's answer is not yes any more; look at the record again.
pub async fn withdraw(
    database: &Database,
    public_url: &str,
    withdrawal: &Withdrawal,
) -> Result<()> {
    let mut transaction = database.begin().await?;
    lock(&mut transaction).await?;
    let given = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM standing_consents($1) c WHERE c.service_user_id = $2 AND c.purpose = $3
                          AND c.answer = 'yes') AS "given!""#,
        withdrawal.household_id,
        withdrawal.person,
        withdrawal.purpose
    )
    .fetch_one(&mut *transaction)
    .await?;
    if !given {
        return Err(StorageError::Conflict { subject: "consent" });
    }
    sqlx::query!(
        "INSERT INTO consent_withdrawal (id, service_user_id, purpose, withdrawn_on, how, noted_at, noted_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        Uuid::now_v7(),
        withdrawal.person,
        withdrawal.purpose,
        withdrawal.at.date_naive(),
        withdrawal.how,
        withdrawal.at,
        withdrawal.by
    )
    .execute(&mut *transaction)
    .await?;
    let cause = Cause {
        kind: "withdrawal",
        as_of: withdrawal.at.date_naive(),
        form_id: None,
        at: withdrawal.at,
        by: Some(withdrawal.by),
    };
    let households = sqlx::query_scalar!(
        "SELECT DISTINCT household_id FROM consent WHERE person_in_use(service_user_id) = $1 ORDER BY household_id",
        withdrawal.person
    )
    .fetch_all(&mut *transaction)
    .await?;
    for household in households {
        if withdrawal.purpose == EXPLICIT {
            remove_without_consent(&mut transaction, household, &cause).await?;
        }
        let event = consent_withdrawn(
            Uuid::now_v7(),
            withdrawal.at,
            public_url,
            household,
            withdrawal.person,
            &withdrawal.purpose,
        );
        outbox::insert(&mut transaction, &event).await?;
    }
    audit::record_part(
        &mut *transaction,
        Actor::Account(withdrawal.by),
        Act::new("withdrew_consent", "service_user", withdrawal.person),
        &withdrawal.purpose,
    )
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// Removes the Article 9 answers of the household that no explicit consent carries any more: from the record, from its
/// history and from what was read of the household's forms. A child who also belongs to a household whose carer says yes
/// keeps its own. That something was removed stays in the history, without what it was.
pub(super) async fn remove_without_consent(
    connection: &mut PgConnection,
    household_id: Uuid,
    cause: &Cause,
) -> Result<()> {
    let keeps = sqlx::query_scalar!(r#"SELECT keeps_special($1) AS "keeps!""#, household_id)
        .fetch_one(&mut *connection)
        .await?;
    if keeps {
        return Ok(());
    }
    let people = sqlx::query_scalar!(
        "SELECT m.service_user_id FROM household_member m
         WHERE m.household_id = $1 AND NOT EXISTS (
             SELECT FROM household_member o WHERE o.service_user_id = m.service_user_id AND o.left_on IS NULL
                    AND keeps_special(o.household_id))",
        household_id
    )
    .fetch_all(&mut *connection)
    .await?;
    let rows = sqlx::query!(
        "SELECT service_user_id, household_id, name FROM special_value
         WHERE household_id = $1 OR service_user_id = ANY ($2)",
        household_id,
        &people
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        let owner = match (row.service_user_id, row.household_id) {
            (Some(person), _) => Owner::Person(person),
            (None, Some(household)) => Owner::Household(household),
            (None, None) => continue,
        };
        special::remove(connection, owner, &row.name).await?;
        changes::note(connection, owner, &row.name, None, None, cause).await?;
    }
    sqlx::query!(
        "UPDATE record_change SET key_id = NULL, sealed = NULL
         WHERE sealed IS NOT NULL AND (household_id = $1 OR service_user_id = ANY ($2))",
        household_id,
        &people
    )
    .execute(&mut *connection)
    .await?;
    // Nobody is asked to key again what may not be kept.
    sqlx::query!(
        "DELETE FROM keying_task t USING field_special s, registration r
         WHERE r.household_id = $1 AND s.form_id = r.form_id AND t.form_id = s.form_id AND t.name = s.name",
        household_id
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "DELETE FROM field_special s USING registration r WHERE r.household_id = $1 AND s.form_id = r.form_id",
        household_id
    )
    .execute(&mut *connection)
    .await?;
    Ok(())
}
