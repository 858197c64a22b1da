//! `enrol up` and `enrol down`

use std::{path::PathBuf, process::ExitCode};

use crate::{lifecycle::Shutdown, local_stack, local_stack::LocalStack};

/// Start private copies of PostgreSQL, RabbitMQ and an S3 server, and keep them until Ctrl-C
#[derive(Debug, clap::Args)]
pub struct UpArgs {
    /// Folder for data, logs and secrets
    #[arg(long, default_value = local_stack::DEFAULT_FOLDER)]
    folder: PathBuf,
}

/// End what an earlier run left behind
#[derive(Debug, clap::Args)]
pub struct DownArgs {
    /// Folder for data, logs and secrets
    #[arg(long, default_value = local_stack::DEFAULT_FOLDER)]
    folder: PathBuf,
    /// Remove the folder with everything in it: scans, records, accounts and keys. This cannot be undone
    #[arg(long)]
    erase: bool,
}

/// Runs the stack until it is told to stop.
pub fn up(args: &UpArgs) -> anyhow::Result<ExitCode> {
    super::runtime()?.block_on(async {
        let shutdown = Shutdown::on_signals()?;
        println!("Starting PostgreSQL, RabbitMQ and the S3 server ...");
        let stack = LocalStack::start(&args.folder).await?;
        println!(
            "Running. Configuration for other programs: {}",
            stack.config_file().display()
        );
        println!(
            "For example: enrol --config {} intake",
            stack.config_file().display()
        );
        println!("Ctrl-C stops everything.");
        shutdown.triggered().await;
        println!("Stopping ...");
        stack.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// Ends leftovers, and erases the data when asked to.
pub fn down(args: &DownArgs) -> anyhow::Result<ExitCode> {
    local_stack::down(&args.folder, args.erase)?;
    println!(
        "{}",
        if args.erase {
            "Stopped, and all local data removed."
        } else {
            "Stopped. The data is kept."
        }
    );
    Ok(ExitCode::SUCCESS)
}
