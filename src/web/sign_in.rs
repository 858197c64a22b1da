//! Signing in and out with a local account.

use std::time::Instant;

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar};
use serde::Deserialize;

use super::frame::Frame;
use super::page_error::{PageError, render};
use super::posted::{Posted, same_token};
use super::session::{
    self, LIMITS, SESSION, SignedIn, cookie, cookie_name, random_token, token_hash,
};
use super::state::AppState;
use crate::storage::accounts::{self, Role};
use crate::storage::audit::{self, Act, Actor};

/// Ties the sign-in form to the browser it was sent to: there is no session yet whose token it could carry.
const BEFORE: &str = "enrol_before";

#[derive(Template)]
#[template(path = "sign_in.html", config = "src/web/askama.toml")]
struct SignInPage {
    frame: Frame,
    csrf: String,
    next: String,
    user_name: String,
    error: Option<String>,
    ended: bool,
}

/// Where a person begins: with the forms, or with the scans.
pub(super) async fn home(signed_in: SignedIn) -> Redirect {
    Redirect::to(if signed_in.may(Role::Clerk) {
        "/review"
    } else {
        "/reception"
    })
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
    let csrf = random_token();
    let jar = jar.add(cookie(BEFORE, csrf.clone(), state.secure()));
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
        }),
    )
        .into_response()
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
    let before = jar
        .get(&cookie_name(BEFORE, state.secure()))
        .map(|c| c.value().to_owned());
    if !before.is_some_and(|token| same_token(&token, &sent.csrf)) {
        return Err(PageError::Token);
    }
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
    if let Some(wait) = state.throttle.wait(&user_name, Instant::now()) {
        let minutes = wait.as_secs().div_ceil(60);
        let text = match minutes {
            1 => "Too many wrong passwords. Wait a minute, then try again".to_owned(),
            _ => format!("Too many wrong passwords. Wait {minutes} minutes, then try again"),
        };
        return refuse(StatusCode::TOO_MANY_REQUESTS, text);
    }
    let known = accounts::password_hash(&state.database, &user_name).await?;
    let (id, hash) = known.map_or((None, None), |(id, hash)| (Some(id), Some(hash)));
    let right = state.passwords.check(sent.password, hash).await;
    let Some(account_id) = id.filter(|_| right) else {
        state.throttle.wrong(&user_name, Instant::now());
        let act = Act {
            action: "sign_in_refused",
            subject: "session",
            subject_id: None,
        };
        let actor = id.map_or(Actor::Machine, Actor::Account);
        audit::record(state.database.pool(), actor, act).await?;
        return refuse(
            StatusCode::UNAUTHORIZED,
            "Enter the right user name and password".to_owned(),
        );
    };
    state.throttle.right(&user_name);
    let token = random_token();
    accounts::begin_session(
        &state.database,
        account_id,
        &token_hash(&token),
        &random_token(),
        LIMITS,
    )
    .await?;
    let act = Act {
        action: "signed_in",
        subject: "session",
        subject_id: None,
    };
    audit::record(state.database.pool(), Actor::Account(account_id), act).await?;
    let jar = jar
        .add(cookie(SESSION, token, state.secure()))
        .remove(removal(BEFORE, state.secure()));
    Ok((jar, Redirect::to(&next)).into_response())
}

pub(super) async fn sign_out(
    State(state): State<AppState>,
    jar: CookieJar,
    posted: Posted,
) -> Result<Response, PageError> {
    accounts::end_session(&state.database, &posted.signed_in.token_hash).await?;
    let act = Act {
        action: "signed_out",
        subject: "session",
        subject_id: None,
    };
    audit::record(state.database.pool(), posted.signed_in.actor(), act).await?;
    let jar = jar.remove(removal(SESSION, state.secure()));
    Ok((jar, Redirect::to("/sign-in")).into_response())
}

fn removal(name: &'static str, secure: bool) -> Cookie<'static> {
    session::cookie(name, String::new(), secure)
}

/// `next` when it is a path of ours, else the first page: a link must not lead through here to another site.
fn own_path(next: &str) -> String {
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
