//! Values on record that somebody puts right (UK GDPR Article 16): what was wrong stays in the history.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::audit::{self, Act, Actor};
use super::super::sealing::Sealer;
use super::super::{Database, Result, StorageError};
use super::changes::{self, Cause, Owner};
use super::{addresses, announcing, lock, matching, people, special, withdrawal};
use crate::domain::proposal::{ADDRESS, Answers, gather_address};

/// What is on record of a person, or of a household apart from its people.
#[derive(Clone, Default)]
pub struct OnRecord {
    /// To be sent back with a correction, so that none is made over a colleague's.
    pub version: i32,
    /// Ordinary answers: of a person by name without the block, the address under [`ADDRESS`].
    pub ordinary: Answers,
    /// Article 9 answers.
    pub special: Answers,
}

/// New values by name, nothing for one that goes.
pub type NewValues = BTreeMap<String, Option<Json>>;

/// What is put right in one record.
#[derive(Clone)]
pub struct Correction {
    /// Whose values they are.
    pub owner: Owner,
    /// The version of the record that was shown.
    pub version: i32,
    /// Ordinary values; parts of an address together.
    pub ordinary: NewValues,
    /// Article 9 values.
    pub special: NewValues,
    /// Why, as the audit trail keeps it: `asked`, `misread` or `learned`.
    pub why: &'static str,
    /// Who puts it right.
    pub by: Uuid,
    /// When. A form signed before this day changes none of it any more.
    pub at: DateTime<Utc>,
}

/// What is on record now.
///
/// # Errors
/// [`StorageError::NotFound`] when there is no such record.
pub async fn on_record(database: &Database, sealer: &Sealer, owner: Owner) -> Result<OnRecord> {
    let mut transaction = database.begin().await?;
    read(&mut transaction, sealer, owner).await
}

async fn read(connection: &mut PgConnection, sealer: &Sealer, owner: Owner) -> Result<OnRecord> {
    let (version, ordinary) = match owner {
        Owner::Person(id) => {
            let version = sqlx::query_scalar!(
                "SELECT version FROM service_user WHERE id = $1 FOR UPDATE",
                id
            )
            .fetch_optional(&mut *connection)
            .await?;
            let version = version.ok_or(StorageError::NotFound {
                subject: "service user",
            })?;
            (version, people::answers(connection, id).await?.0)
        }
        Owner::Household(id) => {
            let row = sqlx::query!(
                "SELECT version, details FROM household WHERE id = $1 FOR UPDATE",
                id
            )
            .fetch_optional(&mut *connection)
            .await?
            .ok_or(StorageError::NotFound {
                subject: "household",
            })?;
            let details = serde_json::from_value(row.details).unwrap_or_default();
            (row.version, details)
        }
    };
    Ok(OnRecord {
        version,
        ordinary,
        special: special::of(connection, sealer, owner).await?,
    })
}

/// Puts values right: the old ones go into the history, the record is found by the new ones, and whoever was given the
/// record is told. Returns the names of what changed; of Article 9 values it says `special`.
///
/// # Errors
/// [`StorageError::Conflict`] when the record changed since it was shown; look at it again.
pub async fn correct(
    database: &Database,
    sealer: &Sealer,
    public_url: &str,
    correction: &Correction,
) -> Result<Vec<String>> {
    let mut transaction = database.begin().await?;
    lock(&mut transaction).await?;
    let connection = &mut *transaction;
    let owner = correction.owner;
    let known = read(connection, sealer, owner).await?;
    if known.version != correction.version {
        return Err(StorageError::Conflict { subject: "record" });
    }
    let cause = Cause {
        kind: "rectification",
        as_of: correction.at.date_naive(),
        form_id: None,
        at: correction.at,
        by: Some(correction.by),
    };
    let mut changed = ordinary(connection, &known.ordinary, correction, &cause).await?;
    for (name, new) in differing(&known.special, &correction.special) {
        let old = known.special.get(name);
        changes::note_special(connection, sealer, owner, name, old, new, &cause).await?;
        match new {
            Some(value) => special::put(connection, sealer, owner, name, value).await?,
            None => special::remove(connection, owner, name).await?,
        }
        changed.push("special".to_owned());
    }
    changed.sort();
    changed.dedup();
    if changed.is_empty() {
        return Ok(changed);
    }
    let subject = match owner {
        Owner::Person(id) => {
            matching::keep_keys_of(connection, id).await?;
            "service_user"
        }
        Owner::Household(_) => "household",
    };
    for household in households(connection, owner).await? {
        withdrawal::remove_without_consent(connection, household, &cause).await?;
        announcing::updated(connection, public_url, household, &changed, correction.at).await?;
    }
    let act = Act::new("corrected", subject, owner.id());
    let actor = Actor::Account(correction.by);
    audit::record_part(&mut *connection, actor, act, correction.why).await?;
    transaction.commit().await?;
    Ok(changed)
}

