//! Tells other systems that a household changed without a form of it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::{Result, outbox};
use crate::domain::household::{ConsentAnswer, MemberRole};
use crate::messaging::cloud_event::{Contact, MemberReference, contact_updated};

/// Announces that `changed` differs in the household; nothing for one without a primary carer.
pub(super) async fn updated(
    connection: &mut PgConnection,
    public_url: &str,
    household_id: Uuid,
    changed: &[String],
    at: DateTime<Utc>,
) -> Result<()> {
    let head = sqlx::query!(
        "SELECT h.centre, h.address_protected, f.reference FROM household h
         JOIN registration r ON r.household_id = h.id JOIN form f ON f.id = r.form_id
         WHERE h.id = $1 ORDER BY r.registered_at DESC, r.form_id LIMIT 1",
        household_id
    )
    .fetch_optional(&mut *connection)
    .await?;
    let rows = sqlx::query!(
        "SELECT service_user_id, role FROM household_member WHERE household_id = $1 AND left_on IS NULL
         ORDER BY array_position(ARRAY['primary_carer', 'secondary_carer', 'child'], role), position",
        household_id
    )
    .fetch_all(&mut *connection)
    .await?;
    let members: Vec<MemberReference> = rows
        .into_iter()
        .map(|row| MemberReference {
            id: row.service_user_id,
            role: match row.role.as_str() {
                "primary_carer" => MemberRole::PrimaryCarer,
                "secondary_carer" => MemberRole::SecondaryCarer,
                _ => MemberRole::Child,
            },
        })
        .collect();
    let carer = members.iter().find(|m| m.role == MemberRole::PrimaryCarer);
    let (Some(head), Some(carer)) = (head, carer) else {
        return Ok(());
    };
    let answers = sqlx::query!(
        r#"SELECT purpose AS "purpose!", answer AS "answer!" FROM standing_consents($1)
           WHERE service_user_id = person_in_use($2)"#,
        household_id,
        carer.id
    )
    .fetch_all(&mut *connection)
    .await?;
    let contact = Contact {
        household_id,
        service_user_id: carer.id,
        centre: head.centre.filter(|_| !head.address_protected),
        form_reference: head.reference,
        consents: answers
            .into_iter()
            .filter_map(|row| Some((row.purpose, ConsentAnswer::parse(&row.answer)?)))
            .collect(),
        members,
    };
    let event = contact_updated(Uuid::now_v7(), at, public_url, &contact, changed);
    outbox::insert(connection, &event).await
}
