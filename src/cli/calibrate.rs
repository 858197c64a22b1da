//! `enrol calibrate`: makes the reader's confidence honest about this council's forms.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use anyhow::Context as _;

use super::Global;
use crate::config::Config;
use crate::domain::calibration::SettledCase;
use crate::programs;
use crate::storage::{Database, calibration_cases};

/// Refit the reader's confidence to fields that clerks have settled, and show it before and after
///
/// Kept for this are signals and right or wrong for each settled field: never a value, a name or a picture.
/// `[reading] keep_signals = false` switches it off.
#[derive(Debug, clap::Args)]
pub struct CalibrateArgs {
    /// Write the new calibration to this file; [reading] calibration has to name it then
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Write figures and plots (before, after) to this folder
    #[arg(long, value_name = "FOLDER")]
    report: Option<PathBuf>,
    /// Delete all that was kept, instead of learning from it
    #[arg(long, conflicts_with_all = ["write", "report"])]
    forget: bool,
}

/// Runs the command.
///
/// # Errors
/// The database cannot be reached or the reader's part failed; it has said why.
pub fn run(global: &Global, args: &CalibrateArgs) -> anyhow::Result<ExitCode> {
    let config = global.load_config()?;
    let runtime = super::runtime()?;
    if args.forget {
        let forgotten = runtime.block_on(async {
            let database = Database::connect(&config.database).await?;
            let forgotten = calibration_cases::forget(&database).await;
            database.close().await;
            anyhow::Ok(forgotten?)
        })?;
        println!("Deleted the signals of {forgotten} settled fields and of all that wait.");
        return Ok(ExitCode::SUCCESS);
    }
    let cases = runtime.block_on(async {
        let database = Database::connect(&config.database).await?;
        let cases = calibration_cases::all(&database).await;
        database.close().await;
        anyhow::Ok(cases?)
    })?;
    refit(&config, args, &cases)
}

/// The reader knows its signals and weights; it gets the cases on standard input, so that they lie in no file.
fn refit(config: &Config, args: &CalibrateArgs, cases: &[SettledCase]) -> anyhow::Result<ExitCode> {
    let path = programs::path("enrol-reader")?;
    let mut command = Command::new(&path);
    command.args(["calibrate", "--cases", "-"]);
    for (flag, value) in [
        ("--write", &args.write),
        ("--report", &args.report),
        ("--in-force", &config.reading.calibration),
    ] {
        if let Some(value) = value {
            command.arg(flag).arg(value);
        }
    }
    let cannot = || format!("cannot start {}", path.display());
    let mut child = command
        .env("OMP_THREAD_LIMIT", "1")
        .stdin(Stdio::piped())
        .spawn()
        .with_context(cannot)?;
    let mut input = child.stdin.take().with_context(cannot)?;
    for case in cases {
        let mut line = serde_json::to_vec(case)?;
        line.push(b'\n');
        // A reader that has given up says why itself.
        if input.write_all(&line).is_err() {
            break;
        }
    }
    drop(input);
    let status = child.wait().with_context(cannot)?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