/// The values that are not those on record.
fn differing<'a>(
    known: &'a Answers,
    new: &'a NewValues,
) -> impl Iterator<Item = (&'a str, Option<&'a Json>)> {
    new.iter()
        .map(|(name, new)| (name.as_str(), new.as_ref()))
        .filter(|(name, new)| known.get(*name) != *new)
}

async fn ordinary(
    connection: &mut PgConnection,
    known: &Answers,
    correction: &Correction,
    cause: &Cause,
) -> Result<Vec<String>> {
    let owner = correction.owner;
    let new = match owner {
        Owner::Person(_) => with_whole_address(known, &correction.ordinary),
        Owner::Household(_) => correction.ordinary.clone(),
    };
    let mut answers = known.clone();
    let mut changed = Vec::new();
    for (name, new) in differing(known, &new) {
        changes::note(connection, owner, name, known.get(name), new, cause).await?;
        match new {
            Some(value) => answers.insert(name.to_owned(), value.clone()),
            None => answers.remove(name),
        };
        changed.push(name.to_owned());
    }
    if changed.is_empty() && correction.special.is_empty() {
        return Ok(changed);
    }
    match owner {
        Owner::Person(id) => {
            if changed.iter().any(|name| name == ADDRESS) {
                match answers.get(ADDRESS) {
                    Some(address) => {
                        addresses::move_to(connection, id, address, cause.as_of, None).await?;
                    }
                    None => addresses::end(connection, id, cause.as_of).await?,
                }
            }
            people::write(connection, id, &answers, cause).await?;
        }
        Owner::Household(id) => {
            sqlx::query!(
                "UPDATE household SET details = $2, version = version + 1 WHERE id = $1",
                id,
                json!(answers)
            )
            .execute(connection)
            .await?;
        }
    }
    Ok(changed)
}

/// The parts of an address that were named, put with those on record to the one answer that is stored.
fn with_whole_address(known: &Answers, new: &NewValues) -> NewValues {
    use crate::domain::proposal::ADDRESS_PARTS;
    let mut whole = new.clone();
    let mut named = false;
    let on_record = known.get(ADDRESS).and_then(Json::as_object);
    let mut parts: Answers = on_record
        .into_iter()
        .flatten()
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect();
    for part in ADDRESS_PARTS {
        let Some(value) = whole.remove(part) else {
            continue;
        };
        named = true;
        match value {
            Some(value) => parts.insert(part.to_owned(), value),
            None => parts.remove(part),
        };
    }
    if named {
        gather_address(&mut parts);
        whole.insert(ADDRESS.to_owned(), parts.remove(ADDRESS));
    }
    whole
}

/// The households that the record tells of.
async fn households(connection: &mut PgConnection, owner: Owner) -> Result<Vec<Uuid>> {
    let person = match owner {
        Owner::Household(id) => return Ok(vec![id]),
        Owner::Person(id) => id,
    };
    Ok(sqlx::query_scalar!(
        "SELECT household_id FROM household_member WHERE service_user_id = $1 AND left_on IS NULL
         ORDER BY household_id",
        person
    )
    .fetch_all(connection)
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_an_address_changes_the_whole_and_leaves_the_rest() {
        let known = Answers::from([(
            ADDRESS.to_owned(),
            json!({"address_line_1": "1 Elm Road", "town": "Bedford"}),
        )]);
        let new = NewValues::from([
            ("town".to_owned(), None),
            ("postcode".to_owned(), Some(json!("MK40 1AA"))),
            ("surname".to_owned(), Some(json!("EXAMPLE"))),
        ]);
        let whole = with_whole_address(&known, &new);
        let address = json!({"address_line_1": "1 Elm Road", "postcode": "MK40 1AA"});
        assert_eq!(whole[ADDRESS], Some(address));
        assert_eq!(whole.len(), 2);
        let gone = NewValues::from([
            ("address_line_1".to_owned(), None),
            ("town".to_owned(), None),
        ]);
        assert_eq!(with_whole_address(&known, &gone)[ADDRESS], None);
        let untouched = NewValues::from([("surname".to_owned(), Some(json!("EXAMPLE")))]);
        assert!(!with_whole_address(&known, &untouched).contains_key(ADDRESS));
    }
}
