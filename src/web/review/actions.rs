//! What a clerk does with a form besides answering it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::form_actions::{self, Aside, Note, SetAside};
use crate::storage::review;
use crate::storage::{Result as StorageResult, StorageError};
use crate::web::frame::{Frame, Section, date_time};
use crate::web::page_error::{PageError, message, render};
use crate::web::posted::Posted;
use crate::web::review::evidence::definition_of;
use crate::web::routes::Routes;
use crate::web::session::SignedIn;
use crate::web::state::AppState;
use crate::web::visible;

/// Longest note or reason, in characters.
const LONGEST: usize = 1000;
/// Forms shown at most among those set aside.
const MOST_ROWS: i64 = 200;

/// The addresses of the actions.
pub(in crate::web) fn routes() -> Routes {
    Routes::default()
        .get("/review/aside", aside)
        .post("/review/{form}/notes", note)
        .post("/review/{form}/refer", refer)
        .post("/review/{form}/give-back", give_back)
        .post("/review/{form}/set-aside", set_aside)
        .post("/review/{form}/restore", restore)
        .post("/review/{form}/read-again", read_again)
}

/// A note as pages show it.
pub(super) struct NoteLine {
    pub who: String,
    pub when: String,
    pub text: String,
}

impl From<Note> for NoteLine {
    fn from(note: Note) -> Self {
        Self {
            who: note.display_name,
            when: date_time(note.at),
            text: note.text,
        }
    }
}

/// The words that somebody has to give, or the page that asks for them.
fn words(posted: &Posted, form: Uuid) -> Result<&str, Box<Response>> {
    let text = posted.first("text").unwrap_or_default().trim();
    if (1..=LONGEST).contains(&text.chars().count()) {
        return Ok(text);
    }
    let page = message(
        StatusCode::UNPROCESSABLE_ENTITY,
        "Say it in a few words",
        &[
            "Nothing was stored. A colleague has to know what it is about, in at most 1,000 characters.",
        ],
        (&format!("/review/{form}"), "Back to the form"),
    );
    Err(Box::new(page))
}

/// Whoever acts on a form must be able to have it.
async fn claimed(
    state: &AppState,
    posted: &Posted,
    form: Uuid,
) -> Result<Option<Response>, PageError> {
    posted.signed_in.must(Permission::CheckForms)?;
    let head = visible::form(state, &posted.signed_in, form).await?;
    if head.state != "in_review" {
        let page = super::form::closed(&head, &posted.signed_in, StatusCode::CONFLICT, vec![]);
        return Ok(Some(page));
    }
    let holder = review::claim(&state.database, form, posted.signed_in.account.id).await?;
    Ok(holder.map(|holder| {
        super::form::held(
            &head,
            &holder,
            &posted.signed_in,
            StatusCode::CONFLICT,
            vec![],
        )
    }))
}

/// Back to the list, or to the form as it is now when a colleague was quicker.
fn after(done: StorageResult<()>, form: Uuid, to: &str) -> Result<Response, PageError> {
    match done {
        Ok(()) => Ok(Redirect::to(to).into_response()),
        Err(StorageError::Conflict { .. }) => {
            Ok(Redirect::to(&format!("/review/{form}")).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn note(
    State(state): State<AppState>,
    Path(form): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    if let Some(refused) = claimed(&state, &posted, form).await? {
        return Ok(refused);
    }
    let text = match words(&posted, form) {
        Ok(text) => text,
        Err(page) => return Ok(*page),
    };
    let me = posted.signed_in.account.id;
    let done = form_actions::add_note(&state.database, form, me, text).await;
    after(done, form, &format!("/review/{form}/desk"))
}

async fn refer(
    State(state): State<AppState>,
    Path(form): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    if let Some(refused) = claimed(&state, &posted, form).await? {
        return Ok(refused);
    }
    let text = match words(&posted, form) {
        Ok(text) => text,
        Err(page) => return Ok(*page),
    };
    let me = posted.signed_in.account.id;
    let done = form_actions::refer(&state.database, form, me, text).await;
    after(done, form, "/review")
}

async fn give_back(
    State(state): State<AppState>,
    Path(form): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::Exceptions)?;
    visible::form(&state, &posted.signed_in, form).await?;
    let me = posted.signed_in.account.id;
    let done = form_actions::unrefer(&state.database, form, me).await;
    after(done, form, "/review?referred=1")
}

async fn set_aside(
    State(state): State<AppState>,
    Path(form): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    if let Some(refused) = claimed(&state, &posted, form).await? {
        return Ok(refused);
    }
    let not_ours = posted.first("why") == Some("not_ours");
    let (why, text) = if not_ours {
        (Aside::NotOurs, "This is not our form.")
    } else {
        match words(&posted, form) {
            Ok(text) => (Aside::Other, text),
            Err(page) => return Ok(*page),
        }
    };
    let me = posted.signed_in.account.id;
    let done = form_actions::set_aside(&state.database, form, me, why, text).await;
    after(done, form, "/review")
}

async fn restore(
    State(state): State<AppState>,
    Path(form): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::CheckForms)?;
    visible::form(&state, &posted.signed_in, form).await?;
    let me = posted.signed_in.account.id;
    let done = form_actions::restore(&state.database, form, me).await;
    after(done, form, "/review/aside")
}

async fn read_again(
    State(state): State<AppState>,
    Path(form): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::CheckForms)?;
    let head = visible::form(&state, &posted.signed_in, form).await?;
    // One that is not complete belongs to nobody yet.
    if head.state != "incomplete"
        && let Some(refused) = claimed(&state, &posted, form).await?
    {
        return Ok(refused);
    }
    let definition = definition_of(&state, &head)?;
    let me = posted.signed_in.account.id;
    match form_actions::read_again(&state.database, definition, form, me).await {
        Ok(()) => Ok(Redirect::to("/review").into_response()),
        Err(StorageError::Conflict { .. }) => Ok(message(
            StatusCode::CONFLICT,
            "The form was not sent to be read again",
            &["It does not wait any more, or a file of it was not kept."],
            (&format!("/review/{form}"), "Back to the form"),
        )),
        Err(error) => Err(error.into()),
    }
}

struct AsideRow {
    id: Uuid,
    reference: String,
    reason: String,
    since: String,
}

#[derive(Template)]
#[template(path = "review_aside.html", config = "src/web/askama.toml")]
struct AsidePage {
    frame: Frame,
    csrf: String,
    rows: Vec<AsideRow>,
    incomplete: Vec<AsideRow>,
}

async fn aside(State(state): State<AppState>, signed_in: SignedIn) -> Result<Response, PageError> {
    signed_in.must(Permission::CheckForms)?;
    audit::record(state.database.pool(), signed_in.actor(), Act::list("form")).await?;
    let forms = form_actions::aside(&state.database, &signed_in.scope(), MOST_ROWS).await?;
    let incomplete =
        form_actions::incomplete(&state.database, &signed_in.scope(), MOST_ROWS).await?;
    let rows = |forms: Vec<SetAside>| -> Vec<AsideRow> {
        forms
            .into_iter()
            .map(|form| AsideRow {
                id: form.id,
                reference: form.reference,
                reason: form.reason.unwrap_or_default(),
                since: date_time(form.changed_at),
            })
            .collect()
    };
    Ok(render(&AsidePage {
        frame: Frame::new("Forms not in the queue", &signed_in, Section::Review),
        csrf: signed_in.csrf.clone(),
        rows: rows(forms),
        incomplete: rows(incomplete),
    }))
}
