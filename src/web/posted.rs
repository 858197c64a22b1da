//! A form sent by one of our own pages.

use axum::extract::{Form, FromRequest, FromRequestParts, Request};

use super::page_error::PageError;
use super::session::SignedIn;
use super::state::AppState;

/// Whether two tokens are the same, in time that does not depend on where they differ.
pub(super) fn same_token(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one
            .bytes()
            .zip(other.bytes())
            .fold(0, |differs, (a, b)| differs | (a ^ b))
            == 0
}

/// Whoever sent the form, and its fields in the order of the page. The session's token has been checked.
pub(super) struct Posted {
    pub signed_in: SignedIn,
    pub fields: Vec<(String, String)>,
}

impl Posted {
    /// The first field called `name`.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// The version of the form or record that the person saw.
    pub fn version(&self) -> Result<i32, PageError> {
        let version = self.first("version").and_then(|v| v.parse().ok());
        version.ok_or(PageError::Malformed)
    }
}

impl FromRequest<AppState> for Posted {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, PageError> {
        let (mut parts, body) = request.into_parts();
        let signed_in =
            <SignedIn as FromRequestParts<AppState>>::from_request_parts(&mut parts, state).await?;
        let request = Request::from_parts(parts, body);
        let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, state)
            .await
            .map_err(|_| PageError::Malformed)?;
        let posted = Self { signed_in, fields };
        let genuine = posted
            .first("csrf")
            .is_some_and(|token| same_token(token, &posted.signed_in.csrf));
        if genuine {
            Ok(posted)
        } else {
            Err(PageError::Token)
        }
    }
}
