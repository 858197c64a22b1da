//! `enrol serve`

use std::process::ExitCode;

use super::Global;
use crate::lifecycle::Shutdown;

/// Serves the web pages and the API until it is asked to stop.
pub fn run(global: &Global) -> anyhow::Result<ExitCode> {
    let config = global.load_config()?;
    config.require_servers()?;
    crate::telemetry::init("enrol-web");
    super::runtime()?.block_on(async {
        let shutdown = Shutdown::on_signals()?;
        let server = crate::web::Server::bind(&config).await?;
        eprintln!("Enrol listens on http://{}", server.address());
        server.serve(shutdown).await?;
        Ok(ExitCode::SUCCESS)
    })
}
