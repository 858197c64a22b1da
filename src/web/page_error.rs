//! What people see when a page cannot be shown, and what is logged of it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::frame::Frame;
use crate::storage::StorageError;

/// Why a page is not shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    /// Nobody is signed in; the person goes on to `next` afterwards.
    #[error("not signed in")]
    SignIn {
        /// Path to go on to.
        next: String,
    },
    /// The person's role does not allow it.
    #[error("not allowed")]
    Forbidden,
    /// The page would show where a family is that must not be found.
    #[error("protected address")]
    Protected,
    /// There is no such page, or no such form, record or scan.
    #[error("not found")]
    NotFound,
    /// The form's token is missing or wrong.
    #[error("form token missing or wrong")]
    Token,
    /// The request was made by another site.
    #[error("request made by another site")]
    OtherSite,
    /// The body of a request is not what a page of ours sends.
    #[error("request cannot be understood")]
    Malformed,
    /// The upload is larger than allowed.
    #[error("upload too large")]
    TooLarge,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Something that should be there is not; the text holds no personal data.
    #[error("{0}")]
    Broken(String),
}

#[derive(Template)]
#[template(path = "message.html", config = "src/web/askama.toml")]
struct Message<'a> {
    frame: Frame,
    heading: &'a str,
    lines: &'a [&'a str],
    href: &'a str,
    link: &'a str,
}

/// A page with a heading, a few sentences and one link.
pub(super) fn message(
    status: StatusCode,
    heading: &str,
    lines: &[&str],
    (href, link): (&str, &str),
) -> Response {
    framed_message(status, Frame::bare(heading), heading, lines, (href, link))
}

/// The same in a frame of its own.
pub(super) fn framed_message(
    status: StatusCode,
    frame: Frame,
    heading: &str,
    lines: &[&str],
    (href, link): (&str, &str),
) -> Response {
    let page = Message {
        frame,
        heading,
        lines,
        href,
        link,
    };
    (status, render(&page)).into_response()
}

/// The page as HTML.
pub(super) fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "The page cannot be shown.",
            )
                .into_response()
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        const HOME: (&str, &str) = ("/", "Go to the first page");
        match self {
            Self::SignIn { next } => {
                let next = percent_encoding::utf8_percent_encode(
                    &next,
                    percent_encoding::NON_ALPHANUMERIC,
                );
                Redirect::to(&format!("/sign-in?next={next}")).into_response()
            }
            Self::Forbidden => message(
                StatusCode::FORBIDDEN,
                "You cannot use this page",
                &["Your account does not include it. Ask a supervisor if you need it."],
                HOME,
            ),
            Self::Protected => message(
                StatusCode::FORBIDDEN,
                "Protected: ask the safeguarding lead",
                &["Where this family lives is kept from all but the safeguarding lead."],
                HOME,
            ),
            Self::NotFound => message(
                StatusCode::NOT_FOUND,
                "Page not found",
                &[
                    "If you typed the address, check it. If you followed a link, what it led to may be gone.",
                ],
                HOME,
            ),
            Self::Token | Self::OtherSite => message(
                StatusCode::FORBIDDEN,
                "Nothing was stored",
                &[
                    "The page you sent did not come from this session, so it was not accepted.",
                    "Go back, load the page again and send it once more.",
                ],
                HOME,
            ),
            Self::Malformed => message(
                StatusCode::BAD_REQUEST,
                "Nothing was stored",
                &[
                    "What your browser sent cannot be understood. Load the page again and send it once more.",
                ],
                HOME,
            ),
            Self::TooLarge => message(
                StatusCode::PAYLOAD_TOO_LARGE,
                "The upload is too large",
                &["Upload fewer files at a time. Each may have up to 50 MB."],
                ("/reception", "Back to the scans"),
            ),
            Self::Storage(ref error) => {
                tracing::error!(?error, "a page failed");
                broken()
            }
            Self::Broken(ref error) => {
                tracing::error!(error, "a page failed");
                broken()
            }
        }
    }
}

fn broken() -> Response {
    message(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Sorry, there is a problem",
        &[
            "Nothing was stored. Try again in a minute. If it happens again, tell whoever looks after Enrol.",
        ],
        ("/", "Go to the first page"),
    )
}

/// Answers requests for pages that do not exist.
pub(super) async fn not_found() -> Response {
    PageError::NotFound.into_response()
}

/// Answers a request whose handler panicked. What it said may hold personal data and is not logged here.
pub(super) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a page handler panicked");
    broken()
}
