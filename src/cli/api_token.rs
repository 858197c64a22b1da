//! `enrol api-token`: tokens of systems that read records through the API.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::Global;
use crate::storage::{Database, api_tokens};
use crate::web::{SCOPES, random_token, token_hash};

/// Give out and take back tokens of systems that read records through the API
#[derive(Debug, Args)]
pub struct ApiTokenArgs {
    #[command(subcommand)]
    command: ApiTokenCommand,
}

#[derive(Debug, Subcommand)]
enum ApiTokenCommand {
    /// Give out a token; it is shown once
    Add {
        /// The system that gets it
        #[arg(long)]
        recipient: String,
        /// What it opens; may be given several times
        #[arg(long = "scope", required = true, value_parser = SCOPES)]
        scopes: Vec<String>,
    },
    /// Take a token back
    Revoke {
        /// Id of the token, as shown when it was given out
        id: Uuid,
    },
}

/// Runs `enrol api-token`.
pub fn run(global: &Global, args: &ApiTokenArgs) -> anyhow::Result<ExitCode> {
    let config = global.load_config()?;
    super::runtime()?.block_on(async {
        let database = Database::connect(&config.database).await?;
        match &args.command {
            ApiTokenCommand::Add { recipient, scopes } => {
                let token = random_token();
                let id = api_tokens::add(&database, recipient, scopes, &token_hash(&token)).await?;
                println!(
                    "token {id} for {recipient} ({})\n{token}",
                    scopes.join(", ")
                );
            }
            ApiTokenCommand::Revoke { id } => {
                api_tokens::revoke(&database, *id).await?;
                println!("token {id} no longer opens anything");
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}
