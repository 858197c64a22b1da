//! Taking back the last change of a form's pages.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::apply::{PlanError, Wanted, carry_out};
use super::{Kept, Move, Place, kept};
use crate::forms::definition::FormDefinition;
use crate::storage::audit::{self, Act, Actor};
use crate::storage::sealing::Sealer;
use crate::storage::{Database, Result, StorageError};

/// A change that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastChange {
    /// Id.
    pub id: Uuid,
    /// Who made it.
    pub display_name: String,
    /// When.
    pub changed_at: DateTime<Utc>,
}

/// The last change of a form's pages that was not taken back.
pub async fn last_change(database: &Database, form_id: Uuid) -> Result<Option<LastChange>> {
    let change = sqlx::query_as!(
        LastChange,
        "SELECT c.id, a.display_name, c.changed_at FROM page_change c JOIN account a ON a.id = c.changed_by
         WHERE c.form_id = $1 AND c.undone_at IS NULL ORDER BY c.changed_at DESC LIMIT 1",
        form_id
    )
    .fetch_optional(database.pool())
    .await?;
    Ok(change)
}

/// Takes a change back: every page goes where it was. What has to be read again for that is read again.
///
/// # Errors
/// [`PlanError::Changed`] when a page was changed since, or one of the forms does not wait any more.
pub async fn undo(
    database: &Database,
    sealer: &Sealer,
    definition: &FormDefinition,
    account: Uuid,
    form_id: Uuid,
    change: Uuid,
) -> Result<(), PlanError> {
    let mut tx = database.begin().await?;
    // The form before its changes, as everybody does.
    sqlx::query!("SELECT state FROM form WHERE id = $1 FOR UPDATE", form_id)
        .fetch_optional(&mut *tx)
        .await?;
    let row = sqlx::query!(
        "UPDATE page_change SET undone_at = now(), undone_by = $3
         WHERE id = $1 AND form_id = $2 AND undone_at IS NULL RETURNING before, after",
        change,
        form_id,
        account
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(PlanError::Changed)?;
    let (before, after) = (rows(row.before)?, rows(row.after)?);
    let sheets: Vec<Uuid> = after.iter().map(|k| k.sheet).collect();
    let now = kept(&mut tx, &sheets).await?;
    let as_left = |now: &Kept| {
        after
            .iter()
            .any(|a| a.sheet == now.sheet && a.place() == now.place() && a.turn == now.turn)
    };
    if !now.iter().all(as_left) {
        return Err(PlanError::Changed);
    }
    let in_question: Vec<Uuid> = before
        .iter()
        .chain(&after)
        .filter_map(|k| k.form)
        .chain([form_id])
        .collect();
    let versions: BTreeMap<Uuid, i32> = sqlx::query!(
        "SELECT id, version FROM form WHERE id = ANY($1)",
        &in_question
    )
    .fetch_all(&mut *tx)
    .await?
    .into_iter()
    .map(|row| (row.id, row.version))
    .collect();
    let back = |was: &Kept| match was.place() {
        // A form that ended because it had no page left begins anew.
        Place::Page(form, page) if !versions.contains_key(&form) => Place::New(page),
        place => place,
    };
    let moves: Vec<Move> = before
        .iter()
        .map(|was| Move {
            sheet: was.sheet,
            to: back(was),
            turn: was.turned(),
        })
        .collect();
    let wanted = Wanted {
        form_id,
        versions: &versions,
        moves: &moves,
    };
    carry_out(&mut tx, sealer, definition, account, &wanted, Some(&before)).await?;
    let act = Act::new("page_change_undone", "form", form_id);
    audit::record(&mut *tx, Actor::Account(account), act).await?;
    tx.commit().await.map_err(StorageError::from)?;
    Ok(())
}

fn rows(json: serde_json::Value) -> Result<Vec<Kept>> {
    serde_json::from_value(json).map_err(|_| StorageError::Inconsistent {
        subject: "page change",
        problem: "it cannot be understood".to_owned(),
    })
}
