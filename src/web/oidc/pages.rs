//! The way to the provider and the way back.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::claims::Refusal;
use super::provider::{OidcError, Provider};
use crate::storage::accounts::{self, Arrival};
use crate::storage::audit::{self, Act, Actor};
use crate::storage::sign_in_attempts::{self, Attempt};
use crate::web::page_error::{PageError, message};
use crate::web::session::{cookie, cookie_name, random_token, token_hash};
use crate::web::sign_in::{begin, own_path, removal};
use crate::web::state::AppState;

/// Ties the way back to the browser that set out. Lax, because the way back begins at another site.
const AWAY: &str = "enrol_away";
const AGAIN: (&str, &str) = ("/sign-in", "Try again");

#[derive(Deserialize)]
pub(in crate::web) struct StartQuery {
    next: Option<String>,
}

/// Sends the browser to the provider.
pub(in crate::web) async fn start(
    State(state): State<AppState>,
    jar: CookieJar,
    Query(query): Query<StartQuery>,
) -> Result<Response, PageError> {
    let provider = provider(&state)?;
    let departure = match provider.depart().await {
        Ok(departure) => departure,
        Err(error) => return Ok(out_of_order(&error)),
    };
    let browser = random_token();
    let attempt = Attempt {
        nonce: departure.nonce,
        pkce_verifier: departure.verifier,
        next: own_path(query.next.as_deref().unwrap_or("/")),
    };
    sign_in_attempts::add(
        &state.database,
        &token_hash(&departure.state),
        &token_hash(&browser),
        &attempt,
    )
    .await?;
    let jar = jar.add(cookie(AWAY, browser, state.secure()));
    Ok((jar, Redirect::to(departure.url.as_str())).into_response())
}

#[derive(Deserialize)]
pub(in crate::web) struct ReturnQuery {
    state: Option<String>,
    code: Option<String>,
}

/// Takes in whoever comes back.
pub(in crate::web) async fn come_back(
    State(state): State<AppState>,
    jar: CookieJar,
    Query(query): Query<ReturnQuery>,
) -> Result<Response, PageError> {
    let provider = provider(&state)?;
    let browser = jar.get(&cookie_name(AWAY, state.secure()));
    let attempt = match (&query.state, browser) {
        (Some(sent), Some(browser)) => {
            let browser = token_hash(browser.value());
            sign_in_attempts::take(&state.database, &token_hash(sent), &browser).await?
        }
        _ => None,
    };
    let jar = jar.remove(removal(AWAY, state.secure()));
    let Some(attempt) = attempt else {
        refused(&state).await?;
        let page = message(
            StatusCode::BAD_REQUEST,
            "You are not signed in",
            &["This sign-in was not begun in this browser, took too long, or was used before."],
            AGAIN,
        );
        return Ok((jar, page).into_response());
    };
    let Some(code) = query.code else {
        refused(&state).await?;
        let page = message(
            StatusCode::UNAUTHORIZED,
            "You are not signed in",
            &["Your organisation's sign-in page did not let you through."],
            AGAIN,
        );
        return Ok((jar, page).into_response());
    };
    let redeemed = provider
        .redeem(code, attempt.nonce, attempt.pkce_verifier)
        .await;
    let returned = match redeemed {
        Ok(returned) => returned,
        Err(error) => {
            refused(&state).await?;
            return Ok((jar, out_of_order(&error)).into_response());
        }
    };
    let newcomer = match returned.newcomer {
        Ok(newcomer) => newcomer,
        Err(why) => {
            refused(&state).await?;
            return Ok((jar, not_for_you(why)).into_response());
        }
    };
    let user_name = made_up_name(provider.issuer(), &newcomer.subject);
    let arrival = Arrival {
        issuer: provider.issuer(),
        subject: &newcomer.subject,
        user_name: &user_name,
        display_name: &returned.display_name,
        roles: &newcomer.roles,
        centres: &newcomer.centres,
    };
    let Some(account) = accounts::arrive(&state.database, arrival).await? else {
        refused(&state).await?;
        let page = message(
            StatusCode::FORBIDDEN,
            "Your account is closed",
            &[
                "You are known to Enrol, but your account was closed. Ask whoever looks after Enrol.",
            ],
            AGAIN,
        );
        return Ok((jar, page).into_response());
    };
    let jar = begin(&state, jar, account).await?;
    Ok((jar, Redirect::to(&attempt.next)).into_response())
}

fn provider(state: &AppState) -> Result<&Provider, PageError> {
    state.provider.as_ref().ok_or(PageError::NotFound)
}

async fn refused(state: &AppState) -> Result<(), PageError> {
    let act = Act::session("sign_in_refused");
    audit::record(state.database.pool(), Actor::Machine, act).await?;
    Ok(())
}

fn out_of_order(error: &OidcError) -> Response {
    tracing::warn!(%error, "somebody could not sign in");
    let (status, line) = match error {
        OidcError::Token(_) => (
            StatusCode::UNAUTHORIZED,
            "What your organisation's sign-in page sent was not accepted. Try again; if it happens again, tell whoever looks after Enrol.",
        ),
        _ => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Your organisation's sign-in page cannot be reached. Try again in a minute.",
        ),
    };
    message(status, "You are not signed in", &[line], AGAIN)
}

fn not_for_you(why: Refusal) -> Response {
    let line = match why {
        Refusal::NoRole => {
            "Your organisation knows you, but has given you no role in Enrol. Ask your manager for one."
        }
        Refusal::Overage => {
            "You are in so many groups that your organisation's sign-in page left them out. Whoever looks after Enrol can use roles instead of groups."
        }
        Refusal::Tenant => "Your account belongs to an organisation that does not use this Enrol.",
        Refusal::NoCentre => {
            "Your organisation has not said which centre you work for. Ask your manager to have it added."
        }
    };
    message(
        StatusCode::FORBIDDEN,
        "You cannot use Enrol yet",
        &[line],
        AGAIN,
    )
}

/// A user name that nobody types: it is what `enrol account` calls the person.
fn made_up_name(issuer: &str, subject: &str) -> String {
    let hash = Sha256::digest(format!("{issuer}\n{subject}"));
    let number = hash
        .iter()
        .take(8)
        .fold(0_u64, |n, b| n << 8 | u64::from(*b));
    format!("oidc-{number:016x}")
}
