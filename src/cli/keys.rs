//! `enrol keys`: the keys that special-category values are sealed with.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Global;
use crate::storage::Database;
use crate::storage::key_rotation;
use crate::storage::sealing::Sealer;

/// Change the key that special-category values are sealed with
#[derive(Debug, Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Show how many values are sealed with which key
    List,
    /// Put a new random key on top of the key file; restart every program afterwards, then run `enrol keys rotate`
    Add,
    /// Seal everything anew with the first key of the key file
    Rotate,
}

/// Runs `enrol keys`.
pub fn run(global: &Global, args: &KeysArgs) -> anyhow::Result<ExitCode> {
    let config = global.load_config()?;
    let path = &config.keys.special_category_key_file;
    if let KeysCommand::Add = args.command {
        let id = Sealer::add_key(path)?;
        println!("key {id} is now the first in {}", path.display());
        println!(
            "Copy the file to every machine that runs Enrol, restart the programs, then run `enrol keys rotate`."
        );
        return Ok(ExitCode::SUCCESS);
    }
    let sealer = Sealer::from_key_file(path)?;
    super::runtime()?.block_on(async {
        let database = Database::connect(&config.database).await?;
        if let KeysCommand::Rotate = args.command {
            let rows = key_rotation::rotate(&database, &sealer).await?;
            println!("{rows} values sealed anew with key {}", sealer.first_key());
        }
        let sealed = key_rotation::sealed(&database).await?;
        for row in &sealed {
            println!("{:<16} key {:<10} {:>8}", row.table, row.key_id, row.rows);
        }
        if sealed.iter().all(|row| row.key_id == sealer.first_key()) {
            println!("Everything is sealed with the first key. Older ones open backups only.");
        }
        Ok(ExitCode::SUCCESS)
    })
}
