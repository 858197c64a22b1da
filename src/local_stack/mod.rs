//! Private copies of the real parts, for a laptop and for tests: a PostgreSQL cluster and a RabbitMQ node from the
//! operating system's packages, and an S3 server inside this process. Everything listens on the loopback interface
//! only, lives in one folder, and ends with the process that started it.

mod error;
mod folder;
mod object_server;
mod postgres;
mod processes;
mod rabbitmq;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use secrecy::ExposeSecret;

pub use error::StackError;

use self::{folder::StackFolder, postgres::Postgres, rabbitmq::RabbitMq};
use crate::{
    config::{Config, Secret},
    lifecycle::Shutdown,
    objects::ObjectStore,
    storage::{Database, StorageError, sealing::Sealer},
};

/// Where the stack lives unless told otherwise.
pub const DEFAULT_FOLDER: &str = ".enrol";

/// How long a process that runs a stack may take to stop it.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// A running local stack.
#[derive(Debug)]
pub struct LocalStack {
    /// How to reach it; the programs work with it as they would with a council's servers.
    pub config: Config,
    folder: StackFolder,
    postgres: Option<Postgres>,
    rabbitmq: Option<RabbitMq>,
    objects: Shutdown,
    broker_ports: rabbitmq::Ports,
    ports: BTreeMap<String, u16>,
}

/// A server of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub name: &'static str,
    /// Where it listens.
    pub address: String,
    /// Its process.
    pub process: u32,
}

impl LocalStack {
    /// Starts everything in `folder`, which is made where it is missing, brings the database schema up to date and
    /// makes the bucket. Data of an earlier run is kept; processes that a crash left running are ended first.
    ///
    /// # Errors
    /// [`StackError`], which names the remedy. Nothing is left running then.
    pub async fn start(folder: &Path) -> Result<Self, StackError> {
        let folder = StackFolder::open(folder)?;
        processes::end_leftovers(folder.path(), &data_folders(folder.path()));
        let ports = folder.ports(&[
            ("postgresql", None),
            ("amqp", None),
            ("erlang-distribution", None),
            ("erlang-mapper", None),
            ("objects", None),
            ("web", Some(8080)),
        ])?;
        let broker_ports = rabbitmq::Ports {
            amqp: ports["amqp"],
            distribution: ports["erlang-distribution"],
            mapper: ports["erlang-mapper"],
        };
        let (postgres, rabbitmq) = tokio::join!(
            Postgres::start(&folder, ports["postgresql"]),
            RabbitMq::start(&folder, broker_ports)
        );
        let (postgres, database_url, rabbitmq, broker_url) = match (postgres, rabbitmq) {
            (Ok((postgres, database_url)), Ok((rabbitmq, broker_url))) => {
                (postgres, database_url, rabbitmq, broker_url)
            }
            (postgres, rabbitmq) => {
                let first = postgres.map(|(running, _)| running.stop()).err();
                let second = rabbitmq.map(|(running, _)| running.stop()).err();
                return Err(first.or(second).expect("one of the two failed"));
            }
        };
        let key_file = folder.secret_path("special-category-key");
        if !key_file.exists() {
            Sealer::create_key_file(&key_file).map_err(StorageError::from)?;
        }
        let mut config = Config::default();
        config.database.url = Secret::from(database_url);
        config.broker.url = Secret::from(broker_url);
        config.objects.endpoint = format!("http://127.0.0.1:{}", ports["objects"]);
        config.objects.access_key = folder.secret("objects-access-key")?[..20].to_owned();
        config.objects.secret_key = Secret::from(folder.secret("objects-secret-key")?);
        config.web.listen = format!("127.0.0.1:{}", ports["web"]);
        config.keys.special_category_key_file = key_file;
        let mut stack = Self {
            config,
            folder,
            postgres: Some(postgres),
            rabbitmq: Some(rabbitmq),
            objects: Shutdown::new(),
            broker_ports,
            ports,
        };
        match stack.prepare().await {
            Ok(()) => Ok(stack),
            Err(error) => {
                stack.stop().await;
                Err(error)
            }
        }
    }

    async fn prepare(&mut self) -> Result<(), StackError> {
        object_server::start(
            &self.folder.join("objects"),
            self.ports["objects"],
            &self.config.objects,
            self.config.broker.url.expose_secret(),
            self.objects.clone(),
        )
        .await?;
        ObjectStore::new(&self.config.objects)
            .ensure_bucket()
            .await?;
        let database = Database::open(self.config.database.url.expose_secret(), 2).await?;
        let migrated = database.migrate().await;
        database.close().await;
        migrated?;
        folder::write_private(
            &self.config_file(),
            self.config.to_toml_with_secrets().as_bytes(),
        )
    }

    /// The stack's configuration as a file, for programs started beside it.
    pub fn config_file(&self) -> PathBuf {
        self.folder.join("enrol.toml")
    }

    /// The stack's folder, absolute.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A secret of this installation, made at first use: passwords of demonstration accounts.
    ///
    /// # Errors
    /// When the secrets' folder cannot be written.
    pub fn secret(&self, name: &str) -> Result<String, StackError> {
        self.folder.secret(name)
    }

