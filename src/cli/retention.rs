//! `enrol retention`: what is due, without changing anything.

use std::process::ExitCode;

use chrono::Utc;
use clap::Args;
use serde_json::json;

use super::Global;
use crate::domain::retention::{Due, Retention};
use crate::storage::Database;
use crate::storage::erasure::due::{self, DueRecords};

/// Show how long records are kept and which are due. Erases nothing: that is proposed and agreed to on the pages
#[derive(Debug, Args)]
pub struct RetentionArgs {
    /// One line of JSON for each record that is due
    #[arg(long)]
    json: bool,
}

/// Runs `enrol retention`. Exit status 2 says that somebody has to decide about the extension first.
pub fn run(global: &Global, args: &RetentionArgs) -> anyhow::Result<ExitCode> {
    let config = global.load_config()?;
    let rules = &config.retention;
    super::runtime()?.block_on(async {
        let database = Database::connect(&config.database).await?;
        let found = due::records(&database, rules, Utc::now()).await?;
        if args.json {
            print_lines(&found);
        } else {
            print_table(rules, &found);
        }
        Ok(status(found.rule))
    })
}

fn print_lines(found: &DueRecords) {
    for family in &found.families {
        let line = json!({ "kind": "family", "household_id": family.id, "reference": family.reference,
                           "last_form": family.last_form, "on_hold": family.held });
        println!("{line}");
    }
    for scan in &found.scans {
        println!("{}", json!({ "kind": "scan", "document_id": scan.id() }));
    }
    for list in &found.lists {
        println!(
            "{}",
            json!({ "kind": "contact_list", "contact_list_id": list.id() })
        );
    }
}

fn print_table(rules: &Retention, found: &DueRecords) {
    let row = |kind: &str, due: &str, rule: &str| println!("{kind:<26}{due:>6}  {rule}");
    row("KIND OF RECORD", "DUE", "RULE");
    for kind in found.kinds(rules) {
        row(kind.kind, &kind.due.to_string(), &kind.rule);
    }
    if let Due::Undecided(end) = found.rule {
        println!(
            "\nWAITING: {end} has passed, and nobody has said whether the contract was extended. No family is erased.\n\
             Set extension under [retention] in enrol.toml to \"exercised\" or \"declined\" and restart the programs."
        );
    }
    if !found.families.is_empty() {
        println!("\nFamilies due, {} of them on hold:", found.held());
    }
    for family in &found.families {
        let hold = if family.held { "  on hold" } else { "" };
        println!(
            "  {}  last form {}{hold}",
            family.reference, family.last_form
        );
    }
}

fn status(rule: Due) -> ExitCode {
    match rule {
        Due::Undecided(_) => ExitCode::from(2),
        _ => ExitCode::SUCCESS,
    }
}
