//! Taking what a clerk settled: check everything, store all or nothing, or say what is wrong.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::answers::{self, Typed};
use super::form::{self, OpenForm};
use crate::domain::household::{self, HouseholdError, Settled, SettledFields};
use crate::storage::Database;
use crate::storage::accounts::Permission;
use crate::storage::audit;
use crate::storage::review::{self, Answer, SubmitError};
use crate::storage::settlement::{SettleError, Settlement};
use crate::web::page_error::PageError;
use crate::web::posted::Posted;
use crate::web::second::times;
use crate::web::state::AppState;
use crate::web::visible;

/// What to do about a required field without a value.
pub(super) const NEEDED: &str =
    "A record cannot be made without it. Enter it, or give the form back and ask the family";

pub(in crate::web) async fn submit(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::CheckForms)?;
    let version = posted.version()?;
    let typed = answers::typed(&posted.fields);
    let form = form::load(&state, &posted.signed_in, id)
        .await?
        .ok_or(PageError::NotFound)?;
    let me = posted.signed_in.account.id;
    if form.head.state != "in_review" || form.head.version != version {
        // The same page sent twice, by a double click or a reload: it is done, so say so.
        let gone_on = matches!(
            form.head.state.as_str(),
            "settled" | "second_keying" | "matching"
        );
        if gone_on && settled_by(&state, id, me).await? {
            return Ok(done(id));
        }
        return Ok(form::closed(
            &form.head,
            &posted.signed_in,
            StatusCode::CONFLICT,
            in_words(&form, &typed),
        ));
    }
    // Whoever sends a form is still at it, unless a colleague has taken it over in the meantime.
    if let Some(holder) = review::claim(&state.database, id, me).await? {
        let typed = in_words(&form, &typed);
        return Ok(form::held(
            &form.head,
            &holder,
            &posted.signed_in,
            StatusCode::CONFLICT,
            typed,
        ));
    }
    let answers = match settle(&form, &typed) {
        Ok(answers) => answers,
        Err(errors) => return Ok(form::page(&form, &posted.signed_in, &typed, &errors)),
    };
    let seconds = times::of_form(&state, &form, &answers, me, &posted.fields);
    match store(&state, &form, me, answers).await {
        Ok(_) => {
            times::store(&state, id, &seconds).await;
            Ok(done(id))
        }
        Err(SubmitError::Changed) => {
            let head = review::form(&state.database, id)
                .await?
                .ok_or(PageError::NotFound)?;
            if head.state == "settled" && settled_by(&state, id, me).await? {
                return Ok(done(id));
            }
            Ok(form::closed(
                &head,
                &posted.signed_in,
                StatusCode::CONFLICT,
                in_words(&form, &typed),
            ))
        }
        Err(SubmitError::Held(holder)) => {
            let typed = in_words(&form, &typed);
            Ok(form::held(
                &form.head,
                &holder,
                &posted.signed_in,
                StatusCode::CONFLICT,
                typed,
            ))
        }
        Err(SubmitError::Settle(SettleError::Household(HouseholdError::Missing(names)))) => {
            let errors = names
                .into_iter()
                .map(|name| (name, NEEDED.to_owned()))
                .collect();
            Ok(form::page(&form, &posted.signed_in, &typed, &errors))
        }
        Err(SubmitError::Settle(SettleError::Unsettled(names))) => Err(PageError::Broken(format!(
            "{} fields were not settled",
            names.len()
        ))),
        Err(SubmitError::Settle(SettleError::Storage(error))) => Err(error.into()),
    }
}

/// Gives the form back to the list.
pub(in crate::web) async fn release(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Redirect, PageError> {
    posted.signed_in.must(Permission::CheckForms)?;
    visible::form(&state, &posted.signed_in, id).await?;
    review::release(&state.database, id, posted.signed_in.account.id).await?;
    Ok(Redirect::to("/review"))
}

pub(super) fn done(id: Uuid) -> Response {
    Redirect::to(&format!("/review?done={id}")).into_response()
}

pub(super) async fn settled_by(
    state: &AppState,
    form: Uuid,
    account: Uuid,
) -> Result<bool, PageError> {
    let entries = audit::of_subject(state.database.pool(), "form", form).await?;
    Ok(entries.iter().any(|entry| {
        matches!(entry.action.as_str(), "settled" | "sent_to_second_keying")
            && entry.actor_id == Some(account)
    }))
}

/// What every field is settled as, or what is wrong by field name.
pub(super) fn settle(
    form: &OpenForm<'_>,
    typed: &BTreeMap<String, Typed>,
) -> Result<Vec<Answer>, BTreeMap<String, String>> {
    let (mut answers, mut errors) = (Vec::new(), BTreeMap::new());
    for stored in form.fields.values() {
        let Some(field) = form.definition.field(&stored.name) else {
            continue;
        };
        let attention = form.attention.contains(&stored.name);
        let machine = stored.settled_by_machine();
        let settled = match typed.get(&stored.name) {
            Some(typed) => answers::settle(field, typed, attention),
            // A field whose tick boxes are all empty sends nothing.
            None if attention => answers::settle(field, &Typed::default(), true),
            None => Ok(Settled::Blank),
        };
        match settled {
            Ok(settled) => {
                let by_clerk = attention || machine.as_ref() != Some(&settled);
                answers.push(Answer {
                    name: stored.name.clone(),
                    settled,
                    by_clerk,
                });
            }
            Err(text) => {
                errors.insert(stored.name.clone(), text);
            }
        }
    }
    let settled: SettledFields = answers
        .iter()
        .map(|a| (a.name.clone(), a.settled.clone()))
        .collect();
    for field in household::missing_from(form.definition, &settled) {
        if form.fields.contains_key(&field.name) {
            errors
                .entry(field.name.clone())
                .or_insert_with(|| NEEDED.to_owned());
        }
    }
    if errors.is_empty() {
        Ok(answers)
    } else {
        Err(errors)
    }
}

pub(super) async fn store(
    state: &AppState,
    form: &OpenForm<'_>,
    account: Uuid,
    answers: Vec<Answer>,
) -> Result<Settlement, SubmitError> {
    let (state, id, version) = (state.clone(), form.head.id, form.head.version);
    let definition = form.definition.clone();
    Database::uninterrupted(async move {
        let context = state.settling(&definition);
        review::submit(&state.database, &context, id, version, account, &answers).await
    })
    .await
}

/// What was typed in fields that needed a person, so that a conflict does not lose it.
pub(super) fn in_words(
    form: &OpenForm<'_>,
    typed: &BTreeMap<String, Typed>,
) -> Vec<(String, String)> {
    let fields = form
        .definition
        .fields
        .iter()
        .filter(|f| form.attention.contains(&f.name));
    fields
        .filter_map(|field| Some((field.label.clone(), typed.get(&field.name)?.in_words(field))))
        .collect()
}
