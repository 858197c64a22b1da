//! A long queue: one form made the way tests make them, copied inside the database.

use enrol::storage::sealing::SpecialContent;
use serde_json::json;
use uuid::Uuid;

use crate::fixture::{Site, written};

/// Most fields of each form that wait for a person.
const OPEN_FIELDS: i64 = 50;

/// A form with as many fields to look at as it has, up to [`OPEN_FIELDS`], and how many they are. It waits for nobody
/// itself.
pub async fn template(site: &Site) -> (Uuid, usize) {
    let form = site.form("F-900000", &written()).await;
    let pool = site.database.pool();
    sqlx::query(
        "UPDATE field SET state = 'review', raw = 'SAMPLE', value = to_jsonb('SAMPLE'::text), confidence = 0.8,
                reasons = '{Handwriting is checked by a person}'
         WHERE form_id = $1 AND name IN (
             SELECT name FROM field WHERE form_id = $1 AND state = 'blank' AND NOT special AND kind IN ('name', 'text')
             ORDER BY name
             LIMIT $2 - (SELECT count(*) FROM field WHERE form_id = $1 AND state = 'review'))",
    )
    .bind(form)
    .bind(OPEN_FIELDS)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query("UPDATE form SET state = 'set_aside' WHERE id = $1")
        .bind(form)
        .execute(pool)
        .await
        .unwrap();
    let open: i64 =
        sqlx::query_scalar("SELECT count(*) FROM field WHERE form_id = $1 AND state = 'review'")
            .bind(form)
            .fetch_one(pool)
            .await
            .unwrap();
    (form, open as usize)
}

/// So many copies of the form, all waiting for a clerk.
pub async fn copies(site: &Site, template: Uuid, count: usize) {
    let pool = site.database.pool();
    let ids: Vec<Uuid> = (0..count).map(|_| Uuid::now_v7()).collect();
    sqlx::query(
        "INSERT INTO form (id, reference, definition_id, definition_version, state, received_at)
         SELECT id, 'L-' || id, definition_id, definition_version, 'in_review', now()
         FROM unnest($2::uuid[]) AS copy (id),
              (SELECT definition_id, definition_version FROM form WHERE id = $1) AS template",
    )
    .bind(template)
    .bind(&ids)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO field (form_id, name, kind, form_page, state, confidence, reasons, raw, value, special)
         SELECT copy.id, name, kind, form_page, state, confidence, reasons, raw, value, special
         FROM unnest($2::uuid[]) AS copy (id), field WHERE form_id = $1",
    )
    .bind(template)
    .bind(&ids)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO page (id, document_id, number, outcome, form_id, form_page, residual_mm, homography)
         SELECT gen_random_uuid(), document_id, 1000 + row_number() OVER (PARTITION BY document_id)
                    + (SELECT max(number) FROM page all_pages WHERE all_pages.document_id = page.document_id),
                outcome, copy.id, form_page, residual_mm, homography
         FROM unnest($2::uuid[]) AS copy (id), page WHERE form_id = $1",
    )
    .bind(template)
    .bind(&ids)
    .execute(pool)
    .await
    .unwrap();
    special(site, template, &ids).await;
    sqlx::query("ANALYZE").execute(pool).await.unwrap();
}

/// Article 9 fields are sealed for their form, so each copy has to be sealed anew.
async fn special(site: &Site, template: Uuid, ids: &[Uuid]) {
    let names: Vec<String> =
        sqlx::query_scalar("SELECT name FROM field_special WHERE form_id = $1 ORDER BY name")
            .bind(template)
            .fetch_all(site.database.pool())
            .await
            .unwrap();
    let sealer = site.sealer();
    // As the template has them: one that was read, the others blank.
    let read = SpecialContent {
        value: Some(json!("white_irish")),
        ..SpecialContent::default()
    };
    let blank = SpecialContent::default();
    for some in ids.chunks(200) {
        let (mut forms, mut fields, mut keys, mut all) = (vec![], vec![], vec![], vec![]);
        for id in some {
            for name in &names {
                let content = if name == "primary_carer.ethnic_group" {
                    &read
                } else {
                    &blank
                };
                let (key, sealed) = sealer.seal_field(*id, name, content).unwrap();
                forms.push(*id);
                fields.push(name.clone());
                keys.push(key);
                all.push(sealed);
            }
        }
        sqlx::query(
            "INSERT INTO field_special (form_id, name, key_id, sealed)
             SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[])",
        )
        .bind(&forms)
        .bind(&fields)
        .bind(&keys)
        .bind(&all)
        .execute(site.database.pool())
        .await
        .unwrap();
    }
}
