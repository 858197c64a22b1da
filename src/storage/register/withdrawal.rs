//! Consents that somebody takes back, and the Article 9 answers that rested on them.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::audit::{self, Act, Actor};
use super::super::sealing::Sealer;
use super::super::suppression::{self, SuppressionKey};
use super::super::{Database, Result, StorageError, outbox};
use super::changes::{self, Cause, Owner};
use super::{announcing, lock, special};
use crate::messaging::cloud_event::consent_withdrawn;

/// The purpose of the explicit consent that Article 9(2)(a) UK GDPR asks for.
pub const EXPLICIT: &str = "special_category";

/// How somebody said that they take a consent back, and who noted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// To staff: `in_person`, `phone`, `letter`, `email` or `text`, and the account that notes it.
    ToStaff(String, Uuid),
    /// By the link of a message.
    ByLink,
    /// In reply to a message, passed on by this recipient.
    InReply(Uuid),
}

impl Said {
    fn how(&self) -> &str {
        match self {
            Self::ToStaff(how, _) => how,
            Self::ByLink => "link",
            Self::InReply(_) => "reply",
        }
    }

    fn account(&self) -> Option<Uuid> {
        match self {
            Self::ToStaff(_, account) => Some(*account),
            Self::ByLink | Self::InReply(_) => None,
        }
    }

    fn recipient(&self) -> Option<Uuid> {
        match self {
            Self::InReply(recipient) => Some(*recipient),
            Self::ToStaff(..) | Self::ByLink => None,
        }
    }

    fn actor(&self) -> Actor {
        match self {
            Self::ToStaff(_, account) => Actor::Account(*account),
            Self::ByLink => Actor::Machine,
            Self::InReply(recipient) => Actor::Recipient(*recipient),
        }
    }
}

/// A consent taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// Who takes it back.
    pub person: Uuid,
    /// `contact.email`, `sharing` ...
    pub purpose: String,
    /// How.
    pub said: Said,
    /// Now. It beats every form signed on this day or before.
    pub at: DateTime<Utc>,
}

/// Takes a consent back: at once, in every household of the person, with the events that announce it, and so that no
/// list holds the person's address. `public_url` begins the links in the events.
///
/// # Errors
/// [`StorageError::Conflict`] when the person's answer is not yes any more; look at the record again.
pub async fn withdraw(
    database: &Database,
    sealer: &Sealer,
    public_url: &str,
    withdrawal: &Withdrawal,
) -> Result<()> {
    let mut transaction = database.begin().await?;
    lock(&mut transaction).await?;
    let households = households_of(&mut transaction, withdrawal.person).await?;
    let mut given = false;
    for household in &households {
        given |= sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM standing_consents($1) c WHERE c.service_user_id = $2 AND c.purpose = $3
                              AND c.answer = 'yes') AS "given!""#,
            household,
            withdrawal.person,
            withdrawal.purpose
        )
        .fetch_one(&mut *transaction)
        .await?;
    }
    if !given {
        return Err(StorageError::Conflict { subject: "consent" });
    }
    let today = withdrawal.at.date_naive();
    sqlx::query!(
        "INSERT INTO consent_withdrawal (id, service_user_id, purpose, withdrawn_on, how, noted_at, noted_by, recipient_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        Uuid::now_v7(),
        withdrawal.person,
        withdrawal.purpose,
        today,
        withdrawal.said.how(),
        withdrawal.at,
        withdrawal.said.account(),
        withdrawal.said.recipient()
    )
    .execute(&mut *transaction)
    .await?;
    let channel = &withdrawal.purpose;
    suppression::add_person(&mut transaction, sealer, withdrawal.person, channel, today).await?;
    let cause = Cause {
        kind: "withdrawal",
        as_of: today,
        form_id: None,
        at: withdrawal.at,
        by: withdrawal.said.account(),
    };
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
        withdrawal.said.actor(),
        Act::new("withdrew_consent", "service_user", withdrawal.person),
        &withdrawal.purpose,
    )
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// The households that the person answered for.
async fn households_of(connection: &mut PgConnection, person: Uuid) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "SELECT DISTINCT household_id FROM consent WHERE person_in_use(service_user_id) = $1 ORDER BY household_id",
        person
    )
    .fetch_all(connection)
    .await?)
}

/// Takes back a withdrawal that staff noted by mistake. What rested on an explicit consent was removed and does not come
/// back; the address may be written to again.
///
/// # Errors
/// [`StorageError::Conflict`] when there is none that staff noted: what the family said itself stands.
pub async fn undo(
    database: &Database,
    sealer: &Sealer,
    public_url: &str,
    person: Uuid,
    purpose: &str,
    by: Uuid,
    at: DateTime<Utc>,
) -> Result<()> {
    let mut transaction = database.begin().await?;
    lock(&mut transaction).await?;
    let undone = sqlx::query_scalar!(
        "UPDATE consent_withdrawal SET undone_at = $3, undone_by = $4
         WHERE person_in_use(service_user_id) = $1 AND purpose = $2 AND undone_at IS NULL
           AND how NOT IN ('link', 'reply')
           AND NOT EXISTS (SELECT FROM consent_withdrawal o WHERE person_in_use(o.service_user_id) = $1
                           AND o.purpose = $2 AND o.how IN ('link', 'reply'))
         RETURNING withdrawn_on",
        person,
        purpose,
        at,
        by
    )
    .fetch_all(&mut *transaction)
    .await?;
    if undone.is_empty() {
        return Err(StorageError::Conflict { subject: "consent" });
    }
    let key = SuppressionKey::open(&mut transaction, sealer).await?;
    for address in suppression::addresses_of(&mut transaction, person, purpose).await? {
        sqlx::query!(
            "DELETE FROM suppression WHERE channel = $1 AND mac = $2 AND since = ANY ($3)",
            purpose,
            key.mac(purpose, &address),
            &undone
        )
        .execute(&mut *transaction)
        .await?;
    }
    let changed = [format!("consent.{purpose}")];
    for household in households_of(&mut transaction, person).await? {
        announcing::updated(&mut transaction, public_url, household, &changed, at).await?;
    }
    audit::record_part(
        &mut *transaction,
        Actor::Account(by),
        Act::new("undid_withdrawal", "service_user", person),
        purpose,
    )
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// The people in use who have this address or number on `channel` and whose answer is yes.
pub async fn people_at(database: &Database, channel: &str, address: &str) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        "SELECT s.id FROM service_user s
         WHERE s.merged_into IS NULL AND CASE WHEN $1 = 'contact.email' THEN lower(s.email) = lower($2)
                ELSE $2 IN (s.phone, s.details ->> 'mobile', s.details ->> 'home_phone') END
           AND EXISTS (SELECT FROM household_member m, LATERAL standing_consents(m.household_id) c
                       WHERE m.service_user_id = s.id AND c.service_user_id = s.id AND c.purpose = $1 AND c.answer = 'yes')
         ORDER BY s.id",
        channel,
        address
    )
    .fetch_all(database.pool())
    .await?)
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
         WHERE household_id IN (SELECT id FROM household WHERE $1 IN (id, merged_into)) OR service_user_id = ANY ($2)",
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
         WHERE sealed IS NOT NULL AND (household_id IN (SELECT id FROM household WHERE $1 IN (id, merged_into))
                                       OR service_user_id = ANY ($2))",
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
