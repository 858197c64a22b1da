//! The same field across many forms, the least sure first. Confirming one keeps a draft in its form and settles nothing.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::answers::{self, Typed};
use super::desk::how_sure;
use super::field_view::FieldView;
use super::form;
use crate::domain::field::FieldKind;
use crate::forms::definition::{DataCategory, Field};
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::batch;
use crate::storage::drafts::{self, NewDraft};
use crate::web::frame::{Frame, Section};
use crate::web::page_error::{PageError, render};
use crate::web::posted::Posted;
use crate::web::routes::Routes;
use crate::web::session::SignedIn;
use crate::web::state::AppState;
use crate::web::visible;

/// Rows on a page.
const ROWS: i64 = 20;
/// Below this a row is marked as the odd one out.
const UNSURE: f64 = 0.5;

/// The address of the batches.
pub(in crate::web) fn routes() -> Routes {
    Routes::default()
        .get("/review/batch", show)
        .post("/review/batch", confirm)
}

struct Row {
    form_id: Uuid,
    reference: String,
    name: String,
    id: String,
    label: String,
    alt: String,
    width: u32,
    height: u32,
    value: String,
    how_sure: &'static str,
    unsure: bool,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "review_batch.html", config = "src/web/askama.toml")]
struct BatchPage {
    frame: Frame,
    csrf: String,
    field: String,
    /// Fields to choose from, with how many are open.
    kinds: Vec<(String, String, i64)>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct BatchQuery {
    #[serde(default)]
    field: String,
}

async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Query(query): Query<BatchQuery>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::CheckForms)?;
    page(&state, &signed_in, &query.field, None).await
}

/// What somebody typed into one row that was not taken.
struct Refused {
    form: Uuid,
    name: String,
    text: String,
    error: String,
}

async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    last: &str,
    refused: Option<Refused>,
) -> Result<Response, PageError> {
    let me = signed_in.account.id;
    let kinds = batch::kinds(&state.database, &signed_in.scope(), me).await?;
    let mut rows = Vec::new();
    let fields = if last.is_empty() {
        vec![]
    } else {
        batch::fields(&state.database, &signed_in.scope(), me, last, ROWS).await?
    };
    for one in fields {
        let Some(open) = form::load(state, signed_in, one.form_id).await? else {
            continue;
        };
        let field = open.definition.field(&one.name);
        let Some((field, stored)) = field.zip(open.fields.get(&one.name)) else {
            continue;
        };
        audit::record(
            state.database.pool(),
            signed_in.actor(),
            Act::new("viewed", "form", one.form_id),
        )
        .await?;
        let first = open.shown_at_first();
        let nothing = Typed::default();
        let typed = first.get(&one.name).unwrap_or(&nothing);
        let blind = open.blind.contains(&one.name);
        let mut view = FieldView::new(field, stored, typed, None, true);
        if blind {
            view = view.blind();
        }
        let refused = refused
            .as_ref()
            .filter(|r| r.form == one.form_id && r.name == one.name);
        rows.push(Row {
            form_id: one.form_id,
            reference: open.head.reference.clone(),
            id: format!("row-{}", rows.len() + 1),
            label: field.label.clone(),
            alt: view.alt,
            width: view.width,
            height: view.height,
            value: refused.map_or_else(|| as_text(field, typed), |r| r.text.clone()),
            how_sure: if blind {
                "Type what is written: what was read is not shown."
            } else {
                how_sure(stored)
            },
            // The odd one out would tell how sure the reader was.
            unsure: !blind && stored.confidence < UNSURE,
            error: refused.map(|r| r.error.clone()),
            name: one.name,
        });
    }
    let error = rows.iter().any(|r| r.error.is_some());
    let frame = Frame::new("One field of many forms", signed_in, Section::Review).wide();
    let view = BatchPage {
        frame: Frame { error, ..frame },
        csrf: signed_in.csrf.clone(),
        field: last.to_owned(),
        kinds: kinds
            .into_iter()
            .map(|(last, open)| (last.clone(), in_words(&last), open))
            .collect(),
        rows,
    };
    let status = if error {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Ok((status, render(&view)).into_response())
}

/// `date_of_birth` as people write it.
fn in_words(last: &str) -> String {
    let mut words = last.replace('_', " ").replace("nhs", "NHS");
    if let Some(first) = words.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// One line of text for what stands in the inputs.
fn as_text(field: &Field, typed: &Typed) -> String {
    match field.kind {
        FieldKind::Date if typed.date.iter().all(String::is_empty) => String::new(),
        FieldKind::Date => typed.date.join("/"),
        _ => typed.text().to_owned(),
    }
}

async fn confirm(State(state): State<AppState>, posted: Posted) -> Result<Response, PageError> {
    let signed_in = &posted.signed_in;
    signed_in.must(Permission::CheckForms)?;
    let id: Uuid = posted
        .first("form")
        .and_then(|id| id.parse().ok())
        .ok_or(PageError::Malformed)?;
    let name = posted.first("name").ok_or(PageError::Malformed)?;
    let text = posted.first("value").unwrap_or_default();
    let last = posted.first("field").unwrap_or_default();
    let here = format!("/review/batch?field={last}");
    let head = visible::form(&state, signed_in, id).await?;
    let me = signed_in.account.id;
    let colleague = head.holder.is_some_and(|h| h.account_id != me);
    if colleague || head.state != "in_review" {
        // The row is gone from the page as it is now.
        return Ok(Redirect::to(&here).into_response());
    }
    let open = form::load(&state, signed_in, id)
        .await?
        .ok_or(PageError::NotFound)?;
    let field = open.definition.field(name).ok_or(PageError::Malformed)?;
    let typed = match posted.first("do") {
        Some(mark @ (answers::BLANK | answers::UNREADABLE)) => Typed::of_mark(mark),
        _ => Typed::of_text(field, text.trim()),
    };
    if let Err(error) = answers::settle(field, &typed, true) {
        let refused = Refused {
            form: id,
            name: name.to_owned(),
            text: text.to_owned(),
            error,
        };
        return page(&state, signed_in, last, Some(refused)).await;
    }
    let draft = NewDraft {
        name,
        typed: serde_json::to_value(&typed).map_err(|_| PageError::Malformed)?,
        special: field.rules.category == DataCategory::Special,
        confirmed: true,
        seconds: None,
    };
    drafts::put(&state.database, &state.sealer, id, me, vec![draft]).await?;
    Ok(Redirect::to(&here).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_become_words() {
        assert_eq!(in_words("date_of_birth"), "Date of birth");
        assert_eq!(in_words("nhs_number"), "NHS number");
    }
}
