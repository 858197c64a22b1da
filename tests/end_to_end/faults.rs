//! Whatever fails, each form ends as exactly one record with exactly one event.

use std::time::Duration;

use enrol::{demonstration::Expected, messaging::topology, roles::Role};

use crate::rig::{Rig, files_in, truths_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crashes_restarts_and_repeated_notices_change_nothing() {
    let mut rig = Rig::start().await;
    // A second reader shares the queue.
    rig.roles.add(&rig.stack, Role::Reader).unwrap();
    // Four forms: every folder with a truth holds the scans of one form.
    let mut scans = files_in("scans");
    let mut folders: Vec<String> = scans
        .iter()
        .map(|file| folder_of(file).to_owned())
        .collect();
    folders.dedup();
    folders.retain(|folder| {
        truths_in(folder)
            .iter()
            .any(|t| t.expected == Expected::Record)
    });
    folders.truncate(4);
    scans.retain(|file| folders.iter().any(|folder| folder == folder_of(file)));
    let truths: Vec<_> = folders
        .iter()
        .flat_map(|folder| truths_in(folder))
        .collect();
    for file in &scans {
        rig.put(file).await;
    }
    // The same file under another name, and the same notice again.
    rig.put_as(&scans[0], "samples/copy-of-the-first").await;
    let head = rig
        .store
        .head(&format!("samples/{}", scans[0]))
        .await
        .unwrap();
    let notice = serde_json::json!({"Records": [{
        "eventVersion": "2.1", "eventName": "ObjectCreated:Put", "unknown": true,
        "s3": {"bucket": {"name": rig.store.bucket()}, "object": {"key": head.key, "size": head.size, "eTag": head.etag}},
    }]});
    for _ in 0..2 {
        rig.publish(
            topology::OBJECTS.name,
            topology::OBJECT_CREATED_ROUTING_KEY,
            notice.to_string().as_bytes(),
        )
        .await;
    }
    // What nobody can understand is kept, not retried for ever.
    rig.publish(
        topology::OBJECTS.name,
        topology::OBJECT_CREATED_ROUTING_KEY,
        b"not a notice",
    )
    .await;

    // Power goes while pages are being read.
    wait_until_reading(&rig).await;
    assert_eq!(rig.roles.kill(Role::Reader), 2);
    rig.roles.add(&rig.stack, Role::Reader).unwrap();
    rig.roles.add(&rig.stack, Role::Reader).unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    rig.stack.restart_broker().await.unwrap();

    let documents = scans.len() as i64 + 1;
    let read = rig.wait_for(documents).await;
    let forms = truths.len() as i64;
    assert_eq!(
        (read.in_review, read.duplicates),
        (forms, 1),
        "{read}\n{:#?}",
        rig.documents().await
    );
    let report = rig.settle_all(&truths).await;
    assert_eq!(report.settled() as i64, forms, "{report:#?}");
    let done = rig.wait_for(documents).await;
    assert_eq!((done.records, done.events), (forms, forms), "{done}");
    assert_eq!(rig.count("SELECT count(*) FROM household").await, forms);
    assert_eq!(rig.events(forms).await.len() as i64, forms);

    let (connection, channel) = rig.channel().await;
    let dead = enrol::messaging::queue_depth(&channel, topology::DEAD_LETTER_QUEUE.name)
        .await
        .unwrap();
    assert_eq!(
        dead, 1,
        "the message nobody can understand waits for somebody to look"
    );
    let _ = connection.close(200, "done".into()).await;
    rig.stop().await;
}

fn folder_of(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

async fn wait_until_reading(rig: &Rig) {
    for _ in 0..600 {
        if rig
            .count("SELECT count(*) FROM document WHERE state = 'reading'")
            .await
            > 0
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no reader began to read");
}
