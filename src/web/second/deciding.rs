//! Two people read a field differently: the picture and both answers side by side, in an order that tells nothing and
//! without names, for a third person who chooses or types.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::{may_key, not_taken, shown};
use crate::config::Adjudicator;
use crate::domain::household::HouseholdError;
use crate::storage::Database;
use crate::storage::accounts::Permission;
use crate::storage::adjudication::{self, Decision};
use crate::storage::audit::{self, Act};
use crate::storage::keying_waits;
use crate::storage::second_keying::{self, KeyError, Task};
use crate::storage::settlement::SettleError;
use crate::web::frame::{Frame, Section};
use crate::web::page_error::{PageError, render};
use crate::web::picture::crop_size;
use crate::web::posted::Posted;
use crate::web::review::answers::{self, BLANK, Typed, UNREADABLE};
use crate::web::review::field_view::{Control, control};
use crate::web::session::SignedIn;
use crate::web::state::AppState;

const PATH: &str = "/second/adjudicate";

struct Reading {
    value: &'static str,
    text: String,
    checked: bool,
}

#[derive(Template)]
#[template(path = "second_difference.html", config = "src/web/askama.toml")]
struct DifferencePage {
    frame: Frame,
    csrf: String,
    task: Uuid,
    version: i32,
    name: String,
    label: String,
    wording: Option<String>,
    width: u32,
    height: u32,
    readings: [Reading; 2],
    other: bool,
    control: Control,
    blank: bool,
    unreadable: bool,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "second_no_difference.html", config = "src/web/askama.toml")]
struct NothingPage {
    frame: Frame,
    waiting: i64,
}

/// Fails for whoever may not decide between two answers.
pub(super) fn may_decide(state: &AppState, signed_in: &SignedIn) -> Result<(), PageError> {
    match state.keying.adjudicator {
        Adjudicator::Supervisor => signed_in.must(Permission::Adjudicate),
        Adjudicator::Clerk => may_key(signed_in),
    }
}

pub(in crate::web) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    may_decide(&state, &signed_in)?;
    let me = signed_in.account.id;
    let scope = signed_in.scope();
    let Some(task) = adjudication::next(&state.database, &scope, me).await? else {
        let all = keying_waits::counts(&state.database, &state.keying, &scope, None).await?;
        let page = NothingPage {
            frame: Frame::new("Different answers", &signed_in, Section::Second),
            waiting: all.differing,
        };
        return Ok(render(&page));
    };
    audit::record(
        state.database.pool(),
        signed_in.actor(),
        Act::new("viewed_field", "form", task.form_id),
    )
    .await?;
    page(&state, &signed_in, &task, None, &Typed::default(), None).await
}

/// Whether the second answer stands first: as good as a coin, and the same each time the page is shown.
fn swapped(task: Uuid) -> bool {
    task.as_bytes()[15] & 1 == 1
}

async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    task: &Task,
    choice: Option<&str>,
    typed: &Typed,
    error: Option<String>,
) -> Result<Response, PageError> {
    let shown = shown(state, task).await?;
    let me = signed_in.account.id;
    let context = state.settling(shown.definition);
    let answers = adjudication::answers(&state.database, &context, task.id, me).await?;
    let Some((first, second)) = answers else {
        return not_taken(KeyError::Changed, PATH);
    };
    let (a, b) = if swapped(task.id) {
        (&second, &first)
    } else {
        (&first, &second)
    };
    let reading = |value, answer| Reading {
        value,
        text: Typed::of_settled(answer).in_words(shown.field),
        checked: choice == Some(value),
    };
    let (width, height) = crop_size(shown.field.zone);
    let status = if error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let frame = Frame::new("Different answers", signed_in, Section::Second).wide();
    let page = DifferencePage {
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
        readings: [reading("a", a), reading("b", b)],
        other: choice == Some("other"),
        control: control(shown.field, typed),
        blank: typed.is_marked(BLANK),
        unreadable: typed.is_marked(UNREADABLE),
        error,
    };
    Ok((status, render(&page)).into_response())
}

pub(in crate::web) async fn submit(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    may_decide(&state, &posted.signed_in)?;
    let me = posted.signed_in.account.id;
    let version = posted.version()?;
    let Some(mut task) = second_keying::of_holder(&state.database, id, me).await? else {
        return not_taken(KeyError::Held, PATH);
    };
    task.version = version;
    let shown = shown(&state, &task).await?;
    let choice = posted.first("choice");
    let typed = answers::typed(&posted.fields)
        .remove(&task.name)
        .unwrap_or_default();
    let wrong = async |text: String| {
        page(&state, &posted.signed_in, &task, choice, &typed, Some(text)).await
    };
    let decision = match choice {
        Some("a") if swapped(id) => Decision::Second,
        Some("b") if !swapped(id) => Decision::Second,
        Some("a" | "b") => Decision::First,
        Some("other") => match answers::settle(shown.field, &typed, true) {
            Ok(answer) => Decision::Neither(answer),
            Err(text) => return wrong(text).await,
        },
        _ => {
            return wrong("Select the answer that stands on the form, or type it".to_owned()).await;
        }
    };
    let definition = shown.definition.clone();
    let working = state.clone();
    let decided = Database::uninterrupted(async move {
        let context = working.settling(&definition);
        adjudication::decide(&working.database, &context, id, version, me, decision).await
    })
    .await;
    match decided {
        Ok(_) => Ok(Redirect::to(PATH).into_response()),
        Err(KeyError::Settle(SettleError::Household(HouseholdError::Missing(names))))
            if names.contains(&task.name) =>
        {
            wrong("A record cannot be made without it. Enter what is written".to_owned()).await
        }
        Err(error) => not_taken(error, PATH),
    }
}
