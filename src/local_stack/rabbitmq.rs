//! The private RabbitMQ node, with its own name, ports, cookie and port mapper, all on the loopback interface.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use nix::sys::signal::Signal;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::{
    StackError,
    folder::{StackFolder, make_folder, write_private},
    processes::Server,
};
use crate::messaging::{publisher::Publisher, topology::QUEUES};

const STARTUP_LIMIT: Duration = Duration::from_secs(150);
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const USER: &str = "enrol";

/// Queues and exchanges; the same file a council loads into its own broker.
const DEFINITIONS: &str = include_str!("../../queue-config/definitions.json");

/// Ports of the node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    /// AMQP.
    pub(super) amqp: u16,
    /// Erlang distribution.
    pub(super) distribution: u16,
    /// Erlang port mapper.
    pub(super) mapper: u16,
}

/// A running node and its port mapper.
#[derive(Debug)]
pub(super) struct RabbitMq {
    node: Server,
    mapper: Server,
}

impl RabbitMq {
    /// Starts the node and waits until the application's user can connect. Returns the broker's address too.
    pub(super) async fn start(
        folder: &StackFolder,
        ports: Ports,
    ) -> Result<(Self, String), StackError> {
        if !Path::new(SERVER).is_file() {
            return Err(StackError::NotInstalled {
                program: SERVER,
                package: "rabbitmq-server",
            });
        }
        let home = folder.join("rabbitmq");
        make_folder(&home, 0o700)?;
        let password = folder.secret("broker-password")?;
        write_configuration(folder, &home, ports, &password)?;

        // Started by us and in the foreground, so that it ends with the stack; `erl` would leave a daemon behind.
        let mut mapper = Command::new("epmd");
        mapper.args(["-address", "127.0.0.1", "-port", &ports.mapper.to_string()]);
        let mapper = Server::start(
            "Erlang's port mapper",
            &mapper,
            folder.path(),
            folder.join("log/epmd.log"),
            None,
            // It has nothing to lose, and does not mind a softer signal while nodes are registered.
            Signal::SIGKILL,
        )?;

        let mut command = Command::new(SERVER);
        let identity = &folder.secret("broker-node")?[..8];
        command
            .env("HOME", &home)
            .env("RABBITMQ_NODENAME", format!("enrol-{identity}@localhost"))
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("RABBITMQ_CONFIG_FILE", home.join("rabbitmq.conf"))
            .env(
                "RABBITMQ_ADVANCED_CONFIG_FILE",
                home.join("advanced.config"),
            )
            .env(
                "RABBITMQ_ENABLED_PLUGINS_FILE",
                home.join("enabled_plugins"),
            )
            .env("RABBITMQ_MNESIA_BASE", home.join("data"))
            .env("RABBITMQ_LOG_BASE", folder.join("log"))
            .env("RABBITMQ_LOGS", folder.join("log/rabbitmq.log"))
            .env("RABBITMQ_PID_FILE", home.join("node.pid"))
            .env("RABBITMQ_GENERATED_CONFIG_DIR", home.join("generated"))
            .env("RABBITMQ_DIST_PORT", ports.distribution.to_string())
            .env("ERL_EPMD_PORT", ports.mapper.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            // Runs the Erlang machine directly instead of below a shell that would have to pass signals on.
            .env("RUNNING_UNDER_SYSTEMD", "true")
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1}",
            );
        let log = folder.join("log/rabbitmq-start.log");
        let node = Server::start(
            "RabbitMQ",
            &command,
            folder.path(),
            log,
            None,
            Signal::SIGTERM,
        );
        let mut running = match node {
            Ok(node) => Self { node, mapper },
            Err(error) => {
                mapper.stop(Duration::from_secs(1));
                return Err(error);
            }
        };
        let url = format!("amqp://{USER}:{password}@127.0.0.1:{}/%2f", ports.amqp);
        if let Err(error) = running.wait_until_ready(&url).await {
            running.stop();
            return Err(error);
        }
        Ok((running, url))
    }

    /// Ready means that every queue can be used: after a restart their leaders are elected first.
    async fn wait_until_ready(&mut self, url: &str) -> Result<(), StackError> {
        let deadline = Instant::now() + STARTUP_LIMIT;
        let mut client = Publisher::new(url, "enrol local stack");
        let mut ready = 0;
        while ready < QUEUES.len() {
            self.node.check_running()?;
            match client.queue_depth(QUEUES[ready].name).await {
                Ok(_) => ready += 1,
                Err(error) if Instant::now() > deadline => {
                    return Err(self.node.not_started(error.to_string()));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
        client.close().await;
        Ok(())
    }

    /// Process id of the port mapper.
    pub(super) fn mapper_id(&self) -> u32 {
        self.mapper.id()
    }

    /// Whether the node or its port mapper has ended by itself.
    pub(super) fn has_ended(&mut self) -> bool {
        self.node.finished().or(self.mapper.finished()).is_some()
    }

    /// Process id of the node.
    pub(super) fn id(&self) -> u32 {
        self.node.id()
    }

    /// Orderly stop of the node, then of its port mapper.
    pub(super) fn stop(self) {
        self.node.stop(Duration::from_secs(20));
        self.mapper.stop(Duration::from_secs(2));
    }
}

fn write_configuration(
    folder: &StackFolder,
    home: &Path,
    ports: Ports,
    password: &str,
) -> Result<(), StackError> {
    let cookie = home.join(".erlang.cookie");
    if !cookie.exists() {
        write_private(&cookie, folder.secret("erlang-cookie")?.as_bytes())?;
        fs::set_permissions(&cookie, Permissions::from_mode(0o400))
            .map_err(StackError::folder("set the mode of", &cookie))?;
    }
    let definitions = home.join("definitions.json");
    write_private(
        &definitions,
        definitions_with_user(password).to_string().as_bytes(),
    )?;
    let settings = format!(
        "listeners.tcp.local = 127.0.0.1:{}\n\
         load_definitions = {}\n\
         disk_free_limit.absolute = 200MB\n\
         vm_memory_high_watermark.absolute = 1GB\n\
         consumer_timeout = 1800000\n\
         log.file.level = warning\n\
         log.console = false\n",
        ports.amqp,
        definitions.display(),
    );
    write_private(&home.join("rabbitmq.conf"), settings.as_bytes())?;
    write_private(&home.join("advanced.config"), b"[].\n")?;
    write_private(&home.join("enabled_plugins"), b"[].\n")
}

/// The shared definitions plus this installation's user, by hash of its password.
fn definitions_with_user(password: &str) -> Json {
    let mut definitions: Json =
        serde_json::from_str(DEFINITIONS).expect("the definitions are checked by a test");
    definitions["users"] = json!([{
        "name": USER,
        "password_hash": password_hash(password),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": ""
    }]);
    definitions["vhosts"] = json!([{ "name": "/" }]);
    definitions["permissions"] = json!([{
        "user": USER, "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"
    }]);
    definitions
}

/// RabbitMQ's salted SHA-256: base64 of salt and hash (rabbitmq.com, "Passwords", "Computing Password Hash").
fn password_hash(password: &str) -> String {
    // The password is 256 random bits, so a salt derived from it loses nothing and keeps the file stable.
    let salt = &Sha256::digest(format!("salt of {password}"))[..4];
    let hash = Sha256::new()
        .chain_update(salt)
        .chain_update(password)
        .finalize();
    STANDARD.encode([salt, &hash].concat())
}
