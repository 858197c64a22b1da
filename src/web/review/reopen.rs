//! A settled form of which no record was made yet comes back to the desk, with every answer where it was typed.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::answers::Typed;
use super::evidence::definition_of;
use crate::forms::definition::DataCategory;
use crate::storage::accounts::Permission;
use crate::storage::drafts::NewDraft;
use crate::storage::{Database, StorageError, form_fields, reopening};
use crate::web::page_error::{PageError, message};
use crate::web::posted::Posted;
use crate::web::session::SignedIn;
use crate::web::state::AppState;
use crate::web::visible;

pub(in crate::web) async fn reopen(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::CheckForms)?;
    let version = posted.version()?;
    let head = visible::form(&state, &posted.signed_in, id).await?;
    let me = posted.signed_in.account.id;
    // Somebody who will key it again without the answers must not see them now.
    if head.state == "second_keying"
        && !posted.signed_in.can(Permission::Adjudicate)
        && !reopening::settled_by(&state.database, id, me).await?
    {
        return Ok(message(
            StatusCode::FORBIDDEN,
            "Only whoever checked the form can reopen it",
            &[
                "Others key it a second time without seeing the first answers. Ask a supervisor if it is wrong.",
            ],
            ("/review", "Back to the forms"),
        ));
    }
    bring_back(&state, &posted.signed_in, id, version).await
}

/// Brings the form back, if it still waits as it was seen.
pub(in crate::web) async fn bring_back(
    state: &AppState,
    signed_in: &SignedIn,
    id: Uuid,
    version: i32,
) -> Result<Response, PageError> {
    let head = visible::form(state, signed_in, id).await?;
    let definition = definition_of(state, &head)?;
    let mut connection = state
        .database
        .pool()
        .acquire()
        .await
        .map_err(StorageError::from)?;
    let fields = form_fields::load(&mut connection, &state.sealer, id).await?;
    drop(connection);
    let mut answers: Vec<(Uuid, String, serde_json::Value, bool)> = Vec::new();
    for stored in fields {
        let (Some(settled), Some(by)) = (stored.settled, stored.settled_by) else {
            continue;
        };
        let Some(field) = definition.field(&stored.name) else {
            continue;
        };
        let typed = serde_json::to_value(Typed::of_settled(&settled))
            .map_err(|e| PageError::Broken(e.to_string()))?;
        let special = field.rules.category == DataCategory::Special;
        answers.push((by, stored.name, typed, special));
    }
    let (working, me) = (state.clone(), signed_in.account.id);
    let done = Database::uninterrupted(async move {
        let drafts = answers.iter().map(|(by, name, typed, special)| {
            let draft = NewDraft {
                name,
                typed: typed.clone(),
                special: *special,
                confirmed: true,
                seconds: None,
            };
            (*by, draft)
        });
        let (database, sealer) = (&working.database, &working.sealer);
        reopening::reopen(database, sealer, id, version, me, drafts.collect()).await
    })
    .await;
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/review/{id}/desk/finish")).into_response()),
        // It went on meanwhile; its page says where it is.
        Err(StorageError::Conflict { .. }) => {
            Ok(Redirect::to(&format!("/review/{id}")).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
