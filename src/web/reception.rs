//! Reception: upload scans, and see what became of each, in plain words.

use askama::Template;
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

use super::frame::{Frame, Section, date_time};
use super::page_error::{PageError, render};
use super::posted::same_token;
use super::session::SignedIn;
use super::state::AppState;
use crate::decoding::FileKind;
use crate::storage::accounts::Role;
use crate::storage::audit::{self, Act};
use crate::storage::reception::{self, Scan, ScanForm, ScanPage};

/// Largest file, in bytes.
const FILE_LIMIT: usize = 50 * 1024 * 1024;
/// Largest upload in all, in bytes.
pub(super) const UPLOAD_LIMIT: usize = 500 * 1024 * 1024;
const ROWS: i64 = 50;
/// Where the keys of files uploaded on this page begin.
const UPLOADS: &str = "reception/";

struct Outcome {
    state: &'static str,
    colour: &'static str,
    link: Option<(String, String)>,
    reason: Option<String>,
}

struct Row {
    id: Uuid,
    name: String,
    received: String,
    outcomes: Vec<Outcome>,
}

struct PageRow {
    number: i32,
    what: String,
    reason: Option<String>,
}

#[derive(Template)]
#[template(path = "reception.html", config = "src/web/askama.toml")]
struct ReceptionPage {
    frame: Frame,
    csrf: String,
    error: Option<Vec<String>>,
    sent: usize,
    rows: Vec<Row>,
    older: Option<String>,
}

#[derive(Template)]
#[template(path = "scan.html", config = "src/web/askama.toml")]
struct ScanView {
    frame: Frame,
    row: Row,
    size: String,
    pages: Vec<PageRow>,
}

#[derive(Deserialize)]
pub(super) struct ListQuery {
    sent: Option<usize>,
    before: Option<DateTime<Utc>>,
}

pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Query(query): Query<ListQuery>,
) -> Result<Response, PageError> {
    signed_in.must_be(Role::Reception)?;
    page(
        &state,
        &signed_in,
        None,
        query.sent.unwrap_or(0),
        query.before,
    )
    .await
}

async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    error: Option<Vec<String>>,
    sent: usize,
    before: Option<DateTime<Utc>>,
) -> Result<Response, PageError> {
    let scans = reception::recent(&state.database, before, ROWS).await?;
    let full = scans.len() >= usize::try_from(ROWS).unwrap_or(usize::MAX);
    let last = scans.last().map(|s| {
        s.received_at
            .to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
    });
    let status = if error.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let view = ReceptionPage {
        frame: Frame {
            error: error.is_some(),
            ..Frame::new("Scans", signed_in, Section::Reception)
        },
        csrf: signed_in.csrf.clone(),
        error,
        sent,
        rows: scans.iter().map(|scan| row(scan, signed_in)).collect(),
        older: last.filter(|_| full),
    };
    Ok((status, render(&view)).into_response())
}

pub(super) async fn scan(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must_be(Role::Reception)?;
    let scan = reception::scan(&state.database, id)
        .await?
        .ok_or(PageError::NotFound)?;
    audit::record(
        state.database.pool(),
        signed_in.actor(),
        Act::new("viewed", "document", id),
    )
    .await?;
    let view = ScanView {
        frame: Frame::new("Scan", &signed_in, Section::Reception),
        row: row(&scan, &signed_in),
        size: in_units(scan.size_bytes),
        pages: scan.pages.iter().map(page_row).collect(),
    };
    Ok(render(&view))
}

fn row(scan: &Scan, signed_in: &SignedIn) -> Row {
    Row {
        id: scan.id,
        name: shown_name(&scan.object_key).to_owned(),
        received: date_time(scan.received_at),
        outcomes: outcomes(scan, signed_in.may(Role::Clerk)),
    }
}

/// What a person knows a scan by: the name of the file that was uploaded here, or the whole key of one that came by
/// another way, because scanners call all their files the same.
fn shown_name(key: &str) -> &str {
    match key.strip_prefix(UPLOADS) {
        Some(rest) => rest.rsplit('/').next().unwrap_or(rest),
        None => key,
    }
}

fn outcomes(scan: &Scan, clerk: bool) -> Vec<Outcome> {
    let plain = |state, colour| Outcome {
        state,
        colour,
        link: None,
        reason: scan.reason.clone(),
    };
    match scan.state.as_str() {
        "received" => vec![plain("Waiting to be read", "govuk-tag--grey")],
        "reading" => vec![plain("Being read", "govuk-tag--blue")],
        "quarantined" => vec![plain("Refused", "govuk-tag--red")],
        "duplicate" => {
            let earlier = scan.repeats.map_or_else(
                || "The same file arrived before.".to_owned(),
                |at| {
                    format!(
                        "The same file arrived on {}. There is nothing to do.",
                        date_time(at)
                    )
                },
            );
            vec![Outcome {
                reason: Some(earlier),
                ..plain("Duplicate", "govuk-tag--grey")
            }]
        }
        _ => {
            let mut outcomes: Vec<Outcome> =
                scan.forms.iter().map(|f| form_outcome(f, clerk)).collect();
            let pages = scan
                .pages
                .iter()
                .filter(|p| matches!(p.outcome.as_str(), "exception" | "quarantined"));
            let duplicates = scan.pages.iter().filter(|p| p.outcome == "duplicate");
            for page in pages {
                let reason = page
                    .reason
                    .as_ref()
                    .map(|r| format!("Page {}: {r}", page.number));
                outcomes.push(Outcome {
                    reason,
                    ..plain("Needs somebody", "govuk-tag--orange")
                });
            }
            for page in duplicates {
                let reason = page
                    .reason
                    .clone()
                    .unwrap_or_else(|| "It was scanned before.".to_owned());
                let reason = Some(format!("Page {}: {reason}", page.number));
                outcomes.push(Outcome {
                    reason,
                    ..plain("Duplicate page", "govuk-tag--grey")
                });
            }
            if outcomes.is_empty() {
                outcomes.push(match scan.state.as_str() {
                    "exception" => plain("Needs somebody", "govuk-tag--orange"),
                    _ => plain("Read", "govuk-tag--grey"),
                });
            }
            outcomes
        }
    }
}

