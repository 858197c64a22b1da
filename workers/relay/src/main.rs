//! Publishes outbox rows to the event exchange.

use std::path::PathBuf;

use clap::Parser;
use enrol::{config::Config, lifecycle::Shutdown, telemetry};

/// Publishes what the database holds for the message broker, and asks again for documents whose reading is due.
#[derive(Debug, Parser)]
#[command(name = "enrol-relay", version)]
struct Arguments {
    /// Configuration file [default: enrol.toml in this folder, where there is one]
    #[arg(long, env = "ENROL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    telemetry::init("enrol-relay");
    let config = Config::load(arguments.config.as_deref())?;
    config.require_servers()?;
    enrol::cli::runtime()?.block_on(async {
        let shutdown = Shutdown::on_signals()?;
        enrol_relay::run(&config, &shutdown).await
    })
}
