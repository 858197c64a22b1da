//! `enrol migrate`

use std::process::ExitCode;

use super::Global;
use crate::storage::Database;

/// Brings the configured database's schema up to date. Safe to run from several places at once.
pub fn run(global: &Global) -> anyhow::Result<ExitCode> {
    let config = global.load_config()?;
    super::runtime()?.block_on(async {
        let database = Database::connect(&config.database).await?;
        let migrated = database.migrate().await;
        database.close().await;
        migrated?;
        println!("The database schema is up to date.");
        Ok(ExitCode::SUCCESS)
    })
}
