//! The provider: what it offers, the way there, and what a code is worth.

use std::sync::Arc;
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, LogoutRequest, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout,
    RedirectUrl, Scope, StandardErrorResponse, StandardTokenResponse, TokenResponse,
};
use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use url::Url;

use super::claims::{Claims, Newcomer, Refusal};
use super::http::{Http, HttpError};
use crate::config::SignIn;
use crate::domain::role::Role;

/// How long what the provider offers is remembered. It changes its keys from time to time.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);

type Fields = IdTokenFields<
    Claims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type OidcClient = Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why signing in with the provider does not work. No text holds anything of a token or a person.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The configuration cannot be used.
    #[error("sign_in.{key}: {problem}")]
    Configuration {
        /// Which setting.
        key: &'static str,
        /// What to do about it.
        problem: String,
    },
    /// No answer, or not the one that was expected.
    #[error("the sign-in provider cannot be used: {0}")]
    Provider(String),
    /// The token is not one for us, now, in answer to this request.
    #[error("the sign-in provider's token was not accepted: {0}")]
    Token(String),
}

/// A way to the provider that was begun.
pub(super) struct Departure {
    pub url: Url,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

/// Somebody who came back.
pub(super) struct Returned {
    pub newcomer: Result<Newcomer, Refusal>,
    pub display_name: String,
}

/// The configured provider.
pub struct Provider {
    rules: SignIn,
    issuer: IssuerUrl,
    redirect: RedirectUrl,
    after_sign_out: String,
    http: Http,
    offered: Mutex<Option<(Instant, Arc<ProviderMetadataWithLogout>)>>,
}

impl Provider {
    /// The provider of the configuration, where there is one. It is asked for the first time when somebody signs in, so
    /// that a provider that is down does not keep the server from starting.
    ///
    /// # Errors
    /// [`OidcError::Configuration`].
    pub fn new(rules: &SignIn, public_url: &str) -> Result<Option<Self>, OidcError> {
        if !rules.has_provider() {
            return Ok(None);
        }
        let wrong = |key, problem: &str| OidcError::Configuration {
            key,
            problem: problem.to_owned(),
        };
        let issuer = IssuerUrl::new(rules.issuer.clone())
            .map_err(|_| wrong("issuer", "is not an address"))?;
        if !safe(issuer.url()) {
            return Err(wrong("issuer", "must begin with https://"));
        }
        if rules.client_id.is_empty() {
            return Err(wrong("client_id", "is not set"));
        }
        if let Some(role) = rules.roles.values().find(|r| Role::parse(r).is_none()) {
            let names = Role::ALL.map(Role::as_str).join(", ");
            return Err(wrong(
                "roles",
                &format!("{role} is no role; there are {names}"),
            ));
        }
        if rules.roles.is_empty() {
            return Err(wrong(
                "roles",
                "is empty: nobody could come in. Say which value of the claim is which role",
            ));
        }
        let redirect = RedirectUrl::new(format!("{public_url}/sign-in/return"))
            .map_err(|_| wrong("issuer", "needs web.public_url to be an address"))?;
        Ok(Some(Self {
            rules: rules.clone(),
            issuer,
            redirect,
            after_sign_out: format!("{public_url}/sign-in"),
            http: Http::new().map_err(unusable)?,
            offered: Mutex::default(),
        }))
    }

    /// Where the browser goes: for the policy that says where forms may lead.
    pub fn origin(&self) -> String {
        self.issuer.url().origin().ascii_serialization()
    }

    /// Address of the provider, which is part of what people are known by.
    pub fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// Text of the button.
    pub fn button(&self) -> &str {
        &self.rules.button
    }

    async fn offered(&self) -> Result<Arc<ProviderMetadataWithLogout>, OidcError> {
        let mut offered = self.offered.lock().await;
        if let Some((at, known)) = offered.as_ref()
            && at.elapsed() < REMEMBERED
        {
            return Ok(Arc::clone(known));
        }
        let found = ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &self.http)
            .await
            .map_err(|error| OidcError::Provider(error.to_string()))?;
        let found = Arc::new(found);
        *offered = Some((Instant::now(), Arc::clone(&found)));
        Ok(found)
    }

