//! Article 9 values of people and households, sealed with their owner's id and their name.

use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::Result;
use super::super::sealing::{Sealer, SealingError, associated_data};
use super::changes::{self, Cause, Owner};
use crate::domain::proposal::{Answers, Change};

/// What is stored of `owner`, by name.
pub(in crate::storage) async fn of(
    connection: &mut PgConnection,
    sealer: &Sealer,
    owner: Owner,
) -> Result<Answers> {
    let (person, household) = owner.columns();
    let rows = sqlx::query!(
        "SELECT name, key_id, sealed FROM special_value WHERE service_user_id = $1 OR household_id = $2",
        person,
        household
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let value = open(sealer, owner.id(), &row.name, &row.key_id, &row.sealed)?;
            Ok((row.name, value))
        })
        .collect()
}

/// The value behind a seal.
pub(in crate::storage) fn open(
    sealer: &Sealer,
    owner: Uuid,
    name: &str,
    key_id: &str,
    sealed: &[u8],
) -> Result<Json> {
    let plain = sealer.open(key_id, &associated_data(owner, name), sealed)?;
    Ok(serde_json::from_slice(&plain).map_err(|_| SealingError::Malformed)?)
}

/// Stores `value` in the place of what was stored under the name.
pub(in crate::storage) async fn put(
    connection: &mut PgConnection,
    sealer: &Sealer,
    owner: Owner,
    name: &str,
    value: &Json,
) -> Result<()> {
    remove(connection, owner, name).await?;
    let plain = value.to_string();
    let (key_id, sealed) = sealer.seal(&associated_data(owner.id(), name), plain.as_bytes())?;
    let (person, household) = owner.columns();
    sqlx::query!(
        "INSERT INTO special_value (service_user_id, household_id, name, key_id, sealed)
         VALUES ($1, $2, $3, $4, $5)",
        person,
        household,
        name,
        key_id,
        sealed
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts the new values of `changes` that are taken into the record, with their trace. Returns whether there were any.
pub(super) async fn take(
    connection: &mut PgConnection,
    sealer: &Sealer,
    owner: Owner,
    changes: &[Change],
    cause: &Cause,
) -> Result<bool> {
    let mut any = false;
    for change in changes.iter().filter(|c| c.is_taken()) {
        let (old, new) = (change.old.as_ref(), Some(&change.new));
        changes::note_special(connection, sealer, owner, &change.name, old, new, cause).await?;
        put(connection, sealer, owner, &change.name, &change.new).await?;
        any = true;
    }
    Ok(any)
}

/// Removes what is stored under the name.
pub(in crate::storage) async fn remove(
    connection: &mut PgConnection,
    owner: Owner,
    name: &str,
) -> Result<()> {
    let (person, household) = owner.columns();
    sqlx::query!(
        "DELETE FROM special_value WHERE (service_user_id = $1 OR household_id = $2) AND name = $3",
        person,
        household,
        name
    )
    .execute(connection)
    .await?;
    Ok(())
}
