//! Pictures of a form's fields and pages, for whoever may see the form.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use uuid::Uuid;

use crate::domain::protected_address::tells_where;
use crate::forms::definition::{FormDefinition, Zone};
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::review::{self, FormHead, FormPage};
use crate::web::frame::{Frame, Section};
use crate::web::page_error::{PageError, render};
use crate::web::picture::PictureError;
use crate::web::session::SignedIn;
use crate::web::state::AppState;
use crate::web::visible;

/// The picture of one field's zone.
pub(in crate::web) async fn crop(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path((form, field)): Path<(Uuid, String)>,
) -> Result<Response, PageError> {
    // Who keys a field again sees its picture and nothing else of the form.
    if !signed_in.can(Permission::KeyAgain) {
        signed_in.must(Permission::SeeForms)?;
    }
    let head = visible::form(&state, &signed_in, form).await?;
    let definition = definition_of(&state, &head)?;
    let field = definition.field(&field).ok_or(PageError::NotFound)?;
    if field.rules.consent.is_none() && tells_where(&field.name) {
        visible::whereabouts(&state, &signed_in, form).await?;
    }
    let page = page_of(&state, form, field.page).await?;
    let act = Act::new("viewed_crop", "form", form);
    audit::record_part(state.database.pool(), signed_in.actor(), act, &field.name).await?;
    picture(state.pictures.crop(&page, field.zone).await)
}

/// The picture of a whole page.
pub(in crate::web) async fn page_picture(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path((form, number)): Path<(Uuid, u32)>,
) -> Result<Response, PageError> {
    let head = form_for(&state, &signed_in, form).await?;
    let size = definition_of(&state, &head)?.page;
    let page = page_of(&state, form, number).await?;
    let act = Act::new("viewed_page_picture", "form", form);
    audit::record_part(
        state.database.pool(),
        signed_in.actor(),
        act,
        &number.to_string(),
    )
    .await?;
    let whole = Zone {
        x: 0.0,
        y: 0.0,
        width: size.width_mm,
        height: size.height_mm,
    };
    picture(state.pictures.whole(&page, whole).await)
}

#[derive(Template)]
#[template(path = "review_page.html", config = "src/web/askama.toml")]
struct WholePage {
    frame: Frame,
    form_id: Uuid,
    reference: String,
    page: u32,
}

/// A page of its own for a whole page of the form.
pub(in crate::web) async fn page(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path((form, number)): Path<(Uuid, u32)>,
) -> Result<Response, PageError> {
    let head = form_for(&state, &signed_in, form).await?;
    page_of(&state, form, number).await?;
    audit::record_part(
        state.database.pool(),
        signed_in.actor(),
        Act::new("viewed_page", "form", form),
        &number.to_string(),
    )
    .await?;
    let title = format!("Form {}, page {number}", head.reference);
    let frame = Frame::new(title, &signed_in, Section::Review).wide();
    Ok(render(&WholePage {
        frame,
        form_id: form,
        reference: head.reference,
        page: number,
    }))
}

/// The form, for whoever may see all that is written on it.
async fn form_for(
    state: &AppState,
    signed_in: &SignedIn,
    form: Uuid,
) -> Result<FormHead, PageError> {
    signed_in.must(Permission::SeeForms)?;
    let head = visible::form(state, signed_in, form).await?;
    visible::whereabouts(state, signed_in, form).await?;
    Ok(head)
}

/// The definition a form was printed from; without it nothing of the form can be shown.
pub(in crate::web) fn definition_of<'a>(
    state: &'a AppState,
    head: &FormHead,
) -> Result<&'a FormDefinition, PageError> {
    state.definition_of(head).ok_or_else(|| {
        let (id, version) = (&head.definition_id, head.definition_version);
        PageError::Broken(format!("no definition {id} version {version} is installed"))
    })
}

/// A page of a form.
pub(in crate::web) async fn page_of(
    state: &AppState,
    form: Uuid,
    number: u32,
) -> Result<FormPage, PageError> {
    let pages = review::pages(&state.database, form).await?;
    pages
        .into_iter()
        .find(|p| p.form_page == number)
        .ok_or(PageError::NotFound)
}

/// An answer with a picture.
pub(in crate::web) fn picture(made: Result<Bytes, PictureError>) -> Result<Response, PageError> {
    match made {
        Ok(png) => Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response()),
        Err(error) => Err(PageError::Broken(format!("no picture: {error}"))),
    }
}
