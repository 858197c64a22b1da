//! For information governance: who is given records of families, on which terms, and what of a family was given to whom.

pub(super) mod disclosures;
mod form;
mod page;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::Utc;
use uuid::Uuid;

use super::frame::{Frame, Section, date};
use super::page_error::{PageError, render};
use super::routes::Routes;
use super::session::SignedIn;
use super::state::AppState;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::recipients::{self, Recipient};

pub(super) fn routes() -> Routes {
    Routes::default()
        .get("/recipients", list)
        .post("/recipients", form::register)
        .get("/recipients/new", form::new)
        .get("/recipients/{recipient}", page::show)
        .post("/recipients/{recipient}", form::change)
        .get("/recipients/{recipient}/change", form::show)
        .post("/recipients/{recipient}/revoke", page::revoke)
        .post("/recipients/{recipient}/token", page::give_token)
        .post(
            "/recipients/{recipient}/tokens/{token}/take-back",
            page::take_token_back,
        )
        .get(
            "/households/{household}/disclosures",
            disclosures::of_household,
        )
}

struct Row {
    id: Uuid,
    name: String,
    organisation: String,
    basis: &'static str,
    state: String,
    live: bool,
}

#[derive(Template)]
#[template(path = "recipients.html", config = "src/web/askama.toml")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
}

async fn list(State(state): State<AppState>, signed_in: SignedIn) -> Result<Response, PageError> {
    signed_in.must(Permission::Recipients)?;
    let act = Act::list("recipient");
    audit::record(state.database.pool(), signed_in.actor(), act).await?;
    let rows = recipients::list(&state.database).await?;
    Ok(render(&ListPage {
        frame: Frame::new("Sharing", &signed_in, Section::Sharing).wide(),
        rows: rows.into_iter().map(row).collect(),
    }))
}

fn row(recipient: Recipient) -> Row {
    Row {
        id: recipient.id,
        state: in_words(&recipient),
        live: recipient.is_live(Utc::now().date_naive()),
        organisation: recipient.terms.organisation_name().to_owned(),
        basis: recipient.terms.basis.title(),
        name: recipient.terms.name,
    }
}

/// Whether a recipient is given anything, and until when.
fn in_words(recipient: &Recipient) -> String {
    let until = date(recipient.terms.valid_until);
    match recipient.revoked_at {
        Some(at) => format!("Cut off on {}", date(at.date_naive())),
        None if recipient.is_live(Utc::now().date_naive()) => format!("Until {until}"),
        None => format!("Ran out on {until}"),
    }
}
