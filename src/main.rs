//! The `enrol` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    enrol::cli::run().unwrap_or_else(|error| {
        eprintln!("enrol: {error:#}");
        ExitCode::FAILURE
    })
}
