//! `enrol config`

use std::process::ExitCode;

use super::Global;

/// Prints the configuration in force.
pub fn run(global: &Global) -> anyhow::Result<ExitCode> {
    print!("{}", global.load_config()?.to_masked_toml());
    Ok(ExitCode::SUCCESS)
}
