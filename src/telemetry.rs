//! Logs. Ids, counts and durations only: never a name, number, address, object key or anything read from a form.

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Sends log lines to standard error: JSON when ENROL_LOG_FORMAT is `json`, else text. ENROL_LOG filters
/// (`debug`, `enrol=debug,warn`); the default is `info` for Enrol's own parts and `warn` for libraries.
pub fn init(program: &'static str) {
    let filter = EnvFilter::try_from_env("ENROL_LOG").unwrap_or_else(|_| {
        EnvFilter::new("warn,enrol=info,enrol_intake=info,enrol_reader=info,enrol_relay=info")
    });
    let json = std::env::var("ENROL_LOG_FORMAT").is_ok_and(|format| format == "json");
    let registry = tracing_subscriber::registry().with(filter);
    let started = if json {
        registry
            .with(fmt::layer().json().with_writer(std::io::stderr))
            .try_init()
    } else {
        registry
            .with(fmt::layer().with_target(false).with_writer(std::io::stderr))
            .try_init()
    };
    if started.is_ok() {
        tracing::debug!(program, "logging started");
    }
}
