//! Sealing everything anew with the key that is first in the key file, so that an older key can be thrown away.
//!
//! Runs beside everything else: a row is replaced only if it is still what was opened. Rows sealed meanwhile have the
//! new key already.

use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

use super::sealing::{Sealer, associated_data};
use super::{Database, Result};

/// Rows taken at once.
const BATCH: i64 = 200;

/// A table with sealed values: the owner's id and the name that the seal is bound to, as SQL over its rows.
struct Place {
    table: &'static str,
    owner: &'static str,
    name: &'static str,
}

/// Every table with sealed values. A test fails when one is missing here.
const PLACES: [Place; 6] = [
    Place {
        table: "field_special",
        owner: "form_id",
        name: "name",
    },
    Place {
        table: "special_value",
        owner: "COALESCE(service_user_id, household_id)",
        name: "name",
    },
    Place {
        table: "record_change",
        owner: "id",
        name: "name",
    },
    Place {
        table: "field_draft",
        owner: "form_id",
        name: "'draft:' || name",
    },
    Place {
        table: "keying_task",
        owner: "form_id",
        name: "name || ' keyed again'",
    },
    Place {
        table: "data_key",
        owner: "'00000000-0000-0000-0000-000000000000'::uuid",
        name: "name",
    },
];

/// The tables with sealed values.
pub fn tables() -> impl Iterator<Item = &'static str> {
    PLACES.into_iter().map(|place| place.table)
}

/// Rows by table and by the key they are sealed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Table.
    pub table: String,
    /// Id of the key.
    pub key_id: String,
    /// Rows.
    pub rows: i64,
}

/// What is sealed with which key.
pub async fn sealed(database: &Database) -> Result<Vec<Sealed>> {
    let mut all = Vec::new();
    for Place { table, .. } in PLACES {
        let count = format!(
            "SELECT key_id, count(*) AS rows FROM {table} WHERE key_id IS NOT NULL GROUP BY key_id ORDER BY key_id"
        );
        for row in sqlx::query(AssertSqlSafe(count))
            .fetch_all(database.pool())
            .await?
        {
            all.push(Sealed {
                table: table.to_owned(),
                key_id: row.try_get("key_id")?,
                rows: row.try_get("rows")?,
            });
        }
    }
    Ok(all)
}

/// Seals everything anew that is not sealed with the first key. Returns the number of rows; 0 when there is nothing left.
///
/// # Errors
/// When a row cannot be opened: its key is not in the key file. What was sealed anew before stays so.
pub async fn rotate(database: &Database, sealer: &Sealer) -> Result<u64> {
    let mut rotated = 0;
    for place in PLACES {
        loop {
            let done = rotate_some(database, sealer, &place).await?;
            rotated += done;
            if done == 0 {
                break;
            }
        }
    }
    Ok(rotated)
}

async fn rotate_some(database: &Database, sealer: &Sealer, place: &Place) -> Result<u64> {
    let mut transaction = database.begin().await?;
    match seal_anew(&mut transaction, sealer, place).await {
        Ok(rows) => {
            transaction.commit().await?;
            Ok(rows)
        }
        Err(error) => {
            // Dropped, it would keep its rows locked for a moment longer, and the next attempt would pass them over.
            transaction.rollback().await?;
            Err(error)
        }
    }
}

async fn seal_anew(connection: &mut PgConnection, sealer: &Sealer, place: &Place) -> Result<u64> {
    let Place { table, owner, name } = place;
    let select = format!(
        "SELECT {owner} AS owner, {name} AS name, key_id, sealed FROM {table}
         WHERE key_id IS NOT NULL AND key_id <> $1 LIMIT $2 FOR UPDATE SKIP LOCKED"
    );
    let update = format!(
        "UPDATE {table} SET key_id = $3, sealed = $4 WHERE {owner} = $1 AND {name} = $2 AND sealed = $5"
    );
    let rows = sqlx::query(AssertSqlSafe(select))
        .bind(sealer.first_key())
        .bind(BATCH)
        .fetch_all(&mut *connection)
        .await?;
    for row in &rows {
        let (owner, name): (Uuid, String) = (row.try_get("owner")?, row.try_get("name")?);
        let (key_id, old): (String, Vec<u8>) = (row.try_get("key_id")?, row.try_get("sealed")?);
        let bound_to = associated_data(owner, &name);
        let plain = sealer.open(&key_id, &bound_to, &old)?;
        let (key_id, new) = sealer.seal(&bound_to, &plain)?;
        sqlx::query(AssertSqlSafe(update.clone()))
            .bind(owner)
            .bind(name)
            .bind(key_id)
            .bind(new)
            .bind(old)
            .execute(&mut *connection)
            .await?;
    }
    Ok(rows.len() as u64)
}
