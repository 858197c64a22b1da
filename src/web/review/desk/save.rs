//! Keeping what was typed at a step, and where to go from there.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use uuid::Uuid;

use super::page::{Shown, address, desk_page, not_yours};
use super::steps::{self, Step};
use super::suggestions;
use crate::domain::household::Settled;
use crate::forms::definition::DataCategory;
use crate::storage::accounts::Permission;
use crate::storage::drafts::{self, NewDraft};
use crate::web::page_error::PageError;
use crate::web::posted::Posted;
use crate::web::review::answers::{self, BLANK, STRUCK, Typed, UNREADABLE};
use crate::web::review::form::{self, OpenForm};
use crate::web::second::times;
use crate::web::session::SignedIn;
use crate::web::state::AppState;

/// A person whose session has ended comes back to the form.
pub(super) fn signed_in_at_desk(
    posted: Result<Posted, PageError>,
    form: Uuid,
) -> Result<Posted, PageError> {
    posted.map_err(|error| match error {
        PageError::SignIn { .. } => PageError::SignIn {
            next: format!("/review/{form}/desk"),
        },
        other => other,
    })
}

/// Confirms a step and goes on.
pub(super) async fn save(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Result<Posted, PageError>,
) -> Result<Response, PageError> {
    let posted = signed_in_at_desk(posted, id)?;
    posted.signed_in.must(Permission::CheckForms)?;
    let form = form::load(&state, &posted.signed_in, id)
        .await?
        .ok_or(PageError::NotFound)?;
    if let Some(refused) = not_yours(&state, &form, &posted.signed_in, StatusCode::CONFLICT).await?
    {
        return Ok(refused);
    }
    let step = step_of(&form, &posted)?;
    let typed = typed_at(&form, &step, &posted);
    let mut errors = BTreeMap::new();
    for name in &step.names {
        if let Err(error) = settled(&form, name, &typed) {
            errors.insert(name.clone(), error);
        }
    }
    let good: Vec<String> = step
        .names
        .iter()
        .filter(|name| !errors.contains_key(*name))
        .cloned()
        .collect();
    let seconds = times::seconds(&posted.fields);
    // A step that comes back goes on being timed there.
    let taken = if errors.is_empty() {
        Some(&seconds)
    } else {
        None
    };
    let kept = Kept {
        names: &good,
        typed: &typed,
        confirmed: true,
        seconds: taken,
    };
    keep_drafts(&state, &form, &posted.signed_in, &kept).await?;
    if !errors.is_empty() {
        let shown = Shown {
            step: &step,
            typed: &typed,
            errors: &errors,
            spent: seconds.values().sum(),
        };
        return desk_page(&state, &form, &posted.signed_in, &shown).await;
    }
    let form = form::load(&state, &posted.signed_in, id)
        .await?
        .ok_or(PageError::NotFound)?;
    let all = steps::steps(&form);
    let on = match steps::after(&form, &all, &step) {
        Some(next) => address(id, next.name()),
        None => format!("/review/{id}/desk/finish"),
    };
    Ok(Redirect::to(&on).into_response())
}

/// Keeps what is being typed, without a word about it. Asked for by the script while somebody types.
pub(super) async fn keep(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::CheckForms)?;
    let form = form::load(&state, &posted.signed_in, id)
        .await?
        .ok_or(PageError::NotFound)?;
    if let Some(refused) = not_yours(&state, &form, &posted.signed_in, StatusCode::CONFLICT).await?
    {
        return Ok(refused);
    }
    // The page of the whole form says no field: everything on it is kept.
    let step = match posted.first("field") {
        Some(_) => step_of(&form, &posted)?,
        None => Step {
            names: form.fields.keys().cloned().collect(),
        },
    };
    let typed = typed_at(&form, &step, &posted);
    let before = form.shown_at_first();
    let changed: Vec<String> = step
        .names
        .iter()
        .filter(|name| typed.get(*name) != before.get(*name))
        .cloned()
        .collect();
    let kept = Kept {
        names: &changed,
        typed: &typed,
        confirmed: false,
        seconds: None,
    };
    keep_drafts(&state, &form, &posted.signed_in, &kept).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Takes back the field that was confirmed last.
pub(super) async fn undo(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Result<Posted, PageError>,
) -> Result<Response, PageError> {
    let posted = signed_in_at_desk(posted, id)?;
    posted.signed_in.must(Permission::CheckForms)?;
    let form = form::load(&state, &posted.signed_in, id)
        .await?
        .ok_or(PageError::NotFound)?;
    if let Some(refused) = not_yours(&state, &form, &posted.signed_in, StatusCode::CONFLICT).await?
    {
        return Ok(refused);
    }
    let taken_back = drafts::undo(&state.database, id, posted.signed_in.account.id).await?;
    let to = taken_back.as_deref().or(posted.first("field"));
    let to = to
        .and_then(|name| steps::find(&form, name))
        .map_or_else(|| format!("/review/{id}/desk"), |s| address(id, s.name()));
    Ok(Redirect::to(&to).into_response())
}

