//! The desk: one field at a time, with its picture, what it was read as, and a key for every answer.
//!
//! Every field that is confirmed is kept as a draft; the form is settled from the drafts at the end. All of it works
//! without JavaScript; the script adds keys, checks while typing, and keeps what is being typed.

mod advice;
mod finish;
mod keys;
mod page;
mod save;
mod steps;
mod suggestions;

pub(super) use advice::how_sure;

use axum::Router;
use axum::routing::{get, post};

use crate::web::state::AppState;

/// The addresses of the desk.
pub(in crate::web) fn routes() -> Router<AppState> {
    Router::new()
        .route("/review/{form}/desk", get(page::show).post(save::save))
        .route("/review/{form}/desk/keep", post(save::keep))
        .route("/review/{form}/desk/test", post(save::test))
        .route("/review/{form}/desk/undo", post(save::undo))
        .route(
            "/review/{form}/desk/finish",
            get(finish::show).post(finish::submit),
        )
        .route("/review/keys", get(keys::show).post(keys::save))
}
