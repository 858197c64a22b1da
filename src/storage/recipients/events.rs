//! Events on their way to recipients.
//!
//! The relay alone hands them out, so that each recipient's are numbered in order and without a gap. What a recipient
//! gets of one is decided when it leaves, now and at every repetition, by the terms and the record of that moment.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::disclosures::{self, Disclosure, Via};
use super::super::{Database, Result, StorageError};
use super::{EVENTS_READ, Recipient, find};
use crate::domain::recipient_event::{self, Audience, ERASED, UNSHARED, project};
use crate::domain::recipient_fields::FieldGroup;
use crate::messaging::cloud_event::CONTENT_TYPE;
use crate::messaging::topology;
use crate::storage::outbox::OutboxMessage;

/// Hands out up to `limit` events that nobody was given yet, and tells recipients of families that they are given no
/// longer. Returns how many events were looked at.
pub async fn share(database: &Database, limit: i64) -> Result<usize> {
    let mut transaction = database.begin().await?;
    // Checks before events: whatever asked for a check has its event in the same transaction, so that it is seen too.
    let checks = sqlx::query!("SELECT id, household_id FROM sharing_check ORDER BY id LIMIT 1000")
        .fetch_all(&mut *transaction)
        .await?;
    let events = sqlx::query!(
        "SELECT id, message_type, body, created_at FROM outbox WHERE shared_at IS NULL AND exchange = 'enrol.events'
         ORDER BY created_at, id LIMIT $1 FOR UPDATE",
        limit
    )
    .fetch_all(&mut *transaction)
    .await?;
    let mut families: Vec<Uuid> = checks.iter().map(|c| c.household_id).collect();
    for event in &events {
        let audience = recipient_event::audience(&event.message_type, &event.body["data"]);
        for (recipient, household) in
            audience_of(&mut transaction, audience, &event.message_type).await?
        {
            give(
                &mut transaction,
                recipient,
                household,
                event.id,
                Some(event.id),
                event.created_at,
            )
            .await?;
            families.push(household);
        }
        match audience {
            Audience::WhoeverKnows(household) => {
                sqlx::query!(
                    "DELETE FROM recipient_family WHERE household_id = $1",
                    household
                )
                .execute(&mut *transaction)
                .await?;
            }
            Audience::Household(household) => families.push(household),
            Audience::People(_) | Audience::None => {}
        }
    }
    families.sort_unstable();
    families.dedup();
    unshare(&mut transaction, &families).await?;
    let shared: Vec<Uuid> = events.iter().map(|e| e.id).collect();
    sqlx::query!(
        "UPDATE outbox SET shared_at = now() WHERE id = ANY ($1)",
        &shared
    )
    .execute(&mut *transaction)
    .await?;
    let checked: Vec<i64> = checks.iter().map(|c| c.id).collect();
    sqlx::query!("DELETE FROM sharing_check WHERE id = ANY ($1)", &checked)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(events.len())
}

/// Who gets an event, each with the household it is about for them.
async fn audience_of(
    connection: &mut PgConnection,
    audience: Audience,
    kind: &str,
) -> Result<Vec<(Uuid, Uuid)>> {
    let (households, is_child) = match audience {
        Audience::None => return Ok(vec![]),
        Audience::WhoeverKnows(household) => {
            let rows = sqlx::query_scalar!(
                "SELECT f.recipient_id FROM recipient_family f JOIN recipient r ON r.id = f.recipient_id
                 WHERE f.household_id = $1 AND r.revoked_at IS NULL AND r.valid_until >= current_date
                   AND 'events:read' = ANY (r.scopes)",
                household
            )
            .fetch_all(connection)
            .await?;
            return Ok(rows.into_iter().map(|r| (r, household)).collect());
        }
        Audience::Household(household) => (vec![household], false),
        Audience::People(people) => {
            let rows = sqlx::query!(
                r#"SELECT m.household_id, s.kind = 'child' AS "is_child!" FROM household_member m
                   JOIN service_user s ON s.id = m.service_user_id
                   WHERE s.id IN ($1, $2, person_in_use($1), person_in_use($2)) AND m.left_on IS NULL"#,
                people[0],
                people[1]
            )
            .fetch_all(&mut *connection)
            .await?;
            let is_child = rows.iter().any(|r| r.is_child);
            (rows.into_iter().map(|r| r.household_id).collect(), is_child)
        }
    };
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (r.id) r.id, r.field_groups, h.id AS "household!"
           FROM recipient r CROSS JOIN unnest($1::uuid[]) AS h (id)
           WHERE 'events:read' = ANY (r.scopes) AND recipient_sees(r.id, h.id) ORDER BY r.id, h.id"#,
        &households
    )
    .fetch_all(connection)
    .await?;
    let concerned = rows.into_iter().filter(|r| {
        let gives = |group: FieldGroup| r.field_groups.iter().any(|g| g == group.as_str());
        recipient_event::concerns(kind, gives, is_child)
    });
    Ok(concerned.map(|r| (r.id, r.household)).collect())
}

