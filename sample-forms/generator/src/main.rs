//! Makes the filled sample scans, seeded.

use std::process::ExitCode;

fn main() -> ExitCode {
    match enrol_sample::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("enrol-sample: {error:#}");
            ExitCode::FAILURE
        }
    }
}
