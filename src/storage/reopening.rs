//! Bringing a form back to the desk that a clerk has settled and no record was made of yet.

use uuid::Uuid;

use super::audit::{self, Act, Actor};
use super::drafts::{self, NewDraft};
use super::sealing::Sealer;
use super::{Database, Result, StorageError, second_keying};

/// Sends a form back to be checked, because something on it was read or answered wrongly. The answers given so far are
/// where they were when they were typed, each as a draft of whoever gave it; what was asked of others on the strength of
/// them is withdrawn.
///
/// # Errors
/// [`StorageError::Conflict`] when the form does not wait for others at `expected_version`.
pub async fn reopen(
    database: &Database,
    sealer: &Sealer,
    form_id: Uuid,
    expected_version: i32,
    account: Uuid,
    answers: Vec<(Uuid, NewDraft<'_>)>,
) -> Result<()> {
    let mut transaction = database.begin().await?;
    let sent = sqlx::query!(
        "UPDATE form SET state = 'in_review', version = version + 1, checked_by = NULL, joins_household = NULL
         WHERE id = $1 AND state IN ('matching', 'second_keying') AND version = $2",
        form_id,
        expected_version
    )
    .execute(&mut *transaction)
    .await?;
    if sent.rows_affected() == 0 {
        return Err(StorageError::Conflict { subject: "form" });
    }
    sqlx::query!("DELETE FROM match_candidate WHERE form_id = $1", form_id)
        .execute(&mut *transaction)
        .await?;
    second_keying::withdraw(&mut transaction, form_id).await?;
    sqlx::query!(
        "UPDATE field SET settled_as = NULL, settled_value = NULL, settled_by = NULL, settled_at = NULL
         WHERE form_id = $1",
        form_id
    )
    .execute(&mut *transaction)
    .await?;
    for (by, answer) in answers {
        drafts::store(&mut transaction, sealer, form_id, by, vec![answer]).await?;
    }
    let act = Act::new("sent_back_to_review", "form", form_id);
    audit::record(&mut *transaction, Actor::Account(account), act).await?;
    transaction.commit().await?;
    Ok(())
}

/// Whether `account` is who settled a form that waits for others.
pub async fn settled_by(database: &Database, form_id: Uuid, account: Uuid) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM form WHERE id = $1 AND checked_by = $2
               UNION ALL SELECT FROM keying_task WHERE form_id = $1 AND form_by = $2 AND state IN ('open', 'differs'))
           AS "settled!""#,
        form_id,
        account
    )
    .fetch_one(database.pool())
    .await?)
}
