//! The clerk itself.

use std::collections::BTreeSet;

use reqwest::{Client, Response, StatusCode};
use uuid::Uuid;

use super::filled::filled;
use super::review_page::{self, ReviewPage};
use super::truth::{Expected, Truth};

/// Corrections of one form before it is given back.
const ROUNDS: usize = 3;

/// Why the clerk cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ClerkError {
    /// The web server cannot be reached; trying again may help.
    #[error("the web pages cannot be reached")]
    Unreachable(#[from] reqwest::Error),
    /// User name and password were refused.
    #[error("sign-in was refused: {0}")]
    SignIn(String),
    /// A page is not what it should be.
    #[error("unexpected page: {status}, {heading}")]
    Page {
        /// Status of the answer.
        status: StatusCode,
        /// Heading of the page.
        heading: String,
    },
}

/// What became of one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A record was made.
    Settled {
        /// Reference of the form.
        reference: String,
        /// Fields that asked for a decision.
        decided: usize,
        /// Fields the page did not take the truth for and that were marked as not readable.
        given_up: Vec<String>,
    },
    /// The form was left alone or given back.
    Skipped {
        /// Reference of the form.
        reference: String,
        /// Why.
        why: String,
    },
}

/// What the clerk did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Forms in the order in which they were taken.
    pub outcomes: Vec<Outcome>,
}

impl Report {
    /// Number of records made.
    pub fn settled(&self) -> usize {
        self.outcomes
            .iter()
            .filter(|o| matches!(o, Outcome::Settled { .. }))
            .count()
    }
}

/// A clerk who is signed in.
pub struct Clerk {
    client: Client,
    base_url: String,
    /// Forms it cannot do: not tried again.
    passed_over: BTreeSet<String>,
}

impl Clerk {
    /// Signs in at the pages under `base_url`.
    ///
    /// # Errors
    /// [`ClerkError::SignIn`] when the account is refused; [`ClerkError::Unreachable`] may pass.
    pub async fn sign_in(
        base_url: &str,
        user_name: &str,
        password: &str,
    ) -> Result<Self, ClerkError> {
        let client = Client::builder()
            .cookie_store(true)
            .timeout(std::time::Duration::from_secs(60))
            .build()?;
        let base_url = base_url.trim_end_matches('/').to_owned();
        let clerk = Self {
            client,
            base_url,
            passed_over: BTreeSet::new(),
        };
        let page = clerk.get("/sign-in").await?;
        let csrf = review_page::hidden(&page, "csrf").unwrap_or_default();
        let sent = [
            ("csrf", csrf.as_str()),
            ("next", "/review"),
            ("user_name", user_name),
            ("password", password),
        ];
        let answer = clerk
            .client
            .post(clerk.url("/sign-in"))
            .form(&sent)
            .send()
            .await?;
        let arrived = answer.status().is_success() && answer.url().path() == "/review";
        if arrived {
            Ok(clerk)
        } else {
            Err(ClerkError::SignIn(review_page::heading(
                &answer.text().await?,
            )))
        }
    }

    /// Settles at most `how_many` forms of the list for which there is a truth.
    ///
    /// # Errors
    /// See [`ClerkError`]. Forms that cannot be settled are reported, not errors.
    pub async fn settle(
        &mut self,
        truths: &[Truth],
        how_many: usize,
    ) -> Result<Report, ClerkError> {
        let mut report = Report::default();
        while report.settled() < how_many {
            let Some(outcome) = self.settle_next(truths).await? else {
                break;
            };
            report.outcomes.push(outcome);
        }
        Ok(report)
    }

    /// Settles the oldest form that it has not passed over; `None` when there is none.
    ///
    /// # Errors
    /// See [`ClerkError`].
    pub async fn settle_next(&mut self, truths: &[Truth]) -> Result<Option<Outcome>, ClerkError> {
        let list = self.get("/review").await?;
        let next = review_page::listed(&list)
            .into_iter()
            .find(|(path, _)| !self.passed_over.contains(path));
        let Some((path, reference)) = next else {
            return Ok(None);
        };
        let outcome = self.work_on(&path, reference, truths).await?;
        if matches!(outcome, Outcome::Skipped { .. }) {
            self.passed_over.insert(path);
        }
        Ok(Some(outcome))
    }

