//! The keys that somebody uses at the desk instead of the usual ones.

use std::collections::BTreeMap;

use sqlx::types::Json;
use uuid::Uuid;

use super::{Database, Result};

/// Keys by action; empty for whoever keeps the usual ones.
pub async fn of_account(database: &Database, account: Uuid) -> Result<BTreeMap<String, String>> {
    let keys = sqlx::query_scalar!(
        r#"SELECT keys AS "keys: Json<BTreeMap<String, String>>" FROM desk_keys WHERE account_id = $1"#,
        account
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(keys.map(|Json(keys)| keys).unwrap_or_default())
}

/// Keeps the keys of an account.
pub async fn put(
    database: &Database,
    account: Uuid,
    keys: &BTreeMap<String, String>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO desk_keys (account_id, keys) VALUES ($1, $2)
         ON CONFLICT (account_id) DO UPDATE SET keys = excluded.keys",
        account,
        Json(keys) as _
    )
    .execute(database.pool())
    .await?;
    Ok(())
}
