//! What state a form is in by the pages it has: whether one is missing, waits to be read or could not be.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{forms::definition::FormDefinition, storage::Result};

/// What is said of a form whose pages no attempt could read.
const NOT_READ: &str = "Its pages could not be read again. Look at them under “Pages of the form”.";

/// Says so of a form whose pages wait to be read and will not be.
pub(in crate::storage) async fn not_read(tx: &mut PgConnection, form_id: Uuid) -> Result<()> {
    sqlx::query!(
        "UPDATE form SET state = 'incomplete', reason_code = 'not_read', reason = $2, version = version + 1
         WHERE id = $1",
        form_id,
        NOT_READ
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Sets the form's state from the pages it has now. Returns whether it is complete, so that a clerk can settle it.
pub(in crate::storage) async fn update_state(
    tx: &mut PgConnection,
    definition: &FormDefinition,
    form_id: Uuid,
) -> Result<bool> {
    let present = sqlx::query!(
        r#"SELECT form_page AS "form_page!", document_id, unread, reason, placed_by FROM page
           WHERE form_id = $1 AND outcome = 'in_form' ORDER BY form_page"#,
        form_id
    )
    .fetch_all(&mut *tx)
    .await?;
    let form = sqlx::query!(
        r#"SELECT set_number IS NOT NULL AS "has_set_number!",
                  EXISTS (SELECT FROM form_reading r WHERE r.form_id = form.id) AS "asked!"
           FROM form WHERE id = $1"#,
        form_id
    )
    .fetch_one(&mut *tx)
    .await?;
    let missing: Vec<u32> = definition
        .required_pages()
        .filter(|page| {
            !present
                .iter()
                .any(|row| u32::try_from(row.form_page) == Ok(*page))
        })
        .collect();
    // What a person put there they have looked at.
    let found: Vec<Uuid> = present
        .iter()
        .filter(|row| row.placed_by.is_none())
        .map(|row| row.document_id)
        .collect();
    let several_files = found.iter().any(|document| *document != found[0]);
    let not_laid = present.iter().find_map(|row| row.reason.clone());
    let (state, code, reason) = if present.iter().any(|row| row.unread) {
        if form.asked {
            let reason = "Its pages are being read again. It comes back by itself.";
            ("incomplete", Some("being_read"), Some(reason.to_owned()))
        } else {
            ("incomplete", Some("not_read"), Some(NOT_READ.to_owned()))
        }
    } else if !missing.is_empty() {
        (
            "incomplete",
            Some("page_missing"),
            Some(page_missing(&missing, form.has_set_number)),
        )
    } else if let Some(reason) = not_laid {
        ("in_review", Some("page_not_laid"), Some(reason))
    } else if several_files {
        let reason = "Its pages came in different files: check that they belong to one family.";
        (
            "in_review",
            Some("pages_from_several_files"),
            Some(reason.to_owned()),
        )
    } else {
        ("in_review", None, None)
    };
    sqlx::query!(
        "UPDATE form SET state = $2, reason_code = $3, reason = $4, version = version + 1 WHERE id = $1",
        form_id,
        state,
        code,
        reason
    )
    .execute(tx)
    .await?;
    Ok(state == "in_review")
}

fn page_missing(missing: &[u32], has_set_number: bool) -> String {
    let list = missing
        .iter()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join(" and ");
    let (subject, it) = if missing.len() == 1 {
        (format!("Page {list} is"), "it")
    } else {
        (format!("Pages {list} are"), "them")
    };
    if has_set_number {
        let joins = if missing.len() == 1 {
            "it joins"
        } else {
            "they join"
        };
        format!("{subject} missing: scan {it} and upload {it}; {joins} the rest by the set number.")
    } else {
        format!(
            "{subject} missing, and these sheets carry no set number: scan all pages of the form into one file, or have a \
             clerk add {it} under “Pages of the form”."
        )
    }
}
