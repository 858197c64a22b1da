//! `enrol-reader`: reads forms, from files given by name or as a worker of the queue.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use enrol_reader::cli::{bench, calibrate, read, tick_scans};
use enrol_reader::worker;

/// Reads scanned registration forms
#[derive(Debug, Parser)]
#[command(name = "enrol-reader", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read scans on this machine, without any server
    Read(read::ReadArgs),
    /// Measure accuracy, speed and memory on a folder of scans with their truth
    Bench(bench::BenchArgs),
    /// Fit confidences to zones whose truth is known and prove the thresholds of acceptance
    Calibrate(calibrate::CalibrateArgs),
    /// Read scans of single tick boxes named after how they were marked
    Ticks(tick_scans::TickScansArgs),
    /// Take scans from the queue and read them
    Worker(worker::WorkerArgs),
}

fn main() -> ExitCode {
    if let Err(error) = enrol_reader::print::restart_single_threaded() {
        eprintln!(
            "enrol-reader: could not restart with OMP_THREAD_LIMIT=1 ({error}); set it and start again"
        );
        return ExitCode::FAILURE;
    }
    let outcome = match Arguments::parse().command {
        Command::Read(args) => read::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Ticks(args) => tick_scans::run(&args),
        Command::Worker(args) => worker::command(&args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("enrol-reader: {error:#}");
        ExitCode::from(2)
    })
}
