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

use crate::web::routes::Routes;

/// The addresses of the desk.
pub(in crate::web) fn routes() -> Routes {
    Routes::default()
        .get("/review/{form}/desk", page::show)
        .post("/review/{form}/desk", save::save)
        .post("/review/{form}/desk/keep", save::keep)
        .post("/review/{form}/desk/test", save::test)
        .post("/review/{form}/desk/undo", save::undo)
        .get("/review/{form}/desk/finish", finish::show)
        .post("/review/{form}/desk/finish", finish::submit)
        .get("/review/keys", keys::show)
        .post("/review/keys", keys::save)
}
