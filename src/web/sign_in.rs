//! Signing in and out with a local account.

use std::time::Instant;

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar};
use serde::Deserialize;
use uuid::Uuid;

use super::frame::{Frame, Section};
use super::own_password;
use super::page_error::{PageError, framed_message, render};
use super::posted::Posted;
use super::session::{self, SESSION, SignedIn, cookie, cookie_name, random_token, token_hash};
use super::state::AppState;
use super::tie::{let_go, same_browser, tie};
use crate::storage::accounts;
use crate::storage::audit::{self, Act, Actor};
use crate::storage::sessions;

#[derive(Template)]
#[template(path = "sign_in.html", config = "src/web/askama.toml")]
struct SignInPage {
    frame: Frame,
    csrf: String,
    next: String,
    user_name: String,
    error: Option<String>,
    ended: bool,
    local: bool,
    provider: Option<ProviderLink>,
}

struct ProviderLink {
    href: String,
    text: String,
}

/// Where a person begins: with the first part of the menu that is theirs.
pub(super) async fn home(signed_in: SignedIn) -> Response {
    match Frame::menu(&signed_in, Section::Elsewhere).first() {
        Some(first) => Redirect::to(first.href).into_response(),
        None => framed_message(
            StatusCode::OK,
            Frame::new("Nothing to do here", &signed_in, Section::Elsewhere),
            "There is no page for you here",
            &[
                "Your account has no role that works in these pages. Sign out above to sign in as somebody else.",
                "Ask whoever looks after accounts for a role.",
            ],
            ("/", "Look again"),
        ),
    }
}

#[derive(Deserialize)]
pub(super) struct ShowQuery {
    next: Option<String>,
}

pub(super) async fn show(
    State(state): State<AppState>,
    jar: CookieJar,
    Query(query): Query<ShowQuery>,
    signed_in: Option<SignedIn>,
) -> Response {
    let next = own_path(query.next.as_deref().unwrap_or("/"));
    if signed_in.is_some() {
        return Redirect::to(&next).into_response();
    }
    // A cookie without a session behind it: the session has ended.
    let ended = jar.get(&cookie_name(SESSION, state.secure())).is_some();
    page(
        &state,
        jar,
        StatusCode::OK,
        next,
        String::new(),
        None,
        ended,
    )
}

fn page(
    state: &AppState,
    jar: CookieJar,
    status: StatusCode,
    next: String,
    user_name: String,
    error: Option<String>,
    ended: bool,
) -> Response {
    let provider = state.provider.as_ref().map(|provider| ProviderLink {
        href: format!(
            "/sign-in/start?next={}",
            percent_encoding::utf8_percent_encode(&next, percent_encoding::NON_ALPHANUMERIC)
        ),
        text: provider.button().to_owned(),
    });
    let (jar, csrf) = tie(jar, state.secure());
    let frame = Frame {
        error: error.is_some(),
        ..Frame::bare("Sign in")
    };
    (
        status,
        jar,
        render(&SignInPage {
            frame,
            csrf,
            next,
            user_name,
            error,
            ended,
            local: state.local_accounts,
            provider,
        }),
    )
        .into_response()
}

/// What to say to somebody who has to wait after too many wrong passwords.
pub(super) fn waiting(state: &AppState, user_name: &str) -> Option<String> {
    let wait = state.throttle.wait(user_name, Instant::now())?;
    Some(match wait.as_secs().div_ceil(60) {
        1 => "Too many wrong passwords. Wait a minute, then try again".to_owned(),
        minutes => format!("Too many wrong passwords. Wait {minutes} minutes, then try again"),
    })
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    csrf: String,
    next: String,
    user_name: String,
    password: String,
}

