//! `enrol api-token`: tokens of recipients.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::Global;
use crate::storage::audit::Actor;
use crate::storage::{Database, api_tokens};
use crate::web::{random_token, token_hash};

/// Give out and take back tokens of registered recipients; `enrol recipient` registers them
#[derive(Debug, Args)]
pub struct ApiTokenArgs {
    #[command(subcommand)]
    command: ApiTokenCommand,
}

#[derive(Debug, Subcommand)]
enum ApiTokenCommand {
    /// Give out one more token; it is shown once
    Add {
        /// Id of the recipient; what the token opens is what was agreed with it
        #[arg(long)]
        recipient: Uuid,
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
        match args.command {
            ApiTokenCommand::Add { recipient } => {
                let token = random_token();
                let id = api_tokens::add(&database, recipient, &token_hash(&token), Actor::Machine)
                    .await?;
                println!("token {id}\n{token}");
            }
            ApiTokenCommand::Revoke { id } => {
                api_tokens::revoke(&database, id, Actor::Machine).await?;
                println!("token {id} no longer opens anything");
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}
