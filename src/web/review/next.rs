//! The next form: claimed for whoever asks, so that two clerks never get the same.

use axum::extract::State;
use axum::response::Redirect;

use crate::storage::accounts::Permission;
use crate::storage::queue;
use crate::web::page_error::PageError;
use crate::web::posted::Posted;
use crate::web::state::AppState;

pub(in crate::web) async fn next(
    State(state): State<AppState>,
    posted: Posted,
) -> Result<Redirect, PageError> {
    posted.signed_in.must(Permission::CheckForms)?;
    let centre = posted.first("centre").filter(|c| !c.is_empty());
    let me = posted.signed_in.account.id;
    Ok(
        match queue::next(&state.database, &posted.signed_in.scope(), me, centre).await? {
            Some(form) => Redirect::to(&format!("/review/{form}/desk")),
            None => Redirect::to("/review?none=1"),
        },
    )
}
