//! Who is signed in: a random token in a cookie, its hash in the database.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use rand::RngCore;
use sha2::{Digest, Sha256};

use super::page_error::PageError;
use super::state::AppState;
use crate::storage::accounts::{self, Account, Role, SessionLimits};
use crate::storage::audit::Actor;

/// A shared office computer with children's data on it: a quarter of an hour without a request, a working day in all.
pub(super) const LIMITS: SessionLimits = SessionLimits {
    idle: TimeDelta::minutes(15),
    absolute: TimeDelta::hours(10),
};

/// 256 random bits as text for a cookie, a form or a header.
pub fn random_token() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is stored of a token.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// A session cookie called `name`. Over TLS its prefix keeps other hosts and plain connections from setting it.
pub(super) fn cookie(name: &'static str, value: String, secure: bool) -> Cookie<'static> {
    Cookie::build((cookie_name(name, secure), value))
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax)
        .build()
}

/// The name under which a cookie travels.
pub(super) fn cookie_name(name: &'static str, secure: bool) -> String {
    if secure {
        format!("__Host-{name}")
    } else {
        name.to_owned()
    }
}

/// Name of the session's cookie.
pub(super) const SESSION: &str = "enrol_session";

/// A person with a session. As an argument of a handler it keeps everybody else out.
#[derive(Clone)]
pub(super) struct SignedIn {
    pub account: Account,
    pub csrf: String,
    pub token_hash: Vec<u8>,
}

impl SignedIn {
    /// For the audit trail.
    pub fn actor(&self) -> Actor {
        Actor::Account(self.account.id)
    }

    /// Fails when the person has none of `roles`. Supervisors may do everything.
    pub fn must_be(&self, role: Role) -> Result<(), PageError> {
        if self.may(role) {
            Ok(())
        } else {
            Err(PageError::Forbidden)
        }
    }

    /// Whether the person may do what `role` may.
    pub fn may(&self, role: Role) -> bool {
        self.account.role == role || self.account.role == Role::Supervisor
    }
}

impl OptionalFromRequestParts<AppState> for SignedIn {
    type Rejection = PageError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &AppState,
    ) -> Result<Option<Self>, PageError> {
        let jar = CookieJar::from_headers(&parts.headers);
        let Some(cookie) = jar.get(&cookie_name(SESSION, state.secure())) else {
            return Ok(None);
        };
        let token_hash = token_hash(cookie.value());
        let session = accounts::session(&state.database, &token_hash, LIMITS).await?;
        Ok(session.map(|s| Self {
            account: s.account,
            csrf: s.csrf_token,
            token_hash,
        }))
    }
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, PageError> {
        let signed_in =
            <Self as OptionalFromRequestParts<AppState>>::from_request_parts(parts, state).await?;
        signed_in.ok_or_else(|| {
            let get = parts.method == axum::http::Method::GET;
            PageError::SignIn {
                next: if get {
                    parts.uri.path().to_owned()
                } else {
                    "/".to_owned()
                },
            }
        })
    }
}
