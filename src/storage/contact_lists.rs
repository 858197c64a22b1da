//! Lists of people to write to: who is on one, who is not and why, and that it was made.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value as Json, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::centres::Scope;
use super::sealing::Sealer;
use super::suppression::SuppressionKey;
use super::{Database, Result};
use crate::domain::contact_list::{Channel, LeftOut, Possible, Sieve};
use crate::domain::retention::Due;

/// Which people to consider.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// How they are written to.
    pub channel: Channel,
    /// Only families of this centre.
    pub centre: Option<&'a str>,
    /// What the person who asks may see.
    pub scope: &'a Scope,
    /// What is due by the retention rule.
    pub due: Due,
}

/// Somebody on a list.
#[derive(Clone, PartialEq, Eq)]
pub struct Listed {
    /// The service user.
    pub id: Uuid,
    /// E-mail address or telephone number.
    pub address: String,
    /// First name.
    pub first_name: String,
}

/// Somebody who is not on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotListed {
    /// The service user.
    pub id: Uuid,
    /// The household.
    pub household_id: Uuid,
    /// Reference of the household's newest form.
    pub reference: String,
    /// Why not.
    pub reason: LeftOut,
}

/// Everybody who might be written to.
#[derive(Clone, Default)]
pub struct ContactList {
    /// Those who are.
    pub listed: Vec<Listed>,
    /// Those who are not.
    pub left_out: Vec<NotListed>,
}

impl ContactList {
    /// How many were left out, by reason.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for person in &self.left_out {
            *counts.entry(person.reason.as_str()).or_default() += 1;
        }
        counts
    }
}

/// Sorts all carers into those who may be written to and those who may not.
pub async fn look(
    database: &Database,
    sealer: &Sealer,
    wanted: &Wanted<'_>,
) -> Result<ContactList> {
    let mut transaction = database.begin().await?;
    let list = sift(&mut transaction, sealer, wanted).await?;
    transaction.commit().await?;
    Ok(list)
}

async fn sift(
    connection: &mut PgConnection,
    sealer: &Sealer,
    wanted: &Wanted<'_>,
) -> Result<ContactList> {
    let purpose = wanted.channel.purpose();
    let (rule, until) = match wanted.due {
        Due::NotBefore(_) | Due::Undecided(_) => ("none", None),
        Due::RegisteredUntil(day) => ("registered", Some(day)),
        Due::YoungestBornUntil(day) => ("born", Some(day)),
        Due::SignedUntil(day) => ("signed", Some(day)),
    };
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (s.id) s.id, m.household_id, s.first_name,
                  CASE WHEN $1 = 'contact.email' THEN s.email ELSE COALESCE(s.details ->> 'mobile', s.phone) END AS address,
                  last.reference AS "reference!", w.answer AS "answer?", w.withdrawn_on AS "withdrawn_on?",
                  c.signed_on AS "signed_on?",
                  EXISTS (SELECT FROM household_member o JOIN household h ON h.id = o.household_id
                          WHERE o.service_user_id = s.id AND o.left_on IS NULL AND h.address_protected) AS "protected!",
                  EXISTS (SELECT FROM household_member o JOIN record_stop p ON p.household_id = o.household_id
                          WHERE o.service_user_id = s.id AND o.left_on IS NULL AND p.lifted_at IS NULL
                            AND p.kind IN ('restriction', 'objection')) AS "restricted!",
                  CASE $4 WHEN 'registered' THEN last.registered_at::date <= $5
                          WHEN 'signed' THEN last.as_of <= $5
                          WHEN 'born' THEN COALESCE((SELECT max(b.date_of_birth) FROM household_member o
                                   JOIN service_user b ON b.id = o.service_user_id AND b.kind = 'child'
                                   WHERE o.household_id = m.household_id), last.as_of) <= $5
                          ELSE false END
                  OR EXISTS (SELECT FROM erasure e JOIN erasure_plan p ON p.id = e.plan_id
                             WHERE e.subject_id = m.household_id AND e.state = 'planned' AND p.decision = 'approved') AS "expired!"
           FROM service_user s
           JOIN household_member m ON m.service_user_id = s.id AND m.left_on IS NULL
           CROSS JOIN LATERAL (
               SELECT f.reference, r.as_of, r.registered_at FROM registration r JOIN form f ON f.id = r.form_id
               WHERE r.household_id = m.household_id ORDER BY r.as_of DESC, r.registered_at DESC LIMIT 1) last
           LEFT JOIN LATERAL standing_consents(m.household_id) w ON w.service_user_id = s.id AND w.purpose = $1
           LEFT JOIN consent c ON c.id = w.consent_id
           WHERE s.kind = 'carer' AND s.merged_into IS NULL
             AND ($2::text IS NULL OR centre_of_household(m.household_id) = $2)
             AND ($3::text[] IS NULL OR centre_of_household(m.household_id) = ANY ($3))
           ORDER BY s.id, w.answer IS NULL, m.joined_on DESC, m.household_id"#,
        purpose,
        wanted.centre,
        wanted.scope.centres.as_deref(),
        rule,
        until as Option<NaiveDate>
    )
    .fetch_all(&mut *connection)
    .await?;
    let key = SuppressionKey::open(connection, sealer).await?;
    let suppressed: HashMap<Vec<u8>, NaiveDate> = sqlx::query!(
        "SELECT mac, since FROM suppression WHERE channel = $1",
        purpose
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| (row.mac, row.since))
    .collect();
    let mut sieve = Sieve::new(wanted.channel);
    let mut list = ContactList::default();
    for row in rows {
        let since = row
            .address
            .as_deref()
            .and_then(|address| suppressed.get(&key.mac(purpose, address)).copied());
        let possible = Possible {
            answer: row.answer,
            withdrawn_on: row.withdrawn_on,
            signed_on: row.signed_on,
            expired: row.expired,
            protected: row.protected,
            restricted: row.restricted,
            address: row.address,
            suppressed_since: since,
        };
        match sieve.take(&possible) {
            Ok(address) => list.listed.push(Listed {
                id: row.id,
                address,
                first_name: row.first_name,
            }),
            Err(reason) => list.left_out.push(NotListed {
                id: row.id,
                household_id: row.household_id,
                reference: row.reference,
                reason,
            }),
        }
    }
    list.left_out
        .sort_by(|a, b| (a.reason, &a.reference).cmp(&(b.reason, &b.reference)));
    Ok(list)
}

