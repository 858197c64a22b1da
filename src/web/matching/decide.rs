//! Taking what somebody said of a form's people.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::super::page_error::{PageError, message};
use super::super::posted::Posted;
use super::super::state::AppState;
use super::super::visible;
use super::show;
use crate::storage::Database;
use crate::storage::accounts::Permission;
use crate::storage::centres;
use crate::storage::register::deciding::{self, DecideError, Said};
use crate::storage::settlement::{SettleError, Settlement};
use crate::web::review::reopen::bring_back;

/// Stores it and goes on to the list; what is missing is pointed out on the page.
pub(super) async fn decide(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::CheckForms)?;
    let head = visible::form(&state, &posted.signed_in, id).await?;
    for household in deciding::households_in_question(&state.database, id).await? {
        if !centres::sees_household(&state.database, &posted.signed_in.scope(), household).await? {
            return Err(PageError::Forbidden);
        }
    }
    let said = said(&posted)?;
    let version = posted.version()?;
    let decided = {
        let (state, said, head) = (state.clone(), said.clone(), head.clone());
        let account = posted.signed_in.account.id;
        Database::uninterrupted(async move {
            let definition = state.definition_of(&head).ok_or(DecideError::Changed)?;
            let context = state.settling(definition);
            deciding::decide(&state.database, &context, id, version, account, &said).await
        })
        .await
    };
    match decided {
        Ok(Settlement::Matching) => Ok(Redirect::to(&format!("/matching/{id}")).into_response()),
        Ok(_) => Ok(Redirect::to(&format!("/matching?done={id}")).into_response()),
        Err(DecideError::Unanswered(blocks)) => {
            let errors: Vec<(String, String)> = blocks
                .iter()
                .map(|block| {
                    (
                        format!("who-{block}"),
                        format!("Say who this is: {}", block.replace('_', " ")),
                    )
                })
                .collect();
            let page = show::page(&state, &posted.signed_in, id, Some(&said), &errors).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(DecideError::OnePersonTwice) => {
            let text =
                "Two people on the form cannot be the same person on record: change one of them";
            again(&state, &posted, id, &said, text).await
        }
        Err(DecideError::StrangeHousehold) => {
            let text = "Choose the household of somebody whom you took for the same person, or one of its own";
            again(&state, &posted, id, &said, text).await
        }
        Err(DecideError::Changed) => Ok(message(
            StatusCode::CONFLICT,
            "What you said was not stored",
            &["The form or one of the records was changed in the meantime. Look at it again."],
            ("/matching", "Back to the list"),
        )),
        Err(DecideError::Settle(SettleError::Storage(error))) => Err(error.into()),
        Err(DecideError::Settle(_)) => Ok(message(
            StatusCode::CONFLICT,
            "What you said was not stored",
            &[
                "The record cannot be made: a field that it needs has no value. Send the form back to be checked.",
            ],
            ("/matching", "Back to the list"),
        )),
    }
}

async fn again(
    state: &AppState,
    posted: &Posted,
    id: Uuid,
    said: &Said,
    text: &str,
) -> Result<Response, PageError> {
    let errors = [("household-own".to_owned(), text.to_owned())];
    let page = show::page(state, &posted.signed_in, id, Some(said), &errors).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

fn said(posted: &Posted) -> Result<Said, PageError> {
    let mut said = Said::default();
    for (name, value) in &posted.fields {
        if let Some(block) = name.strip_prefix("who:") {
            let person = match value.as_str() {
                "new" => None,
                id => Some(id.parse().map_err(|_| PageError::Malformed)?),
            };
            said.people.insert(block.to_owned(), person);
        } else if let Some(id) = name.strip_prefix("version:") {
            let id: Uuid = id.parse().map_err(|_| PageError::Malformed)?;
            let version = value.parse().map_err(|_| PageError::Malformed)?;
            said.versions.insert(id, version);
        } else if name == "household" && value != "own" {
            said.household = Some(value.parse().map_err(|_| PageError::Malformed)?);
        }
    }
    Ok(said)
}

/// Sends the form back to be checked: something on it was read wrongly.
pub(super) async fn back(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::CheckForms)?;
    let version = posted.version()?;
    bring_back(&state, &posted.signed_in, id, version).await
}
