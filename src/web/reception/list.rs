//! The list of scans with what became of each, and one scan.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

use super::way::{Row, STEPS};
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::reception::{self, Scan, ScanPage};
use crate::web::frame::{Frame, Section};
use crate::web::page_error::{PageError, render};
use crate::web::session::SignedIn;
use crate::web::state::AppState;
use crate::web::visible;

const ROWS: i64 = 50;

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
    steps: u8,
    older: Option<String>,
    /// The centres to choose from, for somebody who works for several.
    centres: Vec<String>,
}

/// The part of the list that changes by itself.
#[derive(Template)]
#[template(path = "reception_rows.html", config = "src/web/askama.toml")]
struct Rows {
    rows: Vec<Row>,
    steps: u8,
}

#[derive(Template)]
#[template(path = "scan.html", config = "src/web/askama.toml")]
struct ScanView {
    frame: Frame,
    row: Row,
    steps: u8,
    size: String,
    pages: Vec<PageRow>,
}

#[derive(Deserialize)]
pub(in crate::web) struct ListQuery {
    sent: Option<usize>,
    before: Option<DateTime<Utc>>,
}

pub(in crate::web) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Query(query): Query<ListQuery>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::Scans)?;
    audit::record(
        state.database.pool(),
        signed_in.actor(),
        Act::list("document"),
    )
    .await?;
    page(
        &state,
        &signed_in,
        None,
        query.sent.unwrap_or(0),
        query.before,
    )
    .await
}

/// The newest rows alone, for the script that keeps the list up to date. Showing the list was noted; keeping it up to
/// date is part of that.
pub(in crate::web) async fn rows(
    State(state): State<AppState>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    signed_in.must(Permission::Scans)?;
    let scans = reception::recent(&state.database, &signed_in.scope(), None, ROWS).await?;
    Ok(render(&Rows {
        rows: in_rows(&scans, &signed_in),
        steps: STEPS,
    }))
}

fn in_rows(scans: &[Scan], signed_in: &SignedIn) -> Vec<Row> {
    let clerk = signed_in.can(Permission::CheckForms);
    scans.iter().map(|scan| Row::new(scan, clerk)).collect()
}

/// The page, with what went wrong with an upload.
pub(super) async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    error: Option<Vec<String>>,
    sent: usize,
    before: Option<DateTime<Utc>>,
) -> Result<Response, PageError> {
    let scans = reception::recent(&state.database, &signed_in.scope(), before, ROWS).await?;
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
        rows: in_rows(&scans, signed_in),
        steps: STEPS,
        older: last.filter(|_| full),
        centres: match signed_in.account.centres.as_slice() {
            [_] => vec![],
            several => several.to_vec(),
        },
    };
    Ok((status, render(&view)).into_response())
}

pub(in crate::web) async fn scan(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::Scans)?;
    let scan = visible::scan(&state, &signed_in, id).await?;
    audit::record(
        state.database.pool(),
        signed_in.actor(),
        Act::new("viewed", "document", id),
    )
    .await?;
    let view = ScanView {
        frame: Frame::new("Scan", &signed_in, Section::Reception),
        row: Row::new(&scan, signed_in.can(Permission::CheckForms)),
        steps: STEPS,
        size: in_units(scan.size_bytes),
        pages: scan.pages.iter().map(page_row).collect(),
    };
    Ok(render(&view))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_units_people_know() {
        assert_eq!(in_units(999), "999 bytes");
        assert_eq!(in_units(2_345_678), "2.3 MB");
    }
}
