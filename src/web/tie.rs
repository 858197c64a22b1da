//! Ties a form that is sent before anybody is signed in to the browser it was shown in: there is no session yet whose
//! token it could carry.

use axum_extra::extract::cookie::CookieJar;

use super::page_error::PageError;
use super::posted::same_token;
use super::session::{cookie, cookie_name, random_token};
use super::sign_in::removal;
use super::state::AppState;

const BEFORE: &str = "enrol_before";

/// A token for the form, and the same in the browser.
pub(super) fn tie(jar: CookieJar, secure: bool) -> (CookieJar, String) {
    let csrf = random_token();
    (jar.add(cookie(BEFORE, csrf.clone(), secure)), csrf)
}

/// Fails when the form was not shown in this browser.
pub(super) fn same_browser(state: &AppState, jar: &CookieJar, csrf: &str) -> Result<(), PageError> {
    let before = jar.get(&cookie_name(BEFORE, state.secure()));
    if before.is_some_and(|token| same_token(token.value(), csrf)) {
        Ok(())
    } else {
        Err(PageError::Token)
    }
}

/// Unties the browser, now that there is a session.
pub(super) fn let_go(jar: CookieJar, secure: bool) -> CookieJar {
    jar.remove(removal(BEFORE, secure))
}
