//! How the provider is asked: over TLS, without following redirects, with an end to waiting and to the length of answers.

use std::pin::Pin;
use std::time::Duration;

use axum::http::Response;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

/// How long the provider has for each answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer, in bytes: discovery documents and key sets have a few kB.
const LONGEST: usize = 1024 * 1024;

/// The provider did not answer, or not as it should.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    /// No connection, no answer in time, or no TLS.
    #[error("the provider cannot be reached")]
    Unreachable(#[from] reqwest::Error),
    /// Longer than anything a provider has to say.
    #[error("the provider's answer is too long")]
    TooLong,
    /// Not an HTTP message.
    #[error("the provider's answer cannot be understood")]
    Malformed(#[from] axum::http::Error),
}

/// Asks the provider.
#[derive(Clone)]
pub(super) struct Http(reqwest::Client);

impl Http {
    pub fn new() -> Result<Self, HttpError> {
        let client = reqwest::Client::builder()
            // A provider that sends us elsewhere must not make us fetch addresses of its choice.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT);
        Ok(Self(client.build()?))
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut answer = self.0.execute(request.try_into()?).await?;
        let mut response = Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            response = response.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST {
                return Err(HttpError::TooLong);
            }
        }
        Ok(response.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}