    /// Settles this form, whose truth is known.
    ///
    /// # Errors
    /// See [`ClerkError`].
    pub async fn settle_form(&self, form: Uuid, truth: &Truth) -> Result<Outcome, ClerkError> {
        let path = format!("/review/{form}");
        self.work_on(&path, form.to_string(), std::slice::from_ref(truth))
            .await
    }

    async fn work_on(
        &self,
        path: &str,
        reference: String,
        truths: &[Truth],
    ) -> Result<Outcome, ClerkError> {
        let html = self.get(path).await?;
        let Some(mut page) = review_page::review(&html) else {
            let why = review_page::heading(&html);
            return Ok(Outcome::Skipped { reference, why });
        };
        let recognised = truths
            .iter()
            .find(|t| t.is_of(page.set_number.as_deref(), &page.scans));
        let Some(truth) = recognised.filter(|t| t.expected == Expected::Record) else {
            let why = "nobody told me what is written on it".to_owned();
            self.give_back(path, &page).await?;
            return Ok(Outcome::Skipped { reference, why });
        };
        let decided = page.fields.iter().filter(|f| f.attention).count();
        let mut given_up = BTreeSet::new();
        for _ in 0..ROUNDS {
            let sent = filled(&page, truth, &given_up);
            let answer = self.client.post(self.url(path)).form(&sent).send().await?;
            match answer.status() {
                StatusCode::OK if answer.url().query().is_some_and(|q| q.starts_with("done=")) => {
                    let given_up = given_up.into_iter().collect();
                    return Ok(Outcome::Settled {
                        reference,
                        decided,
                        given_up,
                    });
                }
                StatusCode::UNPROCESSABLE_ENTITY => {
                    let html = answer.text().await?;
                    page = review_page::review(&html)
                        .ok_or_else(|| unexpected(StatusCode::OK, &html))?;
                    given_up.extend(page.complaints.iter().cloned());
                }
                StatusCode::CONFLICT => {
                    let why = review_page::heading(&answer.text().await?);
                    return Ok(Outcome::Skipped { reference, why });
                }
                status => return Err(unexpected(status, &answer.text().await?)),
            }
        }
        self.give_back(path, &page).await?;
        let why = format!("the page does not take: {}", page.complaints.join(", "));
        Ok(Outcome::Skipped { reference, why })
    }

    /// Says of every form that waits under *Same person?* that its people are those whom the pages mark as the same, and
    /// new where they mark nobody. Returns how many forms were settled by that.
    ///
    /// # Errors
    /// See [`ClerkError`].
    pub async fn decide_who_is_on_record(&mut self) -> Result<usize, ClerkError> {
        let mut settled = 0;
        for path in review_page::waiting_for_matching(&self.get("/matching").await?) {
            let Some(sent) = review_page::same_person(&self.get(&path).await?) else {
                continue;
            };
            let answer = self.client.post(self.url(&path)).form(&sent).send().await?;
            let done = answer.url().query().is_some_and(|q| q.starts_with("done="));
            read(answer).await?;
            settled += usize::from(done);
        }
        Ok(settled)
    }

    async fn give_back(&self, path: &str, page: &ReviewPage) -> Result<(), ClerkError> {
        let answer = self
            .client
            .post(self.url(&format!("{path}/release")))
            .form(&page.hidden)
            .send()
            .await?;
        read(answer).await.map(drop)
    }

    async fn get(&self, path: &str) -> Result<String, ClerkError> {
        read(self.client.get(self.url(path)).send().await?).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }
}

async fn read(answer: Response) -> Result<String, ClerkError> {
    let status = answer.status();
    let html = answer.text().await?;
    if status.is_success() {
        Ok(html)
    } else {
        Err(unexpected(status, &html))
    }
}

fn unexpected(status: StatusCode, html: &str) -> ClerkError {
    ClerkError::Page {
        status,
        heading: review_page::heading(html),
    }
}
