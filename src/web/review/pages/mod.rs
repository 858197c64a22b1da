//! The pages of a form put right by people: to another place or form, turned, left out, scanned anew.
//!
//! Whoever changes pages is first told what it does to what was read and answered so far; then it is done, and can be
//! undone until the form is settled.

mod change;
mod effects;
mod picture;
mod scan;
mod show;
mod wanted;

use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

use crate::storage::accounts::Permission;
use crate::storage::page_plan::PlanError;
use crate::storage::review::{self, FormHead};
use crate::web::page_error::{PageError, message};
use crate::web::routes::Routes;
use crate::web::session::SignedIn;
use crate::web::state::AppState;
use crate::web::visible;

/// Addresses of the pages of a form.
pub(in crate::web) fn routes() -> Routes {
    Routes::default()
        .get("/review/{form}/pages", show::show)
        .post("/review/{form}/pages", change::change)
        .post("/review/{form}/pages/undo", change::undo)
        .get("/review/{form}/sheets/{sheet}", picture::sheet)
}

/// The address to which a scan of a page is sent, which may be larger than other requests.
pub(in crate::web) fn uploads() -> Routes {
    Routes::default().post("/review/{form}/pages/scan", scan::add)
}

/// The form, if its pages may be changed now and by this person; else what to answer. A form that waits for a clerk is
/// claimed.
async fn open_form(
    state: &AppState,
    signed_in: &SignedIn,
    id: Uuid,
    refused: StatusCode,
) -> Result<Result<FormHead, Box<Response>>, PageError> {
    signed_in.must(Permission::CheckForms)?;
    let head = visible::form(state, signed_in, id).await?;
    match head.state.as_str() {
        "incomplete" => Ok(Ok(head)),
        "in_review" => {
            let holder = review::claim(&state.database, id, signed_in.account.id).await?;
            Ok(match holder {
                None => Ok(head),
                Some(holder) => {
                    let page = super::form::held(&head, &holder, signed_in, refused, vec![]);
                    Err(Box::new(page))
                }
            })
        }
        _ => {
            let page = super::form::closed(&head, signed_in, refused, vec![]);
            Ok(Err(Box::new(page)))
        }
    }
}

/// What is wrong with a change, as a sentence without a full stop; nothing where it is not the person's doing.
fn in_words(error: &PlanError) -> Option<String> {
    Some(match error {
        PlanError::Nothing => "Nothing would change: choose another place or turn for a sheet".into(),
        PlanError::Twice(page) => {
            format!("Two sheets would be page {page} of the same form: put one of them somewhere else")
        }
        PlanError::NoSuchPage(page) => format!("There is no page {page} on this form"),
        PlanError::NoneLeft => {
            "No sheet would be left in this form: set the form aside instead, if nothing of it is ours".into()
        }
        PlanError::NotKept => "A file of this form was not kept, so that it cannot be read again".into(),
        PlanError::Held(name) => format!("{name} is working on a form that would change too"),
        PlanError::Changed | PlanError::Storage(_) => return None,
    })
}

/// The page that says that somebody was quicker.
fn changed_meanwhile(form: Uuid) -> Response {
    message(
        StatusCode::CONFLICT,
        "Nothing was changed",
        &[
            "The pages were changed since you looked at them, or one of the forms does not wait any more.",
        ],
        (
            &format!("/review/{form}/pages"),
            "Look at the pages as they are now",
        ),
    )
}
