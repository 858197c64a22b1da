//! Child processes of the stack: started so that they end with us, found again after a crash.
//!
//! Every process carries the stack's folder in its environment, which its own children inherit; PostgreSQL
//! overwrites its environment but works in its data folder. Both are read back from /proc, so that a process is
//! only ever stopped when it is ours.

use std::{
    fs::{File, OpenOptions},
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, User},
};

use super::StackError;

/// Names the stack's folder in the environment of every process it starts.
const MARK: &str = "ENROL_LOCAL_STACK";

/// A server process.
#[derive(Debug)]
pub(super) struct Server {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts `command` with its output in `log`. When this process dies, however it dies, the kernel sends
    /// `on_our_death` to the server.
    pub(super) fn start(
        name: &'static str,
        command: &Command,
        folder: &Path,
        log: PathBuf,
        run_as: Option<&User>,
        on_our_death: &str,
    ) -> Result<Self, StackError> {
        let output = open_log(&log)?;
        let errors = output
            .try_clone()
            .map_err(StackError::folder("open", &log))?;
        let mut wrapped = Command::new("setpriv");
        wrapped
            .args(["--pdeathsig", on_our_death, "--"])
            .arg(command.get_program())
            .args(command.get_args())
            // Only what is named here, so that a server behaves the same wherever it is started from.
            .env_clear()
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("LANG", "C.UTF-8")
            .env(MARK, folder)
            .envs(
                command
                    .get_envs()
                    .filter_map(|(key, value)| Some((key, value?))),
            )
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            // Ctrl-C goes to the whole foreground group; servers are stopped in order instead.
            .process_group(0);
        if let Some(directory) = command.get_current_dir() {
            wrapped.current_dir(directory);
        }
        if let Some(user) = run_as {
            wrapped.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        let child = wrapped.spawn().map_err(|error| StackError::NotStarted {
            server: name,
            problem: error.to_string(),
            log: log.clone(),
        })?;
        Ok(Self { name, child, log })
    }

    /// Why the server is not running any more, if it is not.
    pub(super) fn check_running(&mut self) -> Result<(), StackError> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.not_started(format!("it ended with {status}"))),
            Err(error) => Err(self.not_started(error.to_string())),
        }
    }

    /// Whether it has ended, and if so whether it succeeded.
    pub(super) fn finished(&mut self) -> Option<bool> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(status.success()),
            Err(_) => Some(false),
        }
    }

    /// An error that names this server's log.
    pub(super) fn not_started(&self, problem: String) -> StackError {
        StackError::NotStarted {
            server: self.name,
            problem,
            log: self.log.clone(),
        }
    }

    /// Sends `signal`, waits up to `patience`, then kills.
    pub(super) fn stop(mut self, signal: Signal, patience: Duration) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX));
        let _ = kill(pid, signal);
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        tracing::warn!(server = self.name, "did not stop in time and was killed");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }
}

fn open_log(path: &Path) -> Result<File, StackError> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(StackError::folder("open", path))
}

/// Processes that belong to the stack in `folder`, this one excepted.
pub(super) fn of_stack(folder: &Path, data_folders: &[PathBuf]) -> Vec<Pid> {
    let own = std::process::id();
    let mark = format!("{MARK}={}", folder.display()).into_bytes();
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != own)
        .filter(|pid| {
            let marked = std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
                environment
                    .split(|b| *b == 0)
                    .any(|variable| variable == mark)
            });
            let at_home = std::fs::read_link(format!("/proc/{pid}/cwd"))
                .is_ok_and(|cwd| data_folders.iter().any(|data| cwd.starts_with(data)));
            marked || at_home
        })
        .filter_map(|pid| i32::try_from(pid).ok().map(Pid::from_raw))
        .collect()
}

/// Ends whatever a crash left running: politely first, then by force.
pub(super) fn end_leftovers(folder: &Path, data_folders: &[PathBuf]) {
    for (signal, patience) in [
        (Signal::SIGINT, 4),
        (Signal::SIGTERM, 4),
        (Signal::SIGKILL, 4),
    ] {
        let left = of_stack(folder, data_folders);
        if left.is_empty() {
            return;
        }
        tracing::debug!(processes = left.len(), %signal, "ending processes left by an earlier run");
        for pid in left {
            let _ = kill(pid, signal);
        }
        let deadline = Instant::now() + Duration::from_secs(patience);
        while Instant::now() < deadline && !of_stack(folder, data_folders).is_empty() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
