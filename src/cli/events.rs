//! `enrol events`: repeats what recipients were told.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use uuid::Uuid;

use super::Global;
use crate::storage::audit::{self, Act, Actor};
use crate::storage::{Database, recipients};

/// Repeat events for a recipient
#[derive(Debug, Args)]
pub struct EventsArgs {
    #[command(subcommand)]
    command: EventsCommand,
}

#[derive(Debug, Subcommand)]
enum EventsCommand {
    /// Put events of a time range into the recipient's queue once more, as it may see them now
    Replay {
        /// Id of the recipient
        #[arg(long)]
        recipient: Uuid,
        /// The first moment of the range: 2026-11-24T00:00:00Z
        #[arg(long)]
        from: DateTime<Utc>,
        /// The first moment after the range
        #[arg(long)]
        until: DateTime<Utc>,
    },
}

/// Runs `enrol events`.
pub fn run(global: &Global, args: &EventsArgs) -> anyhow::Result<ExitCode> {
    let config = global.load_config()?;
    super::runtime()?.block_on(async {
        let database = Database::connect(&config.database).await?;
        let EventsCommand::Replay {
            recipient,
            from,
            until,
        } = args.command;
        anyhow::ensure!(from < until, "--from has to be before --until");
        let act = Act::new("replayed", "recipient", recipient);
        audit::record(database.pool(), Actor::Machine, act).await?;
        let events = recipients::events::replay(&database, recipient, from, until).await?;
        println!("{events} events go into the recipient's queue again");
        Ok(ExitCode::SUCCESS)
    })
}