pub(super) async fn submit(
    State(state): State<AppState>,
    jar: CookieJar,
    Form(sent): Form<Credentials>,
) -> Result<Response, PageError> {
    same_browser(&state, &jar, &sent.csrf)?;
    let user_name = sent.user_name.trim().to_lowercase();
    let next = own_path(&sent.next);
    let refuse = |status, text: String| {
        Ok(page(
            &state,
            jar.clone(),
            status,
            next.clone(),
            sent.user_name.clone(),
            Some(text),
            false,
        ))
    };
    if !state.local_accounts {
        return Err(PageError::Forbidden);
    }
    if let Some(text) = waiting(&state, &user_name) {
        return refuse(StatusCode::TOO_MANY_REQUESTS, text);
    }
    let known = accounts::password(&state.database, &user_name).await?;
    let hash = known.as_ref().map(|password| password.hash.clone());
    let right = state.passwords.check(sent.password, hash).await;
    let of = known.as_ref().map(|password| password.account);
    let Some(known) = known.filter(|_| right) else {
        state.throttle.wrong(&user_name, Instant::now());
        let actor = of.map_or(Actor::Machine, Actor::Account);
        audit::record(
            state.database.pool(),
            actor,
            Act::session("sign_in_refused"),
        )
        .await?;
        return refuse(
            StatusCode::UNAUTHORIZED,
            "Enter the right user name and password".to_owned(),
        );
    };
    state.throttle.right(&user_name);
    if known.is_first {
        return Ok(own_password::page(
            &state,
            jar,
            StatusCode::OK,
            user_name,
            true,
            None,
        ));
    }
    let jar = begin(&state, jar, known.account).await?;
    let jar = let_go(jar, state.secure());
    Ok((jar, Redirect::to(&next)).into_response())
}

/// Begins a session with a token of its own and ends the one that the browser had before: nobody can hand another
/// person a token first and then use the session it leads to.
pub(super) async fn begin(
    state: &AppState,
    jar: CookieJar,
    account: Uuid,
) -> Result<CookieJar, PageError> {
    if let Some(old) = jar.get(&cookie_name(SESSION, state.secure())) {
        sessions::end(&state.database, &token_hash(old.value())).await?;
    }
    let token = random_token();
    sessions::begin(
        &state.database,
        account,
        &token_hash(&token),
        &random_token(),
        state.session_limits,
    )
    .await?;
    let actor = Actor::Account(account);
    audit::record(state.database.pool(), actor, Act::session("signed_in")).await?;
    Ok(jar.add(cookie(SESSION, token, state.secure())))
}

/// Keeps the session going while the person looks at a page and types. The request itself is the sign of life.
pub(super) async fn stay(_: Posted) -> StatusCode {
    StatusCode::NO_CONTENT
}

pub(super) async fn sign_out(
    State(state): State<AppState>,
    jar: CookieJar,
    posted: Posted,
) -> Result<Response, PageError> {
    sessions::end(&state.database, &posted.signed_in.token_hash).await?;
    let actor = posted.signed_in.actor();
    audit::record(state.database.pool(), actor, Act::session("signed_out")).await?;
    let jar = jar.remove(removal(SESSION, state.secure()));
    // Whoever stays signed in with the provider would be let in again without being asked.
    let on = match &state.provider {
        Some(provider) if posted.signed_in.account.from_provider => provider.sign_out_url().await,
        _ => None,
    };
    let to = on.map_or_else(|| "/sign-in".to_owned(), String::from);
    Ok((jar, Redirect::to(&to)).into_response())
}

pub(super) fn removal(name: &'static str, secure: bool) -> Cookie<'static> {
    session::cookie(name, String::new(), secure)
}

/// `next` when it is a path of ours, else the first page: a link must not lead through here to another site.
pub(super) fn own_path(next: &str) -> String {
    let ours =
        next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\n', '\r']);
    if ours {
        next.to_owned()
    } else {
        "/".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn signing_in_leads_nowhere_else() {
        for (next, goes_to) in [
            ("/review/1", "/review/1"),
            ("https://evil.example/", "/"),
            ("//evil.example/", "/"),
            ("/\\evil.example", "/"),
            ("", "/"),
        ] {
            assert_eq!(own_path(next), goes_to);
        }
    }
}
