//! The `enrol` command.

mod account;
mod api_token;
mod audit;
mod calibrate;
mod config;
mod events;
mod form;
mod keys;
mod matching;
mod migrate;
mod recipient;
mod retention;
mod role;
mod run;
mod serve;
mod stack;
mod watch;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::Config;

/// Turns paper registration forms into checked records.
#[derive(Debug, Parser)]
#[command(
    name = "enrol",
    version,
    arg_required_else_help = true,
    propagate_version = true
)]
pub struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags of every command.
#[derive(Debug, clap::Args)]
pub struct Global {
    /// Configuration file [default: enrol.toml in this folder, where there is one]
    #[arg(long, global = true, env = "ENROL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Global {
    /// The configuration, from file and environment.
    pub fn load_config(&self) -> anyhow::Result<Config> {
        Ok(Config::load(self.config.as_deref())?)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything on this machine, put the sample scans through it, and stay up until Ctrl-C
    Run(run::RunArgs),
    Account(account::AccountArgs),
    ApiToken(api_token::ApiTokenArgs),
    Audit(audit::AuditArgs),
    Calibrate(calibrate::CalibrateArgs),
    /// Show the configuration in force, secrets masked
    Config,
    Events(events::EventsArgs),
    /// Print, show and check form definitions
    #[command(subcommand)]
    Form(form::FormArgs),
    #[command(subcommand)]
    Matching(matching::MatchingArgs),
    Keys(keys::KeysArgs),
    /// Bring the database schema up to date
    Migrate,
    /// Take notices of new scans from the queue and note the scans in the database
    Intake(role::RoleArgs),
    /// Take scans from the queue and read them
    Reader(role::RoleArgs),
    Recipient(recipient::RecipientArgs),
    /// Publish events from the database to the message broker
    Relay(role::RoleArgs),
    Retention(retention::RetentionArgs),
    /// Read scans on this machine, without any server
    Read(role::RoleArgs),
    /// Start private copies of PostgreSQL, RabbitMQ and an S3 server, and keep them until Ctrl-C
    Up(stack::UpArgs),
    /// Stop the local stack, or what a crash left of it; with --erase remove all local data
    Down(stack::DownArgs),
    /// Make the sample scans
    Sample(role::RoleArgs),
    /// Serve the web pages and the API
    Serve,
    Watch(watch::WatchArgs),
}

/// Runs the command line and returns the exit code.
///
/// # Errors
/// Whatever the command could not do, in words for the person who typed it.
pub fn run() -> anyhow::Result<std::process::ExitCode> {
    let Arguments { global, command } = Arguments::parse();
    match command {
        Command::Account(args) => account::run(&global, &args),
        Command::ApiToken(args) => api_token::run(&global, &args),
        Command::Audit(args) => audit::run(&global, &args),
        Command::Calibrate(args) => calibrate::run(&global, &args),
        Command::Config => config::run(&global),
        Command::Events(args) => events::run(&global, &args),
        Command::Form(args) => form::run(args),
        Command::Matching(args) => matching::run(&global, &args),
        Command::Keys(args) => keys::run(&global, &args),
        Command::Migrate => migrate::run(&global),
        Command::Intake(args) => role::run("enrol-intake", &[], &global, &args),
        Command::Reader(args) => role::run("enrol-reader", &["worker"], &global, &args),
        Command::Recipient(args) => recipient::run(&global, &args),
        Command::Relay(args) => role::run("enrol-relay", &[], &global, &args),
        Command::Retention(args) => retention::run(&global, &args),
        Command::Read(args) => role::run("enrol-reader", &["read"], &global, &args),
        Command::Run(args) => run::run(&args),
        Command::Up(args) => stack::up(&args),
        Command::Down(args) => stack::down(&args),
        Command::Sample(args) => role::run("enrol-sample", &[], &global, &args),
        Command::Serve => serve::run(&global),
        Command::Watch(args) => watch::run(&global, &args),
    }
}

/// A runtime for commands that talk to servers. Two threads even on one core: heartbeats must not wait for work.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        super::Arguments::command().debug_assert();
    }
}