/// Gives the event the recipient's next number.
async fn give(
    connection: &mut PgConnection,
    recipient: Uuid,
    household: Uuid,
    event_id: Uuid,
    outbox_id: Option<Uuid>,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "WITH next AS (UPDATE recipient SET last_sequence = last_sequence + 1 WHERE id = $1 RETURNING last_sequence)
         INSERT INTO recipient_event (recipient_id, sequence, event_id, outbox_id, household_id, happened_at)
         SELECT $1, next.last_sequence, $3, $4, $2, $5 FROM next",
        recipient,
        household,
        event_id,
        outbox_id,
        at
    )
    .execute(&mut *connection)
    .await?;
    if outbox_id.is_some() {
        know(connection, recipient, household).await?;
    }
    Ok(())
}

/// Notes that the recipient was told of the family.
pub(in crate::storage) async fn know(
    connection: &mut PgConnection,
    recipient: Uuid,
    household: Uuid,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO recipient_family (recipient_id, household_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        recipient,
        household
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Tells those who know one of the families and are given it no longer.
async fn unshare(connection: &mut PgConnection, families: &[Uuid]) -> Result<()> {
    let gone = sqlx::query!(
        r#"DELETE FROM recipient_family f USING recipient r
           WHERE r.id = f.recipient_id AND f.household_id = ANY ($1) AND NOT recipient_sees(r.id, f.household_id)
           RETURNING r.id, f.household_id,
               r.revoked_at IS NULL AND r.valid_until >= current_date AND 'events:read' = ANY (r.scopes) AS "told!""#,
        families
    )
    .fetch_all(&mut *connection)
    .await?;
    for family in gone.into_iter().filter(|f| f.told) {
        let (id, now) = (Uuid::now_v7(), Utc::now());
        give(connection, family.id, family.household_id, id, None, now).await?;
    }
    Ok(())
}

/// An event for one recipient.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Its number.
    pub sequence: i64,
    /// The family it is about.
    pub household: Uuid,
    /// What the recipient gets; nothing when it may not see the family now.
    pub message: Option<OutboxMessage>,
}

/// Events of one recipient after `after`, oldest first, as it may see them now; with `unpublished` only those that its
/// queue has not got. `source` is the address of this Enrol.
async fn outgoing(
    connection: &mut PgConnection,
    recipient: &Recipient,
    after: i64,
    unpublished: bool,
    source: &str,
    limit: i64,
) -> Result<Vec<Outgoing>> {
    let rows = sqlx::query!(
        r#"SELECT e.sequence, e.event_id, COALESCE(p.household_id, e.household_id) AS "household_id!", e.happened_at,
                  o.body AS "body?", o.message_type AS "kind?",
                  recipient_sees(e.recipient_id, COALESCE(p.household_id, e.household_id)) AS "sees!",
                  COALESCE(h.address_protected, true) AS "protected!"
           FROM recipient_event e LEFT JOIN outbox o ON o.id = e.outbox_id LEFT JOIN household h ON h.id = e.household_id
           -- A merge changes several families: it is given as long as one of them is.
           LEFT JOIN LATERAL (
               SELECT m.household_id FROM household_member m,
                   LATERAL (SELECT (o.body -> 'data' ->> 'kept_id')::uuid AS kept,
                                   (o.body -> 'data' ->> 'absorbed_id')::uuid AS absorbed) d
               WHERE o.message_type = 'uk.enrol.contact.merged.v1' AND m.left_on IS NULL
                 AND m.service_user_id IN (d.kept, d.absorbed, person_in_use(d.kept), person_in_use(d.absorbed))
                 AND recipient_sees(e.recipient_id, m.household_id)
               ORDER BY m.household_id = e.household_id DESC LIMIT 1
           ) p ON true
           WHERE e.recipient_id = $1 AND e.sequence > $2 AND (NOT $3 OR e.published_at IS NULL)
           ORDER BY e.sequence LIMIT $4"#,
        recipient.id,
        after,
        unpublished,
        limit
    )
    .fetch_all(connection)
    .await?;
    let queue = topology::recipient_queue(recipient.id);
    let outgoing = rows.into_iter().map(|row| {
        let kind = row.kind.unwrap_or_else(|| UNSHARED.to_owned());
        let body = match row.body {
            Some(body) if row.sees || kind == ERASED => Some(project(
                &body,
                &recipient.terms,
                row.protected,
                row.sequence,
            )),
            None if !row.sees => Some(unshared(
                &row.event_id,
                source,
                row.household_id,
                row.happened_at,
                row.sequence,
            )),
            _ => None,
        };
        Outgoing {
            sequence: row.sequence,
            household: row.household_id,
            message: body.map(|body| OutboxMessage {
                id: row.event_id,
                exchange: topology::TO_RECIPIENTS.name.to_owned(),
                routing_key: queue.clone(),
                content_type: CONTENT_TYPE.to_owned(),
                message_type: kind,
                body,
                attempts: 0,
            }),
        }
    });
    Ok(outgoing.collect())
}

/// The event that a family is no longer given to this recipient.
fn unshared(id: &Uuid, source: &str, household: Uuid, at: DateTime<Utc>, sequence: i64) -> Json {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": UNSHARED,
        "subject": household,
        "time": at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "datacontenttype": "application/json",
        "sequence": recipient_event::in_order(sequence),
        "data": { "household_id": household },
    })
}

