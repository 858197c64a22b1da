//! The sibling programs that do the work: intake, reader and relay.

use std::{
    fs::OpenOptions,
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{local_stack::LocalStack, programs};

/// Program and leading arguments of each role.
const ROLES: [(&str, &[&str]); 3] = [("enrol-intake", &[]), ("enrol-relay", &[]), ("enrol-reader", &["worker"])];

/// Running programs; dropping it kills them.
pub(super) struct Roles {
    running: Vec<(&'static str, Child)>,
}

impl Roles {
    /// Starts every role against `stack`, with its log beside those of the servers.
    pub(super) fn start(stack: &LocalStack) -> anyhow::Result<Self> {
        let mut roles = Self { running: Vec::new() };
        for (program, arguments) in ROLES {
            let path = programs::path(program)?;
            let log = stack.folder().join(format!("log/{program}.log"));
            let output = OpenOptions::new()
                .create(true)
                .append(true)
                .mode(0o600)
                .open(&log)
                .with_context(|| format!("cannot open {}", log.display()))?;
            // Ends the program when this process dies, however it dies.
            let child = Command::new("setpriv")
                .args(["--pdeathsig", "TERM", "--"])
                .arg(&path)
                .args(arguments)
                .env("ENROL_CONFIG", stack.config_file())
                .env("OMP_THREAD_LIMIT", "1")
                .stdin(Stdio::null())
                .stdout(output.try_clone()?)
                .stderr(output)
                .process_group(0)
                .spawn()
                .with_context(|| format!("cannot start {}", path.display()))?;
            roles.running.push((program, child));
        }
        Ok(roles)
    }

    /// Fails when a program has ended by itself.
    pub(super) fn check_running(&mut self) -> anyhow::Result<()> {
        for (program, child) in &mut self.running {
            if let Some(status) = child.try_wait()? {
                bail!("{program} ended with {status}; its log says why");
            }
        }
        Ok(())
    }

    /// Lets every program finish what it is doing, then stops it.
    pub(super) async fn stop(mut self) {
        for (_, child) in &self.running {
            if let Ok(id) = i32::try_from(child.id()) {
                let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
            }
        }
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline
            && self.running.iter_mut().any(|(_, child)| matches!(child.try_wait(), Ok(None)))
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Roles {
    fn drop(&mut self) {
        for (_, child) in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
