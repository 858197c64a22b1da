//! Who is signed in: a random token in a cookie, its hash in the database.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use rand::RngCore;
use sha2::{Digest, Sha256};

use super::page_error::PageError;
use super::state::AppState;
use crate::storage::accounts::{Account, Permission, Role};
use crate::storage::audit::Actor;
use crate::storage::centres::Scope;
use crate::storage::sessions::{self, SessionLimits};

/// A page that asks for news by itself says so with this header, so that its asking does not keep a session alive that
/// nobody uses. Streams of events are known by what they accept.
const BACKGROUND: &str = "x-enrol-background";

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
    /// When the session ends if nothing more is asked for, and when whatever happens.
    pub ends: Ends,
}

/// When a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    /// How long it lasts without a request.
    pub idle: TimeDelta,
    /// When it is over in any case.
    pub at: DateTime<Utc>,
}

impl SignedIn {
    /// For the audit trail.
    pub fn actor(&self) -> Actor {
        Actor::Account(self.account.id)
    }

    /// Whether one of the person's roles includes `permission`.
    pub fn can(&self, permission: Permission) -> bool {
        let includes = |role: &Role| role.permissions().contains(&permission);
        self.account.roles.iter().any(includes)
    }

    /// Fails when none of the person's roles includes `permission`.
    pub fn must(&self, permission: Permission) -> Result<(), PageError> {
        if self.can(permission) {
            Ok(())
        } else {
            Err(PageError::Forbidden)
        }
    }

    /// The centres whose papers the person may see.
    pub fn scope(&self) -> Scope {
        Scope::new(&self.account.roles, &self.account.centres)
    }
}

/// Whether a request was made by a page and not by the person in front of it.
fn asks_by_itself(headers: &HeaderMap) -> bool {
    let streams = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/event-stream"));
    streams || headers.contains_key(BACKGROUND)
}

/// The limits that the configuration sets.
pub(super) fn limits(config: &crate::config::SignIn) -> SessionLimits {
    SessionLimits {
        idle: TimeDelta::minutes(config.idle_minutes.max(1).into()),
        absolute: TimeDelta::hours(config.absolute_hours.max(1).into()),
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
        let in_use = !asks_by_itself(&parts.headers);
        let limits = state.session_limits;
        let session = sessions::find(&state.database, &token_hash, limits, in_use).await?;
        Ok(session.map(|s| Self {
            account: s.account,
            csrf: s.csrf_token,
            token_hash,
            ends: Ends {
                idle: limits.idle,
                at: s.expires_at,
            },
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
