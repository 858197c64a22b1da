//! Bearer tokens of other systems.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::problem::Problem;
use crate::storage::api_tokens::{self, ApiToken};
use crate::storage::audit::Actor;
use crate::web::session::token_hash;
use crate::web::state::AppState;

/// The system that asks. As an argument of a handler it keeps out whoever has no token.
pub(super) struct Recipient(pub ApiToken);

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

    /// Whether the token opens `scope`.
    pub fn may(&self, scope: &str) -> bool {
        self.0.scopes.iter().any(|s| s == scope)
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
        known.map(Self).ok_or(Problem::NoToken)
    }
}

/// Tells readers of the description how to send the token.
pub(super) struct Scheme;

impl Modify for Scheme {
    fn modify(&self, openapi: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token made with `enrol api-token add`"))
            .build();
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}
