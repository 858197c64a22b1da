//! Choosing a password of one's own: with the one that an administrator gave out, which opens nothing else, or because
//! the old one may have been seen.

use std::time::Instant;

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

use super::frame::Frame;
use super::page_error::{PageError, render};
use super::password::SHORTEST;
use super::sign_in::{begin, waiting};
use super::state::AppState;
use super::tie::{let_go, same_browser, tie};
use crate::storage::account_care;
use crate::storage::accounts;
use crate::storage::audit::{self, Act, Actor};

#[derive(Template)]
#[template(path = "own_password.html", config = "src/web/askama.toml")]
struct PasswordPage {
    frame: Frame,
    csrf: String,
    user_name: String,
    first: bool,
    /// The input that is wrong, and why.
    error: Option<(&'static str, String)>,
}

impl PasswordPage {
    fn error(&self, field: &str) -> Option<&str> {
        let (of, text) = self.error.as_ref()?;
        (*of == field).then_some(text)
    }
}

pub(super) async fn show(
    State(state): State<AppState>,
    jar: CookieJar,
) -> Result<Response, PageError> {
    if !state.local_accounts {
        return Err(PageError::NotFound);
    }
    Ok(page(
        &state,
        jar,
        StatusCode::OK,
        String::new(),
        false,
        None,
    ))
}

/// The page; `first` for somebody who has just come in with a first password.
pub(super) fn page(
    state: &AppState,
    jar: CookieJar,
    status: StatusCode,
    user_name: String,
    first: bool,
    error: Option<(&'static str, String)>,
) -> Response {
    let (jar, csrf) = tie(jar, state.secure());
    let page = PasswordPage {
        frame: Frame {
            error: error.is_some(),
            ..Frame::bare("Choose a password")
        },
        csrf,
        user_name,
        first,
        error,
    };
    (status, jar, render(&page)).into_response()
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    csrf: String,
    user_name: String,
    password: String,
    new_password: String,
    again: String,
}

pub(super) async fn choose(
    State(state): State<AppState>,
    jar: CookieJar,
    Form(sent): Form<Chosen>,
) -> Result<Response, PageError> {
    same_browser(&state, &jar, &sent.csrf)?;
    if !state.local_accounts {
        return Err(PageError::NotFound);
    }
    let user_name = sent.user_name.trim().to_lowercase();
    let refuse = |status, field, text: String| {
        let error = Some((field, text));
        Ok(page(
            &state,
            jar.clone(),
            status,
            sent.user_name.clone(),
            false,
            error,
        ))
    };
    let unfit = StatusCode::UNPROCESSABLE_ENTITY;
    if let Some(problem) = problem(&sent) {
        return refuse(unfit, problem.0, problem.1);
    }
    if let Some(text) = waiting(&state, &user_name) {
        return refuse(StatusCode::TOO_MANY_REQUESTS, "user_name", text);
    }
    let known = accounts::password(&state.database, &user_name).await?;
    let hash = known.as_ref().map(|password| password.hash.clone());
    let right = state.passwords.check(sent.password.clone(), hash).await;
    let of = known.as_ref().map(|password| password.account);
    let Some(known) = known.filter(|_| right) else {
        state.throttle.wrong(&user_name, Instant::now());
        let actor = of.map_or(Actor::Machine, Actor::Account);
        let act = Act::session("sign_in_refused");
        audit::record(state.database.pool(), actor, act).await?;
        return refuse(
            StatusCode::UNAUTHORIZED,
            "user_name",
            "Enter the right user name and the password you have now".to_owned(),
        );
    };
    state.throttle.right(&user_name);
    let hash = state.passwords.hash(sent.new_password.clone()).await;
    let hash = hash.map_err(|error| PageError::Broken(error.to_string()))?;
    account_care::choose_password(&state.database, known.account, &hash).await?;
    let jar = begin(&state, jar, known.account).await?;
    Ok((let_go(jar, state.secure()), Redirect::to("/")).into_response())
}

/// What is wrong with the new password.
fn problem(sent: &Chosen) -> Option<(&'static str, String)> {
    let new = &sent.new_password;
    if new.chars().count() < SHORTEST {
        let text = format!("Enter a new password of at least {SHORTEST} characters");
        return Some(("new_password", text));
    }
    if *new == sent.password || new.to_lowercase() == sent.user_name.trim().to_lowercase() {
        let text = "Enter a password that is not the old one and not your user name";
        return Some(("new_password", text.to_owned()));
    }
    (*new != sent.again).then(|| {
        (
            "again",
            "Enter the same new password in both boxes".to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_is_long_new_and_typed_twice() {
        let sent = |new: &str, again: &str| Chosen {
            csrf: String::new(),
            user_name: "Grace.Clerk".into(),
            password: "given to her".into(),
            new_password: new.into(),
            again: again.into(),
        };
        let of = |new, again| problem(&sent(new, again)).map(|(field, _)| field);
        assert_eq!(of("long enough", "long enough"), None);
        assert_eq!(of("short", "short"), Some("new_password"));
        assert_eq!(of("given to her", "given to her"), Some("new_password"));
        assert_eq!(of("grace.clerk", "grace.clerk"), Some("new_password"));
        assert_eq!(of("long enough", "long enuogh"), Some("again"));
    }
}
