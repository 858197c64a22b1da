//! Blank forms with a set number of their own, and lost pages of a set printed again.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::forms::definition::FormDefinition;
use crate::forms::print::{self, Fonts, PrintError};
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::{printed_sets, review};
use crate::web::frame::{Frame, Section};
use crate::web::page_error::{PageError, render};
use crate::web::posted::Posted;
use crate::web::session::SignedIn;
use crate::web::state::AppState;
use crate::web::visible;

/// Copies in one print: a morning's worth, and a second or two of work.
const MOST_COPIES: usize = 50;

struct Choice {
    id: String,
    title: String,
    checked: bool,
}

#[derive(Template)]
#[template(path = "blanks.html", config = "src/web/askama.toml")]
struct BlanksPage {
    frame: Frame,
    csrf: String,
    forms: Vec<Choice>,
    copies: String,
    most: usize,
    error: Option<String>,
}

pub(in crate::web) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    signed_in.must(Permission::Scans)?;
    Ok(page(&state, &signed_in, None, "1".to_owned(), None))
}

fn page(
    state: &AppState,
    signed_in: &SignedIn,
    form: Option<&str>,
    copies: String,
    error: Option<String>,
) -> Response {
    let status = if error.is_some() {
        axum::http::StatusCode::UNPROCESSABLE_ENTITY
    } else {
        axum::http::StatusCode::OK
    };
    let forms = state.definitions().iter().enumerate();
    let forms = forms
        .map(|(index, d)| Choice {
            id: d.id.clone(),
            title: format!("{}, {} pages", d.title, d.pages),
            checked: form.map_or(index == 0, |chosen| chosen == d.id),
        })
        .collect();
    let page = BlanksPage {
        frame: Frame {
            error: error.is_some(),
            ..Frame::new("Print blank forms", signed_in, Section::Reception)
        },
        csrf: signed_in.csrf.clone(),
        forms,
        copies,
        most: MOST_COPIES,
        error,
    };
    (status, render(&page)).into_response()
}

/// Answers with a PDF of blank forms, each with a set number that was never given out before.
pub(in crate::web) async fn make(
    State(state): State<AppState>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::Scans)?;
    let form = posted.first("form").unwrap_or_default();
    let definition = state.definitions().iter().find(|d| d.id == form);
    let definition = definition.ok_or(PageError::Malformed)?.clone();
    let screen = posted.first("for") == Some("screen");
    let typed = posted.first("copies").unwrap_or("1").trim();
    let copies = match typed.parse() {
        _ if screen => 1,
        Ok(copies) if (1..=MOST_COPIES).contains(&copies) => copies,
        _ => {
            let error = format!("Copies must be a number from 1 to {MOST_COPIES}");
            let typed = typed.chars().take(10).collect();
            let page = page(&state, &posted.signed_in, Some(form), typed, Some(error));
            return Ok(page);
        }
    };
    let sets = new_sets(&state, &definition, copies, posted.signed_in.account.id).await?;
    note(&state, &posted.signed_in, None).await?;
    let name = match sets.as_slice() {
        [one] => format!("{}-{one}.pdf", definition.id),
        several => format!("{}-{}-copies.pdf", definition.id, several.len()),
    };
    pdf(name, move |fonts| match sets.as_slice() {
        [one] if screen => print::print_fillable(&definition, Some(one), fonts),
        _ => {
            let sets: Vec<_> = sets.into_iter().map(Some).collect();
            print::print_with(&definition, &sets, fonts)
        }
    })
    .await
}

/// `copies` set numbers that nobody has had, which nobody will get from now on.
async fn new_sets(
    state: &AppState,
    definition: &FormDefinition,
    copies: usize,
    by: Uuid,
) -> Result<Vec<String>, PageError> {
    let mut sets = Vec::new();
    // 900,000 numbers: even when most are used up, a few rounds find enough.
    for _ in 0..50 {
        let candidates = print::set_numbers(copies - sets.len(), &mut rand::rng());
        sets.extend(printed_sets::take(&state.database, definition, &candidates, by).await?);
        if sets.len() == copies {
            return Ok(sets);
        }
    }
    Err(PageError::Broken(format!(
        "the set numbers of {} version {} are used up: give the form a new version",
        definition.id, definition.version
    )))
}

/// Answers with a PDF of those pages that a form still lacks, with its set number, so that they join it.
pub(in crate::web) async fn missing_pages(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::Scans)?;
    let form = visible::form(&state, &signed_in, id).await?;
    let definition = state.definition_of(&form).ok_or(PageError::NotFound)?;
    let set = form.set_number.clone().ok_or(PageError::NotFound)?;
    let present = review::pages(&state.database, id).await?;
    let missing: Vec<u32> = definition
        .required_pages()
        .filter(|page| present.iter().all(|p| p.form_page != *page))
        .collect();
    if missing.is_empty() {
        return Err(PageError::NotFound);
    }
    note(&state, &signed_in, Some(id)).await?;
    let pages: Vec<_> = missing.iter().map(u32::to_string).collect();
    let name = format!("{}-{set}-page-{}.pdf", definition.id, pages.join("-"));
    let definition = definition.clone();
    pdf(name, move |fonts| {
        print::print_pages(&definition, &set, &missing, fonts)
    })
    .await
}

async fn note(state: &AppState, signed_in: &SignedIn, form: Option<Uuid>) -> Result<(), PageError> {
    let act = Act {
        action: "printed",
        subject: if form.is_some() { "form" } else { "blank_form" },
        subject_id: form,
    };
    audit::record(state.database.pool(), signed_in.actor(), act).await?;
    Ok(())
}

/// Draws away from the threads that answer requests, and answers with a file to open or print.
async fn pdf(
    name: String,
    draw: impl FnOnce(&Fonts) -> Result<Vec<u8>, PrintError> + Send + 'static,
) -> Result<Response, PageError> {
    let drawn = tokio::task::spawn_blocking(move || draw(&Fonts::find()?)).await;
    let bytes = drawn
        .map_err(|_| PageError::Broken("printing broke off".to_owned()))?
        .map_err(|error| PageError::Broken(error.to_string()))?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("inline; filename=\"{name}\""),
        ),
    ];
    Ok((headers, bytes).into_response())
}