/// Makes a list for good: it is noted who is on it, and `link` makes each person's token, of which the hash is stored.
/// Returns the list with the tokens in the same order.
pub async fn make(
    database: &Database,
    sealer: &Sealer,
    wanted: &Wanted<'_>,
    about: &str,
    by: Uuid,
    at: DateTime<Utc>,
    link: &(dyn Fn() -> (String, Vec<u8>) + Sync),
) -> Result<(ContactList, Vec<String>)> {
    let mut transaction = database.begin().await?;
    let list = sift(&mut transaction, sealer, wanted).await?;
    let id = Uuid::now_v7();
    sqlx::query!(
        "INSERT INTO contact_list (id, purpose, about, centre, made_at, made_by, listed, left_out)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        wanted.channel.purpose(),
        about,
        wanted.centre,
        at,
        by,
        i32::try_from(list.listed.len()).unwrap_or(i32::MAX),
        json!(list.counts())
    )
    .execute(&mut *transaction)
    .await?;
    let (tokens, hashes): (Vec<String>, Vec<Vec<u8>>) = list.listed.iter().map(|_| link()).unzip();
    let people: Vec<Uuid> = list.listed.iter().map(|p| p.id).collect();
    sqlx::query!(
        "INSERT INTO contact_list_person (list_id, service_user_id, link_hash)
         SELECT $1, person, hash FROM unnest($2::uuid[], $3::bytea[]) AS n (person, hash)",
        id,
        &people,
        &hashes
    )
    .execute(&mut *transaction)
    .await?;
    audit::record(
        &mut *transaction,
        Actor::Account(by),
        Act::new("exported", "contact_list", id),
    )
    .await?;
    transaction.commit().await?;
    Ok((list, tokens))
}

/// A list that was made.
#[derive(Debug, Clone)]
pub struct MadeList {
    /// When.
    pub made_at: DateTime<Utc>,
    /// By whom.
    pub made_by: String,
    /// `contact.email` or `contact.text`.
    pub purpose: String,
    /// What for.
    pub about: String,
    /// Of which centre alone.
    pub centre: Option<String>,
    /// How many people are on it.
    pub listed: i32,
    /// How many were left out, by reason.
    pub left_out: Json,
}

/// The newest lists.
pub async fn made(database: &Database, limit: i64) -> Result<Vec<MadeList>> {
    Ok(sqlx::query_as!(
        MadeList,
        "SELECT l.made_at, a.display_name AS made_by, l.purpose, l.about, l.centre, l.listed, l.left_out
         FROM contact_list l JOIN account a ON a.id = l.made_by ORDER BY l.made_at DESC, l.id DESC LIMIT $1",
        limit
    )
    .fetch_all(database.pool())
    .await?)
}

/// Whose link it is and for which kind of message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyLink {
    /// The person.
    pub person: Uuid,
    /// `contact.email` or `contact.text`.
    pub purpose: String,
}

/// The link whose token has this hash.
pub async fn link(database: &Database, hash: &[u8]) -> Result<Option<FamilyLink>> {
    Ok(sqlx::query_as!(
        FamilyLink,
        r#"SELECT person_in_use(p.service_user_id) AS "person!", l.purpose
           FROM contact_list_person p JOIN contact_list l ON l.id = p.list_id WHERE p.link_hash = $1"#,
        hash
    )
    .fetch_optional(database.pool())
    .await?)
}
