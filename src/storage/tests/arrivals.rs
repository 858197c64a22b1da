//! Files coming in.

use sqlx::Connection;

use super::support::{Stage, arrival};
use crate::storage::documents::{
    self, Intake, Refusal, RefusalOutcome, insert, original, original_key,
};

#[tokio::test]
async fn a_repeated_notice_changes_nothing() {
    let stage = Stage::new().await;
    let first = insert(&stage.database, &arrival("a.pdf", "v1", [1; 32]))
        .await
        .unwrap();
    assert!(matches!(first, Intake::New(_)));
    let second = insert(&stage.database, &arrival("a.pdf", "v1", [1; 32]))
        .await
        .unwrap();
    assert_eq!(second, Intake::Known);
    assert_eq!(stage.count("SELECT count(*) FROM document").await, 1);
    assert_eq!(stage.count("SELECT count(*) FROM outbox").await, 1);
}

#[tokio::test]
async fn other_bytes_under_the_same_key_are_a_second_document() {
    let stage = Stage::new().await;
    let first = insert(&stage.database, &arrival("a.pdf", "v1", [1; 32]))
        .await
        .unwrap();
    let second = insert(&stage.database, &arrival("a.pdf", "v2", [2; 32]))
        .await
        .unwrap();
    let (Intake::New(first), Intake::New(second)) = (first, second) else {
        panic!("both are new")
    };
    let (first, second) = (
        original(&stage.database, first).await.unwrap(),
        original(&stage.database, second).await.unwrap(),
    );
    assert_eq!(first.key, original_key(&[1; 32]));
    assert_ne!(first.key, second.key);
}

#[tokio::test]
async fn of_files_with_the_same_bytes_exactly_one_is_read() {
    let stage = Stage::new().await;
    let arrivals: Vec<_> = (0..6)
        .map(|n| arrival(&format!("copy-{n}.pdf"), "v1", [9; 32]))
        .collect();
    let results =
        futures_util::future::join_all(arrivals.iter().map(|a| insert(&stage.database, a))).await;
    let results: Vec<_> = results.into_iter().map(Result::unwrap).collect();
    let new: Vec<_> = results
        .iter()
        .filter(|r| matches!(r, Intake::New(_)))
        .collect();
    let [Intake::New(first)] = new[..] else {
        panic!("one is new: {results:?}")
    };
    let duplicates = results
        .iter()
        .filter(|r| matches!(r, Intake::Duplicate { of, .. } if of == first));
    assert_eq!(duplicates.count(), 5);
    assert_eq!(stage.count("SELECT count(*) FROM outbox").await, 1);
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_with_its_reason() {
    let stage = Stage::new().await;
    let refusal = Refusal {
        outcome: RefusalOutcome::Quarantined,
        code: "too_large".into(),
        reason: "This file is too large.".into(),
    };
    let mut large = arrival("large.pdf", "v1", [0; 32]);
    large.content = Err(refusal);
    assert!(matches!(
        insert(&stage.database, &large).await.unwrap(),
        Intake::Refused(_)
    ));
    assert_eq!(
        stage.text("SELECT state FROM document").await.as_deref(),
        Some("quarantined")
    );
    assert_eq!(stage.count("SELECT count(*) FROM outbox").await, 0);
    assert!(
        documents::is_known(&stage.database, "scans", "large.pdf", "v1")
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_cancelled_begin_does_not_leak_into_the_next_user() {
    let stage = Stage::new().await;
    let pool = stage.database.pool();
    // What a dropped `Pool::begin` leaves behind: a transaction that the client does not know of.
    let mut connections = Vec::new();
    for _ in 0..6 {
        let mut connection = pool.acquire().await.unwrap();
        sqlx::raw_sql("BEGIN; SELECT 1")
            .execute(&mut *connection)
            .await
            .unwrap();
        connections.push(connection);
    }
    drop(connections);
    stage
        .execute("CREATE TABLE written_by_the_next_user ()")
        .await;
    let mut other = sqlx::PgConnection::connect_with(&pool.connect_options())
        .await
        .unwrap();
    let there: bool =
        sqlx::query_scalar("SELECT to_regclass('written_by_the_next_user') IS NOT NULL")
            .fetch_one(&mut other)
            .await
            .unwrap();
    assert!(there);
}
