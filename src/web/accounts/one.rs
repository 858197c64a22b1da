//! One account: what the person may do, and what an administrator can do about it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

use super::opening::{known, only_with_local_accounts, password_page};
use super::rights::{self, Choice, Entered, Problem};
use super::{centres_in_words, roles_in_words, user_name, ways};
use crate::storage::account_care::{self, CareError, Cared};
use crate::storage::accounts::Permission;
use crate::storage::audit::{self, Act};
use crate::storage::{Database, StorageError};
use crate::web::frame::{Frame, Section, date_time};
use crate::web::page_error::{PageError, message, render};
use crate::web::password;
use crate::web::posted::Posted;
use crate::web::session::SignedIn;
use crate::web::state::AppState;

#[derive(Template)]
#[template(path = "account.html", config = "src/web/askama.toml")]
struct AccountPage {
    frame: Frame,
    csrf: String,
    id: Uuid,
    name: String,
    state: String,
    rows: Vec<(&'static str, String)>,
    from_provider: bool,
    /// The administrator who is looking.
    own: bool,
    open: bool,
    /// Whether it can be given a password here.
    password: bool,
    sessions: i64,
    centres: String,
    roles: Vec<Choice>,
    known: String,
    errors: Vec<Problem>,
}

impl AccountPage {
    fn error(&self, field: &str) -> Option<&'static str> {
        rights::about(&self.errors, field)
    }
}

pub(super) async fn show(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, PageError> {
    signed_in.must(Permission::ManageAccounts)?;
    let cared = find(&state, id).await?;
    let act = Act::new("viewed", "account", id);
    audit::record(state.database.pool(), signed_in.actor(), act).await?;
    let entered = Entered::new(&cared.account.roles, &cared.account.centres);
    page(&state, &signed_in, &cared, &entered, vec![]).await
}

async fn find(state: &AppState, id: Uuid) -> Result<Cared, PageError> {
    let found = account_care::find(&state.database, id, state.session_limits.idle).await?;
    found.ok_or(PageError::NotFound)
}

async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    cared: &Cared,
    entered: &Entered,
    errors: Vec<Problem>,
) -> Result<Response, PageError> {
    let account = &cared.account;
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let open = account.disabled_at.is_none();
    let page = AccountPage {
        frame: Frame {
            error: !errors.is_empty(),
            ..Frame::new("Account", signed_in, Section::Accounts)
        },
        csrf: signed_in.csrf.clone(),
        id: account.id,
        name: account.display_name.clone(),
        state: match account.disabled_at {
            Some(at) => format!("Closed since {}", date_time(at)),
            None => "Open".to_owned(),
        },
        rows: rows(cared),
        from_provider: account.from_provider,
        own: account.id == signed_in.account.id,
        open,
        password: open && !account.from_provider && state.local_accounts,
        sessions: cared.sessions,
        centres: entered.centres.clone(),
        roles: entered.choices(),
        known: known(state).await?,
        errors,
    };
    Ok((status, render(&page)).into_response())
}

fn rows(cared: &Cared) -> Vec<(&'static str, String)> {
    let account = &cared.account;
    let mut rows = vec![
        ("User name", user_name(account)),
        ("Roles", roles_in_words(&account.roles)),
        ("Centres", centres_in_words(&account.centres)),
        ("Opened", date_time(cared.created_at)),
        (
            "Signed in now",
            match cared.sessions {
                0 => "No".to_owned(),
                1 => "In 1 browser".to_owned(),
                many => format!("In {many} browsers"),
            },
        ),
    ];
    if cared.password_is_first {
        let waits = "A first one: it opens nothing until the person has chosen another";
        rows.push(("Password", waits.to_owned()));
    }
    rows
}

/// Gives the account other roles and centres.
pub(super) async fn change(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    let signed_in = &posted.signed_in;
    signed_in.must(Permission::ManageAccounts)?;
    let cared = find(&state, id).await?;
    if id == signed_in.account.id {
        return Ok(refused(
            id,
            "Nobody changes their own roles. Another administrator can.",
        ));
    }
    let entered = Entered::of(&posted);
    let problems = entered.problems();
    if !problems.is_empty() && !cared.account.from_provider {
        return page(&state, signed_in, &cared, &entered, problems).await;
    }
    let (roles, centres) = (entered.roles.clone(), entered.codes());
    let (working, by) = (state.clone(), signed_in.account.id);
    let changed = Database::uninterrupted(async move {
        let ways = ways(&working);
        account_care::change_rights(&working.database, ways, id, (&roles, &centres), by).await
    });
    after(changed.await, id)
}

pub(super) async fn close(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    set_closed(state, id, &posted, true).await
}

pub(super) async fn reopen(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    set_closed(state, id, &posted, false).await
}

async fn set_closed(
    state: AppState,
    id: Uuid,
    posted: &Posted,
    closed: bool,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::ManageAccounts)?;
    let by = posted.signed_in.account.id;
    let done = Database::uninterrupted(async move {
        let ways = ways(&state);
        account_care::set_closed(&state.database, ways, id, closed, by).await
    });
    after(done.await, id)
}

pub(super) async fn end_sessions(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    posted.signed_in.must(Permission::ManageAccounts)?;
    let by = posted.signed_in.account.id;
    let done = Database::uninterrupted(async move {
        account_care::end_sessions(&state.database, id, by).await
    });
    after(done.await, id)
}

/// Gives the account a first password and shows it, once.
pub(super) async fn give_password(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
    posted: Posted,
) -> Result<Response, PageError> {
    let signed_in = &posted.signed_in;
    signed_in.must(Permission::ManageAccounts)?;
    only_with_local_accounts(&state)?;
    let cared = find(&state, id).await?;
    let password = password::made_up();
    let hash = state.passwords.hash(password.clone()).await;
    let hash = hash.map_err(|error| PageError::Broken(error.to_string()))?;
    let by = signed_in.account.id;
    let given = Database::uninterrupted(async move {
        account_care::give_password(&state.database, id, &hash, by).await
    });
    match given.await {
        Ok(()) => {
            let named = (cared.account.display_name, cared.account.user_name);
            Ok(password_page(signed_in, id, named, password))
        }
        Err(error) => after(Err(error), id),
    }
}

/// Back to the account, or why nothing was changed.
fn after(done: Result<(), CareError>, id: Uuid) -> Result<Response, PageError> {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/accounts/{id}")).into_response()),
        Err(CareError::LastAdministrator) => Ok(refused(
            id,
            "Nobody could look after accounts any more. Make somebody else an administrator first.",
        )),
        Err(CareError::FromProvider) => Ok(refused(
            id,
            "This account comes from your organisation's sign-in. Change its roles and its password there.",
        )),
        Err(CareError::Storage(StorageError::NotFound { .. })) => Err(PageError::NotFound),
        Err(CareError::Storage(error)) => Err(error.into()),
    }
}

fn refused(id: Uuid, why: &str) -> Response {
    message(
        StatusCode::CONFLICT,
        "Nothing was changed",
        &[why],
        (&format!("/accounts/{id}"), "Back to the account"),
    )
}
