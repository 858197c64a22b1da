//! How long people take over a field: seconds from entering it to leaving it, as their browser measured them.

use chrono::Utc;
use uuid::Uuid;

use super::{Database, Result};
use crate::domain::field::FieldKind;

/// Longer than this somebody was called away.
pub const LONGEST_SECONDS: f64 = 120.0;

/// The time for one field.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyingTime {
    /// Who took it.
    pub account: Uuid,
    /// Kind of field.
    pub kind: FieldKind,
    /// `confirm`, `blind` or `second`.
    pub mode: &'static str,
    /// Seconds, above 0; more than [`LONGEST_SECONDS`] counts as that.
    pub seconds: f64,
    /// Whether the answer is another than what the reader made of the field.
    pub changed: bool,
}

/// Stores the times that people took over fields of a form.
pub async fn record(database: &Database, form_id: Uuid, times: &[KeyingTime]) -> Result<()> {
    let times: Vec<&KeyingTime> = times.iter().filter(|t| t.seconds > 0.0).collect();
    let accounts: Vec<Uuid> = times.iter().map(|t| t.account).collect();
    let kinds: Vec<String> = times.iter().map(|t| t.kind.as_str().to_owned()).collect();
    let modes: Vec<String> = times.iter().map(|t| t.mode.to_owned()).collect();
    let seconds: Vec<f64> = times
        .iter()
        .map(|t| t.seconds.min(LONGEST_SECONDS))
        .collect();
    let changed: Vec<bool> = times.iter().map(|t| t.changed).collect();
    sqlx::query!(
        "INSERT INTO keying_time (id, form_id, account_id, kind, mode, seconds, changed, at)
         SELECT gen_random_uuid(), $1, account_id, kind, mode, seconds, changed, $7
         FROM unnest($2::uuid[], $3::text[], $4::text[], $5::double precision[], $6::boolean[])
              AS t (account_id, kind, mode, seconds, changed)",
        form_id,
        &accounts,
        &kinds,
        &modes,
        &seconds,
        &changed,
        Utc::now()
    )
    .execute(database.pool())
    .await?;
    Ok(())
}
