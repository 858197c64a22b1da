//! The private PostgreSQL cluster.

use std::{
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::Signal,
    unistd::{Uid, User},
};
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};

use super::{StackError, folder::StackFolder, folder::write_private, processes::Server};

const STARTUP_LIMIT: Duration = Duration::from_secs(120);
const DATABASE: &str = "enrol";

/// A running cluster.
#[derive(Debug)]
pub(super) struct Postgres {
    server: Server,
}

impl Postgres {
    /// Where the cluster of `folder` keeps its data.
    ///
    /// PostgreSQL refuses to run as root and then runs as the user postgres, who must be able to reach the data;
    /// below a closed home folder such as /root it goes to /var/lib instead.
    pub(super) fn data_folder(folder: &Path) -> PathBuf {
        if !Uid::effective().is_root() || reachable_by_others(folder) {
            return folder.join("postgresql");
        }
        let id: String = folder.display().to_string().replace('/', "-");
        Path::new("/var/lib/enrol-local")
            .join(id.trim_start_matches('-'))
            .join("postgresql")
    }

    /// Makes the cluster where it is missing, starts it and waits until it answers.
    pub(super) async fn start(
        folder: &StackFolder,
        port: u16,
    ) -> Result<(Self, String), StackError> {
        let run_as = run_as()?;
        let data = Self::data_folder(folder.path());
        claim(folder, &data)?;
        let programs = programs_folder(&data)?;
        let password = folder.secret("database-password")?;
        if !data.join("PG_VERSION").exists() {
            create_cluster(folder, &programs, &data, run_as.as_ref(), &password).await?;
        }

        // Left by a crash. Whoever holds the folder's lock is alone with the cluster, so that the process id in there,
        // if it is in use at all, is by now somebody else's, which PostgreSQL could not tell.
        let process_file = data.join("postmaster.pid");
        if process_file.exists() {
            std::fs::remove_file(&process_file)
                .map_err(StackError::folder("remove", &process_file))?;
        }
        let mut command = Command::new(programs.join("postgres"));
        command
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            .args(["-c", "max_connections=120"])
            .args(["-c", "shared_buffers=64MB"])
            .args(["-c", "log_min_messages=warning"])
            // Statements and their parameters are personal data.
            .args([
                "-c",
                "log_statement=none",
                "-c",
                "log_min_error_statement=panic",
            ])
            .args([
                "-c",
                "log_parameter_max_length=0",
                "-c",
                "log_parameter_max_length_on_error=0",
            ])
            .args(["-c", "log_error_verbosity=terse"]);
        let log = folder.join("log/postgresql.log");
        let mut server = Server::start(
            "PostgreSQL",
            &command,
            folder.path(),
            log,
            run_as.as_ref(),
            Signal::SIGINT,
        )?;
        if let Err(error) = prepare_database(&mut server, port, &password).await {
            server.stop(Duration::from_secs(5));
            return Err(error);
        }
        let url = format!("postgres://enrol:{password}@127.0.0.1:{port}/{DATABASE}");
        Ok((Self { server }, url))
    }

    /// Whether the server has ended by itself.
    pub(super) fn has_ended(&mut self) -> bool {
        self.server.finished().is_some()
    }

    /// Process id of the postmaster.
    pub(super) fn id(&self) -> u32 {
        self.server.id()
    }

    /// Fast shutdown: sessions end, everything committed is on disk.
    pub(super) fn stop(self) {
        self.server.stop(Duration::from_secs(15));
    }
}

/// Sees to it that data outside the stack's folder are those of this stack. A folder that was removed by hand leaves
/// its data behind, with a password that nobody knows any more.
fn claim(folder: &StackFolder, data: &Path) -> Result<(), StackError> {
    let Some(place) = data.parent().filter(|place| *place != folder.path()) else {
        return Ok(());
    };
    let identity = folder.secret("identity")?;
    let owner_file = place.join("owner");
    if std::fs::read_to_string(&owner_file).is_ok_and(|owner| owner == identity) {
        return Ok(());
    }
    if data.exists() {
        std::fs::remove_dir_all(data).map_err(StackError::folder("clear", data))?;
    }
    super::folder::make_folder(place, 0o711)?;
    write_private(&owner_file, identity.as_bytes())
}

