//! The link in a message by which its reader stops such messages: no sign-in, one click, nothing shown of anybody.
//!
//! Looking at the page changes nothing, because mail programs look at links by themselves; sending it does, with or
//! without the page (RFC 8058, section 3.1: a POST whose body is `List-Unsubscribe=One-Click`).

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use chrono::Utc;

use super::frame::Frame;
use super::page_error::{PageError, render};
use super::session::token_hash;
use super::state::AppState;
use crate::storage::contact_lists::{self, FamilyLink};
use crate::storage::register::withdrawal::{self, Said, Withdrawal};
use crate::storage::{Database, StorageError};

#[derive(Template)]
#[template(path = "stop.html", config = "src/web/askama.toml")]
struct StopPage {
    frame: Frame,
    token: String,
    messages: &'static str,
    done: bool,
}

async fn found(state: &AppState, token: &str) -> Result<FamilyLink, PageError> {
    let link = contact_lists::link(&state.database, &token_hash(token)).await?;
    link.ok_or(PageError::NotFound)
}

fn page(link: &FamilyLink, token: String, done: bool) -> Response {
    let messages = match link.purpose.as_str() {
        "contact.text" => "text messages",
        _ => "e-mails",
    };
    render(&StopPage {
        frame: Frame::bare("Stop messages"),
        token,
        messages,
        done,
    })
}

pub(super) async fn show(
    State(state): State<AppState>,
    Path(token): Path<String>,
) -> Result<Response, PageError> {
    let link = found(&state, &token).await?;
    Ok(page(&link, token, false))
}

/// Takes the consent back. Done twice it changes nothing.
pub(super) async fn stop(
    State(state): State<AppState>,
    Path(token): Path<String>,
) -> Result<Response, PageError> {
    let link = found(&state, &token).await?;
    let taken_back = Withdrawal {
        person: link.person,
        purpose: link.purpose.clone(),
        said: Said::ByLink,
        at: Utc::now(),
    };
    let storing = state.clone();
    let done = Database::uninterrupted(async move {
        let (database, sealer) = (&storing.database, &storing.sealer);
        withdrawal::withdraw(database, sealer, &storing.public_url, &taken_back).await
    });
    match done.await {
        Ok(()) | Err(StorageError::Conflict { .. }) => Ok(page(&link, token, true)),
        Err(error) => Err(error.into()),
    }
}
