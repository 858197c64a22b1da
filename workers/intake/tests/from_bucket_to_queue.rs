//! Objects on their way from the bucket to the readers' queue, on the real parts.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall say where"
)]

use std::time::{Duration, Instant};

use enrol::{
    lifecycle::Shutdown,
    local_stack::LocalStack,
    messaging::{
        publisher::{Message, Publisher},
        topology::{self, Queue},
    },
    objects::ObjectStore,
    storage::Database,
};
use lapin::{Connection, ConnectionProperties, options::QueuePurgeOptions};
use secrecy::ExposeSecret;

struct Rig {
    stack: LocalStack,
    store: ObjectStore,
    database: Database,
    publisher: Publisher,
}

impl Rig {
    async fn start(folder: &std::path::Path) -> Self {
        let mut stack = LocalStack::start(folder).await.unwrap();
        stack.config.intake.sweep_seconds = 3600;
        let database = Database::connect(&stack.config.database).await.unwrap();
        Self {
            store: ObjectStore::new(&stack.config.objects),
            database,
            publisher: Publisher::new(stack.config.broker.url.expose_secret(), "test"),
            stack,
        }
    }

    async fn put(&self, key: &str, bytes: &'static [u8]) {
        self.store
            .put(key, bytes.into(), "application/pdf")
            .await
            .unwrap();
    }

    async fn notice(&mut self, body: &str) {
        let message = Message {
            exchange: topology::OBJECTS.name,
            routing_key: topology::OBJECT_CREATED_ROUTING_KEY,
            content_type: "application/json",
            id: "test",
            kind: "test",
            body: body.as_bytes(),
        };
        self.publisher.publish(message).await.unwrap();
    }

    /// Forgets every notice that waits, as a store that loses notices would.
    async fn lose_notices(&self) {
        let url = self.stack.config.broker.url.expose_secret();
        let connection = Connection::connect(url, ConnectionProperties::default())
            .await
            .unwrap();
        let channel = connection.create_channel().await.unwrap();
        let queue = topology::INTAKE_QUEUE.name.into();
        channel
            .queue_purge(queue, QueuePurgeOptions::default())
            .await
            .unwrap();
        connection.close(200, "done".into()).await.unwrap();
    }

    async fn documents(&self) -> Vec<(String, String, Option<String>)> {
        sqlx::query_as(
            "SELECT object_key, state, reason_code FROM document ORDER BY received_at, id",
        )
        .fetch_all(self.database.pool())
        .await
        .unwrap()
    }

    async fn wait_for_documents(&self, count: usize) -> Vec<(String, String, Option<String>)> {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let documents = self.documents().await;
            if documents.len() >= count {
                assert_eq!(documents.len(), count, "{documents:?}");
                return documents;
            }
            assert!(Instant::now() < deadline, "only {documents:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn wait_for_depth(&mut self, queue: Queue, depth: u32) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let found = self.publisher.queue_depth(queue.name).await;
            if found.as_ref().is_ok_and(|found| *found == depth) {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{} holds {found:?}, not {depth}",
                queue.name
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_object_becomes_one_document_and_one_request() {
    let folder = tempfile::Builder::new()
        .prefix("enrol-test-")
        .tempdir()
        .unwrap();
    std::fs::set_permissions(
        folder.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let mut rig = Rig::start(&folder.path().join("stack")).await;

    // Announced while nobody listens; the notice of the second is lost.
    rig.put("before.pdf", b"before").await;
    rig.lose_notices().await;
    rig.put("batch 7/scan (1) 50% r\u{e9}sum\u{e9} a+b.pdf", b"awkward")
        .await;

    let shutdown = Shutdown::new();
    let (config, stopping) = (rig.stack.config.clone(), shutdown.clone());
    let intake = tokio::spawn(async move { enrol_intake::run(&config, &stopping).await });
    let (config, stopping) = (rig.stack.config.clone(), shutdown.clone());
    let relay = tokio::spawn(async move { enrol_relay::run(&config, &stopping).await });
    rig.wait_for_documents(2).await;
    rig.wait_for_depth(topology::READ_QUEUE, 2).await;

    // The same key with other bytes, the same bytes under another key, the same notice again.
    rig.put("before.pdf", b"rewritten").await;
    rig.wait_for_documents(3).await;
    rig.put("copy.pdf", b"rewritten").await;
    let documents = rig.wait_for_documents(4).await;
    assert_eq!(
        documents[3],
        (
            "copy.pdf".to_owned(),
            "duplicate".to_owned(),
            Some("same_file".to_owned())
        )
    );
    let bucket = rig.store.bucket().to_owned();
    let record = |key: &str, etag: &str| {
        serde_json::json!({
            "eventName": "ObjectCreated:Put",
            "s3": { "bucket": { "name": bucket }, "object": { "key": key, "size": 8, "eTag": etag } },
        })
    };
    let etag = rig.store.head("before.pdf").await.unwrap().etag;
    rig.notice(
        &serde_json::json!({ "Records": [record("before.pdf", &etag), record("before.pdf", "")] })
            .to_string(),
    )
    .await;
    rig.notice(r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#)
        .await;
    rig.wait_for_depth(topology::READ_QUEUE, 3).await;

    // An object that was replaced, and one that was removed, before anybody saw it.
    rig.notice(&serde_json::json!({ "Records": [record("before.pdf", "0123"), record("gone.pdf", "4567")] }).to_string()).await;
    let documents = rig.wait_for_documents(6).await;
    let code = |index: usize| documents[index].2.as_deref();
    assert_eq!((code(4), code(5)), (Some("overwritten"), Some("removed")));

    // What nobody can understand.
    rig.notice("not a notice").await;
    rig.notice(r#"{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"of-somebody-else"},"object":{"key":"a"}}}]}"#).await;
    rig.wait_for_depth(topology::DEAD_LETTER_QUEUE, 2).await;

    // The bytes as they arrived, although their key was written again.
    let originals: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT original_key, sha256 FROM document WHERE object_key = 'before.pdf' AND sha256 IS NOT NULL ORDER BY received_at")
            .fetch_all(rig.database.pool())
            .await
            .unwrap();
    assert_eq!(
        &rig.store.get(&originals[0].0).await.unwrap()[..],
        b"before"
    );
    assert_eq!(
        &rig.store.get(&originals[1].0).await.unwrap()[..],
        b"rewritten"
    );

    // The broker goes and comes back.
    rig.stack.restart_broker().await.unwrap();
    rig.put("after.pdf", b"after").await;
    rig.wait_for_documents(7).await;
    rig.wait_for_depth(topology::READ_QUEUE, 4).await;
    rig.wait_for_depth(topology::INTAKE_QUEUE, 0).await;

    shutdown.trigger();
    tokio::time::timeout(Duration::from_secs(30), async {
        intake.await.unwrap().unwrap();
        relay.await.unwrap().unwrap();
    })
    .await
    .expect("both stop when asked to");
    rig.publisher.close().await;
    rig.database.close().await;
    rig.stack.stop().await;
}
