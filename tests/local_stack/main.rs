//! The private servers: where they listen, how they end, and what a crash leaves.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod processes;

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use bytes::Bytes;
use enrol::{
    config::Config,
    local_stack::{self, LocalStack, StackError},
    objects::ObjectStore,
    storage::Database,
};
use lapin::{Channel, Connection, ConnectionProperties, options::BasicGetOptions};
use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, Uid},
};
use secrecy::ExposeSecret;

/// What a start or stop may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// A folder that the account of PostgreSQL can pass through.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new()
        .prefix("enrol-stack-")
        .tempdir()
        .unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    folder
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listens_on_loopback_only_and_leaves_nothing_behind() {
    let folder = folder();
    let place = folder.path().join("stack");
    let stack = LocalStack::start(&place).await.unwrap();

    let ids = stack.process_ids();
    assert!(ids.len() > 3, "PostgreSQL alone has more: {ids:?}");
    let own = std::process::id();
    for part in stack.parts() {
        assert!(part.process == own || ids.contains(&part.process));
    }
    let servers = processes::listening(&ids);
    let here = processes::listening(&[own]);
    let strangers = servers
        .iter()
        .chain(&here)
        .filter(|socket| !socket.ip().is_loopback())
        .count();
    assert_eq!(strangers, 0, "not on loopback: {servers:?}");
    // PostgreSQL, AMQP, Erlang's distribution and its port mapper.
    let ports: BTreeSet<u16> = servers.iter().map(|socket| socket.port()).collect();
    assert_eq!(ports.len(), 4, "{servers:?}");

    match LocalStack::start(&place).await {
        Err(StackError::InUse(_)) => {}
        other => panic!("a second stack in the same folder: {:?}", other.map(drop)),
    }
    for secret in std::fs::read_dir(place.join("secrets")).unwrap() {
        let mode = secret.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "a secret that others may read");
    }

    stack.stop().await;
    assert_eq!(processes::of_folder(&place), Vec::<u32>::new());

    local_stack::down(&place, true).unwrap();
    assert!(!place.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn announces_objects_and_keeps_what_a_crash_leaves() {
    let folder = folder();
    let place = folder.path().join("stack");
    let stack = LocalStack::start(&place).await.unwrap();
    let store = ObjectStore::new(&stack.config.objects);
    let key = "batch 7/scan (1) résumé+a.pdf";
    let etag = store
        .put(key, Bytes::from_static(b"first"), "application/pdf")
        .await
        .unwrap();

    let (connection, channel) = open(&stack.config).await;
    let record = record_of(&channel, "batch+7/scan+%281%29+r%C3%A9sum%C3%A9%2Ba.pdf").await;
    let object = &record["Records"][0]["s3"]["object"];
    assert_eq!(record["Records"][0]["eventSource"], "aws:s3");
    assert_eq!(record["Records"][0]["eventName"], "ObjectCreated:Put");
    assert_eq!(object["size"], 5);
    assert_eq!(object["eTag"], etag.as_str());
    connection.close(200, "".into()).await.unwrap();

    let listed = store.list("batch").await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].etag, etag, "the sweep compares ETags of listings");
    for key in ["../elsewhere", "a//b", &"long".repeat(60)] {
        let refused = store.put(key, Bytes::from_static(b"x"), "text/plain").await;
        assert!(refused.is_err(), "{key} cannot be kept");
    }
    let longest = format!("reception/2026/11/23/{}/{}", "0".repeat(32), "n".repeat(90));
    store
        .put(&longest, Bytes::from_static(b"x"), "text/plain")
        .await
        .unwrap();
    store.delete(&longest).await.unwrap();
    assert_eq!(store.list("").await.unwrap().len(), 1);

    // A crash: both servers die without warning, and nobody calls `stop`.
    let postgres_port = port_of(&stack, "PostgreSQL");
    for process in stack.server_ids() {
        send(process, Signal::SIGKILL);
    }
    let lost = store.put(
        "while the broker is down.pdf",
        Bytes::from_static(b"x"),
        "application/pdf",
    );
    lost.await
        .expect("a notice that gets lost must not fail the put");
    drop(stack);
    // Somebody else takes a port meanwhile, and must keep it.
    let foreign = wait_for("the port", || {
        TcpListener::bind(("127.0.0.1", postgres_port)).ok()
    });
    let mut stack = LocalStack::start(&place).await.unwrap();
    assert_ne!(port_of(&stack, "PostgreSQL"), postgres_port);
    assert_eq!(foreign.local_addr().unwrap().port(), postgres_port);
    std::net::TcpStream::connect(("127.0.0.1", postgres_port)).expect("still served by its owner");

    let database = Database::connect(&stack.config.database).await.unwrap();
    database.migrate().await.unwrap();
    database.close().await;
    let store = ObjectStore::new(&stack.config.objects);
    assert_eq!(store.list("").await.unwrap().len(), 2);

    stack.restart_broker().await.unwrap();
    store
        .put("after.pdf", Bytes::from_static(b"x"), "application/pdf")
        .await
        .unwrap();
    let (connection, channel) = open(&stack.config).await;
    record_of(&channel, "after.pdf").await;
    connection.close(200, "".into()).await.unwrap();
    assert_eq!(stack.ended(), None);
    stack.stop().await;
    assert_eq!(processes::of_folder(&place), Vec::<u32>::new());
}

