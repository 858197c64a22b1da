//! Where people lived when.

use chrono::NaiveDate;
use serde_json::{Value as Json, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::Result;

/// The address in use, as one answer.
pub(super) async fn in_use(connection: &mut PgConnection, person: Uuid) -> Result<Option<Json>> {
    let row = sqlx::query!(
        "SELECT line_1, line_2, town, postcode FROM address WHERE service_user_id = $1 AND until IS NULL",
        person
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|r| {
        let parts = json!({ "address_line_1": r.line_1, "address_line_2": r.line_2, "town": r.town,
                            "postcode": r.postcode });
        let Json::Object(parts) = parts else {
            return parts;
        };
        Json::Object(parts.into_iter().filter(|(_, v)| !v.is_null()).collect())
    }))
}

/// Ends the address in use on that day.
pub(super) async fn end(connection: &mut PgConnection, person: Uuid, on: NaiveDate) -> Result<()> {
    sqlx::query!(
        "UPDATE address SET until = GREATEST(since, $2) WHERE service_user_id = $1 AND until IS NULL",
        person,
        on
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes `address` the one in use from `since` on; the one before ends that day.
pub(super) async fn move_to(
    connection: &mut PgConnection,
    person: Uuid,
    address: &Json,
    since: NaiveDate,
    form_id: Option<Uuid>,
) -> Result<()> {
    end(connection, person, since).await?;
    let part = |name: &str| address.get(name).and_then(Json::as_str);
    sqlx::query!(
        "INSERT INTO address (id, service_user_id, line_1, line_2, town, postcode, since, form_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        Uuid::now_v7(),
        person,
        part("address_line_1"),
        part("address_line_2"),
        part("town"),
        part("postcode"),
        since,
        form_id
    )
    .execute(connection)
    .await?;
    Ok(())
}
