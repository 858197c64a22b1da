//! Claims, leases, attempts and back-off.

use std::time::Duration;

use super::support::{Stage, arrival, form};
use crate::{
    domain::reading::DocumentReading,
    storage::{
        StorageError,
        documents::{Intake, dispatch_due, insert},
        leases::{self, Claim, RetryPolicy},
        reading,
    },
};

const NONE: [uuid::Uuid; 0] = [];
const LEASE_RUNS_OUT: &str =
    "UPDATE document SET lease_until = now() - interval '1 s', next_attempt_at = now()";

#[tokio::test]
async fn one_reader_at_a_time() {
    let stage = Stage::new().await;
    let id = stage.document("a.pdf").await;
    let lease = stage.claim(id).await;
    assert_eq!(lease.attempt, 1);
    let policy = RetryPolicy::default();
    assert!(matches!(
        leases::claim(&stage.database, id, &policy).await.unwrap(),
        Claim::Busy { .. }
    ));
    leases::renew(&stage.database, &lease, &policy)
        .await
        .unwrap();
    stage
        .record(
            &lease,
            vec![form(stage.definition(), 1, Some("000001"), &[1, 2, 3])],
        )
        .await;
    assert_eq!(
        leases::claim(&stage.database, id, &policy).await.unwrap(),
        Claim::Finished
    );
    assert_eq!(
        leases::claim(&stage.database, uuid::Uuid::now_v7(), &policy)
            .await
            .unwrap(),
        Claim::Unknown
    );
}

#[tokio::test]
async fn a_reader_that_lost_its_lease_records_nothing() {
    let stage = Stage::new().await;
    let id = stage.document("a.pdf").await;
    let slow = stage.claim(id).await;
    stage.execute(LEASE_RUNS_OUT).await;
    let quick = stage.claim(id).await;
    assert_eq!(quick.attempt, 2);

    let reading = DocumentReading {
        model: String::new(),
        forms: vec![form(stage.definition(), 1, Some("000001"), &[1, 2, 3])],
        unplaced: Vec::new(),
    };
    let refused = reading::record(
        &stage.database,
        &stage.sealer,
        &stage.definitions,
        &slow,
        &reading,
    )
    .await;
    assert!(matches!(refused, Err(StorageError::LeaseLost)));
    assert_eq!(stage.count("SELECT count(*) FROM form").await, 0);
    let policy = RetryPolicy::default();
    assert!(matches!(
        leases::renew(&stage.database, &slow, &policy).await,
        Err(StorageError::LeaseLost)
    ));
    assert!(matches!(
        leases::retry(&stage.database, &slow, &policy).await,
        Err(StorageError::LeaseLost)
    ));

    stage.record(&quick, reading.forms).await;
    assert_eq!(stage.count("SELECT count(*) FROM form").await, 1);
}

#[tokio::test]
async fn a_document_that_kills_its_reader_ends_in_quarantine() {
    let stage = Stage::new().await;
    let sha256 = [7; 32];
    let Intake::New(id) = insert(&stage.database, &arrival("a.pdf", "v1", sha256))
        .await
        .unwrap()
    else {
        panic!("it is new")
    };
    for attempt in 1..=3 {
        assert_eq!(stage.claim(id).await.attempt, attempt);
        stage.execute(LEASE_RUNS_OUT).await;
    }
    let policy = RetryPolicy::default();
    assert_eq!(
        leases::claim(&stage.database, id, &policy).await.unwrap(),
        Claim::Exhausted
    );
    assert_eq!(
        stage.text("SELECT state FROM document").await.as_deref(),
        Some("quarantined")
    );
    // Sending the file again asks for another try.
    let again = insert(&stage.database, &arrival("a again.pdf", "v1", sha256))
        .await
        .unwrap();
    assert!(matches!(again, Intake::New(_)));
}

#[tokio::test]
async fn a_failed_attempt_rests_before_the_next() {
    let stage = Stage::new().await;
    let id = stage.document("a.pdf").await;
    let policy = RetryPolicy::default();
    let lease = stage.claim(id).await;
    assert!(
        leases::retry(&stage.database, &lease, &policy)
            .await
            .unwrap()
    );
    assert!(matches!(
        leases::claim(&stage.database, id, &policy).await.unwrap(),
        Claim::Busy { .. }
    ));
    let rest = stage
        .count("SELECT round(extract(epoch FROM next_attempt_at - now()))::bigint FROM document")
        .await;
    assert!((9..=10).contains(&rest), "{rest}");
    for attempt in 2..=3 {
        stage
            .execute("UPDATE document SET next_attempt_at = now()")
            .await;
        let lease = stage.claim(id).await;
        assert_eq!(lease.attempt, attempt);
        assert_eq!(
            leases::retry(&stage.database, &lease, &policy)
                .await
                .unwrap(),
            attempt < 3
        );
    }
    assert_eq!(
        stage
            .text("SELECT reason_code FROM document")
            .await
            .as_deref(),
        Some("attempts_used_up")
    );
}

#[tokio::test]
async fn the_dispatcher_repeats_only_what_leads_to_nothing() {
    let stage = Stage::new().await;
    let id = stage.document("a.pdf").await;
    let due = async |queue_is_empty: bool| {
        let mut tx = stage.database.begin().await.unwrap();
        let due = dispatch_due(&mut tx, queue_is_empty, Duration::from_secs(60), 10)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        due
    };
    let a_while_passes = "UPDATE document SET dispatched_at = now() - interval '61 s'";
    assert_eq!(due(true).await, NONE, "its own request is on the way");
    stage.execute(a_while_passes).await;
    assert_eq!(due(false).await, NONE, "its own request waits in the queue");
    assert_eq!(due(true).await, [id], "its own request is lost");
    assert_eq!(due(true).await, NONE, "it has just been repeated");

    let lease = stage.claim(id).await;
    assert_eq!(due(true).await, NONE, "a reader is at it");
    leases::retry(&stage.database, &lease, &RetryPolicy::default())
        .await
        .unwrap();
    assert_eq!(due(true).await, NONE, "it rests after a failed attempt");
    stage
        .execute("UPDATE document SET next_attempt_at = now()")
        .await;
    assert_eq!(due(false).await, [id], "it has rested");
    let lease = stage.claim(id).await;
    stage.execute(LEASE_RUNS_OUT).await;
    assert_eq!(due(false).await, [id], "its reader is gone");

    let lease_again = stage.claim(id).await;
    assert_ne!(lease.holder, lease_again.holder);
    leases::hand_back(&stage.database, &lease_again)
        .await
        .unwrap();
    assert_eq!(due(false).await, [id], "a stopped reader handed it back");
    assert_eq!(
        stage.count("SELECT attempts::bigint FROM document").await,
        2,
        "and that attempt does not count"
    );
}
