//! The form in which terms are agreed and changed.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{NaiveDate, Utc};
use uuid::Uuid;

use super::page::token_page;
use crate::domain::recipient::{Basis, OTHER, Organisations, Terms, TermsProblem};
use crate::domain::recipient_fields::FieldGroup;
use crate::storage::accounts::Permission;
use crate::storage::{Database, StorageError, api_tokens, recipients};
use crate::web::SCOPE_TITLES;
use crate::web::frame::{Frame, Section};
use crate::web::page_error::{PageError, render};
use crate::web::posted::Posted;
use crate::web::session::{SignedIn, random_token, token_hash};
use crate::web::state::AppState;

/// A choice of the form.
struct Choice {
    value: String,
    text: String,
    chosen: bool,
}

/// What stands in the form.
#[derive(Default)]
struct Entered {
    organisation: String,
    name: String,
    contact: String,
    purpose: String,
    basis: String,
    responsible: String,
    scopes: Vec<String>,
    field_groups: Vec<String>,
    centres: String,
    has_queue: bool,
    valid_until: String,
    version: i32,
}

#[derive(Template)]
#[template(path = "recipient_form.html", config = "src/web/askama.toml")]
struct FormPage {
    frame: Frame,
    csrf: String,
    heading: &'static str,
    action: String,
    entered: Entered,
    inside: Vec<Choice>,
    outside: Vec<Choice>,
    other: bool,
    bases: Vec<Choice>,
    scopes: Vec<Choice>,
    field_groups: Vec<Choice>,
    errors: Vec<TermsProblem>,
}

impl FormPage {
    fn error(&self, field: &str) -> Option<&'static str> {
        self.errors
            .iter()
            .find(|e| e.field == field)
            .map(|e| e.text)
    }
}

impl Entered {
    fn of(posted: &Posted) -> Self {
        let first = |name: &str| posted.first(name).unwrap_or_default().trim().to_owned();
        let all = |name: &str| {
            let chosen = posted.fields.iter().filter(|(n, _)| n == name);
            chosen.map(|(_, value)| value.clone()).collect()
        };
        Self {
            organisation: first("organisation"),
            name: first("name"),
            contact: first("contact"),
            purpose: first("purpose"),
            basis: first("basis"),
            responsible: first("responsible"),
            scopes: all("scopes"),
            field_groups: all("field_groups"),
            centres: first("centres"),
            has_queue: first("has_queue") == "yes",
            valid_until: first("valid_until"),
            version: first("version").parse().unwrap_or_default(),
        }
    }

    fn from_terms(terms: Terms, version: i32) -> Self {
        let groups = terms.field_groups.iter();
        Self {
            organisation: terms.organisation,
            name: terms.name,
            contact: terms.contact,
            purpose: terms.purpose,
            basis: terms.basis.as_str().to_owned(),
            responsible: terms.responsible.unwrap_or_default(),
            scopes: terms.scopes,
            field_groups: groups.map(|g| g.as_str().to_owned()).collect(),
            centres: terms.centres.join(", "),
            has_queue: terms.has_queue,
            valid_until: terms.valid_until.to_string(),
            version,
        }
    }

    /// The terms, or what has to be put right first.
    fn terms(&self) -> Result<Terms, Vec<TermsProblem>> {
        let basis = Basis::parse(&self.basis);
        let valid_until: Option<NaiveDate> = self.valid_until.parse().ok();
        let scopes = self.scopes.iter();
        let groups = self
            .field_groups
            .iter()
            .filter_map(|g| FieldGroup::parse(g));
        let centres = self.centres.split([',', ' ']).map(str::trim);
        let terms = Terms {
            organisation: self.organisation.clone(),
            name: self.name.clone(),
            contact: self.contact.clone(),
            purpose: self.purpose.clone(),
            basis: basis.unwrap_or(Basis::PublicTask),
            responsible: Some(self.responsible.clone()).filter(|r| !r.is_empty()),
            scopes: scopes
                .filter(|s| SCOPE_TITLES.iter().any(|(scope, _)| scope == s))
                .cloned()
                .collect(),
            field_groups: groups.collect::<BTreeSet<_>>(),
            centres: centres
                .filter(|c| !c.is_empty())
                .map(str::to_uppercase)
                .collect(),
            has_queue: self.has_queue,
            valid_until: valid_until.unwrap_or_default(),
        };
        let mut problems = terms.problems(Utc::now().date_naive());
        if basis.is_none() {
            let problem = TermsProblem {
                field: "basis",
                text: "Select why it is lawful",
            };
            problems.push(problem);
        }
        if problems.is_empty() {
            Ok(terms)
        } else {
            Err(problems)
        }
    }
}