#[test]
fn servers_end_with_a_killed_parent() {
    let folder = folder();
    let place = folder.path().join("stack");
    let mut up = Up::start(Command::new(env!("CARGO_BIN_EXE_enrol")), &place);
    assert!(!processes::of_folder(&place).is_empty());
    up.child.kill().unwrap();
    up.child.wait().unwrap();
    wait_for("the servers to end", || {
        processes::of_folder(&place).is_empty().then_some(())
    });
}

#[test]
fn down_stops_a_stack_that_an_ordinary_user_runs() {
    let folder = folder();
    let place = folder.path().join("stack");
    let mut program = PathBuf::from(env!("CARGO_BIN_EXE_enrol"));
    let mut command = Command::new(&program);
    if Uid::effective().is_root() {
        // The build may lie where only root can go.
        let copy = folder.path().join("enrol");
        std::fs::copy(&program, &copy).unwrap();
        program = copy;
        std::fs::create_dir(&place).unwrap();
        let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
        std::os::unix::fs::chown(&place, Some(nobody.uid.as_raw()), Some(nobody.gid.as_raw()))
            .unwrap();
        command = Command::new("setpriv");
        command
            .arg(format!("--reuid={}", nobody.uid))
            .arg(format!("--regid={}", nobody.gid))
            .args(["--clear-groups", "--"])
            .arg(&program);
    }
    let mut up = Up::start(command, &place);
    let down = Command::new(&program)
        .args(["down", "--folder"])
        .arg(&place)
        .output()
        .unwrap();
    assert!(down.status.success(), "{down:?}");
    assert!(up.child.wait().unwrap().success());
    assert_eq!(processes::of_folder(&place), Vec::<u32>::new());
}

#[test]
fn a_folder_without_a_stack_is_never_erased() {
    let folder = folder();
    std::fs::write(folder.path().join("letter.txt"), "precious").unwrap();
    let refused = local_stack::down(folder.path(), true);
    assert!(matches!(refused, Err(StackError::NotOurs(_))));
    assert!(folder.path().join("letter.txt").exists());
}

/// A running `enrol up`, killed when dropped.
struct Up {
    child: Child,
}

impl Up {
    fn start(mut command: Command, place: &Path) -> Self {
        let mut child = command
            .args(["up", "--folder"])
            .arg(place)
            .current_dir("/")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let up = Self { child };
        let said = lines.find(|line| line.as_ref().unwrap().contains("Ctrl-C stops"));
        assert!(said.is_some(), "`enrol up` ended early");
        // Its last words must find somebody who listens.
        std::thread::spawn(move || lines.for_each(drop));
        up
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn port_of(stack: &LocalStack, name: &str) -> u16 {
    let part = stack.parts().into_iter().find(|part| part.name == name);
    part.unwrap()
        .address
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

async fn open(config: &Config) -> (Connection, Channel) {
    let url = config.broker.url.expose_secret();
    let connection = Connection::connect(url, ConnectionProperties::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

/// Takes records from the queue until the one of the object `key`, as it stands there encoded.
async fn record_of(channel: &Channel, key: &str) -> serde_json::Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let options = BasicGetOptions { no_ack: true };
        let message = channel.basic_get("enrol.intake".into(), options);
        if let Some(message) = message.await.unwrap() {
            let record: serde_json::Value = serde_json::from_slice(&message.delivery.data).unwrap();
            if record["Records"][0]["s3"]["object"]["key"] == key {
                return record;
            }
        } else {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(Instant::now() < deadline, "no record of {key} came");
    }
}

fn wait_for<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn send(process: u32, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(process).unwrap()), signal).unwrap();
}
