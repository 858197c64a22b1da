//! Keying again: one field at a time, blind, and deciding where two people differ. Every page works without JavaScript.

pub(super) mod deciding;
pub(super) mod keying;
pub(super) mod times;
pub(super) mod waiting;

use axum::http::StatusCode;
use axum::response::Response;

use super::page_error::{PageError, message};
use super::review::evidence::definition_of;
use super::routes::Routes;
use super::session::SignedIn;
use super::state::AppState;
use crate::domain::household::HouseholdError;
use crate::forms::definition::{Field, FormDefinition};
use crate::storage::accounts::Permission;
use crate::storage::review::{self, FormHead};
use crate::storage::second_keying::{KeyError, Task};
use crate::storage::settlement::SettleError;

/// Fails for whoever may not key.
fn may_key(signed_in: &SignedIn) -> Result<(), PageError> {
    signed_in.must(Permission::KeyAgain)
}

/// A field to key with what it is made of.
struct Shown<'a> {
    head: FormHead,
    definition: &'a FormDefinition,
    field: &'a Field,
}

async fn shown<'a>(state: &'a AppState, task: &Task) -> Result<Shown<'a>, PageError> {
    let head = review::form(&state.database, task.form_id)
        .await?
        .ok_or(PageError::NotFound)?;
    let definition = definition_of(state, &head)?;
    let field = definition
        .field(&task.name)
        .ok_or_else(|| PageError::Broken("a field to key is not in its definition".to_owned()))?;
    Ok(Shown {
        head,
        definition,
        field,
    })
}

/// An answer that came too late, or from somebody who had a part in the field already.
fn not_taken(error: KeyError, back: &'static str) -> Result<Response, PageError> {
    let why = match error {
        KeyError::Changed => {
            "This field does not wait any more: it was settled in the meantime, or its form was changed."
        }
        KeyError::Held => "A colleague has taken this field in the meantime.",
        KeyError::SamePerson => {
            "You had a part in this field already. Somebody else has to key it."
        }
        KeyError::Settle(SettleError::Storage(error)) => return Err(error.into()),
        KeyError::Settle(SettleError::Unsettled(names)) => {
            return Err(PageError::Broken(format!(
                "{} fields were not settled",
                names.len()
            )));
        }
        KeyError::Settle(SettleError::Household(HouseholdError::Missing(_))) => {
            "The record cannot be made: another field that it needs has no value."
        }
    };
    Ok(message(
        StatusCode::CONFLICT,
        "Your answer was not stored",
        &[why],
        (back, "Go on with the next field"),
    ))
}

/// Addresses of keying again.
pub(super) fn routes() -> Routes {
    Routes::default()
        .get("/second", keying::show)
        .post("/second/tasks/{task}", keying::submit)
        .post("/second/tasks/{task}/release", keying::release)
        .get("/second/tasks/{task}/crop", keying::crop)
        .get("/second/adjudicate", deciding::show)
        .post("/second/adjudicate/{task}", deciding::submit)
        .get("/second/waiting", waiting::show)
        .post("/second/waiting/{form}/waive", waiting::waive)
}
