//! `enrol recipient`: who is given records of families, on which terms.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use chrono::{NaiveDate, Utc};
use clap::{Args, Subcommand};
use uuid::Uuid;

use super::Global;
use crate::domain::recipient::{Basis, Terms};
use crate::domain::recipient_fields::FieldGroup;
use crate::messaging::topology;
use crate::storage::audit::Actor;
use crate::storage::{Database, api_tokens, recipients};
use crate::web::{SCOPE_TITLES, random_token, token_hash};

/// Register, list and cut off those who are given records of families
#[derive(Debug, Args)]
pub struct RecipientArgs {
    #[command(subcommand)]
    command: RecipientCommand,
}

#[derive(Debug, Subcommand)]
enum RecipientCommand {
    /// List recipients
    List,
    /// Register a recipient; its first token is shown once
    Register(Box<RegisterArgs>),
    /// Put new terms, from a file as `show` prints them, in place of those agreed
    Change {
        /// Id of the recipient
        id: Uuid,
        /// The terms as JSON
        terms: PathBuf,
    },
    /// Show what was agreed with a recipient, as JSON
    Show {
        /// Id of the recipient
        id: Uuid,
    },
    /// Cut a recipient off: its tokens open nothing from its next call on, and its queue is removed
    Revoke {
        /// Id of the recipient
        id: Uuid,
        /// Why, without names of families
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
struct RegisterArgs {
    /// Code of the organisation in src/domain/organisations.toml, or `other`
    #[arg(long)]
    organisation: String,
    /// The system or team that reads
    #[arg(long)]
    name: String,
    /// How to reach whoever looks after it
    #[arg(long)]
    contact: String,
    /// What the data is for, in words that a family understands
    #[arg(long)]
    purpose: String,
    /// Why it is lawful
    #[arg(long)]
    basis: Basis,
    /// First name and surname of whoever answers for it; safeguarding needs one
    #[arg(long)]
    responsible: Option<String>,
    /// What its tokens open; may be given several times
    #[arg(long = "scope", required = true, value_parser = SCOPE_TITLES.map(|(scope, _)| scope))]
    scopes: Vec<String>,
    /// A part of records it is given; may be given several times
    #[arg(long = "fields", required = true)]
    field_groups: Vec<FieldGroup>,
    /// Code of a centre whose families it is given; may be given several times. None means all
    #[arg(long = "centre")]
    centres: Vec<String>,
    /// Whether events are put into a queue of its own in the broker
    #[arg(long)]
    queue: bool,
    /// Last day on which it is given anything: 2027-03-31
    #[arg(long)]
    valid_until: NaiveDate,
}

/// Runs `enrol recipient`.
pub fn run(global: &Global, args: &RecipientArgs) -> anyhow::Result<ExitCode> {
    let config = global.load_config()?;
    super::runtime()?.block_on(async {
        let database = Database::connect(&config.database).await?;
        match &args.command {
            RecipientCommand::List => list(&database).await?,
            RecipientCommand::Register(args) => register(&database, args).await?,
            RecipientCommand::Show { id } => {
                let found = recipients::find(&database, *id)
                    .await?
                    .context("no such recipient")?;
                println!("{}", serde_json::to_string_pretty(&found.terms)?);
            }
            RecipientCommand::Change { id, terms } => {
                let text = std::fs::read_to_string(terms)
                    .with_context(|| format!("cannot read {}", terms.display()))?;
                let terms: Terms = serde_json::from_str(&text)
                    .context("these are not terms as `show` prints them")?;
                check(&terms)?;
                let found = recipients::find(&database, *id)
                    .await?
                    .context("no such recipient")?;
                recipients::change(&database, *id, found.version, &terms, Actor::Machine).await?;
                println!("changed; it counts from the next call and event on");
            }
            RecipientCommand::Revoke { id, reason } => {
                recipients::revoke(&database, *id, reason, Actor::Machine).await?;
                println!("recipient {id} is cut off; the relay removes its queue");
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Says everything that is wrong with terms at once.
fn check(terms: &Terms) -> anyhow::Result<()> {
    if let Some(unknown) = terms
        .scopes
        .iter()
        .find(|s| SCOPE_TITLES.iter().all(|(scope, _)| scope != s))
    {
        bail!("there is no scope {unknown}");
    }
    let problems = terms.problems(Utc::now().date_naive());
    if problems.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = problems
        .iter()
        .map(|p| format!("{}: {}", p.field, p.text))
        .collect();
    bail!("{}", lines.join("\n"));
}

async fn list(database: &Database) -> anyhow::Result<()> {
    for recipient in recipients::list(database).await? {
        let terms = &recipient.terms;
        let state = match recipient.revoked_at {
            Some(at) => format!("cut off {}", at.date_naive()),
            None => format!("until {}", terms.valid_until),
        };
        println!(
            "{}  {}, {}  {}  {state}",
            recipient.id,
            terms.name,
            terms.organisation_name(),
            terms.basis.as_str()
        );
    }
    Ok(())
}

async fn register(database: &Database, args: &RegisterArgs) -> anyhow::Result<()> {
    let terms = Terms {
        organisation: args.organisation.clone(),
        name: args.name.clone(),
        contact: args.contact.clone(),
        purpose: args.purpose.clone(),
        basis: args.basis,
        responsible: args.responsible.clone(),
        scopes: args.scopes.clone(),
        field_groups: args.field_groups.iter().copied().collect(),
        centres: args.centres.iter().map(|c| c.to_uppercase()).collect(),
        has_queue: args.queue,
        valid_until: args.valid_until,
    };
    check(&terms)?;
    let id = recipients::register(database, &terms, Actor::Machine).await?;
    let token = random_token();
    api_tokens::add(database, id, &token_hash(&token), Actor::Machine).await?;
    println!("recipient {id}\n{token}");
    if terms.has_queue {
        let queue = topology::recipient_queue(id);
        println!(
            "Its queue is {queue}. On the broker, give it a user that may read that queue and nothing else:\n  \
             rabbitmqctl add_user {id}\n  \
             rabbitmqctl set_permissions -p / {id} '^$' '^$' '^{}$'",
            queue.replace('.', "\\.")
        );
    }
    Ok(())
}