/// Up to `limit` events that the recipient's queue has not got, oldest first.
pub async fn due(
    database: &Database,
    recipient: &Recipient,
    source: &str,
    limit: i64,
) -> Result<Vec<Outgoing>> {
    let mut connection = database.pool().acquire().await?;
    outgoing(&mut connection, recipient, 0, true, source, limit).await
}

/// Recipients with a queue and something to put into it.
pub async fn waiting(database: &Database) -> Result<Vec<Uuid>> {
    let waiting = sqlx::query_scalar!(
        "SELECT r.id FROM recipient r
         WHERE r.has_queue AND r.queue_made_at IS NOT NULL AND r.revoked_at IS NULL AND r.valid_until >= current_date
           AND EXISTS (SELECT FROM recipient_event e WHERE e.recipient_id = r.id AND e.published_at IS NULL)
         ORDER BY r.id"
    )
    .fetch_all(database.pool())
    .await?;
    Ok(waiting)
}

/// Notes that the recipient's queue has the events, or that they are withheld, and what was disclosed by them.
pub async fn mark_published(
    database: &Database,
    recipient: &Recipient,
    done: &[&Outgoing],
) -> Result<()> {
    let mut transaction = database.begin().await?;
    let sequences: Vec<i64> = done.iter().map(|o| o.sequence).collect();
    sqlx::query!(
        "UPDATE recipient_event SET published_at = now() WHERE recipient_id = $1 AND sequence = ANY ($2)",
        recipient.id,
        &sequences
    )
    .execute(&mut *transaction)
    .await?;
    disclose(&mut transaction, recipient, done.iter().copied()).await?;
    transaction.commit().await?;
    Ok(())
}

async fn disclose(
    connection: &mut PgConnection,
    recipient: &Recipient,
    given: impl Iterator<Item = &Outgoing>,
) -> Result<()> {
    for event in given {
        let Some(message) = &event.message else {
            continue;
        };
        if matches!(message.message_type.as_str(), UNSHARED | ERASED) {
            continue;
        }
        let disclosure = Disclosure {
            household: event.household,
            service_user: None,
            via: Via::Event(&message.message_type),
            groups: &recipient_event::groups_in(&message.body),
        };
        disclosures::record(connection, recipient, disclosure).await?;
        know(connection, recipient.id, event.household).await?;
    }
    Ok(())
}

/// A part of a recipient's events.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Events in order.
    pub events: Vec<Json>,
    /// Number of the last event looked at, given or withheld: where the next part begins.
    pub position: i64,
    /// Whether there are more now.
    pub more: bool,
}

/// The recipient's events after number `after`, in order, as it may see them now. What it gets is disclosed.
pub async fn pull(
    database: &Database,
    recipient: &Recipient,
    after: i64,
    source: &str,
    limit: i64,
) -> Result<Page> {
    let mut transaction = database.begin().await?;
    let mut found = outgoing(&mut transaction, recipient, after, false, source, limit + 1).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > most;
    found.truncate(most);
    disclose(&mut transaction, recipient, found.iter()).await?;
    transaction.commit().await?;
    Ok(Page {
        position: found.last().map_or(after, |last| last.sequence),
        events: found
            .into_iter()
            .filter_map(|o| Some(o.message?.body))
            .collect(),
        more,
    })
}

/// Puts the recipient's events from `from` until before `until` into its queue once more, as it may see them then.
/// Returns how many.
///
/// # Errors
/// [`StorageError::Conflict`] when it has no queue: then it asks for them with [`pull`].
pub async fn replay(
    database: &Database,
    recipient: Uuid,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<u64> {
    let found = find(database, recipient)
        .await?
        .ok_or(StorageError::NotFound {
            subject: "recipient",
        })?;
    let live = found.is_live(Utc::now().date_naive());
    if !live || !found.terms.has_queue || !found.terms.scopes.iter().any(|s| s == EVENTS_READ) {
        return Err(StorageError::Conflict {
            subject: "recipient's queue",
        });
    }
    let mut transaction = database.begin().await?;
    let again = sqlx::query!(
        "UPDATE recipient_event SET published_at = NULL
         WHERE recipient_id = $1 AND happened_at >= $2 AND happened_at < $3 AND published_at IS NOT NULL",
        recipient,
        from,
        until
    )
    .execute(&mut *transaction)
    .await?;
    super::wake_relay(&mut transaction).await?;
    transaction.commit().await?;
    Ok(again.rows_affected())
}
