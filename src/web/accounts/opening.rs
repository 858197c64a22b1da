//! Opening a local account: who it is for, what they may do, and a first password that is shown once.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::rights::{self, Choice, Entered, Problem};
use crate::storage::accounts::{NewAccount, Permission};
use crate::storage::{Database, StorageError, account_care};
use crate::web::frame::{Frame, Section};
use crate::web::page_error::{PageError, render};
use crate::web::password;
use crate::web::posted::Posted;
use crate::web::session::SignedIn;
use crate::web::state::AppState;

/// Longest names kept, in characters.
const LONGEST: usize = 60;

/// Who an account is for.
#[derive(Default)]
struct Person {
    user_name: String,
    display_name: String,
}

#[derive(Template)]
#[template(path = "account_new.html", config = "src/web/askama.toml")]
struct NewPage {
    frame: Frame,
    csrf: String,
    person: Person,
    centres: String,
    roles: Vec<Choice>,
    known: String,
    errors: Vec<Problem>,
}

impl NewPage {
    fn error(&self, field: &str) -> Option<&'static str> {
        rights::about(&self.errors, field)
    }
}

#[derive(Template)]
#[template(path = "account_password.html", config = "src/web/askama.toml")]
struct PasswordPage {
    frame: Frame,
    id: Uuid,
    name: String,
    user_name: String,
    password: String,
}

/// The page on which a first password is shown, once.
pub(super) fn password_page(
    signed_in: &SignedIn,
    id: Uuid,
    (name, user_name): (String, String),
    password: String,
) -> Response {
    render(&PasswordPage {
        frame: Frame::new("First password", signed_in, Section::Accounts),
        id,
        name,
        user_name,
        password,
    })
}

/// The centres that somebody could be given, for a hint.
pub(super) async fn known(state: &AppState) -> Result<String, PageError> {
    let mut codes = account_care::centres_in_use(&state.database).await?;
    for definition in state.definitions() {
        let centre = definition.field("office.centre");
        let options = centre.iter().flat_map(|field| &field.options);
        codes.extend(options.map(|option| option.value.to_uppercase()));
    }
    codes.sort();
    codes.dedup();
    Ok(codes.join(", "))
}

pub(super) async fn new(
    State(state): State<AppState>,
    signed_in: SignedIn,
) -> Result<Response, PageError> {
    signed_in.must(Permission::ManageAccounts)?;
    only_with_local_accounts(&state)?;
    page(
        &state,
        &signed_in,
        Person::default(),
        &Entered::default(),
        vec![],
    )
    .await
}

/// Where people sign in with the organisation alone, accounts come from there.
pub(super) fn only_with_local_accounts(state: &AppState) -> Result<(), PageError> {
    if state.local_accounts {
        Ok(())
    } else {
        Err(PageError::NotFound)
    }
}

async fn page(
    state: &AppState,
    signed_in: &SignedIn,
    person: Person,
    entered: &Entered,
    errors: Vec<Problem>,
) -> Result<Response, PageError> {
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = NewPage {
        frame: Frame {
            error: !errors.is_empty(),
            ..Frame::new("Open an account", signed_in, Section::Accounts)
        },
        csrf: signed_in.csrf.clone(),
        person,
        centres: entered.centres.clone(),
        roles: entered.choices(),
        known: known(state).await?,
        errors,
    };
    Ok((status, render(&page)).into_response())
}

pub(super) async fn open(
    State(state): State<AppState>,
    posted: Posted,
) -> Result<Response, PageError> {
    let signed_in = &posted.signed_in;
    signed_in.must(Permission::ManageAccounts)?;
    only_with_local_accounts(&state)?;
    let first = |name: &str| posted.first(name).unwrap_or_default().trim().to_owned();
    let person = Person {
        user_name: first("user_name").to_lowercase(),
        display_name: first("display_name"),
    };
    let entered = Entered::of(&posted);
    let mut errors = problems(&person);
    errors.extend(entered.problems());
    if !errors.is_empty() {
        return page(&state, signed_in, person, &entered, errors).await;
    }
    let password = password::made_up();
    let hash = state.passwords.hash(password.clone()).await;
    let hash = hash.map_err(|error| PageError::Broken(error.to_string()))?;
    let (user_name, display_name) = (person.user_name.clone(), person.display_name.clone());
    let (roles, centres) = (entered.roles.clone(), entered.codes());
    let (working, by) = (state.clone(), signed_in.account.id);
    let opened = Database::uninterrupted(async move {
        let new = NewAccount {
            user_name: &user_name,
            display_name: &display_name,
            roles: &roles,
            centres: &centres,
            password_hash: &hash,
        };
        account_care::open(&working.database, new, by).await
    })
    .await;
    match opened {
        Ok(id) => {
            let named = (person.display_name, person.user_name);
            Ok(password_page(signed_in, id, named, password))
        }
        Err(StorageError::Conflict { .. }) => {
            let taken = Problem {
                field: "user_name",
                text: "There is an account of that name already. Enter another",
            };
            page(&state, signed_in, person, &entered, vec![taken]).await
        }
        Err(error) => Err(error.into()),
    }
}

fn problems(person: &Person) -> Vec<Problem> {
    let mut problems = Vec::new();
    let sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let length = person.user_name.chars().count();
    if !(2..=LONGEST).contains(&length) || !person.user_name.chars().all(sign) {
        problems.push(Problem {
            field: "user_name",
            text: "Enter 2 to 60 letters, digits, dots or hyphens, like grace.clerk",
        });
    }
    if !(1..=LONGEST).contains(&person.display_name.chars().count()) {
        problems.push(Problem {
            field: "display_name",
            text: "Enter the name that colleagues see, in at most 60 characters",
        });
    }
    problems
}
