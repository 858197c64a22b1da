//! One recipient: what was agreed, its tokens, and how it is cut off.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{Days, Utc};
use uuid::Uuid;

use super::in_words;
use crate::domain::recipient_fields::FieldGroup;
use crate::messaging::topology;
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::recipients::{self, Recipient};
use crate::storage::{Database, api_tokens, disclosures};
use crate::web::SCOPE_TITLES;
use crate::web::frame::{Frame, Section, date_time};
use crate::web::page_error::{PageError, render};
use crate::web::posted::Posted;
use crate::web::session::{SignedIn, random_token, token_hash};
use crate::web::state::AppState;

/// Longest reason kept, in characters; shortest that can say anything.
const REASON: std::ops::RangeInclusive<usize> = 10..=500;

struct TokenRow {
    id: Uuid,
    given: String,
    taken_back: Option<String>,
}

#[derive(Template)]
#[template(path = "recipient.html", config = "src/web/askama.toml")]
struct RecipientPage {
    frame: Frame,
    csrf: String,
    id: Uuid,
    name: String,
    state: String,
    in_force: bool,
    rows: Vec<(&'static str, String)>,
    tokens: Vec<TokenRow>,
    error: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "recipient_token.html", config = "src/web/askama.toml")]
struct TokenPage {
    frame: Frame,
    id: Uuid,
    token: String,
}

/// The page on which a token is shown, once.
pub(super) fn token_page(signed_in: &SignedIn, id: Uuid, token: String) -> Response {
    render(&TokenPage {
        frame: Frame::new("New token", signed_in, Section::Sharing),
        id,
        token,
    })
}

pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::Recipients)?;
    page(&state, &signed_in, id, None).await
}

async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    id: Uuid,
    error: Option<&'static str>,
) -> Result<Response, PageError> {
    let found = recipients::find(&state.database, id).await?;
    let recipient = found.ok_or(PageError::NotFound)?;
    let act = Act::new("viewed", "recipient", id);
    audit::record(state.database.pool(), signed_in.actor(), act).await?;
    let month = Utc::now() - Days::new(30);
    let given = disclosures::count_of(&state.database, id, month).await?;
    let tokens = api_tokens::of_recipient(&state.database, id).await?;
    let token = |t: api_tokens::ApiToken| TokenRow {
        id: t.id,
        given: date_time(t.created_at),
        taken_back: t.revoked_at.map(date_time),
    };
    let page = RecipientPage {
        frame: Frame {
            error: error.is_some(),
            ..Frame::new("Recipient", signed_in, Section::Sharing)
        },
        csrf: signed_in.csrf.clone(),
        id,
        state: in_words(&recipient),
        in_force: recipient.revoked_at.is_none(),
        rows: rows(&recipient, given),
        name: recipient.terms.name,
        tokens: tokens.into_iter().map(token).collect(),
        error,
    };
    let status = match error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok((status, render(&page)).into_response())
}

fn rows(recipient: &Recipient, given: i64) -> Vec<(&'static str, String)> {
    let terms = &recipient.terms;
    let scope = |s: &String| {
        let known = SCOPE_TITLES.iter().find(|(scope, _)| scope == s);
        known.map_or_else(|| s.clone(), |(_, title)| (*title).to_owned())
    };
    let groups: Vec<&str> = terms
        .field_groups
        .iter()
        .map(|g: &FieldGroup| g.title())
        .collect();
    let scopes: Vec<String> = terms.scopes.iter().map(scope).collect();
    let mut rows = vec![
        ("Organisation", terms.organisation_name().to_owned()),
        ("Contact", terms.contact.clone()),
        ("Purpose", terms.purpose.clone()),
        ("Lawful basis", terms.basis.title().to_owned()),
    ];
    if let Some(responsible) = &terms.responsible {
        rows.push(("Answers for it", responsible.clone()));
    }
    let centres = if terms.centres.is_empty() {
        "All".to_owned()
    } else {
        terms.centres.join(", ")
    };
    let families = if terms.basis.needs_agreement() {
        "Only those that said yes to sharing"
    } else {
        "All of its centres"
    };
    rows.extend([
        ("May", scopes.join(", ")),
        ("Is given", groups.join(", ")),
        ("Centres", centres),
        ("Families", families.to_owned()),
        (
            "Given in the last 30 days",
            format!("{given} records and events"),
        ),
    ]);
    if terms.has_queue {
        rows.push(("Queue", topology::recipient_queue(recipient.id)));
    }
    if let Some(reason) = &recipient.revoked_reason {
        rows.push(("Cut off because", reason.clone()));
    }
    rows
}

/// Cuts the recipient off.
pub(super) async fn revoke(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::Recipients)?;
    let reason = posted.first("reason").unwrap_or_default().trim().to_owned();
    if !REASON.contains(&reason.chars().count()) {
        const SAY: &str = "Enter why, in 10 to 500 characters and without names of families";
        return page(&state, &posted.signed_in, id, Some(SAY)).await;
    }
    let actor = posted.signed_in.actor();
    Database::uninterrupted(async move {
        recipients::revoke(&state.database, id, &reason, actor).await
    })
    .await
    .map_err(not_there)?;
    Ok(Redirect::to(&format!("/recipients/{id}")).into_response())
}

/// Gives out one more token and shows it, once.
pub(super) async fn give_token(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::Recipients)?;
    let token = random_token();
    let (hash, actor) = (token_hash(&token), posted.signed_in.actor());
    Database::uninterrupted(
        async move { api_tokens::add(&state.database, id, &hash, actor).await },
    )
    .await
    .map_err(not_there)?;
    Ok(token_page(&posted.signed_in, id, token))
}

/// Takes one token back.
pub(super) async fn take_token_back(
    State(state): State<AppState>,
    Path((id, token)): Path<(Uuid, Uuid)>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::Recipients)?;
    let tokens = api_tokens::of_recipient(&state.database, id).await?;
    if !tokens.iter().any(|t| t.id == token) {
        return Err(PageError::NotFound);
    }
    let actor = posted.signed_in.actor();
    Database::uninterrupted(async move { api_tokens::revoke(&state.database, token, actor).await })
        .await
        .map_err(not_there)?;
    Ok(Redirect::to(&format!("/recipients/{id}")).into_response())
}

fn not_there(error: crate::storage::StorageError) -> PageError {
    match error {
        crate::storage::StorageError::NotFound { .. } => PageError::NotFound,
        other => other.into(),
    }
}
