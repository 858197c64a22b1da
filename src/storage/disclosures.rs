//! What was given away of which family, to whom and why. No values.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::recipients::{Recipient, events};
use super::{Database, Result};
use crate::domain::recipient_fields::FieldGroup;

/// How something was given away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via<'a> {
    /// The recipient asked for it.
    Api,
    /// By an event of this type.
    Event(&'a str),
}

/// Something of a family that is given away.
#[derive(Debug, Clone, Copy)]
pub struct Disclosure<'a> {
    /// The family.
    pub household: Uuid,
    /// One person of it; nothing means all.
    pub service_user: Option<Uuid>,
    /// How.
    pub via: Via<'a>,
    /// Which parts; none means ids alone.
    pub groups: &'a [FieldGroup],
}

/// Notes a disclosure with the purpose and basis of this day. Part of the transaction that gives it away, or before it: what
/// could not be noted is not given.
pub async fn record(
    connection: &mut PgConnection,
    recipient: &Recipient,
    disclosure: Disclosure<'_>,
) -> Result<()> {
    let (via, event_type) = match disclosure.via {
        Via::Api => ("api", None),
        Via::Event(kind) => ("event", Some(kind)),
    };
    let groups: Vec<String> = disclosure
        .groups
        .iter()
        .map(|g| g.as_str().to_owned())
        .collect();
    sqlx::query!(
        "INSERT INTO disclosure (id, at, recipient_id, household_id, service_user_id, via, event_type, field_groups,
                                 basis, purpose)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        Uuid::now_v7(),
        Utc::now(),
        recipient.id,
        disclosure.household,
        disclosure.service_user,
        via,
        event_type,
        &groups,
        recipient.terms.basis.as_str(),
        recipient.terms.purpose
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that the API gives a recipient something of a family, and that it knows the family from now on.
pub async fn through_api(
    connection: &mut PgConnection,
    recipient: &Recipient,
    household: Uuid,
    service_user: Option<Uuid>,
) -> Result<()> {
    let groups: Vec<FieldGroup> = recipient.terms.field_groups.iter().copied().collect();
    let disclosure = Disclosure {
        household,
        service_user,
        via: Via::Api,
        groups: &groups,
    };
    record(connection, recipient, disclosure).await?;
    events::know(connection, recipient.id, household).await
}

/// A disclosure as noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// When.
    pub at: DateTime<Utc>,
    /// To whom.
    pub recipient_id: Uuid,
    /// What people call the recipient now.
    pub recipient: String,
    /// Code of its organisation.
    pub organisation: String,
    /// The family.
    pub household_id: Uuid,
    /// One person of it; nothing means all.
    pub service_user_id: Option<Uuid>,
    /// `api` or `event`.
    pub via: String,
    /// Type of the event.
    pub event_type: Option<String>,
    /// Which parts; none means ids alone.
    pub field_groups: Vec<String>,
    /// On which basis, as it was that day.
    pub basis: String,
    /// What for, as it was that day.
    pub purpose: String,
}

/// Up to `limit` disclosures of a family, newest first: of the household, and of its members wherever else they belong.
pub async fn of_household(database: &Database, household: Uuid, limit: i64) -> Result<Vec<Noted>> {
    let noted = sqlx::query_as!(
        Noted,
        "SELECT d.at, d.recipient_id, r.name AS recipient, r.organisation, d.household_id, d.service_user_id, d.via,
                d.event_type, d.field_groups, d.basis, d.purpose
         FROM disclosure d JOIN recipient r ON r.id = d.recipient_id
         WHERE d.household_id = $1 OR d.service_user_id IN (
             SELECT s.id FROM household_member m JOIN service_user s
                 ON s.id = m.service_user_id OR s.merged_into = m.service_user_id
             WHERE m.household_id = $1)
         ORDER BY d.at DESC, d.id DESC LIMIT $2",
        household,
        limit
    )
    .fetch_all(database.pool())
    .await?;
    Ok(noted)
}

/// How much a recipient was given since `since`: calls and events.
pub async fn count_of(database: &Database, recipient: Uuid, since: DateTime<Utc>) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM disclosure WHERE recipient_id = $1 AND at >= $2"#,
        recipient,
        since
    )
    .fetch_one(database.pool())
    .await?;
    Ok(count)
}
