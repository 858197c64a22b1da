//! The next field to key again: its picture, its label, an empty input.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::deciding::may_decide;
use super::{may_key, not_taken, shown, times};
use crate::storage::Database;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::keying_times::KeyingTime;
use crate::storage::keying_waits::{self, Counts};
use crate::storage::second_keying::{self, KeyError, Keyed, Task};
use crate::web::frame::{Frame, Section};
use crate::web::page_error::{PageError, render};
use crate::web::picture::crop_size;
use crate::web::posted::Posted;
use crate::web::review::answers::{self, BLANK, Typed, UNREADABLE};
use crate::web::review::evidence::{page_of, picture};
use crate::web::review::field_view::{Control, control};
use crate::web::session::SignedIn;
use crate::web::state::AppState;

#[derive(Template)]
#[template(path = "second_task.html", config = "src/web/askama.toml")]
struct TaskPage {
    frame: Frame,
    csrf: String,
    task: Uuid,
    version: i32,
    name: String,
    label: String,
    wording: Option<String>,
    width: u32,
    height: u32,
    control: Control,
    blank: bool,
    unreadable: bool,
    error: Option<String>,
    waiting: i64,
}

#[derive(Template)]
#[template(path = "second_nothing.html", config = "src/web/askama.toml")]
struct NothingPage {
    frame: Frame,
    counts: Counts,
    decides: bool,
    supervisor: bool,
}

pub(in crate::web) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    may_key(&signed_in)?;
    let me = signed_in.account.id;
    let Some(task) =
        second_keying::next(&state.database, &state.keying, &signed_in.scope(), me).await?
    else {
        let page = NothingPage {
            frame: Frame::new("Keying again", &signed_in, Section::Second),
            counts: keying_waits::counts(&state.database, &state.keying, &signed_in.scope(), None)
                .await?,
            decides: may_decide(&state, &signed_in).is_ok(),
            supervisor: signed_in.can(Permission::Adjudicate),
        };
        return Ok(render(&page));
    };
    audit::record(
        state.database.pool(),
        signed_in.actor(),
        Act::new("viewed_field", "form", task.form_id),
    )
    .await?;
    page(&state, &signed_in, &task, &Typed::default(), None).await
}

async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    task: &Task,
    typed: &Typed,
    error: Option<String>,
) -> Result<Response, PageError> {
    let shown = shown(state, task).await?;
    let me = signed_in.account.id;
    let scope = signed_in.scope();
    let counts = keying_waits::counts(&state.database, &state.keying, &scope, Some(me)).await?;
    let (width, height) = crop_size(shown.field.zone);
    let frame = Frame::new("Keying again", signed_in, Section::Second).wide();
    let status = if error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let page = TaskPage {
        frame: Frame {
            error: error.is_some(),
            ..frame
        },
        csrf: signed_in.csrf.clone(),
        task: task.id,
        version: task.version,
        name: task.name.clone(),
        label: shown.field.label.clone(),
        wording: shown.field.rules.wording.clone(),
        width,
        height,
        control: control(shown.field, typed),
        blank: typed.is_marked(BLANK),
        unreadable: typed.is_marked(UNREADABLE),
        error,
        waiting: counts.double + counts.sample,
    };
    Ok((status, render(&page)).into_response())
}

pub(in crate::web) async fn submit(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    may_key(&posted.signed_in)?;
    let me = posted.signed_in.account.id;
    let version = posted.version()?;
    let Some(mut task) = second_keying::of_holder(&state.database, id, me).await? else {
        return not_taken(KeyError::Held, "/second");
    };
    task.version = version;
    let shown = shown(&state, &task).await?;
    let typed = answers::typed(&posted.fields)
        .remove(&task.name)
        .unwrap_or_default();
    let answer = match answers::settle(shown.field, &typed, true) {
        Ok(answer) => answer,
        Err(error) => return page(&state, &posted.signed_in, &task, &typed, Some(error)).await,
    };
    let (definition, kind) = (shown.definition.clone(), shown.field.kind);
    let working = state.clone();
    let keyed = Database::uninterrupted(async move {
        let context = working.settling(&definition);
        second_keying::key(&working.database, &context, id, version, me, &answer).await
    })
    .await;
    match keyed {
        Ok(keyed) => {
            if let (Some(seconds), true) = (
                times::seconds(&posted.fields).get(task.name.as_str()),
                keyed != Keyed::Before,
            ) {
                let time = KeyingTime {
                    account: me,
                    kind,
                    mode: "second",
                    seconds: *seconds,
                    changed: keyed == Keyed::Differs,
                };
                times::store(&state, task.form_id, &[time]).await;
            }
            Ok(Redirect::to("/second").into_response())
        }
        Err(error) => not_taken(error, "/second"),
    }
}

/// Gives the field back.
pub(in crate::web) async fn release(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Redirect, PageError> {
    may_key(&posted.signed_in)?;
    second_keying::release(&state.database, id, posted.signed_in.account.id).await?;
    Ok(Redirect::to("/"))
}

/// The picture of the field, for whoever has claimed it.
pub(in crate::web) async fn crop(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    may_key(&signed_in)?;
    let me = signed_in.account.id;
    if !second_keying::holds(&state.database, id, me).await? {
        return Err(PageError::NotFound);
    }
    let task = second_keying::of_holder(&state.database, id, me)
        .await?
        .ok_or(PageError::NotFound)?;
    let shown = shown(&state, &task).await?;
    let page = page_of(&state, shown.head.id, shown.field.page).await?;
    picture(state.pictures.crop(&page, shown.field.zone).await)
}
