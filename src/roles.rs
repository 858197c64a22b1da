//! The sibling programs that do the work, run beside a local stack: intake, relay and reader.

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

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Notes new objects in the database.
    Intake,
    /// Publishes what the database has for the broker.
    Relay,
    /// Reads documents.
    Reader,
}

impl Role {
    /// One process of each.
    pub const ALL: [Self; 3] = [Self::Intake, Self::Relay, Self::Reader];

    fn program(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Intake => ("enrol-intake", &[]),
            Self::Relay => ("enrol-relay", &[]),
            Self::Reader => ("enrol-reader", &["worker"]),
        }
    }
}

/// Running programs; dropping it kills them.
#[derive(Debug, Default)]
pub struct Roles {
    running: Vec<(Role, Child)>,
}

impl Roles {
    /// Starts one process of each role against `stack`.
    ///
    /// # Errors
    /// When a program is not built or cannot be started.
    pub fn start(stack: &LocalStack) -> anyhow::Result<Self> {
        let mut roles = Self::default();
        for role in Role::ALL {
            roles.add(stack, role)?;
        }
        Ok(roles)
    }

    /// Starts one more process of `role`, with its log beside those of the servers.
    ///
    /// # Errors
    /// When the program is not built or cannot be started.
    pub fn add(&mut self, stack: &LocalStack, role: Role) -> anyhow::Result<()> {
        let (program, arguments) = role.program();
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
        self.running.push((role, child));
        Ok(())
    }

    /// Fails when a program has ended by itself.
    ///
    /// # Errors
    /// Names the program.
    pub fn check_running(&mut self) -> anyhow::Result<()> {
        for (role, child) in &mut self.running {
            if let Some(status) = child.try_wait()? {
                bail!("{} ended with {status}; its log says why", role.program().0);
            }
        }
        Ok(())
    }

    /// Ends all processes of `role` without warning, as a power cut would; the number of those that ran.
    pub fn kill(&mut self, role: Role) -> usize {
        let before = self.running.len();
        self.running.retain_mut(|(running, child)| {
            if *running != role {
                return true;
            }
            let _ = child.kill();
            let _ = child.wait();
            false
        });
        before - self.running.len()
    }

    /// Lets every program finish what it is doing, then stops it.
    pub async fn stop(mut self) {
        for (_, child) in &self.running {
            if let Ok(id) = i32::try_from(child.id()) {
                let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
            }
        }
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline
            && self
                .running
                .iter_mut()
                .any(|(_, child)| matches!(child.try_wait(), Ok(None)))
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
