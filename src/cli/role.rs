//! Commands that are programs of their own: `enrol read` becomes `enrol-reader read`.

use std::{ffi::OsString, os::unix::process::CommandExt, process::Command, process::ExitCode};

use anyhow::Context;

use super::Global;
use crate::programs;

/// Everything after the command's name goes to the program as it is.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct RoleArgs {
    /// Arguments of the program; `--help` shows them
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGUMENTS"
    )]
    arguments: Vec<OsString>,
}

/// Replaces this process by the sibling program.
pub fn run(
    program: &str,
    leading: &[&str],
    global: &Global,
    args: &RoleArgs,
) -> anyhow::Result<ExitCode> {
    let path = programs::path(program)?;
    let mut command = Command::new(&path);
    command.args(leading).args(&args.arguments);
    if let Some(config) = &global.config {
        command.env("ENROL_CONFIG", config);
    }
    // libgomp reads this when Tesseract's library loads; set later it has no effect, unset it costs a factor of five.
    command.env("OMP_THREAD_LIMIT", "1");
    Err(command.exec()).with_context(|| format!("cannot start {}", path.display()))
}