    async fn client(&self) -> Result<OidcClient, OidcError> {
        let offered = self.offered().await?;
        let secret = self.rules.client_secret.expose_secret();
        let client = Client::from_provider_metadata(
            ProviderMetadataWithLogout::clone(&offered),
            ClientId::new(self.rules.client_id.clone()),
            (!secret.is_empty()).then(|| ClientSecret::new(secret.to_owned())),
        );
        Ok(client.set_redirect_uri(self.redirect.clone()))
    }

    /// The way to the provider.
    pub(super) async fn depart(&self) -> Result<Departure, OidcError> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client().await?;
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge);
        for scope in &self.rules.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (url, state, nonce) = request.url();
        Ok(Departure {
            url,
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        })
    }

    /// Who the code stands for. The token has been checked: issuer, audience, signature, expiry and nonce.
    pub(super) async fn redeem(
        &self,
        code: String,
        nonce: String,
        verifier: String,
    ) -> Result<Returned, OidcError> {
        let client = self.client().await?;
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(unusable)?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(&self.http)
            .await
            .map_err(|error| OidcError::Token(error.to_string()))?;
        let token = answer
            .id_token()
            .ok_or_else(|| OidcError::Token("there is no ID token".to_owned()))?;
        let checked = token.claims(&client.id_token_verifier(), &Nonce::new(nonce));
        let claims = match checked {
            Ok(claims) => claims,
            Err(error) => {
                // The provider may have changed its keys since it was asked what it offers.
                *self.offered.lock().await = None;
                return Err(OidcError::Token(error.to_string()));
            }
        };
        let named = claims.name().and_then(|name| name.get(None));
        Ok(Returned {
            newcomer: claims
                .additional_claims()
                .newcomer(claims.subject(), &self.rules),
            display_name: named.map_or_else(|| "Colleague".to_owned(), |name| name.to_string()),
        })
    }

    /// Where signing out goes on at the provider, where it offers that.
    pub async fn sign_out_url(&self) -> Option<Url> {
        let offered = self.offered().await.ok()?;
        let endpoint = offered
            .additional_metadata()
            .end_session_endpoint
            .clone()
            .filter(|endpoint| safe(endpoint.url()))?;
        let back = PostLogoutRedirectUrl::new(self.after_sign_out.clone()).ok()?;
        let request = LogoutRequest::from(endpoint)
            .set_client_id(ClientId::new(self.rules.client_id.clone()))
            .set_post_logout_redirect_uri(back);
        Some(request.http_get_url())
    }
}

fn unusable(error: impl std::error::Error) -> OidcError {
    OidcError::Provider(error.to_string())
}

impl From<HttpError> for OidcError {
    fn from(error: HttpError) -> Self {
        unusable(error)
    }
}

/// Over TLS, or on this machine.
fn safe(url: &Url) -> bool {
    let here = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && here)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(issuer: &str) -> SignIn {
        SignIn {
            issuer: issuer.to_owned(),
            client_id: "enrol".into(),
            roles: [("a".to_owned(), "clerk".to_owned())].into(),
            ..SignIn::default()
        }
    }

    fn refused(rules: &SignIn) -> String {
        match Provider::new(rules, "https://enrol.example.org") {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_cannot_work_is_refused_when_the_server_starts() {
        assert_eq!(refused(&rules("https://id.example.org/t/v2.0")), "");
        assert_eq!(refused(&rules("http://127.0.0.1:9000")), "");
        assert!(refused(&rules("http://id.example.org")).contains("https://"));
        assert!(refused(&rules("id.example.org")).contains("not an address"));
        let mut wrong = rules("https://id.example.org");
        wrong.roles.insert("b".into(), "boss".into());
        assert!(refused(&wrong).contains("boss is no role"));
        wrong.roles.clear();
        assert!(refused(&wrong).contains("nobody could come in"));
    }
}