#[derive(Serialize)]
pub(super) struct Verdict {
    /// Whether it could be confirmed as it is.
    good: bool,
    /// What is wrong, or worth a second look; empty when nothing is.
    message: String,
}

/// Says what confirming would say. Values travel in the body: addresses end up in logs.
pub(super) async fn test(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Json<Verdict>, PageError> {
    posted.signed_in.must(Permission::CheckForms)?;
    let form = form::load(&state, &posted.signed_in, id)
        .await?
        .ok_or(PageError::NotFound)?;
    let step = step_of(&form, &posted)?;
    let typed = typed_at(&form, &step, &posted);
    let today = chrono::Local::now().date_naive();
    let name = step.name();
    let field = form.definition.field(name).ok_or(PageError::NotFound)?;
    let empty = typed.get(name).is_none_or(Typed::is_empty);
    Ok(Json(match settled(&form, name, &typed) {
        _ if empty => Verdict {
            good: false,
            message: String::new(),
        },
        Ok(Settled::Value(value)) => Verdict {
            good: true,
            message: crate::validation::unusual(field, &value, today).join(" "),
        },
        Ok(_) => Verdict {
            good: true,
            message: String::new(),
        },
        Err(message) => Verdict {
            good: false,
            message: format!("{message}."),
        },
    }))
}

fn step_of(form: &OpenForm<'_>, posted: &Posted) -> Result<Step, PageError> {
    let name = posted.first("field").ok_or(PageError::Malformed)?;
    steps::find(form, name).ok_or(PageError::Malformed)
}

fn settled(
    form: &OpenForm<'_>,
    name: &str,
    typed: &BTreeMap<String, Typed>,
) -> Result<Settled, String> {
    let field = form
        .definition
        .field(name)
        .ok_or("This field is not on the form any more")?;
    let nothing = Typed::default();
    answers::settle(field, typed.get(name).unwrap_or(&nothing), true)
}

/// What the inputs and buttons of the step say.
fn typed_at(form: &OpenForm<'_>, step: &Step, posted: &Posted) -> BTreeMap<String, Typed> {
    let mut typed = answers::typed(&posted.fields);
    typed.retain(|name, _| step.names.contains(name));
    for name in &step.names {
        typed.entry(name.clone()).or_default();
    }
    let name = step.name();
    let pressed = posted.first("do");
    if let Some(mark) = pressed.filter(|m| [BLANK, UNREADABLE, STRUCK].contains(m)) {
        typed.insert(name.to_owned(), Typed::of_mark(mark));
    } else if let Some(text) = posted.first("take") {
        let field = form.definition.field(name);
        let taken = field.and_then(|field| suggestions::taken(field, text));
        if let Some(taken) = taken {
            typed.insert(name.to_owned(), taken);
        }
    } else if let Some(kept) = form.drafts.get(name) {
        // Confirming without typing leaves an earlier "left blank" as it is.
        let nothing = typed.get(name).is_some_and(|t| *t == Typed::default());
        if nothing && !kept.typed.marks.is_empty() {
            typed.insert(name.to_owned(), kept.typed.clone());
        }
    }
    typed
}

/// What is kept of a step.
struct Kept<'a> {
    names: &'a [String],
    typed: &'a BTreeMap<String, Typed>,
    confirmed: bool,
    /// How long it took, by field.
    seconds: Option<&'a BTreeMap<&'a str, f64>>,
}

async fn keep_drafts(
    state: &AppState,
    form: &OpenForm<'_>,
    signed_in: &SignedIn,
    kept: &Kept<'_>,
) -> Result<(), PageError> {
    let drafts: Vec<NewDraft<'_>> = kept
        .names
        .iter()
        .filter_map(|name| {
            Some(NewDraft {
                name,
                typed: serde_json::to_value(kept.typed.get(name)?).ok()?,
                special: form.definition.field(name)?.rules.category == DataCategory::Special,
                confirmed: kept.confirmed,
                seconds: kept
                    .seconds
                    .and_then(|seconds| seconds.get(name.as_str()).copied()),
            })
        })
        .collect();
    if !drafts.is_empty() {
        let (id, me) = (form.head.id, signed_in.account.id);
        drafts::put(&state.database, &state.sealer, id, me, drafts).await?;
    }
    Ok(())
}