    /// The servers, for whoever wants to see what listens where.
    pub fn parts(&self) -> Vec<Part> {
        let part = |name, port: &str, process| Part {
            name,
            address: format!("127.0.0.1:{}", self.ports[port]),
            process,
        };
        let mut parts = Vec::new();
        if let Some(postgres) = &self.postgres {
            parts.push(part("PostgreSQL", "postgresql", postgres.id()));
        }
        if let Some(rabbitmq) = &self.rabbitmq {
            parts.push(part("RabbitMQ", "amqp", rabbitmq.id()));
            let mapper = rabbitmq.mapper_id();
            parts.push(part("Erlang port mapper", "erlang-mapper", mapper));
        }
        parts.push(part("S3 server", "objects", std::process::id()));
        parts
    }

    /// The name of a server that has ended by itself, if one has.
    pub fn ended(&mut self) -> Option<&'static str> {
        if self.postgres.as_mut().is_some_and(Postgres::has_ended) {
            return Some("PostgreSQL");
        }
        let rabbitmq = self.rabbitmq.as_mut()?;
        rabbitmq.has_ended().then_some("RabbitMQ")
    }

    /// Every process of the stack but this one: servers, their children, and the helpers those start.
    pub fn process_ids(&self) -> Vec<u32> {
        let folder = self.folder.path();
        processes::of_stack(folder, &data_folders(folder))
            .into_iter()
            .filter_map(|pid| u32::try_from(pid.as_raw()).ok())
            .collect()
    }

    /// Process ids of the database and the broker, for tests that end them by force.
    pub fn server_ids(&self) -> Vec<u32> {
        self.postgres
            .iter()
            .map(Postgres::id)
            .chain(self.rabbitmq.iter().map(RabbitMq::id))
            .collect()
    }

    /// Stops the broker and starts it again on the same ports with its data: what a restart by operations does.
    ///
    /// # Errors
    /// [`StackError`] when it does not come back.
    pub async fn restart_broker(&mut self) -> Result<(), StackError> {
        if let Some(running) = self.rabbitmq.take() {
            stop_blocking(move || running.stop()).await;
        }
        let (running, _) = RabbitMq::start(&self.folder, self.broker_ports).await?;
        self.rabbitmq = Some(running);
        Ok(())
    }

    /// Stops everything and waits until it has stopped.
    pub async fn stop(mut self) {
        self.objects.trigger();
        self.objects.finished(Duration::from_secs(15)).await;
        let (postgres, rabbitmq) = (self.postgres.take(), self.rabbitmq.take());
        let folder = self.folder.path().to_owned();
        stop_blocking(move || {
            std::thread::scope(|scope| {
                scope.spawn(|| rabbitmq.map(RabbitMq::stop));
                if let Some(_postgres) = postgres {
                    Postgres::stop(_postgres)
                }
            });
            processes::end_leftovers(&folder, &data_folders(&folder));
        })
        .await;
    }
}

impl Drop for LocalStack {
    fn drop(&mut self) {
        // The S3 server is a task of the runtime and would stay.
        self.objects.trigger();
    }
}

/// Stops the stack in `folder`, whichever process runs it, ends what a crash left, and with `erase` removes the
/// folder and all data in it.
///
/// # Errors
/// [`StackError::InUse`] when the process that runs it does not end within a minute, and
/// [`StackError::NotOurs`] when no stack was ever started there.
pub fn down(folder: &Path, erase: bool) -> Result<(), StackError> {
    if !folder.exists() {
        return Ok(());
    }
    if !StackFolder::is_one(folder) {
        return Err(StackError::NotOurs(folder.to_owned()));
    }
    if let Some(process) = StackFolder::holder(folder) {
        // It holds the lock of this folder, so that it is Enrol, which stops its servers itself.
        let _ = kill(Pid::from_raw(process), Signal::SIGTERM);
        let deadline = Instant::now() + STOP_LIMIT;
        while StackFolder::holder(folder).is_some() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    let locked = StackFolder::open(folder)?;
    let path = locked.path().to_owned();
    processes::end_leftovers(&path, &data_folders(&path));
    if erase {
        let data = Postgres::data_folder(&path);
        // The data are in a folder of their own outside where PostgreSQL cannot reach this one.
        if let Some(place) = data
            .parent()
            .filter(|place| place.exists() && !place.starts_with(&path))
        {
            std::fs::remove_dir_all(place).map_err(StackError::folder("remove", place))?;
        }
        std::fs::remove_dir_all(&path).map_err(StackError::folder("remove", &path))?;
    }
    Ok(())
}

fn data_folders(folder: &Path) -> Vec<PathBuf> {
    vec![Postgres::data_folder(folder), folder.join("rabbitmq")]
}

async fn stop_blocking(work: impl FnOnce() + Send + 'static) {
    if tokio::task::spawn_blocking(work).await.is_err() {
        tracing::error!("stopping a server failed");
    }
}
