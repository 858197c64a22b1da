//! A scan of one page of a form, sent from the page of its pages: a better one, or one of a page that is missing.

use axum::extract::multipart::Multipart;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{changed_meanwhile, in_words, open_form, show};
use crate::decoding::{DecodeError, DecodeLimits, FileKind};
use crate::storage::accounts::Permission;
use crate::storage::documents::original_key;
use crate::storage::page_plan::{self, NewScan, PlanError};
use crate::storage::{Database, StorageError};
use crate::web::page_error::PageError;
use crate::web::posted::same_token;
use crate::web::reception::upload::{read, safe_name, too_large_or_malformed};
use crate::web::reception::{CENTRES, UPLOADS};
use crate::web::review::evidence::definition_of;
use crate::web::session::SignedIn;
use crate::web::state::AppState;

/// What was sent.
#[derive(Default)]
struct Sent {
    page: Option<u32>,
    version: Option<i32>,
    file: Option<(String, Option<Bytes>)>,
}

pub(super) async fn add(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
    parts: Multipart,
) -> Result<Response, PageError> {
    signed_in.must(Permission::CheckForms)?;
    let sent = receive(&signed_in, parts).await?;
    let head = match open_form(&state, &signed_in, id, StatusCode::CONFLICT).await? {
        Ok(head) => head,
        Err(page) => return Ok(*page),
    };
    let definition = definition_of(&state, &head)?;
    let page = sent
        .page
        .filter(|page| (1..=definition.pages).contains(page));
    let version = sent.version.ok_or(PageError::Malformed)?;
    let again = async |target: &'static str, text: String| {
        show::page(&state, &signed_in, &head, &[], &[(target, text)]).await
    };
    let Some(page) = page else {
        return again("scan-page", "Select which page it is".into()).await;
    };
    let Some((name, bytes)) = sent.file else {
        return again("scan-file", "Select a file".into()).await;
    };
    let Some(bytes) = bytes else {
        return again("scan-file", "The file must be smaller than 50 MB".into()).await;
    };
    if let Err(text) = one_page(&state, &bytes).await? {
        return again("scan-file", text).await;
    }
    let sha256: [u8; 32] = Sha256::digest(&bytes).into();
    if page_plan::is_known(&state.database, &sha256).await? {
        let text = "This very file has come in before. Scan the page once more";
        return again("scan-file", text.into()).await;
    }
    let kind = FileKind::of(&bytes).media_type();
    let media_type = kind.map_or("application/octet-stream", |(media_type, _)| media_type);
    let size_bytes = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    // Where only Enrol itself writes: nobody else hears of it, so that it is not taken for a scan that came in.
    if let Err(error) = state
        .objects
        .put(&original_key(&sha256), bytes, media_type)
        .await
    {
        tracing::error!(%error, "a scan of a page could not be stored");
        let text = "The file could not be stored. Try again in a minute";
        return again("scan-file", text.into()).await;
    }
    let centre = crate::storage::centres::of_form(&state.database, id).await?;
    let place = centre.map_or_else(String::new, |code| format!("{CENTRES}{code}/"));
    let scan = NewScan {
        form_id: id,
        version,
        form_page: page,
        bucket: state.objects.bucket().to_owned(),
        name: format!("{place}{UPLOADS}pages/{}/{name}", Uuid::now_v7().simple()),
        size_bytes,
        sha256,
    };
    let (working, definition, me) = (state.clone(), definition.clone(), signed_in.account.id);
    let done = Database::uninterrupted(async move {
        let (database, sealer) = (&working.database, &working.sealer);
        page_plan::add(database, sealer, &definition, me, &scan).await
    })
    .await;
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/review/{id}/pages")).into_response()),
        Err(PlanError::Changed | PlanError::Storage(StorageError::Conflict { .. })) => {
            Ok(changed_meanwhile(id))
        }
        Err(PlanError::Storage(error)) => Err(error.into()),
        Err(error) => again("scan-file", in_words(&error).unwrap_or_default()).await,
    }
}

/// Takes the parts apart. The token stands before the file: without it not a byte is kept.
async fn receive(signed_in: &SignedIn, mut parts: Multipart) -> Result<Sent, PageError> {
    let (mut sent, mut genuine) = (Sent::default(), false);
    while let Some(part) = parts
        .next_field()
        .await
        .map_err(|e| too_large_or_malformed(&e))?
    {
        match part.name() {
            Some("csrf") => {
                let token = part.text().await.map_err(|_| PageError::Malformed)?;
                genuine = same_token(&token, &signed_in.csrf);
            }
            _ if !genuine => return Err(PageError::Token),
            Some("page") => sent.page = number(part.text().await),
            Some("version") => sent.version = number(part.text().await),
            Some("file") => {
                let name = safe_name(part.file_name().unwrap_or_default());
                if !name.is_empty() {
                    sent.file = Some((name, read(part).await?));
                }
            }
            _ => {}
        }
    }
    if genuine {
        Ok(sent)
    } else {
        Err(PageError::Token)
    }
}

fn number<T: std::str::FromStr, E>(text: Result<String, E>) -> Option<T> {
    text.ok()?.parse().ok()
}

/// Whether it is a file with exactly one page that can be opened; what is wrong otherwise.
async fn one_page(state: &AppState, bytes: &Bytes) -> Result<Result<(), String>, PageError> {
    let limits = DecodeLimits {
        max_pages: 1,
        ..DecodeLimits::default()
    };
    Ok(match state.pictures.decode(bytes.clone(), limits).await {
        Ok(()) => Ok(()),
        Err(DecodeError::TooManyPages { .. }) => {
            Err("The file has more than one page. Scan this one page on its own".to_owned())
        }
        Err(error) => Err(error.reason().trim_end_matches('.').to_owned()),
    })
}
