//! What was read and typed of a page, on its way from one form to another.
//!
//! Article 9 values and drafts are sealed for their form, so they are opened here and sealed again for the new one.

use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::storage::sealing::{Sealer, SpecialContent};
use crate::storage::{Result, drafts};

/// The fields of one page of a form with all that hangs on them.
pub(super) struct Carried {
    /// Rows of `field`, `field_signals` and `field_draft` as JSON; what is sealed in the last is open.
    fields: Json,
    signals: Json,
    drafts: Json,
    special: Vec<(String, SpecialContent)>,
    open_drafts: Vec<(String, Vec<u8>)>,
}

/// Takes the fields of page `page` out of a form.
pub(super) async fn take(
    tx: &mut PgConnection,
    sealer: &Sealer,
    form_id: Uuid,
    page: u32,
) -> Result<Carried> {
    let page = i32::try_from(page).unwrap_or(i32::MAX);
    let rows = sqlx::query!(
        r#"SELECT COALESCE(jsonb_agg(to_jsonb(f)), '[]') AS "fields!",
                  (SELECT COALESCE(jsonb_agg(to_jsonb(s)), '[]') FROM field_signals s JOIN field g USING (form_id, name)
                   WHERE g.form_id = $1 AND g.form_page = $2) AS "signals!",
                  (SELECT COALESCE(jsonb_agg(to_jsonb(d)), '[]') FROM field_draft d JOIN field g USING (form_id, name)
                   WHERE g.form_id = $1 AND g.form_page = $2) AS "drafts!"
           FROM field f WHERE f.form_id = $1 AND f.form_page = $2"#,
        form_id,
        page
    )
    .fetch_one(&mut *tx)
    .await?;
    let sealed = sqlx::query!(
        "SELECT s.name, s.key_id, s.sealed FROM field_special s JOIN field f USING (form_id, name)
         WHERE s.form_id = $1 AND f.form_page = $2",
        form_id,
        page
    )
    .fetch_all(&mut *tx)
    .await?;
    let special = sealed
        .into_iter()
        .map(|row| {
            let content = sealer.open_field(form_id, &row.name, &row.key_id, &row.sealed)?;
            Ok((row.name, content))
        })
        .collect::<Result<_>>()?;
    let sealed = sqlx::query!(
        r#"SELECT d.name, d.key_id AS "key_id!", d.sealed AS "sealed!"
           FROM field_draft d JOIN field f USING (form_id, name)
           WHERE d.form_id = $1 AND f.form_page = $2 AND d.sealed IS NOT NULL"#,
        form_id,
        page
    )
    .fetch_all(&mut *tx)
    .await?;
    let open_drafts = sealed
        .into_iter()
        .map(|row| {
            let place = drafts::belongs_to(form_id, &row.name);
            Ok((row.name, sealer.open(&row.key_id, &place, &row.sealed)?))
        })
        .collect::<Result<_>>()?;
    forget(tx, form_id, page).await?;
    Ok(Carried {
        fields: rows.fields,
        signals: rows.signals,
        drafts: rows.drafts,
        special,
        open_drafts,
    })
}

/// Forgets the fields of a page whose sheet is another one now.
pub(super) async fn forget(tx: &mut PgConnection, form_id: Uuid, page: i32) -> Result<()> {
    sqlx::query!(
        "DELETE FROM field_special s USING field f
         WHERE f.form_id = $1 AND f.form_page = $2 AND s.form_id = f.form_id AND s.name = f.name",
        form_id,
        page
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "DELETE FROM field WHERE form_id = $1 AND form_page = $2",
        form_id,
        page
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Puts them into the form `form_id`, which has nothing of that page.
pub(super) async fn put(
    tx: &mut PgConnection,
    sealer: &Sealer,
    form_id: Uuid,
    carried: Carried,
) -> Result<()> {
    let of_form = |rows: &Json| -> Json {
        let mut rows = rows.clone();
        for row in rows.as_array_mut().into_iter().flatten() {
            row["form_id"] = form_id.to_string().into();
        }
        rows
    };
    sqlx::query!(
        "INSERT INTO field SELECT * FROM jsonb_populate_recordset(NULL::field, $1)",
        of_form(&carried.fields)
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "INSERT INTO field_signals SELECT * FROM jsonb_populate_recordset(NULL::field_signals, $1)",
        of_form(&carried.signals)
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "INSERT INTO field_draft OVERRIDING SYSTEM VALUE
         SELECT * FROM jsonb_populate_recordset(NULL::field_draft, $1)",
        of_form(&carried.drafts)
    )
    .execute(&mut *tx)
    .await?;
    for (name, content) in &carried.special {
        let (key_id, sealed) = sealer.seal_field(form_id, name, content)?;
        sqlx::query!(
            "INSERT INTO field_special (form_id, name, key_id, sealed) VALUES ($1, $2, $3, $4)",
            form_id,
            name,
            key_id,
            sealed
        )
        .execute(&mut *tx)
        .await?;
    }
    for (name, plain) in &carried.open_drafts {
        let (key_id, sealed) = sealer.seal(&drafts::belongs_to(form_id, name), plain)?;
        sqlx::query!(
            "UPDATE field_draft SET key_id = $3, sealed = $4 WHERE form_id = $1 AND name = $2",
            form_id,
            name,
            key_id,
            sealed
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}
