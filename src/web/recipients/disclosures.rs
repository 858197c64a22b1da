//! What of a family was given to whom.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use crate::domain::recipient::{Basis, Organisations};
use crate::domain::recipient_fields::FieldGroup;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::disclosures::{self, Noted};
use crate::web::frame::{Frame, Section, date_time};
use crate::web::page_error::{PageError, render};
use crate::web::session::SignedIn;
use crate::web::state::AppState;
use crate::web::visible;

/// Disclosures shown at most.
const ROWS: i64 = 500;

struct Row {
    at: String,
    recipient: String,
    organisation: String,
    what: String,
    how: String,
    basis: &'static str,
    purpose: String,
}

#[derive(Template)]
#[template(path = "disclosures.html", config = "src/web/askama.toml")]
struct DisclosuresPage {
    frame: Frame,
    household: Uuid,
    rows: Vec<Row>,
    full: bool,
}

pub(in crate::web) async fn of_household(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::SeeHouseholds)?;
    visible::household(&state, &signed_in, id).await?;
    let act = Act::new("listed_disclosures", "household", id);
    audit::record(state.database.pool(), signed_in.actor(), act).await?;
    let noted = disclosures::of_household(&state.database, id, ROWS).await?;
    Ok(render(&DisclosuresPage {
        frame: Frame::new("What was shared", &signed_in, Section::Elsewhere).wide(),
        household: id,
        full: noted.len() >= usize::try_from(ROWS).unwrap_or(usize::MAX),
        rows: noted.into_iter().map(row).collect(),
    }))
}

fn row(noted: Noted) -> Row {
    let groups: Vec<&str> = noted
        .field_groups
        .iter()
        .filter_map(|g| FieldGroup::parse(g))
        .map(FieldGroup::title)
        .collect();
    let parts = if groups.is_empty() {
        "Ids only: that the family is on record".to_owned()
    } else {
        groups.join(", ")
    };
    let whose = match noted.service_user_id {
        Some(_) => "One person: ",
        None => "",
    };
    let known = Organisations::current().find(&noted.organisation);
    Row {
        at: date_time(noted.at),
        recipient: noted.recipient,
        organisation: known.map_or("Another organisation", |o| &o.name).to_owned(),
        what: format!("{whose}{parts}"),
        how: noted.event_type.unwrap_or_else(|| "API".to_owned()),
        basis: Basis::parse(&noted.basis).map_or("", Basis::title),
        purpose: noted.purpose,
    }
}
