//! Bearer tokens of other systems.

use std::time::Instant;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use uuid::Uuid;

use super::problem::Problem;
use crate::domain::recipient::Terms;
use crate::storage::api_tokens;
use crate::storage::audit::Actor;
use crate::storage::recipients;
use crate::web::session::token_hash;
use crate::web::state::AppState;

/// The recipient that asks. As an argument of a handler it keeps out whoever has no token that is good today, and
/// whoever asks too often.
pub(super) struct Recipient(pub recipients::Recipient);

impl Recipient {
    /// Fails when the token does not open `scope`.
    pub fn must(&self, scope: &'static str) -> Result<(), Problem> {
        if self.may(scope) {
            Ok(())
        } else {
            Err(Problem::NoScope(scope))
        }
    }

    /// For the audit trail.
    pub fn actor(&self) -> Actor {
        Actor::Recipient(self.0.id)
    }

    /// Its id.
    pub fn id(&self) -> Uuid {
        self.0.id
    }

    /// What was agreed with it.
    pub fn terms(&self) -> &Terms {
        &self.0.terms
    }

    /// Whether the token opens `scope`.
    pub fn may(&self, scope: &str) -> bool {
        self.0.terms.scopes.iter().any(|s| s == scope)
    }
}

impl FromRequestParts<AppState> for Recipient {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let header = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|h| h.to_str().ok());
        let token = header
            .and_then(|h| h.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let (_, token) = token.ok_or(Problem::NoToken)?;
        let known = api_tokens::find(&state.database, &token_hash(token.trim())).await?;
        let known = known.ok_or(Problem::NoToken)?;
        let allowed = state.api_rate.take(known.id, Instant::now());
        allowed.map_err(Problem::TooMany)?;
        Ok(Self(known))
    }
}

/// Tells readers of the description how to send the token.
pub(super) struct Scheme;

impl Modify for Scheme {
    fn modify(&self, openapi: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The token of a registered recipient"))
            .build();
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}
