//! Errors of the API as `application/problem+json` (RFC 9457).

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::storage::StorageError;

/// Why the API does not answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// No token, or one that is not (any longer) known.
    #[error("no valid token")]
    NoToken,
    /// The token does not open this.
    #[error("scope {0} missing")]
    NoScope(&'static str),
    /// What was sent cannot be taken; the text says why and what to do.
    #[error("refused")]
    Refused(String),
    /// The record is not in a state in which this can be done.
    #[error("conflict")]
    Conflict,
    /// The recipient has no queue that events could be put into.
    #[error("no queue")]
    NoQueue,
    /// Too many requests; so many seconds until the next is allowed.
    #[error("too many requests")]
    TooMany(u64),
    /// Something other than the database does not answer; try again.
    #[error("not available")]
    Unavailable,
    /// No such record.
    #[error("not found")]
    NotFound,
    /// The database failed; try again.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// An error.
#[derive(Serialize, ToSchema)]
pub(super) struct ProblemView {
    /// What kind of problem it is.
    #[schema(example = "urn:enrol:problem:scope-missing")]
    r#type: &'static str,
    /// The kind in words.
    title: &'static str,
    /// HTTP status.
    status: u16,
    /// What to do.
    detail: String,
}

fn unavailable() -> (StatusCode, &'static str, &'static str, String) {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "urn:enrol:problem:unavailable",
        "Not available",
        "Try again in a minute.".to_owned(),
    )
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, kind, title, detail) = match &self {
            Self::NoToken => (
                StatusCode::UNAUTHORIZED,
                "urn:enrol:problem:token-missing",
                "No valid token",
                "Send the header Authorization: Bearer with the token of a registered recipient."
                    .to_owned(),
            ),
            Self::NoScope(scope) => (
                StatusCode::FORBIDDEN,
                "urn:enrol:problem:scope-missing",
                "The token does not open this",
                format!("The token needs the scope {scope}."),
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "urn:enrol:problem:not-found",
                "Not found",
                "There is no such record.".to_owned(),
            ),
            Self::Refused(why) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "urn:enrol:problem:refused",
                "Not taken",
                format!("{}.", why.trim_end_matches('.')),
            ),
            Self::Conflict => (
                StatusCode::CONFLICT,
                "urn:enrol:problem:conflict",
                "Not possible now",
                "It is in another state than this needs. Ask for it again and see.".to_owned(),
            ),
            Self::NoQueue => (
                StatusCode::CONFLICT,
                "urn:enrol:problem:no-queue",
                "No queue",
                "Events of this recipient are not put into a queue. Ask for them with GET /api/events.".to_owned(),
            ),
            Self::TooMany(seconds) => (
                StatusCode::TOO_MANY_REQUESTS,
                "urn:enrol:problem:too-many-requests",
                "Too many requests",
                format!("Ask again in {seconds} s."),
            ),
            Self::Unavailable => unavailable(),
            Self::Storage(error) => {
                tracing::error!(?error, "an API request failed");
                unavailable()
            }
        };
        let body = ProblemView {
            r#type: kind,
            title,
            status: status.as_u16(),
            detail,
        };
        let headers = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, headers, Json(body)).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/problem+json"),
        );
        if let Self::TooMany(seconds) = self {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            let challenge = header::HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
