//! A local stack with all programs and the web pages, in a temporary folder.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use enrol::{
    demonstration::{self, Clerk, Truth},
    lifecycle::Shutdown,
    local_stack::LocalStack,
    messaging::topology,
    objects::ObjectStore,
    roles::Roles,
    storage::{
        Database,
        accounts::{self, NewAccount, Role as AccountRole},
        summary::{Summary, summary},
    },
    web,
};
use futures_util::StreamExt;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions},
    types::FieldTable,
};
use secrecy::ExposeSecret;
use sqlx::Row;

pub const PASSWORD: &str = "a password for tests";
const PATIENCE: Duration = Duration::from_secs(420);

/// Everything that a council would run.
pub struct Rig {
    pub stack: LocalStack,
    pub roles: Roles,
    pub database: Database,
    pub store: ObjectStore,
    pub address: String,
    web: Shutdown,
    serving: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Rig {
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("enrol-test-")
            .tempdir()
            .unwrap();
        std::fs::set_permissions(
            folder.path(),
            std::os::unix::fs::PermissionsExt::from_mode(0o755),
        )
        .unwrap();
        let mut stack = LocalStack::start(&folder.path().join("stack"))
            .await
            .unwrap();
        stack.config.web.listen = "127.0.0.1:0".to_owned();
        let database = Database::connect(&stack.config.database).await.unwrap();
        for (user_name, role) in [
            ("clerk", AccountRole::Clerk),
            ("supervisor", AccountRole::Supervisor),
            ("reception", AccountRole::Reception),
        ] {
            let password_hash = web::password::hash(PASSWORD).unwrap();
            let new = NewAccount {
                user_name,
                display_name: user_name,
                roles: &[role],
                centres: &[],
                password_hash: &password_hash,
            };
            accounts::put(&database, new).await.unwrap();
        }
        let server = web::Server::bind(&stack.config).await.unwrap();
        let address = format!("http://{}", server.address());
        let web = Shutdown::new();
        let stopping = web.clone();
        let serving = tokio::spawn(async move { server.serve(stopping).await.unwrap() });
        let store = ObjectStore::new(&stack.config.objects);
        let roles = Roles::start(&stack).unwrap();
        Self {
            stack,
            roles,
            database,
            store,
            address,
            web,
            serving,
            _folder: folder,
        }
    }

    pub async fn stop(self) {
        self.roles.stop().await;
        self.web.trigger();
        self.serving.await.unwrap();
        self.database.close().await;
        self.stack.stop().await;
    }

    /// Puts a file into the bucket as `samples/<relative path>`.
    pub async fn put(&self, relative: &str) {
        self.put_as(relative, &format!("samples/{relative}")).await;
    }

    pub async fn put_as(&self, relative: &str, key: &str) {
        let bytes = std::fs::read(samples().join(relative)).unwrap();
        self.store
            .put(key, bytes.into(), "application/octet-stream")
            .await
            .unwrap();
    }

    /// Waits until `documents` have arrived and nothing is on its way any more.
    pub async fn wait_for(&mut self, documents: i64) -> Summary {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.roles.check_running().unwrap();
            let now = summary(&self.database).await.unwrap();
            let arrived = self.count("SELECT count(*) FROM document").await;
            if arrived >= documents && now.in_progress == 0 && now.unpublished == 0 {
                assert!(now.adds_up(), "{now}");
                return now;
            }
            assert!(
                Instant::now() < deadline,
                "still waiting: {now}, {arrived} of {documents} documents"
            );
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    pub async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query)
            .fetch_one(self.database.pool())
            .await
            .unwrap()
    }

    /// State and reason of every document by its key.
    pub async fn documents(&self) -> BTreeMap<String, (String, String)> {
        let rows = sqlx::query("SELECT object_key, state, coalesce(reason, '') FROM document")
            .fetch_all(self.database.pool())
            .await
            .unwrap();
        rows.into_iter()
            .map(|row| (row.get(0), (row.get(1), row.get(2))))
            .collect()
    }

    /// Lets a clerk settle every form there is a truth for.
    pub async fn settle_all(&self, truths: &[Truth]) -> demonstration::Report {
        let mut clerk = Clerk::sign_in(&self.address, "clerk", PASSWORD)
            .await
            .unwrap();
        clerk.settle(truths, usize::MAX).await.unwrap()
    }

    /// Lets a clerk say of every form that waits who on it is on record: those whom the pages mark. How many it settled.
    pub async fn decide(&self) -> usize {
        let mut clerk = Clerk::sign_in(&self.address, "clerk", PASSWORD)
            .await
            .unwrap();
        clerk.decide_who_is_on_record().await.unwrap()
    }

    pub async fn channel(&self) -> (Connection, Channel) {
        let url = self.stack.config.broker.url.expose_secret();
        let connection = Connection::connect(url, ConnectionProperties::default())
            .await
            .unwrap();
        let channel = connection.create_channel().await.unwrap();
        (connection, channel)
    }

    /// Takes all published events from the recipients' queue.
    pub async fn events(&self, at_least: i64) -> Vec<serde_json::Value> {
        let (connection, channel) = self.channel().await;
        let mut consumer = channel
            .basic_consume(
                topology::RECIPIENTS_QUEUE.name.into(),
                "test".into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await
            .unwrap();
        let mut events = Vec::new();
        // Waits a little for more than were asked for: one too many is what would be wrong.
        loop {
            let enough = i64::try_from(events.len()).unwrap() >= at_least;
            let patience = Duration::from_secs(if enough { 3 } else { 30 });
            match tokio::time::timeout(patience, consumer.next()).await {
                Ok(Some(delivery)) => {
                    let delivery = delivery.unwrap();
                    events.push(serde_json::from_slice(&delivery.data).unwrap());
                    delivery.ack(BasicAckOptions::default()).await.unwrap();
                }
                _ => break,
            }
        }
        let _ = connection.close(200, "done".into()).await;
        events
    }

    /// Publishes a message as somebody else would.
    pub async fn publish(&self, exchange: &str, routing_key: &str, body: &[u8]) {
        let (connection, channel) = self.channel().await;
        channel
            .basic_publish(
                exchange.into(),
                routing_key.into(),
                BasicPublishOptions::default(),
                body,
                BasicProperties::default().with_delivery_mode(2),
            )
            .await
            .unwrap()
            .await
            .unwrap();
        let _ = connection.close(200, "done".into()).await;
    }

    /// Everything the programs and servers have logged.
    pub fn logs(&self) -> String {
        let mut text = String::new();
        for entry in std::fs::read_dir(self.stack.folder().join("log")).unwrap() {
            text.push_str(&String::from_utf8_lossy(
                &std::fs::read(entry.unwrap().path()).unwrap(),
            ));
        }
        text
    }
}

pub fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-forms")
}

pub fn truths() -> Vec<Truth> {
    truths_in("scans")
}

/// The truths of the scans in `folder` of the samples.
pub fn truths_in(folder: &str) -> Vec<Truth> {
    demonstration::load(&samples().join(folder)).unwrap()
}

/// Files of a folder of samples, relative to the samples' folder, truths and notes left out.
pub fn files_in(folder: &str) -> Vec<String> {
    fn collect(folder: &Path, files: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                collect(&path, files);
            } else if !name.ends_with(".json") && !name.ends_with(".md") {
                files.push(
                    path.strip_prefix(samples())
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned(),
                );
            }
        }
    }
    let mut files = Vec::new();
    collect(&samples().join(folder), &mut files);
    files.sort();
    files
}
