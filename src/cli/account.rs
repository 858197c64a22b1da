//! `enrol account`: local accounts.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use super::Global;
use crate::storage::accounts::{self, NewAccount, Role};
use crate::storage::{Database, StorageError};
use crate::web::password;

/// Fewest characters of a password that a person chose.
const SHORTEST: usize = 10;

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
        /// What the person may do
        #[arg(long, value_enum)]
        role: Role,
        /// File with the password; `-` reads it from standard input
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// List the accounts
    List,
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
                role,
                password_file,
            } => {
                add(
                    &database,
                    user_name,
                    name.as_deref(),
                    *role,
                    password_file.as_ref(),
                )
                .await?;
            }
            AccountCommand::List => list(&database).await?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn add(
    database: &Database,
    user_name: &str,
    name: Option<&str>,
    role: Role,
    password_file: Option<&PathBuf>,
) -> anyhow::Result<()> {
    let chosen = password_file.map(read_password).transpose()?;
    let password = match &chosen {
        Some(password) if password.chars().count() < SHORTEST => {
            bail!("a password needs at least {SHORTEST} characters")
        }
        Some(password) => password.clone(),
        None => made_up(),
    };
    let hash = password::hash(&password)?;
    let new = NewAccount {
        user_name,
        display_name: name.unwrap_or(user_name),
        role,
        password_hash: &hash,
    };
    match accounts::add(database, new).await {
        Err(StorageError::Conflict { .. }) => {
            bail!("there is an account called {user_name} already")
        }
        result => result?,
    };
    println!("added {user_name} ({})", role.as_str());
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

/// 80 random bits in groups that can be read out.
fn made_up() -> String {
    use rand::Rng;
    const SIGNS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567899";
    let mut random = rand::rng();
    let group = |random: &mut rand::rngs::ThreadRng| -> String {
        (0..4)
            .map(|_| char::from(SIGNS[random.random_range(0..31)]))
            .collect()
    };
    (0..4)
        .map(|_| group(&mut random))
        .collect::<Vec<_>>()
        .join("-")
}

async fn list(database: &Database) -> anyhow::Result<()> {
    for account in accounts::list(database).await? {
        let closed = if account.disabled_at.is_some() {
            "  closed"
        } else {
            ""
        };
        println!(
            "{:<20} {:<12} {}{closed}",
            account.user_name,
            account.role.as_str(),
            account.display_name
        );
    }
    Ok(())
}
