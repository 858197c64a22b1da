//! Pictures of whole sheets as they were scanned, turned as somebody wants them.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::page_plan;
use crate::web::page_error::PageError;
use crate::web::picture::Source;
use crate::web::review::evidence::picture;
use crate::web::session::SignedIn;
use crate::web::state::AppState;
use crate::web::visible;

/// Longer side of a small picture in pixels, and of a large one.
const SMALL: u32 = 640;
const LARGE: u32 = 2000;

#[derive(Deserialize)]
pub(super) struct Look {
    #[serde(default)]
    turn: u32,
    #[serde(default)]
    large: bool,
}

pub(super) async fn sheet(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path((form, sheet)): Path<(Uuid, Uuid)>,
    Query(look): Query<Look>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::CheckForms)?;
    visible::form(&state, &signed_in, form).await?;
    visible::whereabouts(&state, &signed_in, form).await?;
    let (_, sheets) = page_plan::sheets(&state.database, &signed_in.scope(), form).await?;
    let sheet = sheets.into_iter().find(|s| s.id == sheet);
    let sheet = sheet.ok_or(PageError::NotFound)?;
    let act = Act::new("viewed_sheet", "document", sheet.document_id);
    let number = sheet.number.to_string();
    audit::record_part(state.database.pool(), signed_in.actor(), act, &number).await?;
    let source = Source {
        document_id: sheet.document_id,
        original_key: sheet.original_key,
        number: sheet.number,
    };
    let longer = if look.large { LARGE } else { SMALL };
    picture(state.pictures.sheet(&source, look.turn / 90, longer).await)
}
