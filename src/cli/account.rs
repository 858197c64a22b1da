//! `enrol account`: local accounts.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use super::Global;
use crate::storage::accounts::{self, NewAccount, Role};
use crate::storage::audit::{self, Act, Actor};
use crate::storage::{Database, StorageError};
use crate::web::password;

/// Add and list the local accounts of the people who work with Enrol
#[derive(Debug, Args)]
pub struct AccountArgs {
    #[command(subcommand)]
    command: AccountCommand,
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// Add an account; without --password-file a password is made up and shown once
    Add {
        /// What the person types to sign in
        user_name: String,
        /// What colleagues see [default: the user name]
        #[arg(long)]
        name: Option<String>,
        /// What the person may do; may be given several times
        #[arg(long = "role", value_enum, required = true)]
        roles: Vec<Role>,
        /// Code of a centre the person works for; may be given several times [default: all centres]
        #[arg(long = "centre", value_name = "CODE", value_parser = centre_code)]
        centres: Vec<String>,
        /// File with the password; `-` reads it from standard input
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Close an account and end its sessions
    Close {
        /// What the person types to sign in, as `enrol account list` shows it
        user_name: String,
    },
    /// Open a closed account again
    Reopen {
        /// What the person types to sign in, as `enrol account list` shows it
        user_name: String,
    },
    /// List the accounts
    List,
}

/// A centre as the forms name it.
fn centre_code(code: &str) -> Result<String, String> {
    let signs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if (1..=20).contains(&code.len()) && code.chars().all(signs) {
        Ok(code.to_ascii_uppercase())
    } else {
        Err("a centre's code has up to 20 letters, digits, - and _, as on the form".to_owned())
    }
}

/// Runs `enrol account`.
pub fn run(global: &Global, args: &AccountArgs) -> anyhow::Result<ExitCode> {
    let config = global.load_config()?;
    super::runtime()?.block_on(async {
        let database = Database::connect(&config.database).await?;
        match &args.command {
            AccountCommand::Add {
                user_name,
                name,
                roles,
                centres,
                password_file,
            } => {
                let person = Person {
                    user_name,
                    display_name: name.as_deref().unwrap_or(user_name),
                    roles,
                    centres,
                };
                add(&database, &person, password_file.as_ref()).await?;
            }
            AccountCommand::Close { user_name } => {
                set_closed(&database, user_name, true).await?;
                println!("{user_name} can no longer sign in");
            }
            AccountCommand::Reopen { user_name } => {
                set_closed(&database, user_name, false).await?;
                println!("{user_name} can sign in again");
            }
            AccountCommand::List => list(&database).await?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn set_closed(database: &Database, user_name: &str, closed: bool) -> anyhow::Result<()> {
    let id = match accounts::set_closed(database, user_name, closed).await {
        Err(StorageError::NotFound { .. }) => {
            bail!("there is no account called {user_name}: `enrol account list` shows them")
        }
        result => result?,
    };
    let action = if closed { "closed" } else { "reopened" };
    audit::record(
        database.pool(),
        Actor::Machine,
        Act::new(action, "account", id),
    )
    .await?;
    Ok(())
}

struct Person<'a> {
    user_name: &'a str,
    display_name: &'a str,
    roles: &'a [Role],
    centres: &'a [String],
}

async fn add(
    database: &Database,
    person: &Person<'_>,
    password_file: Option<&PathBuf>,
) -> anyhow::Result<()> {
    let user_name = person.user_name;
    let chosen = password_file.map(read_password).transpose()?;
    let password = match &chosen {
        Some(password) if password.chars().count() < password::SHORTEST => {
            bail!(
                "a password needs at least {} characters",
                password::SHORTEST
            )
        }
        Some(password) => password.clone(),
        None => password::made_up(),
    };
    let hash = password::hash(&password)?;
    let new = NewAccount {
        user_name,
        display_name: person.display_name,
        roles: person.roles,
        centres: person.centres,
        password_hash: &hash,
    };
    let id = match accounts::add(database, new).await {
        Err(StorageError::Conflict { .. }) => {
            bail!("there is an account called {user_name} already")
        }
        result => result?,
    };
    audit::record(
        database.pool(),
        Actor::Machine,
        Act::new("opened", "account", id),
    )
    .await?;
    println!("added {user_name} ({})", names(person.roles));
    if chosen.is_none() {
        println!("password: {password}");
    }
    Ok(())
}

fn read_password(path: &PathBuf) -> anyhow::Result<String> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn names(roles: &[Role]) -> String {
    let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    names.join(", ")
}

async fn list(database: &Database) -> anyhow::Result<()> {
    for account in accounts::list(database).await? {
        let closed = if account.disabled_at.is_some() {
            "  closed"
        } else {
            ""
        };
        println!(
            "{:<20} {:<24} {:<12} {}{closed}",
            account.user_name,
            names(&account.roles),
            match account.centres.as_slice() {
                [] => "all centres".to_owned(),
                some => some.join(", "),
            },
            account.display_name
        );
    }
    Ok(())
}
