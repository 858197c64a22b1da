//! `/api/scans`: send scans, see what became of them, have one read again.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::bearer::Recipient;
use super::problem::{Problem, ProblemView};
use super::{SCANS_READ, SCANS_WRITE};
use crate::storage::audit::{self, Act};
use crate::storage::centres::Scope;
use crate::storage::reception::{self, Scan};
use crate::storage::{StorageError, exceptions};
use crate::web::reception::upload::{Taken, safe_name, store};
use crate::web::state::AppState;

/// Largest file, in bytes.
pub(super) const LIMIT: usize = 50 * 1024 * 1024;
/// Scans in one answer.
const ROWS: i64 = 50;

/// A file that arrived, and what became of it.
#[derive(Serialize, ToSchema)]
pub(super) struct ScanView {
    /// Id.
    #[schema(value_type = String, pattern = "^[0-9a-f-]{36}$")]
    id: Uuid,
    /// Name in the object store.
    object_key: String,
    /// When it arrived.
    #[schema(value_type = String, format = DateTime)]
    received_at: DateTime<Utc>,
    /// `received`, `reading`, `read`, `exception`, `quarantined` or `duplicate`.
    #[schema(example = "read")]
    state: String,
    /// What is wrong and what to do next, in plain words. Never holds anything from the form.
    reason: Option<String>,
    /// Size in bytes.
    size_bytes: i64,
    /// Forms that pages of this file belong to.
    forms: Vec<FormView>,
    /// Pages in the order of the file, once they have been read.
    pages: Vec<PageView>,
}

/// A form that was found in a scan.
#[derive(Serialize, ToSchema)]
pub(super) struct FormView {
    /// Id.
    #[schema(value_type = String, pattern = "^[0-9a-f-]{36}$")]
    id: Uuid,
    /// What people quote.
    #[schema(example = "F-000123")]
    reference: String,
    /// `incomplete`, `in_review`, `settled` or `set_aside`.
    #[schema(example = "in_review")]
    state: String,
    /// What is missing.
    reason: Option<String>,
}

/// One page of a scan.
#[derive(Serialize, ToSchema)]
pub(super) struct PageView {
    /// Page of the file, from 1.
    number: i32,
    /// `in_form`, `blank`, `exception`, `quarantined` or `duplicate`.
    #[schema(example = "in_form")]
    outcome: String,
    /// What is wrong.
    reason: Option<String>,
    /// Page of the form, from 1.
    form_page: Option<i32>,
}

impl From<Scan> for ScanView {
    fn from(scan: Scan) -> Self {
        let form = |f: reception::ScanForm| FormView {
            id: f.id,
            reference: f.reference,
            state: f.state,
            reason: f.reason,
        };
        let page = |p: reception::ScanPage| PageView {
            number: p.number,
            outcome: p.outcome,
            reason: p.reason,
            form_page: p.form_page,
        };
        Self {
            id: scan.id,
            object_key: scan.object_key,
            received_at: scan.received_at,
            state: scan.state,
            reason: scan.reason,
            size_bytes: scan.size_bytes,
            forms: scan.forms.into_iter().map(form).collect(),
            pages: scan.pages.into_iter().map(page).collect(),
        }
    }
}

/// Which scans to list.
#[derive(Deserialize, IntoParams)]
pub(super) struct ListQuery {
    /// Only those that arrived before this moment: the last one of the page before.
    #[param(value_type = Option<String>, format = DateTime)]
    before: Option<DateTime<Utc>>,
}

/// The scans that arrived last, newest first, 50 at a time.
#[utoipa::path(
    get,
    path = "/api/scans",
    params(ListQuery),
    responses(
        (status = 200, description = "Scans", body = Vec<ScanView>),
        (status = 401, description = "No valid token", body = ProblemView, content_type = "application/problem+json"),
        (status = 403, description = "Scope missing", body = ProblemView, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemView, content_type = "application/problem+json"),
    ),
    security(("token" = ["scans:read"]))
)]
pub(super) async fn list(
    State(state): State<AppState>,
    recipient: Recipient,
    Query(query): Query<ListQuery>,
) -> Result<Json<Vec<ScanView>>, Problem> {
    recipient.must(SCANS_READ)?;
    let scans = reception::recent(&state.database, &Scope::ALL, query.before, ROWS).await?;
    Ok(Json(scans.into_iter().map(ScanView::from).collect()))
}

