//! `enrol retention`: what is due, without changing anything.

use std::process::ExitCode;

use chrono::{Days, Local, Utc};
use clap::Args;
use serde_json::json;

use super::Global;
use crate::domain::retention::Due;
use crate::storage::Database;
use crate::storage::erasure::due;

/// Show how long records are kept and which are due. Erases nothing: that is proposed and agreed to on the pages
#[derive(Debug, Args)]
pub struct RetentionArgs {
    /// One line of JSON for each family that is due
    #[arg(long)]
    json: bool,
}

/// Runs `enrol retention`. Exit status 2 says that somebody has to decide about the extension first.
pub fn run(global: &Global, args: &RetentionArgs) -> anyhow::Result<ExitCode> {
    let config = global.load_config()?;
    let rules = &config.retention;
    let rule = rules.due(Local::now().date_naive());
    super::runtime()?.block_on(async {
        let database = Database::connect(&config.database).await?;
        let families = due::families(&database, rule).await?;
        if args.json {
            for family in families {
                let line = json!({ "household_id": family.id, "reference": family.reference,
                                   "last_form": family.last_form, "on_hold": family.held });
                println!("{line}");
            }
            return Ok(status(rule));
        }
        println!("{}", rules.in_words());
        if let Due::Undecided(end) = rule {
            println!(
                "\nWAITING: {end} has passed, and nobody has said whether the contract was extended. Nothing is erased.\n\
                 Set extension under [retention] in enrol.toml to \"exercised\" or \"declined\" and restart the programs."
            );
        }
        let held = families.iter().filter(|f| f.held).count();
        println!("{:>8} families due, {held} of them on hold", families.len());
        for family in &families {
            let hold = if family.held { "  on hold" } else { "" };
            println!("         {}  last form {}{hold}", family.reference, family.last_form);
        }
        if rules.scans_days > 0 {
            let before = Utc::now() - Days::new(rules.scans_days.into());
            let scans = due::scans(&database, before).await?;
            println!("{:>8} scans without a record due", scans.len());
        }
        Ok(status(rule))
    })
}

fn status(rule: Due) -> ExitCode {
    match rule {
        Due::Undecided(_) => ExitCode::from(2),
        _ => ExitCode::SUCCESS,
    }
}
