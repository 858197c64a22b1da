//! Enrol's API, as far as the integrator needs it.

use std::future::Future;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde_json::Value as Json;

/// Why the API did not answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The token opens nothing any more: whoever gets this has been cut off and must drop everything.
    #[error("the token opens nothing: this recipient was cut off, or its token was taken back")]
    CutOff,
    /// Something that passes: trying again later helps.
    #[error("Enrol does not answer: {0}")]
    Later(String),
}

/// Some of the recipient's events, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventPage {
    /// The events.
    pub events: Vec<Json>,
    /// Number of the last event that was looked at, given or withheld.
    pub position: u64,
    /// Whether there are more.
    pub more: bool,
}

/// What the integrator asks Enrol for.
pub trait Register {
    /// The household, where it is given.
    fn household(&self, id: &str) -> impl Future<Output = Result<Option<Json>, AskError>> + Send;
    /// The household of a person, where it is given.
    fn household_of(
        &self,
        person: &str,
    ) -> impl Future<Output = Result<Option<String>, AskError>> + Send;
    /// Events after a number.
    fn events(&self, after: u64) -> impl Future<Output = Result<EventPage, AskError>> + Send;
    /// Id and revision of every household that is given.
    fn households(&self) -> impl Future<Output = Result<Vec<(String, String)>, AskError>> + Send;
}

/// The API over HTTP.
pub struct Api {
    client: Client,
    url: String,
    token: String,
}

impl Api {
    /// The API of the Enrol at `url`, with the recipient's token.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(url: &str, token: &str) -> reqwest::Result<Self> {
        Ok(Self {
            client: Client::builder().timeout(Duration::from_secs(30)).build()?,
            url: url.trim_end_matches('/').to_owned(),
            token: token.to_owned(),
        })
    }

    /// What is at `path`; nothing where there is nothing for this recipient.
    async fn get(&self, path: &str) -> Result<Option<Json>, AskError> {
        let later = |error: reqwest::Error| AskError::Later(error.without_url().to_string());
        let request = self
            .client
            .get(format!("{}{path}", self.url))
            .bearer_auth(&self.token);
        let answer = request.send().await.map_err(later)?;
        match answer.status() {
            StatusCode::OK => Ok(Some(answer.json().await.map_err(later)?)),
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::UNAUTHORIZED => Err(AskError::CutOff),
            status => Err(AskError::Later(status.to_string())),
        }
    }
}

impl Register for Api {
    async fn household(&self, id: &str) -> Result<Option<Json>, AskError> {
        self.get(&format!("/api/households/{id}")).await
    }

    async fn household_of(&self, person: &str) -> Result<Option<String>, AskError> {
        let answer = self.get(&format!("/api/service-users/{person}")).await?;
        Ok(answer.and_then(|record| Some(record["household_id"].as_str()?.to_owned())))
    }

    async fn events(&self, after: u64) -> Result<EventPage, AskError> {
        let answer = self.get(&format!("/api/events?after={after}")).await?;
        let answer = answer.ok_or_else(|| AskError::Later("no events here".to_owned()))?;
        Ok(EventPage {
            events: answer["events"].as_array().cloned().unwrap_or_default(),
            position: answer["position"].as_u64().unwrap_or(after),
            more: answer["more"].as_bool().unwrap_or(false),
        })
    }

    async fn households(&self) -> Result<Vec<(String, String)>, AskError> {
        let mut all: Vec<(String, String)> = Vec::new();
        loop {
            let after = all
                .last()
                .map(|(id, _)| format!("?after={id}"))
                .unwrap_or_default();
            let page = self.get(&format!("/api/households{after}")).await?;
            let page = page.ok_or_else(|| AskError::Later("no households here".to_owned()))?;
            let lines = page["households"].as_array().cloned().unwrap_or_default();
            let text = |line: &Json, name: &str| line[name].as_str().unwrap_or_default().to_owned();
            all.extend(
                lines
                    .iter()
                    .map(|line| (text(line, "id"), text(line, "revision"))),
            );
            if page["more"] != true {
                return Ok(all);
            }
        }
    }
}
