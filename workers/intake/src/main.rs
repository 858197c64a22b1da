//! Turns object-created notices into document rows.

use std::path::PathBuf;

use clap::Parser;
use enrol::{config::Config, lifecycle::Shutdown, telemetry};

/// Takes notices of new scans from the queue and notes the scans in the database.
#[derive(Debug, Parser)]
#[command(name = "enrol-intake", version)]
struct Arguments {
    /// Configuration file [default: enrol.toml in this folder, where there is one]
    #[arg(long, env = "ENROL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    telemetry::init("enrol-intake");
    let config = Config::load(arguments.config.as_deref())?;
    config.require_servers()?;
    enrol::cli::runtime()?.block_on(async {
        let shutdown = Shutdown::on_signals()?;
        enrol_intake::run(&config, &shutdown).await
    })
}
