//! Changing pages: first told what it does, then done, then perhaps undone.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::effects::{self, Effects};
use super::{changed_meanwhile, in_words, open_form, show, wanted};
use crate::storage::Database;
use crate::storage::page_plan::{self, Place, PlanError, Wanted};
use crate::storage::review::{self, FormHead};
use crate::web::frame::{Frame, Section};
use crate::web::page_error::{PageError, render};
use crate::web::posted::Posted;
use crate::web::review::evidence::definition_of;
use crate::web::state::AppState;

#[derive(Template)]
#[template(path = "review_pages_sure.html", config = "src/web/askama.toml")]
struct SurePage {
    frame: Frame,
    form_id: Uuid,
    reference: String,
    effects: Effects,
    /// Everything that was sent, to be sent again.
    sent: Vec<(String, String)>,
}

pub(super) async fn change(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    let signed_in = &posted.signed_in;
    let head = match open_form(&state, signed_in, id, StatusCode::CONFLICT).await? {
        Ok(head) => head,
        Err(page) => return Ok(*page),
    };
    let (forms, sheets) = page_plan::sheets(&state.database, &signed_in.scope(), id).await?;
    let moves = wanted::moves(&posted, &sheets)?;
    let versions = wanted::versions(&posted)?;
    // Only what was shown can be changed, and nothing goes to a form that was not.
    let known = |form: &Uuid| forms.iter().any(|f| f.id == *form);
    let strange = |place: Place| matches!(place, Place::Page(form, _) if !known(&form));
    if moves.iter().any(|m| strange(m.to)) {
        return Err(PageError::Malformed);
    }
    if forms
        .iter()
        .any(|f| versions.get(&f.id) != Some(&f.version))
    {
        return Ok(changed_meanwhile(id));
    }
    let definition = definition_of(&state, &head)?;
    let now: Vec<_> = sheets.iter().map(|s| (s.id, s.place)).collect();
    let checked = if moves.is_empty() {
        Err(PlanError::Nothing)
    } else {
        page_plan::check(definition, id, &now, &moves)
    };
    if let Err(error) = checked {
        return again(&state, &posted, &head, &moves, error).await;
    }
    if posted.first("sure").is_none() {
        let effects = effects::of_moves(definition, id, &forms, &sheets, &moves);
        return Ok(render(&SurePage {
            frame: Frame::new(
                format!("Pages of form {}, before they change", head.reference),
                signed_in,
                Section::Review,
            ),
            form_id: id,
            reference: head.reference,
            effects,
            sent: posted.fields,
        }));
    }
    let (working, definition, me) = (state.clone(), definition.clone(), signed_in.account.id);
    let todo = moves.clone();
    let done = Database::uninterrupted(async move {
        let wanted = Wanted {
            form_id: id,
            versions: &versions,
            moves: &todo,
        };
        let (database, sealer) = (&working.database, &working.sealer);
        page_plan::apply(database, sealer, &definition, me, &wanted).await
    })
    .await;
    match done {
        Ok(_) => Ok(Redirect::to(&format!("/review/{id}/pages")).into_response()),
        Err(error) => again(&state, &posted, &head, &moves, error).await,
    }
}

/// The page once more with what is wrong.
async fn again(
    state: &AppState,
    posted: &Posted,
    head: &FormHead,
    moves: &[page_plan::Move],
    error: PlanError,
) -> Result<Response, PageError> {
    match (in_words(&error), error) {
        (Some(text), _) => {
            let errors = [("sheets", text)];
            show::page(state, &posted.signed_in, head, moves, &errors).await
        }
        (None, PlanError::Storage(error)) => Err(error.into()),
        (None, _) => Ok(changed_meanwhile(head.id)),
    }
}

pub(super) async fn undo(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    let signed_in = &posted.signed_in;
    if let Err(page) = open_form(&state, signed_in, id, StatusCode::CONFLICT).await? {
        return Ok(*page);
    }
    let change = posted.first("change").and_then(|c| c.parse().ok());
    let change: Uuid = change.ok_or(PageError::Malformed)?;
    let head = review::form(&state.database, id)
        .await?
        .ok_or(PageError::NotFound)?;
    let definition = definition_of(&state, &head)?.clone();
    let (working, me) = (state.clone(), signed_in.account.id);
    let done = Database::uninterrupted(async move {
        let (database, sealer) = (&working.database, &working.sealer);
        page_plan::undo(database, sealer, &definition, me, id, change).await
    })
    .await;
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/review/{id}/pages")).into_response()),
        Err(error) => again(&state, &posted, &head, &[], error).await,
    }
}
