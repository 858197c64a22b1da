//! Signing in with a provider: OpenID Connect, authorization code with PKCE, state and nonce.
//!
//! The browser is sent to the provider and comes back with a code, which is good once, from the browser that set out,
//! for ten minutes. The provider's token is checked (issuer, audience, signature, expiry, nonce) and then thrown away:
//! what stays is an account known by the provider's address and the person's id there.

mod claims;
mod http;
pub(super) mod pages;
mod provider;

pub(super) use provider::{OidcError, Provider};
