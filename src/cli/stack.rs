//! `enrol up` and `enrol down`

use std::{path::PathBuf, process::ExitCode, time::Duration};

use crate::{lifecycle::Shutdown, local_stack, local_stack::LocalStack};

/// Start private copies of PostgreSQL, RabbitMQ and an S3 server, and keep them until Ctrl-C
#[derive(Debug, clap::Args)]
pub struct UpArgs {
    /// Folder for data, logs and secrets
    #[arg(long, default_value = local_stack::DEFAULT_FOLDER)]
    folder: PathBuf,
}

/// Stop what runs on this folder or was left behind by an earlier run
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
    crate::telemetry::init("enrol-up");
    super::runtime()?.block_on(async {
        let shutdown = Shutdown::on_signals()?;
        println!("Starting PostgreSQL, RabbitMQ and the S3 server ...");
        let mut stack = LocalStack::start(&args.folder).await?;
        println!("Running:");
        for part in stack.parts() {
            println!(
                "  {:<18} {:<21} process {}",
                part.name, part.address, part.process
            );
        }
        println!(
            "Configuration for other programs: {}",
            stack.config_file().display()
        );
        println!(
            "For example: enrol --config {} intake",
            stack.config_file().display()
        );
        println!("Ctrl-C stops everything.");
        let mut ended = None;
        while ended.is_none() && shutdown.sleep(Duration::from_secs(1)).await {
            ended = stack.ended();
        }
        println!("Stopping ...");
        let log = stack.folder().join("log");
        stack.stop().await;
        match ended {
            Some(server) => anyhow::bail!(
                "{server} ended by itself, so everything was stopped; its log is in {}",
                log.display()
            ),
            None => Ok(ExitCode::SUCCESS),
        }
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
