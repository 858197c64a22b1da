//! For administrators: who has an account, what each may do and where, and how one is opened and closed. Nothing here
//! shows a record. Accounts of the organisation's sign-in are changed there; here they can only be closed.

mod one;
mod opening;
mod rights;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use uuid::Uuid;

use super::frame::{Frame, Section};
use super::page_error::{PageError, render};
use super::routes::Routes;
use super::session::SignedIn;
use super::state::AppState;
use crate::storage::account_care::Ways;
use crate::storage::accounts::{self, Account, Permission, Role};
use crate::storage::audit::{self, Act};

pub(super) fn routes() -> Routes {
    Routes::default()
        .get("/accounts", list)
        .post("/accounts", opening::open)
        .get("/accounts/new", opening::new)
        .get("/accounts/{account}", one::show)
        .post("/accounts/{account}", one::change)
        .post("/accounts/{account}/close", one::close)
        .post("/accounts/{account}/reopen", one::reopen)
        .post("/accounts/{account}/end-sessions", one::end_sessions)
        .post("/accounts/{account}/password", one::give_password)
}

struct Row {
    id: Uuid,
    name: String,
    user_name: String,
    roles: String,
    centres: String,
    open: bool,
}

#[derive(Template)]
#[template(path = "accounts.html", config = "src/web/askama.toml")]
struct ListPage {
    frame: Frame,
    local: bool,
    rows: Vec<Row>,
}

async fn list(State(state): State<AppState>, signed_in: SignedIn) -> Result<Response, PageError> {
    signed_in.must(Permission::ManageAccounts)?;
    audit::record(
        state.database.pool(),
        signed_in.actor(),
        Act::list("account"),
    )
    .await?;
    let mut accounts = accounts::list(&state.database).await?;
    // Those that are in use come first.
    accounts.sort_by_key(|a| (a.disabled_at.is_some(), a.display_name.to_lowercase()));
    Ok(render(&ListPage {
        frame: Frame::new("Accounts", &signed_in, Section::Accounts).wide(),
        local: state.local_accounts,
        rows: accounts.into_iter().map(row).collect(),
    }))
}

fn row(account: Account) -> Row {
    Row {
        id: account.id,
        roles: roles_in_words(&account.roles),
        centres: centres_in_words(&account.centres),
        user_name: user_name(&account),
        open: account.disabled_at.is_none(),
        name: account.display_name,
    }
}

/// What is typed to sign in; those of the provider type nothing here.
fn user_name(account: &Account) -> String {
    if account.from_provider {
        "Signs in with the organisation".to_owned()
    } else {
        account.user_name.clone()
    }
}

fn roles_in_words(roles: &[Role]) -> String {
    match roles {
        [] => "None".to_owned(),
        some => {
            let titles: Vec<&str> = some.iter().map(|role| role.title()).collect();
            titles.join(", ")
        }
    }
}

fn centres_in_words(centres: &[String]) -> String {
    match centres {
        [] => "All".to_owned(),
        some => some.join(", "),
    }
}

/// How people can sign in here.
fn ways(state: &AppState) -> Ways {
    Ways {
        local: state.local_accounts,
        provider: state.provider.is_some(),
    }
}
