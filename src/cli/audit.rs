//! `enrol audit`: proof that nobody changed the audit trail.

use std::fmt::Write;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Global;
use crate::storage::Database;
use crate::storage::audit_chain::{self, Hash};

/// Prove that the audit trail is complete and unchanged
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Walk the whole chain; exits with 1 and names the first broken entry when something is wrong
    Verify {
        /// A head noted earlier: shows whether entries were taken from the end since
        #[arg(long, value_name = "HASH", value_parser = parse_hash)]
        head: Option<Hash>,
    },
    /// Print the number of entries and the head, to be noted where whoever runs the database cannot change it
    Head,
}

/// Runs `enrol audit`.
pub fn run(global: &Global, args: &AuditArgs) -> anyhow::Result<ExitCode> {
    let config = global.load_config()?;
    super::runtime()?.block_on(async {
        let database = Database::connect(&config.database).await?;
        match &args.command {
            AuditCommand::Verify { head } => {
                match audit_chain::verify(&database, head.as_ref()).await? {
                    Ok(end) => {
                        println!("{} entries checked, none changed or missing", end.entries);
                        println!("head {}", hex(&end.hash));
                        Ok(ExitCode::SUCCESS)
                    }
                    Err(broken) => {
                        eprintln!("the audit trail is not intact: {broken}");
                        Ok(ExitCode::FAILURE)
                    }
                }
            }
            AuditCommand::Head => {
                let end = audit_chain::head(&database).await?;
                println!("{} {}", end.entries, hex(&end.hash));
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

fn hex(hash: &Hash) -> String {
    let mut text = String::new();
    for byte in hash {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
    }
    text
}

fn parse_hash(text: &str) -> Result<Hash, String> {
    let wrong = || "a head has 64 digits 0-9 and a-f, as `enrol audit head` prints it".to_owned();
    if text.len() != 64 || !text.is_ascii() {
        return Err(wrong());
    }
    let mut hash = [0; 32];
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).map_err(|_| wrong())?;
    }
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_is_printed() {
        let hash = core::array::from_fn(|i| u8::try_from(i * 7).unwrap());
        assert_eq!(parse_hash(&hex(&hash)), Ok(hash));
        assert!(parse_hash("12").is_err());
        assert!(parse_hash(&"é".repeat(32)).is_err());
    }
}
