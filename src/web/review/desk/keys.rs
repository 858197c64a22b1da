//! The keys of the desk: the usual ones, and a page on which everybody chooses their own.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::storage::accounts::Permission;
use crate::storage::desk_keys;
use crate::web::frame::{Frame, Section};
use crate::web::page_error::{PageError, render};
use crate::web::posted::Posted;
use crate::web::session::SignedIn;
use crate::web::state::AppState;

/// Action, usual key and what it does. Enter, Escape, the numbers and the arrows stay as they are.
const ACTIONS: [(&str, &str, &str); 8] = [
    ("edit", "e", "Change the value"),
    ("blank", "b", "Left blank"),
    ("unreadable", "n", "Not readable"),
    ("struck", "x", "Struck out"),
    ("undo", "u", "Take back the last answer"),
    ("page", "p", "Look at the page: + and - zoom, arrows move"),
    ("list", "l", "Back to the list"),
    ("help", "?", "Show the keys"),
];

/// A key and what it does.
pub(super) struct KeyLine {
    pub action: &'static str,
    pub key: String,
    pub what: &'static str,
}

/// Keys by action.
pub(super) type Keys = BTreeMap<&'static str, String>;

/// The keys of whoever is signed in.
pub(super) async fn of_person(state: &AppState, signed_in: &SignedIn) -> Result<Keys, PageError> {
    let own = desk_keys::of_account(&state.database, signed_in.account.id).await?;
    let key = |action: &str, usual: &str| own.get(action).cloned().unwrap_or(usual.to_owned());
    Ok(ACTIONS
        .iter()
        .map(|(action, usual, _)| (*action, key(action, usual)))
        .collect())
}

/// The keys for a person to read, in a fixed order.
pub(super) fn lines(keys: &Keys) -> Vec<KeyLine> {
    ACTIONS
        .iter()
        .map(|(action, usual, what)| KeyLine {
            action,
            key: keys
                .get(action)
                .cloned()
                .unwrap_or_else(|| (*usual).to_owned()),
            what,
        })
        .collect()
}

#[derive(Template)]
#[template(path = "desk_keys.html", config = "src/web/askama.toml")]
struct KeysPage {
    frame: Frame,
    csrf: String,
    lines: Vec<KeyLine>,
    error: Option<String>,
}

pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    signed_in.must(Permission::CheckForms)?;
    let keys = of_person(&state, &signed_in).await?;
    Ok(keys_page(&signed_in, &keys, None).into_response())
}

pub(super) async fn save(
    State(state): State<AppState>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::CheckForms)?;
    let mut chosen = Keys::new();
    for (action, usual, _) in ACTIONS {
        let key = posted
            .first(action)
            .unwrap_or_default()
            .trim()
            .to_lowercase();
        let key = if key.is_empty() {
            usual.to_owned()
        } else {
            key
        };
        chosen.insert(action, key);
    }
    if let Err(error) = check(&chosen) {
        let page = keys_page(&posted.signed_in, &chosen, Some(error));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let own = chosen
        .iter()
        .map(|(action, key)| ((*action).to_owned(), key.clone()))
        .collect();
    desk_keys::put(&state.database, posted.signed_in.account.id, &own).await?;
    Ok(Redirect::to("/review").into_response())
}

fn check(keys: &Keys) -> Result<(), String> {
    let mut seen = BTreeMap::new();
    for (action, usual, what) in ACTIONS {
        let key = keys.get(action).map_or(usual, String::as_str);
        let mut letters = key.chars();
        let one = letters.next().filter(|_| letters.next().is_none());
        if one.is_none_or(|c| c.is_ascii_digit() || c.is_whitespace() || c == '+' || c == '-') {
            return Err(format!(
                "{what}: enter one letter or sign; numbers, + and - have a meaning already"
            ));
        }
        if let Some(other) = seen.insert(key.to_owned(), what) {
            return Err(format!("{other} and {what} cannot have the same key"));
        }
    }
    Ok(())
}

fn keys_page(signed_in: &SignedIn, keys: &Keys, error: Option<String>) -> Response {
    let frame = Frame::new("Keys of the desk", signed_in, Section::Review);
    render(&KeysPage {
        frame: Frame {
            error: error.is_some(),
            ..frame
        },
        csrf: signed_in.csrf.clone(),
        lines: lines(keys),
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> Keys {
        ACTIONS
            .iter()
            .map(|(a, k, _)| (*a, (*k).to_owned()))
            .collect()
    }

    #[test]
    fn two_actions_cannot_share_a_key_and_numbers_are_taken() {
        assert_eq!(check(&usual()), Ok(()));
        for key in ["n", "1", "", "ab", "+", " "] {
            let mut keys = usual();
            keys.insert("blank", key.to_owned());
            assert!(check(&keys).is_err(), "{key:?}");
        }
    }
}
