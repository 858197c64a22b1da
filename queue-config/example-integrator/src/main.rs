//! Keeps a copy of the register in a file, in step with Enrol.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use enrol_example_integrator::copy::Copy;
use enrol_example_integrator::keeper::Keeper;
use enrol_example_integrator::queue::follow;
use enrol_example_integrator::register::{Api, AskError};

/// Keeps a copy of the families that a recipient is given, in step with Enrol.
#[derive(Debug, Parser)]
struct Arguments {
    /// Address of Enrol: https://enrol.example.org
    #[arg(long)]
    enrol: String,
    /// File with the recipient's token
    #[arg(long)]
    token_file: PathBuf,
    /// File with the address of the broker, user and password included: amqps://user:password@host/vhost
    #[arg(long)]
    broker_file: PathBuf,
    /// The recipient's queue
    #[arg(long)]
    queue: String,
    /// Where the copy is kept
    #[arg(long, default_value = "copy.json")]
    copy: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let token = std::fs::read_to_string(&arguments.token_file)?;
    let broker = std::fs::read_to_string(&arguments.broker_file)?;
    let api = Api::new(&arguments.enrol, token.trim())?;
    let mut keeper = Keeper::new(Copy::load(&arguments.copy)?, api);
    loop {
        // Whatever happened while this was not running.
        let mut result = keeper.catch_up().await;
        if result.is_ok() {
            result = keeper.reconcile().await;
        }
        keeper.copy.save(&arguments.copy)?;
        match result {
            Ok(()) => {}
            Err(AskError::CutOff) => return Err(AskError::CutOff.into()),
            Err(error) => eprintln!("{error}"),
        }
        let ended = follow(
            broker.trim(),
            &arguments.queue,
            &mut keeper,
            &arguments.copy,
        )
        .await;
        if let Err(error) = ended {
            if matches!(error.downcast_ref(), Some(AskError::CutOff)) {
                return Err(error);
            }
            eprintln!("{error:#}; again in a moment");
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}
