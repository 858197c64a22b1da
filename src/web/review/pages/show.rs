//! The page with all sheets of a form.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::effects::{place_in_words, title};
use super::open_form;
use super::wanted::name_of;
use crate::forms::definition::FormDefinition;
use crate::storage::audit::{self, Act};
use crate::storage::page_plan::{self, Move, OpenForm, Place, Sheet};
use crate::storage::review::FormHead;
use crate::web::frame::{Frame, Section, date_time};
use crate::web::page_error::{PageError, render};
use crate::web::review::evidence::definition_of;
use crate::web::session::SignedIn;
use crate::web::state::AppState;

/// One way to choose from a list.
struct Choice {
    value: String,
    text: String,
    chosen: bool,
}

/// The choices under one heading.
struct Choices {
    title: String,
    choices: Vec<Choice>,
}

/// A sheet with what can be done with it.
struct Card {
    id: Uuid,
    title: String,
    /// What is said of it besides where it is.
    remarks: Vec<String>,
    places: Vec<Choices>,
    turns: Vec<Choice>,
    turn: u32,
    alt: String,
}

#[derive(Template)]
#[template(path = "review_pages.html", config = "src/web/askama.toml")]
struct PagesPage {
    frame: Frame,
    csrf: String,
    form_id: Uuid,
    reference: String,
    version: i32,
    remark: Option<String>,
    /// Whether the desk is open for it.
    at_desk: bool,
    versions: Vec<(Uuid, i32)>,
    errors: Vec<(&'static str, String)>,
    own: Vec<Card>,
    others: Vec<Card>,
    pages: Vec<u32>,
    undo: Option<(Uuid, String)>,
}

pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    let head = match open_form(&state, &signed_in, id, StatusCode::OK).await? {
        Ok(head) => head,
        Err(page) => return Ok(*page),
    };
    let act = Act::new("viewed_pages", "form", id);
    audit::record(state.database.pool(), signed_in.actor(), act).await?;
    page(&state, &signed_in, &head, &[], &[]).await
}

/// The page with what somebody chose so far and what is wrong with it, by the id of the input.
pub(super) async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    head: &FormHead,
    chosen: &[Move],
    errors: &[(&'static str, String)],
) -> Result<Response, PageError> {
    let definition = definition_of(state, head)?;
    let (forms, sheets) = page_plan::sheets(&state.database, &signed_in.scope(), head.id).await?;
    let undo = page_plan::last_change(&state.database, head.id).await?;
    let chosen: BTreeMap<Uuid, Move> = chosen.iter().map(|m| (m.sheet, *m)).collect();
    let is_own = |sheet: &&Sheet| matches!(sheet.place, Place::Page(form, _) if form == head.id);
    let card = |sheet: &Sheet| card(definition, head.id, &forms, sheet, chosen.get(&sheet.id));
    let mut own: Vec<&Sheet> = sheets.iter().filter(is_own).collect();
    own.sort_by_key(|sheet| sheet.place);
    let others = sheets.iter().filter(|sheet| !is_own(sheet));
    let frame = Frame::new(
        format!("Pages of form {}", head.reference),
        signed_in,
        Section::Review,
    )
    .wide();
    let view = PagesPage {
        frame: Frame {
            error: !errors.is_empty(),
            ..frame
        },
        csrf: signed_in.csrf.clone(),
        form_id: head.id,
        reference: head.reference.clone(),
        version: head.version,
        remark: head.reason.clone(),
        at_desk: head.state == "in_review",
        versions: forms.iter().map(|f| (f.id, f.version)).collect(),
        errors: errors.to_vec(),
        own: own.into_iter().map(card).collect(),
        others: others.map(card).collect(),
        pages: (1..=definition.pages).collect(),
        undo: undo.map(|change| {
            let when = date_time(change.changed_at);
            (change.id, format!("{} on {when}", change.display_name))
        }),
    };
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok((status, render(&view)).into_response())
}

fn card(
    definition: &FormDefinition,
    form_id: Uuid,
    forms: &[OpenForm],
    sheet: &Sheet,
    chosen: Option<&Move>,
) -> Card {
    let (to, turn) = chosen.map_or((sheet.place, sheet.turn), |m| (m.to, m.turn));
    let choice = |place: Place, text: String| Choice {
        value: name_of(place),
        text,
        chosen: place == to,
    };
    let mut places = Vec::new();
    if matches!(sheet.place, Place::Spare(..)) {
        let text = capital(&place_in_words(sheet.place, form_id, forms));
        places.push(Choices {
            title: "As it is".to_owned(),
            choices: vec![choice(sheet.place, text)],
        });
    }
    for form in forms {
        let title = if form.id == form_id {
            format!("This form, {}", form.reference)
        } else {
            format!("Form {}", form.reference)
        };
        let of = if form.id == form_id {
            String::new()
        } else {
            format!(" of {}", form.reference)
        };
        places.push(Choices {
            title,
            choices: (1..=definition.pages)
                .map(|page| choice(Place::Page(form.id, page), format!("Page {page}{of}")))
                .collect(),
        });
    }
    places.push(Choices {
        title: "Another family’s, in a new form".to_owned(),
        choices: (1..=definition.pages)
            .map(|page| choice(Place::New(page), format!("Page {page} of a new form")))
            .collect(),
    });
    places.push(Choices {
        title: "None of these".to_owned(),
        choices: vec![choice(Place::Nowhere, "Part of no form".to_owned())],
    });
    let turns = [
        (0, "As it was scanned"),
        (90, "A quarter to the right"),
        (180, "Upside down"),
        (270, "A quarter to the left"),
    ];
    let mut remarks = vec![capital(&place_in_words(sheet.place, form_id, forms))];
    remarks.extend(sheet.reason.clone());
    if sheet.unread {
        remarks.push("Waits to be read.".to_owned());
    }
    match sheet.answers {
        0 => {}
        1 => remarks.push("1 answer given so far.".to_owned()),
        some => remarks.push(format!("{some} answers given so far.")),
    }
    Card {
        id: sheet.id,
        title: title(sheet),
        remarks,
        places,
        turns: turns
            .into_iter()
            .map(|(degrees, text): (u32, &str)| Choice {
                value: degrees.to_string(),
                text: text.to_owned(),
                chosen: degrees == turn,
            })
            .collect(),
        turn,
        alt: format!("{}, a small picture of the whole sheet", title(sheet)),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}