fn form_page(
    signed_in: &SignedIn,
    id: Option<Uuid>,
    entered: Entered,
    errors: Vec<TermsProblem>,
) -> FormPage {
    let heading = match id {
        None => "Register a recipient",
        Some(_) => "Change what was agreed",
    };
    let organisations = |inside: bool| {
        let those = Organisations::current()
            .all
            .iter()
            .filter(move |o| o.inside == inside);
        let choice = |o: &crate::domain::recipient::Organisation| Choice {
            value: o.code.clone(),
            text: o.name.clone(),
            chosen: o.code == entered.organisation,
        };
        those.map(choice).collect()
    };
    let choices = |all: Vec<(&str, &str)>, chosen: &[String]| {
        let choice = |(value, text): (&str, &str)| Choice {
            value: value.to_owned(),
            text: text.to_owned(),
            chosen: chosen.iter().any(|c| c == value),
        };
        all.into_iter().map(choice).collect()
    };
    let basis = std::slice::from_ref(&entered.basis);
    FormPage {
        frame: Frame {
            error: !errors.is_empty(),
            ..Frame::new(heading, signed_in, Section::Sharing)
        },
        csrf: signed_in.csrf.clone(),
        heading,
        action: id.map_or("/recipients".to_owned(), |id| format!("/recipients/{id}")),
        inside: organisations(true),
        outside: organisations(false),
        other: entered.organisation == OTHER,
        bases: choices(Basis::ALL.map(|b| (b.as_str(), b.title())).to_vec(), basis),
        scopes: choices(SCOPE_TITLES.to_vec(), &entered.scopes),
        field_groups: choices(
            FieldGroup::ALL.map(|g| (g.as_str(), g.title())).to_vec(),
            &entered.field_groups,
        ),
        entered,
        errors,
    }
}

fn not_taken(page: &FormPage) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, render(page)).into_response()
}

/// An empty form.
pub(super) async fn new(signed_in: SignedIn) -> Result<Response, PageError> {
    signed_in.must(Permission::Recipients)?;
    let page = form_page(&signed_in, None, Entered::default(), vec![]);
    Ok(render(&page))
}

/// The form with what was agreed.
pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::Recipients)?;
    let found = recipients::find(&state.database, id).await?;
    let found = found
        .filter(|r| r.revoked_at.is_none())
        .ok_or(PageError::NotFound)?;
    let entered = Entered::from_terms(found.terms, found.version);
    Ok(render(&form_page(&signed_in, Some(id), entered, vec![])))
}

/// Registers a recipient and shows its first token, once.
pub(super) async fn register(
    State(state): State<AppState>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::Recipients)?;
    let entered = Entered::of(&posted);
    let terms = match entered.terms() {
        Ok(terms) => terms,
        Err(problems) => {
            return Ok(not_taken(&form_page(
                &posted.signed_in,
                None,
                entered,
                problems,
            )));
        }
    };
    let (token, actor, database) = (
        random_token(),
        posted.signed_in.actor(),
        state.database.clone(),
    );
    let hash = token_hash(&token);
    let registered = Database::uninterrupted(async move {
        let id = recipients::register(&database, &terms, actor).await?;
        api_tokens::add(&database, id, &hash, actor).await?;
        Ok::<_, StorageError>(id)
    });
    let id = registered.await?;
    Ok(token_page(&posted.signed_in, id, token))
}

/// Puts new terms in place of those that the page showed.
pub(super) async fn change(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::Recipients)?;
    let entered = Entered::of(&posted);
    if recipients::find(&state.database, id).await?.is_none() {
        return Err(PageError::NotFound);
    }
    let terms = match entered.terms() {
        Ok(terms) => terms,
        Err(problems) => {
            return Ok(not_taken(&form_page(
                &posted.signed_in,
                Some(id),
                entered,
                problems,
            )));
        }
    };
    let (version, actor) = (entered.version, posted.signed_in.actor());
    let changed = Database::uninterrupted(async move {
        recipients::change(&state.database, id, version, &terms, actor).await
    });
    match changed.await {
        Ok(()) => Ok(Redirect::to(&format!("/recipients/{id}")).into_response()),
        Err(StorageError::Conflict { .. }) => {
            let problem = TermsProblem {
                field: "name",
                text: "Somebody else changed or cut off this recipient in the meantime. Open it again and see",
            };
            let page = form_page(&posted.signed_in, Some(id), entered, vec![problem]);
            Ok((StatusCode::CONFLICT, render(&page)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
