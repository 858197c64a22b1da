//! The outbox and the relay's lock.

use std::time::Duration;

use super::support::Stage;
use crate::storage::outbox::{OutboxListener, OutboxSession};

#[tokio::test]
async fn one_relay_at_a_time_and_the_next_takes_over() {
    let stage = Stage::new().await;
    let first = OutboxSession::acquire(&stage.database)
        .await
        .unwrap()
        .unwrap();
    assert!(
        OutboxSession::acquire(&stage.database)
            .await
            .unwrap()
            .is_none()
    );
    drop(first);
    // The server notices a closed connection in its own time.
    for _ in 0..50 {
        if OutboxSession::acquire(&stage.database)
            .await
            .unwrap()
            .is_some()
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the lock outlived its connection");
}

#[tokio::test]
async fn a_message_stays_until_it_is_published() {
    let stage = Stage::new().await;
    stage.document("a.pdf").await;
    stage.document("b.pdf").await;
    let mut session = OutboxSession::acquire(&stage.database)
        .await
        .unwrap()
        .unwrap();
    let due = session.due(10).await.unwrap();
    assert_eq!(due.len(), 2);
    session
        .mark_failed(
            due[0].id,
            "no queue takes the message",
            Duration::from_secs(2),
        )
        .await
        .unwrap();
    session.mark_published(&[due[1].id]).await.unwrap();
    assert_eq!(session.due(10).await.unwrap(), []);
    stage
        .execute("UPDATE outbox SET next_attempt_at = now()")
        .await;
    let again = session.due(10).await.unwrap();
    assert_eq!(
        (again.len(), again[0].id, again[0].attempts),
        (1, due[0].id, 1)
    );

    assert_eq!(
        session
            .forget_old_work(Duration::from_secs(60))
            .await
            .unwrap(),
        0
    );
    stage.execute("UPDATE outbox SET published_at = now() - interval '1 hour' WHERE published_at IS NOT NULL").await;
    assert_eq!(
        session
            .forget_old_work(Duration::from_secs(60))
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn a_new_message_wakes_the_relay() {
    let stage = Stage::new().await;
    let mut listener = OutboxListener::start(&stage.database).await.unwrap();
    stage.document("a.pdf").await;
    tokio::time::timeout(Duration::from_secs(5), listener.wait())
        .await
        .unwrap()
        .unwrap();
}