/// The programs of the version that wrote `data`, of the newest installed one where there are none yet.
fn programs_folder(data: &Path) -> Result<PathBuf, StackError> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            programs
                .join("initdb")
                .is_file()
                .then_some((version, programs))
        })
        .collect();
    if let Ok(version) = std::fs::read_to_string(data.join("PG_VERSION")) {
        let version = version.trim();
        return versions
            .into_iter()
            .find(|(installed, _)| installed.to_string() == version)
            .map(|(_, programs)| programs)
            .ok_or_else(|| StackError::OtherVersion {
                data: data.to_owned(),
                version: version.to_owned(),
            });
    }
    versions.sort();
    versions
        .pop()
        .map(|(_, programs)| programs)
        .ok_or(StackError::NotInstalled {
            program: "/usr/lib/postgresql/*/bin/initdb",
            package: "postgresql",
        })
}

/// The user postgres when we are root; nobody else when we are not.
fn run_as() -> Result<Option<User>, StackError> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    let user = User::from_name("postgres").ok().flatten();
    user.map(Some).ok_or(StackError::NotInstalled {
        program: "the user postgres",
        package: "postgresql",
    })
}

fn reachable_by_others(folder: &Path) -> bool {
    folder
        .ancestors()
        .all(|f| std::fs::metadata(f).is_ok_and(|m| m.mode() & 0o001 != 0))
}

async fn create_cluster(
    folder: &StackFolder,
    programs: &Path,
    data: &Path,
    run_as: Option<&User>,
    password: &str,
) -> Result<(), StackError> {
    // A cluster that was being made when the power failed has no PG_VERSION yet and cannot be continued.
    if data.exists() {
        std::fs::remove_dir_all(data).map_err(StackError::folder("clear", data))?;
    }
    if let Some(parent) = data.parent() {
        super::folder::make_folder(parent, 0o711)?;
    }
    super::folder::make_folder(data, 0o700)?;
    let password_file = data.with_extension("initial-password");
    write_private(&password_file, password.as_bytes())?;
    if let Some(user) = run_as {
        for path in [data, &password_file] {
            chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
                .map_err(StackError::folder("hand over", path))?;
        }
    }
    let log = folder.join("log/initdb.log");
    let mut command = Command::new(programs.join("initdb"));
    command
        .arg("-D")
        .arg(data)
        .args([
            "-U",
            "enrol",
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ])
        .arg("--pwfile")
        .arg(&password_file)
        .stdin(Stdio::null());
    let mut server = Server::start(
        "PostgreSQL",
        &command,
        folder.path(),
        log,
        run_as,
        Signal::SIGKILL,
    )?;
    let result = loop {
        match server.finished() {
            Some(true) => break Ok(()),
            Some(false) => break Err(server.not_started("initdb failed".to_owned())),
            None => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    std::fs::remove_file(&password_file).map_err(StackError::folder("remove", &password_file))?;
    result
}

async fn prepare_database(
    server: &mut Server,
    port: u16,
    password: &str,
) -> Result<(), StackError> {
    let options = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(port)
        .username("enrol")
        .password(password)
        .database("postgres")
        .disable_statement_logging();
    let deadline = Instant::now() + STARTUP_LIMIT;
    let mut connection = loop {
        server.check_running()?;
        match sqlx::PgConnection::connect_with(&options).await {
            Ok(connection) => break connection,
            Err(error) if Instant::now() > deadline => {
                return Err(server.not_started(error.to_string()));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    };
    // Fails when the database exists, which is what is wanted.
    let created = sqlx::query("CREATE DATABASE enrol")
        .execute(&mut connection)
        .await;
    let exists_already = |error: &sqlx::Error| {
        error
            .as_database_error()
            .and_then(|e| e.code())
            .is_some_and(|code| code == "42P04")
    };
    match created {
        Err(error) if !exists_already(&error) => Err(server.not_started(error.to_string())),
        _ => Ok(()),
    }
}
