//! Who on a form is on record already.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::super::Result;
use super::registration::Decisions;

/// What people said of those on the form who may be on record.
pub(in crate::storage) async fn decided(
    connection: &mut PgConnection,
    form_id: Uuid,
) -> Result<Decisions> {
    let same = sqlx::query!(
        "SELECT block, service_user_id FROM match_candidate WHERE form_id = $1 AND is_same",
        form_id
    )
    .fetch_all(&mut *connection)
    .await?;
    let household = sqlx::query_scalar!("SELECT joins_household FROM form WHERE id = $1", form_id)
        .fetch_one(&mut *connection)
        .await?;
    let same: BTreeMap<String, Uuid> = same
        .into_iter()
        .map(|r| (r.block, r.service_user_id))
        .collect();
    Ok(Decisions { same, household })
}