/// One scan.
#[utoipa::path(
    get,
    path = "/api/scans/{scan}",
    params(("scan" = String, Path, description = "Id")),
    responses(
        (status = 200, description = "The scan", body = ScanView),
        (status = 401, description = "No valid token", body = ProblemView, content_type = "application/problem+json"),
        (status = 403, description = "Scope missing", body = ProblemView, content_type = "application/problem+json"),
        (status = 404, description = "No such scan", body = ProblemView, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemView, content_type = "application/problem+json"),
    ),
    security(("token" = ["scans:read"]))
)]
pub(super) async fn show(
    State(state): State<AppState>,
    recipient: Recipient,
    Path(id): Path<String>,
) -> Result<Json<ScanView>, Problem> {
    recipient.must(SCANS_READ)?;
    let id: Uuid = id.parse().map_err(|_| Problem::NotFound)?;
    let scan = reception::scan(&state.database, id).await?;
    Ok(Json(scan.ok_or(Problem::NotFound)?.into()))
}

/// How a scan that is sent shall be called.
#[derive(Deserialize, IntoParams)]
pub(super) struct SendQuery {
    /// Name of the file. Folders and signs that mean something in a key are taken out.
    #[param(example = "scan.pdf")]
    name: String,
}

/// Where a scan was put.
#[derive(Serialize, ToSchema)]
pub(super) struct Sent {
    /// Name in the object store. The scan appears in the list under it within seconds.
    object_key: String,
}

/// Sends a scan: PDF, TIFF, JPEG or PNG, at most 50 MB.
#[utoipa::path(
    post,
    path = "/api/scans",
    params(SendQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 202, description = "It is kept and will be read", body = Sent),
        (status = 401, description = "No valid token", body = ProblemView, content_type = "application/problem+json"),
        (status = 403, description = "Scope missing", body = ProblemView, content_type = "application/problem+json"),
        (status = 413, description = "Too large"),
        (status = 422, description = "Nothing that can be read", body = ProblemView, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemView, content_type = "application/problem+json"),
    ),
    security(("token" = ["scans:write"]))
)]
pub(super) async fn send(
    State(state): State<AppState>,
    recipient: Recipient,
    Query(query): Query<SendQuery>,
    body: Bytes,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    recipient.must(SCANS_WRITE)?;
    let name = safe_name(&query.name);
    if name.is_empty() {
        return Err(Problem::Refused("Give the file a name".to_owned()));
    }
    let act = Act {
        action: "uploaded",
        subject: "document",
        subject_id: None,
    };
    match store(&state, &name, body, None).await {
        Taken::Stored(object_key) => {
            audit::record(state.database.pool(), recipient.actor(), act).await?;
            Ok((StatusCode::ACCEPTED, Json(Sent { object_key })))
        }
        Taken::Refused(why) => Err(Problem::Refused(why)),
        Taken::Unavailable(_) | Taken::NoFile => Err(Problem::Unavailable),
    }
}

/// Has a scan read again from which no form came.
#[utoipa::path(
    post,
    path = "/api/scans/{scan}/read-again",
    params(("scan" = String, Path, description = "Id")),
    responses(
        (status = 204, description = "It will be read again"),
        (status = 401, description = "No valid token", body = ProblemView, content_type = "application/problem+json"),
        (status = 403, description = "Scope missing", body = ProblemView, content_type = "application/problem+json"),
        (status = 404, description = "No such scan", body = ProblemView, content_type = "application/problem+json"),
        (status = 409, description = "A form came of it, or it is being read", body = ProblemView, content_type = "application/problem+json"),
        (status = 503, description = "Try again", body = ProblemView, content_type = "application/problem+json"),
    ),
    security(("token" = ["scans:write"]))
)]
pub(super) async fn read_again(
    State(state): State<AppState>,
    recipient: Recipient,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    recipient.must(SCANS_WRITE)?;
    let id: Uuid = id.parse().map_err(|_| Problem::NotFound)?;
    if reception::scan(&state.database, id).await?.is_none() {
        return Err(Problem::NotFound);
    }
    match exceptions::read_again(&state.database, id, recipient.actor()).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(StorageError::Conflict { .. }) => Err(Problem::Conflict),
        Err(error) => Err(error.into()),
    }
}
