//! The rows that a change of pages touches: pages, files, and forms that come and go.

use sqlx::PgConnection;
use uuid::Uuid;

use super::apply::PlanError;
use super::{Kept, Move, Place};
use crate::storage::audit::{self, Act, Actor};
use crate::storage::{Result, StorageError};

/// Fails when a page cannot be read again because its file's bytes were not kept.
pub(super) async fn must_be_kept(tx: &mut PgConnection, sheets: &[Uuid]) -> Result<(), PlanError> {
    let lost = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM page p JOIN document d ON d.id = p.document_id
                          WHERE p.id = ANY($1) AND (d.original_key IS NULL OR d.sha256 IS NULL)) AS "lost!""#,
        sheets
    )
    .fetch_one(tx)
    .await?;
    if lost {
        Err(PlanError::NotKept)
    } else {
        Ok(())
    }
}

/// A form for pages of another family than the form `like`, which came with them.
pub(super) async fn new_form(tx: &mut PgConnection, like: Uuid) -> Result<Uuid> {
    let number = sqlx::query_scalar!(r#"SELECT nextval('form_reference_number') AS "number!""#)
        .fetch_one(&mut *tx)
        .await?;
    let id = Uuid::now_v7();
    sqlx::query!(
        "INSERT INTO form (id, reference, definition_id, definition_version, state, received_at)
         SELECT $1, $2, definition_id, definition_version, 'incomplete', received_at FROM form WHERE id = $3",
        id,
        format!("F-{number:06}"),
        like
    )
    .execute(tx)
    .await?;
    Ok(id)
}

/// Puts one page where it belongs. `to` is its place in a form, where it has one.
pub(super) async fn put(
    tx: &mut PgConnection,
    account: Uuid,
    form_id: Uuid,
    m: &Move,
    to: Option<(Uuid, u32)>,
    read_again: bool,
) -> Result<()> {
    if let Some((form, page)) = to {
        sqlx::query!(
            "UPDATE page SET outcome = 'in_form', form_id = $2, form_page = $3, turn = $4, placed_by = $5, unread = $6,
                    homography = CASE WHEN $6 THEN NULL ELSE homography END, reason = CASE WHEN $6 THEN NULL ELSE reason END
             WHERE id = $1",
            m.sheet,
            form,
            i32::try_from(page).unwrap_or(i32::MAX),
            i16::try_from(m.turn).unwrap_or_default(),
            account,
            read_again
        )
        .execute(tx)
        .await?;
        return Ok(());
    }
    let reference = sqlx::query_scalar!("SELECT reference FROM form WHERE id = $1", form_id)
        .fetch_one(&mut *tx)
        .await?;
    let (outcome, form, page, reason) = match m.to {
        Place::Spare(form, page) => (
            "duplicate",
            Some(form),
            i32::try_from(page).ok(),
            format!("Another scan of this page took its place in form {reference}."),
        ),
        _ => (
            "exception",
            None,
            None,
            format!("It was taken out of form {reference}, because it does not belong to it."),
        ),
    };
    sqlx::query!(
        "UPDATE page SET outcome = $2, form_id = $3, form_page = $4, reason = $5, placed_by = NULL WHERE id = $1",
        m.sheet,
        outcome,
        form,
        page,
        reason
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Says of a page again what was said before a change that is undone.
pub(super) async fn as_it_was(tx: &mut PgConnection, was: &Kept) -> Result<()> {
    sqlx::query!(
        "UPDATE page SET placed_by = $2,
                outcome = CASE WHEN form_id IS NULL THEN $3 ELSE outcome END,
                reason = CASE WHEN outcome = 'in_form' THEN reason ELSE $4 END
         WHERE id = $1",
        was.sheet,
        was.placed_by,
        was.outcome,
        was.reason
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Says of the files what has become of them, now that their pages are somewhere else.
pub(super) async fn update_documents(tx: &mut PgConnection, documents: &[Uuid]) -> Result<()> {
    sqlx::query!(
        r#"WITH now AS (
               SELECT d.id, EXISTS (SELECT FROM page p WHERE p.document_id = d.id AND p.outcome = 'in_form') AS used,
                      (SELECT other.document_id FROM page p
                       JOIN page other ON other.form_id = p.form_id AND other.form_page = p.form_page
                       WHERE p.document_id = d.id AND p.outcome = 'duplicate' AND other.outcome = 'in_form'
                         AND other.document_id <> d.id ORDER BY p.number LIMIT 1) AS other,
                      (SELECT p.reason FROM page p WHERE p.document_id = d.id AND p.outcome = 'exception'
                       ORDER BY p.number LIMIT 1) AS wrong
               FROM document d WHERE d.id = ANY($1) AND d.state IN ('read', 'exception', 'duplicate'))
           UPDATE document d SET
               state = CASE WHEN used THEN 'read' WHEN other IS NOT NULL THEN 'duplicate' ELSE 'exception' END,
               duplicate_of = CASE WHEN NOT used THEN other END,
               reason_code = CASE WHEN NOT used AND other IS NOT NULL THEN 'same_pages'
                                  WHEN NOT used OR wrong IS NOT NULL THEN 'page_not_placed' END,
               reason = CASE WHEN NOT used AND other IS NOT NULL THEN 'Another scan of its pages is in use.'
                             WHEN wrong IS NOT NULL THEN wrong
                             WHEN NOT used THEN 'No page of it is part of a form.' END,
               dismissed_at = NULL, dismissed_by = NULL, dismissed_reason = NULL
           FROM now WHERE d.id = now.id"#,
        documents
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Ends a form that has no page left: what colleagues noted goes to the form that took its pages.
pub(super) async fn dissolve(
    tx: &mut PgConnection,
    account: Uuid,
    form: Uuid,
    into: Uuid,
) -> Result<()> {
    sqlx::query!(
        "UPDATE form_note SET form_id = $2 WHERE form_id = $1",
        form,
        into
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "UPDATE page SET form_id = $2 WHERE form_id = $1",
        form,
        into
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("DELETE FROM page_change WHERE form_id = $1", form)
        .execute(&mut *tx)
        .await?;
    sqlx::query!("DELETE FROM form_reading WHERE form_id = $1", form)
        .execute(&mut *tx)
        .await?;
    sqlx::query!("DELETE FROM review_claim WHERE form_id = $1", form)
        .execute(&mut *tx)
        .await?;
    sqlx::query!("DELETE FROM form WHERE id = $1", form)
        .execute(&mut *tx)
        .await?;
    let act = Act::new("form_dissolved", "form", form);
    audit::record(tx, Actor::Account(account), act).await
}

/// Keeps what a change did, so that it can be undone.
pub(super) async fn keep_change(
    tx: &mut PgConnection,
    account: Uuid,
    form_id: Uuid,
    before: &[&Kept],
    after: &[Kept],
) -> Result<()> {
    let json = |kept: serde_json::Result<serde_json::Value>| {
        kept.map_err(|_| StorageError::Inconsistent {
            subject: "page change",
            problem: "it is not JSON".to_owned(),
        })
    };
    sqlx::query!(
        "INSERT INTO page_change (id, form_id, before, after, changed_at, changed_by)
         VALUES ($1, $2, $3, $4, now(), $5)",
        Uuid::now_v7(),
        form_id,
        json(serde_json::to_value(before))?,
        json(serde_json::to_value(after))?,
        account
    )
    .execute(tx)
    .await?;
    Ok(())
}
