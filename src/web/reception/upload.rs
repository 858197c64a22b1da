//! Files that people upload: into the bucket, where intake hears of them as of every other object.

use axum::Json;
use axum::extract::State;
use axum::extract::multipart::{Field, Multipart};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::{Bytes, BytesMut};
use chrono::Utc;
use uuid::Uuid;

use super::{CENTRES, UPLOADS, list};
use crate::decoding::FileKind;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::web::page_error::PageError;
use crate::web::posted::same_token;
use crate::web::session::SignedIn;
use crate::web::state::AppState;

/// Largest file, in bytes.
const FILE_LIMIT: usize = 50 * 1024 * 1024;
/// Largest upload in all, in bytes.
pub(in crate::web) const UPLOAD_LIMIT: usize = 500 * 1024 * 1024;

/// Takes files into the bucket. A script that sends them one by one asks for JSON: how many arrived, and what is wrong
/// with the others.
pub(in crate::web) async fn upload(
    State(state): State<AppState>,
    signed_in: SignedIn,
    headers: HeaderMap,
    mut parts: Multipart,
) -> Result<Response, PageError> {
    signed_in.must(Permission::Scans)?;
    let mut centre = match signed_in.account.centres.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    };
    let (mut genuine, mut sent, mut errors) = (false, 0, Vec::new());
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
            Some("centre") => {
                let chosen = part.text().await.map_err(|_| PageError::Malformed)?;
                if signed_in.account.centres.contains(&chosen) {
                    centre = Some(chosen);
                }
            }
            // Whoever works for some centres only would lose sight of a scan that belongs to none.
            Some("files")
                if genuine && centre.is_none() && !signed_in.account.centres.is_empty() =>
            {
                let advice = "Select the centre the forms were handed in at".to_owned();
                if !errors.contains(&advice) {
                    errors.push(advice);
                }
            }
            Some("files") if genuine => match take(&state, part, centre.as_deref()).await? {
                Taken::Stored(_) => sent += 1,
                Taken::Refused(why) | Taken::Unavailable(why) => errors.push(why),
                Taken::NoFile => {}
            },
            // The token stands before the files: without it not a byte of them is kept.
            Some("files") => return Err(PageError::Token),
            _ => {}
        }
    }
    if !genuine {
        return Err(PageError::Token);
    }
    if sent == 0 && errors.is_empty() {
        errors.push("Select a file".to_owned());
    }
    note(&state, &signed_in, sent).await?;
    if wants_json(&headers) {
        let status = if errors.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        let answer = serde_json::json!({ "sent": sent, "errors": errors });
        return Ok((status, Json(answer)).into_response());
    }
    if !errors.is_empty() {
        return list::page(&state, &signed_in, Some(errors), sent, None).await;
    }
    Ok(Redirect::to(&format!("/reception?sent={sent}")).into_response())
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    accepted.is_some_and(|types| types.starts_with("application/json"))
}

/// Notes that files came in, if any did.
async fn note(state: &AppState, signed_in: &SignedIn, sent: usize) -> Result<(), PageError> {
    if sent > 0 {
        let act = Act {
            action: "uploaded",
            subject: "document",
            subject_id: None,
        };
        audit::record(state.database.pool(), signed_in.actor(), act).await?;
    }
    Ok(())
}

/// What became of one uploaded file.
pub(in crate::web) enum Taken {
    /// It is in the bucket under this key.
    Stored(String),
    /// It was not taken; the text says what to do.
    Refused(String),
    /// The store does not answer; the text says so.
    Unavailable(String),
    /// No file was chosen.
    NoFile,
}

async fn take(state: &AppState, part: Field<'_>, centre: Option<&str>) -> Result<Taken, PageError> {
    let name = safe_name(part.file_name().unwrap_or_default());
    if name.is_empty() {
        return Ok(Taken::NoFile);
    }
    let Some(bytes) = read(part).await? else {
        return Ok(Taken::Refused(format!(
            "{name} must be smaller than 50 MB. Scan at 300 dpi or less"
        )));
    };
    Ok(store(state, &name, bytes, centre).await)
}

/// Puts a file into the bucket under a key of its own, which says the centre where there is one, unless it is nothing
/// that could be read.
pub(in crate::web) async fn store(
    state: &AppState,
    name: &str,
    bytes: Bytes,
    centre: Option<&str>,
) -> Taken {
    if bytes.is_empty() {
        return Taken::Refused(format!("{name} is empty. Scan the form again"));
    }
    let kind = FileKind::of(&bytes);
    let Some((media_type, _)) = kind.media_type() else {
        return Taken::Refused(format!("{name}: {}", kind.advice()));
    };
    let day = Utc::now().format("%Y/%m/%d");
    let place = centre.map_or_else(String::new, |code| format!("{CENTRES}{code}/"));
    let key = format!("{place}{UPLOADS}{day}/{}/{name}", Uuid::now_v7().simple());
    match state.objects.put(&key, bytes, media_type).await {
        Ok(_) => Taken::Stored(key),
        Err(error) => {
            tracing::error!(%error, "an upload could not be stored");
            Taken::Unavailable(format!("{name} could not be stored. Try again in a minute"))
        }
    }
}

/// The whole file, or nothing when it is too large.
pub(in crate::web) async fn read(mut part: Field<'_>) -> Result<Option<Bytes>, PageError> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = part.chunk().await.map_err(|e| too_large_or_malformed(&e))? {
        // The rest of a file that is too large is read and thrown away: the browser is still sending it.
        if bytes.len() <= FILE_LIMIT {
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok((bytes.len() <= FILE_LIMIT).then(|| bytes.freeze()))
}

pub(in crate::web) fn too_large_or_malformed(
    error: &axum::extract::multipart::MultipartError,
) -> PageError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => PageError::TooLarge,
        _ => PageError::Malformed,
    }
}

/// Longest part of a file's name kept in a key, in bytes: the S3 server of the local stack takes keys of about 150.
const LONGEST_NAME: usize = 64;

/// The name of an uploaded file without folders or signs that mean something in a key.
pub(in crate::web) fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let mut length = 0;
    let clean: String = last
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ' | '(' | ')') {
                c
            } else {
                '_'
            }
        })
        .take_while(|c| {
            length += c.len_utf8();
            length <= LONGEST_NAME
        })
        .collect();
    clean.trim_matches(['.', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_uploads_lead_nowhere_else() {
        assert_eq!(safe_name("../../etc/passwd"), "passwd");
        assert_eq!(safe_name("C:\\scans\\form 1.pdf"), "form 1.pdf");
        assert_eq!(safe_name(".."), "");
        assert_eq!(safe_name("a<b>?.pdf"), "a_b__.pdf");
        assert_eq!(safe_name(&"é".repeat(300)), "é".repeat(32));
    }
}
