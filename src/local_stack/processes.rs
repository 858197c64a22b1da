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
    sync::{LazyLock, mpsc},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, User},
};

use super::StackError;

/// Names the stack's folder in the environment of every process it starts.
const MARK: &str = "ENROL_LOCAL_STACK";

type Job = Box<dyn FnOnce() + Send>;

/// The kernel counts the end of the *thread* that made a child as the end of its parent, and threads of a runtime
/// come and go. This one lives as long as the process.
static STARTER: LazyLock<mpsc::Sender<Job>> = LazyLock::new(|| {
    let (jobs, queue) = mpsc::channel::<Job>();
    std::thread::Builder::new()
        .name("local-stack".to_owned())
        .spawn(move || queue.into_iter().for_each(|job| job()))
        .expect("a process can start one more thread");
    jobs
});

fn spawn_from_lasting_thread(mut command: Command) -> std::io::Result<Child> {
    let (answer, result) = mpsc::channel();
    let job: Job = Box::new(move || {
        // The receiver waits just below.
        let _ = answer.send(command.spawn());
    });
    STARTER.send(job).expect("the thread never ends");
    result.recv().expect("the thread answers every job")
}

/// A server process. Dropping it asks it to end and does not wait.
#[derive(Debug)]
pub(super) struct Server {
    name: &'static str,
    child: Child,
    ending: Signal,
    log: PathBuf,
}

impl Server {
    /// Starts `command` with its output in `log`. When this process dies, however it dies, the kernel sends
    /// `ending` to the server.
    pub(super) fn start(
        name: &'static str,
        command: &Command,
        folder: &Path,
        log: PathBuf,
        run_as: Option<&User>,
        ending: Signal,
    ) -> Result<Self, StackError> {
        let output = open_log(&log)?;
        let errors = output
            .try_clone()
            .map_err(StackError::folder("open", &log))?;
        let mut wrapped = Command::new("setpriv");
        wrapped
            .args([
                "--pdeathsig",
                ending.as_str().trim_start_matches("SIG"),
                "--",
            ])
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
        let child = spawn_from_lasting_thread(wrapped).map_err(|error| StackError::NotStarted {
            server: name,
            problem: error.to_string(),
            log: log.clone(),
        })?;
        Ok(Self {
            name,
            child,
            ending,
            log,
        })
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

    /// Asks it to end, waits up to `patience`, then kills.
    pub(super) fn stop(mut self, patience: Duration) {
        self.ask_to_end();
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

    fn ask_to_end(&mut self) {
        // Once it has been waited for, its process id may be somebody else's.
        if matches!(self.child.try_wait(), Ok(None)) {
            let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX));
            let _ = kill(pid, self.ending);
        }
    }

    /// The process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ask_to_end();
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

/// Ends whatever a crash left running: politely first, then by force. Only whoever holds the folder's lock may call
/// it: then nobody else can be using these processes.
pub(super) fn end_leftovers(folder: &Path, data_folders: &[PathBuf]) {
    for (force, patience) in [(false, 10), (true, 5)] {
        let left = of_stack(folder, data_folders);
        if left.is_empty() {
            return;
        }
        tracing::debug!(
            processes = left.len(),
            force,
            "ending processes left by an earlier run"
        );
        for pid in left {
            let signal = match (force, is_postgres(pid)) {
                (true, _) => Signal::SIGKILL,
                // Fast shutdown; SIGTERM would wait for clients.
                (false, true) => Signal::SIGINT,
                // On SIGINT the Erlang machine asks a terminal what to do.
                (false, false) => Signal::SIGTERM,
            };
            let _ = kill(pid, signal);
        }
        let deadline = Instant::now() + Duration::from_secs(patience);
        while Instant::now() < deadline && !of_stack(folder, data_folders).is_empty() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn is_postgres(pid: Pid) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "postgres")
}