fn form_outcome(form: &ScanForm, clerk: bool) -> Outcome {
    let (state, colour) = match form.state.as_str() {
        "settled" => ("Done", "govuk-tag--green"),
        "in_review" => ("Waiting for a clerk", "govuk-tag--blue"),
        "second_keying" => ("Waiting for a second clerk", "govuk-tag--blue"),
        "incomplete" => ("Page missing", "govuk-tag--orange"),
        _ => ("Set aside", "govuk-tag--orange"),
    };
    // Reception quotes the reference; only who may open the form gets a link that opens.
    let href = if clerk {
        format!("/review/{}", form.id)
    } else {
        String::new()
    };
    Outcome {
        state,
        colour,
        link: Some((href, format!("Form {}", form.reference))),
        reason: form.reason.clone(),
    }
}

fn page_row(page: &ScanPage) -> PageRow {
    let what = match (page.outcome.as_str(), page.form_page, &page.reference) {
        ("in_form", Some(number), Some(reference)) => format!("Page {number} of form {reference}"),
        ("blank", ..) => "Blank".to_owned(),
        ("duplicate", ..) => "Scanned before".to_owned(),
        ("quarantined", ..) => "Refused".to_owned(),
        _ => "Needs somebody".to_owned(),
    };
    PageRow {
        number: page.number,
        what,
        reason: page.reason.clone(),
    }
}

fn in_units(bytes: i64) -> String {
    match bytes {
        ..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// Takes files into the bucket; intake hears of them as of every other object.
pub(super) async fn upload(
    State(state): State<AppState>,
    signed_in: SignedIn,
    mut parts: Multipart,
) -> Result<Response, PageError> {
    signed_in.must_be(Role::Reception)?;
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
            Some("files") if genuine => match take(&state, part).await? {
                Taken::Stored => sent += 1,
                Taken::Refused(why) => errors.push(why),
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
    if !errors.is_empty() {
        return page(&state, &signed_in, Some(errors), sent, None).await;
    }
    let act = Act {
        action: "uploaded",
        subject: "document",
        subject_id: None,
    };
    audit::record(state.database.pool(), signed_in.actor(), act).await?;
    Ok(Redirect::to(&format!("/reception?sent={sent}")).into_response())
}

enum Taken {
    Stored,
    Refused(String),
    NoFile,
}

async fn take(state: &AppState, part: Field<'_>) -> Result<Taken, PageError> {
    let name = safe_name(part.file_name().unwrap_or_default());
    if name.is_empty() {
        return Ok(Taken::NoFile);
    }
    let Some(bytes) = read(part).await? else {
        return Ok(Taken::Refused(format!(
            "{name} must be smaller than 50 MB. Scan at 300 dpi or less"
        )));
    };
    if bytes.is_empty() {
        return Ok(Taken::Refused(format!(
            "{name} is empty. Scan the form again"
        )));
    }
    let kind = FileKind::of(&bytes);
    let Some((media_type, _)) = kind.media_type() else {
        return Ok(Taken::Refused(format!("{name}: {}", kind.advice())));
    };
    let day = Utc::now().format("%Y/%m/%d");
    let key = format!("{UPLOADS}{day}/{}/{name}", Uuid::now_v7().simple());
    match state.objects.put(&key, bytes, media_type).await {
        Ok(_) => Ok(Taken::Stored),
        Err(error) => {
            tracing::error!(%error, "an upload could not be stored");
            Ok(Taken::Refused(format!(
                "{name} could not be stored. Try again in a minute"
            )))
        }
    }
}

/// The whole file, or nothing when it is too large.
async fn read(mut part: Field<'_>) -> Result<Option<Bytes>, PageError> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = part.chunk().await.map_err(|e| too_large_or_malformed(&e))? {
        // The rest of a file that is too large is read and thrown away: the browser is still sending it.
        if bytes.len() <= FILE_LIMIT {
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok((bytes.len() <= FILE_LIMIT).then(|| bytes.freeze()))
}

fn too_large_or_malformed(error: &axum::extract::multipart::MultipartError) -> PageError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => PageError::TooLarge,
        _ => PageError::Malformed,
    }
}

/// Longest part of a file's name kept in a key, in bytes: the S3 server of the local stack takes keys of about 150.
const LONGEST_NAME: usize = 90;

/// The name of an uploaded file without folders or signs that mean something in a key.
fn safe_name(name: &str) -> String {
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
        assert_eq!(safe_name(&"é".repeat(300)), "é".repeat(45));
    }

    #[test]
    fn an_upload_is_shown_by_its_name_and_any_other_scan_by_its_key() {
        assert_eq!(
            shown_name("reception/2026/11/23/0193/form 1.pdf"),
            "form 1.pdf"
        );
        assert_eq!(shown_name("scans/07/scan-1.jpg"), "scans/07/scan-1.jpg");
    }

    #[test]
    fn sizes_are_told_in_units_people_know() {
        assert_eq!(in_units(999), "999 bytes");
        assert_eq!(in_units(2_345_678), "2.3 MB");
    }
}
