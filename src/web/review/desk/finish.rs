//! The last step: every answer on one page, and the form is settled from the drafts.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::page::{address, not_yours};
use super::save::signed_in_at_desk;
use super::{keys, steps};
use crate::domain::household::HouseholdError;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::review::{self, SubmitError};
use crate::storage::settlement::SettleError;
use crate::web::frame::{Frame, Section};
use crate::web::page_error::{PageError, render};
use crate::web::posted::Posted;
use crate::web::review::answers::Typed;
use crate::web::review::form::{self, OpenForm};
use crate::web::review::submit;
use crate::web::second::times;
use crate::web::session::SignedIn;
use crate::web::state::AppState;

/// One answer.
struct Line {
    label: String,
    answer: String,
    href: String,
    error: Option<String>,
    /// Nobody has looked at it yet.
    open: bool,
    /// The colleague who answered it.
    by: Option<String>,
}

#[derive(Template)]
#[template(path = "desk_finish.html", config = "src/web/askama.toml")]
struct FinishPage {
    frame: Frame,
    csrf: String,
    form_id: Uuid,
    reference: String,
    version: i32,
    remark: Option<String>,
    open: usize,
    first_open: Option<String>,
    errors: Vec<(String, String)>,
    lines: Vec<Line>,
    quiet: Vec<Line>,
    keys: String,
}

pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::CheckForms)?;
    let form = form::load(&state, &signed_in, id)
        .await?
        .ok_or(PageError::NotFound)?;
    if let Some(refused) = not_yours(&state, &form, &signed_in, StatusCode::OK).await? {
        return Ok(refused);
    }
    audit::record(
        state.database.pool(),
        signed_in.actor(),
        Act::new("viewed", "form", id),
    )
    .await?;
    page(&state, &form, &signed_in, &BTreeMap::new()).await
}

pub(super) async fn submit(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Result<Posted, PageError>,
) -> Result<Response, PageError> {
    let posted = signed_in_at_desk(posted, id)?;
    let signed_in = &posted.signed_in;
    signed_in.must(Permission::CheckForms)?;
    let version = posted.version()?;
    let form = form::load(&state, signed_in, id)
        .await?
        .ok_or(PageError::NotFound)?;
    let me = signed_in.account.id;
    if form.head.state != "in_review" && submit::settled_by(&state, id, me).await? {
        // The same page sent twice, by a double click or a reload: it is done, so say so.
        return Ok(submit::done(id));
    }
    if let Some(refused) = not_yours(&state, &form, signed_in, StatusCode::CONFLICT).await? {
        return Ok(refused);
    }
    if form.head.version != version {
        // Something was added to the form; the drafts are still there, so the clerk looks at it once more.
        return page(&state, &form, signed_in, &BTreeMap::new()).await;
    }
    let answers = match submit::settle(&form, &answered(&form)) {
        Ok(answers) => answers,
        Err(errors) => return page(&state, &form, signed_in, &errors).await,
    };
    let seconds = times::of_form(&state, &form, &answers, me, &posted.fields);
    match submit::store(&state, &form, me, answers).await {
        Ok(_) => {
            times::store(&state, id, &seconds).await;
            Ok(submit::done(id))
        }
        Err(SubmitError::Changed) => {
            let head = review::form(&state.database, id)
                .await?
                .ok_or(PageError::NotFound)?;
            if head.state != "in_review" && submit::settled_by(&state, id, me).await? {
                return Ok(submit::done(id));
            }
            let typed = submit::in_words(&form, &answered(&form));
            Ok(form::closed(&head, signed_in, StatusCode::CONFLICT, typed))
        }
        Err(SubmitError::Held(holder)) => {
            let (head, conflict) = (&form.head, StatusCode::CONFLICT);
            Ok(form::held(head, &holder, signed_in, conflict, vec![]))
        }
        Err(SubmitError::Settle(SettleError::Household(HouseholdError::Missing(names)))) => {
            let errors = names
                .into_iter()
                .map(|name| (name, submit::NEEDED.to_owned()))
                .collect();
            page(&state, &form, signed_in, &errors).await
        }
        Err(SubmitError::Settle(SettleError::Unsettled(names))) => Err(PageError::Broken(format!(
            "{} fields were not settled",
            names.len()
        ))),
        Err(SubmitError::Settle(SettleError::Storage(error))) => Err(error.into()),
    }
}

/// What the drafts say, and for fields that need nobody what was read. A field that needs a person and was not
/// confirmed says nothing.
fn answered(form: &OpenForm<'_>) -> BTreeMap<String, Typed> {
    let mut typed = form.shown_at_first();
    typed.retain(|name, _| {
        !form.attention.contains(name) || form.drafts.get(name).is_some_and(|d| d.confirmed)
    });
    typed
}

async fn page(
    state: &AppState,
    form: &OpenForm<'_>,
    signed_in: &SignedIn,
    errors: &BTreeMap<String, String>,
) -> Result<Response, PageError> {
    let typed = answered(form);
    let id = form.head.id;
    let (mut lines, mut quiet) = (vec![], vec![]);
    for field in &form.definition.fields {
        if !form.fields.contains_key(&field.name) {
            continue;
        }
        let attention = form.attention.contains(&field.name);
        let answer = typed.get(&field.name);
        let error = errors.get(&field.name).cloned();
        let draft = form.drafts.get(&field.name).filter(|d| d.confirmed);
        let line = Line {
            label: field.label.clone(),
            answer: answer.map_or_else(String::new, |t| t.in_words(field)),
            href: address(id, &field.name),
            open: attention && draft.is_none(),
            by: draft
                .filter(|d| d.by != signed_in.account.id)
                .map(|d| d.display_name.clone()),
            error: error.clone(),
        };
        if attention || draft.is_some() || error.is_some() {
            lines.push(line);
        } else {
            quiet.push(line);
        }
    }
    let error_lines = lines
        .iter()
        .filter_map(|line| {
            Some((
                line.href.clone(),
                format!("{}: {}", line.label, line.error.as_ref()?),
            ))
        })
        .collect();
    let all = steps::steps(form);
    let first_open = all.iter().find(|step| !steps::is_done(form, step));
    let frame = Frame::new(
        format!("Form {}, last look", form.head.reference),
        signed_in,
        Section::Review,
    );
    let view = FinishPage {
        frame: Frame {
            error: !errors.is_empty(),
            ..frame
        },
        csrf: signed_in.csrf.clone(),
        form_id: id,
        reference: form.head.reference.clone(),
        version: form.head.version,
        remark: form.head.reason.clone(),
        open: lines.iter().filter(|l| l.open).count(),
        first_open: first_open.map(|step| address(id, step.name())),
        errors: error_lines,
        lines,
        quiet,
        keys: serde_json::json!(keys::of_person(state, signed_in).await?).to_string(),
    };
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok((status, render(&view)).into_response())
}
