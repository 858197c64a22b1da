//! The audit trail can be added to and nothing else, and whoever gets past that is found out.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::support::Stage;
use crate::storage::audit::{self, Act, Actor};
use crate::storage::audit_chain::{self, Broken};
use crate::storage::audit_search::{self, Search};

async fn written(entries: usize) -> Stage {
    let stage = Stage::new().await;
    for number in 0..entries {
        let actor = Actor::Account(Uuid::now_v7());
        let act = Act::new("viewed", "form", Uuid::now_v7());
        // Colons, commas and letters of more than one byte must not confuse what goes into the hash.
        let part = format!("{number}:é,-");
        audit::record_part(stage.database.pool(), actor, act, &part)
            .await
            .unwrap();
    }
    stage
}

async fn run(stage: &Stage, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(stage.database.pool())
        .await
        .map(|_| ())
}

/// What somebody does who has the database's own administrator on their side.
async fn tamper(stage: &Stage, sql: &str) {
    let past_the_rules = format!(
        "ALTER TABLE audit_entry DISABLE TRIGGER USER; ALTER TABLE audit_link DISABLE TRIGGER USER; {sql};
         ALTER TABLE audit_entry ENABLE TRIGGER USER; ALTER TABLE audit_link ENABLE TRIGGER USER"
    );
    run(stage, &past_the_rules).await.unwrap();
}

#[tokio::test]
async fn an_entry_cannot_be_changed_or_taken_away() {
    let stage = written(2).await;
    for sql in [
        "UPDATE audit_entry SET action = 'nothing'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry CASCADE",
        "UPDATE audit_link SET hash = hash",
        "DELETE FROM audit_link",
        "TRUNCATE audit_link",
    ] {
        let error = run(&stage, sql).await.expect_err(sql);
        assert!(error.to_string().contains("only be added to"), "{error}");
    }
    let head = audit_chain::verify(&stage.database, None).await.unwrap();
    assert_eq!(head.unwrap().entries, 2);
}

#[tokio::test]
async fn an_untouched_trail_is_whole_however_many_write_at_once() {
    let stage = written(3).await;
    let noted = audit_chain::head(&stage.database).await.unwrap();
    let writers: Vec<_> = (0..40)
        .map(|number| {
            let database = stage.database.clone();
            tokio::spawn(async move {
                let mut transaction = database.begin().await.unwrap();
                for _ in 0..3 {
                    let act = Act::new("viewed", "form", Uuid::now_v7());
                    audit::record(&mut *transaction, Actor::Machine, act)
                        .await
                        .unwrap();
                }
                // What is rolled back leaves no gap.
                if number % 4 == 0 {
                    transaction.rollback().await.unwrap();
                } else {
                    transaction.commit().await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let head = audit_chain::verify(&stage.database, Some(&noted.hash))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(head.entries, 3 + 30 * 3);
    assert_eq!(head, audit_chain::head(&stage.database).await.unwrap());
}

#[tokio::test]
async fn every_kind_of_tampering_is_found() {
    const THIRD: &str = "(SELECT entry_id FROM audit_link WHERE position = 3)";
    let cases = [
        (
            format!("UPDATE audit_entry SET action = 'printed' WHERE id = {THIRD}"),
            "changed",
        ),
        (
            format!("UPDATE audit_entry SET actor_id = NULL WHERE id = {THIRD}"),
            "changed",
        ),
        (
            format!(
                "UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE id = {THIRD}"
            ),
            "changed",
        ),
        (
            "DELETE FROM audit_link WHERE position = 3".to_owned(),
            "missing",
        ),
        (
            // Closing the gap by renumbering does not help.
            "DELETE FROM audit_link WHERE position = 3;
             UPDATE audit_link SET position = position - 1 WHERE position > 3"
                .to_owned(),
            "changed",
        ),
        (
            "INSERT INTO audit_entry (at, actor_kind, action, subject) VALUES (now(), 'machine', 'x', 'y')".to_owned(),
            "unchained",
        ),
    ];
    for (sql, what) in cases {
        let stage = written(5).await;
        tamper(&stage, &sql).await;
        let broken = audit_chain::verify(&stage.database, None)
            .await
            .unwrap()
            .expect_err(&sql);
        let found = match broken {
            Broken::Changed {
                position: 3 | 4, ..
            } => "changed",
            Broken::Missing { position: 3 } => "missing",
            Broken::Unchained { .. } => "unchained",
            _ => "something else",
        };
        assert_eq!(found, what, "{sql}");
    }
}

#[tokio::test]
async fn entries_taken_from_the_end_show_against_a_noted_head() {
    let stage = written(5).await;
    let noted = audit_chain::head(&stage.database).await.unwrap();
    tamper(
        &stage,
        "WITH gone AS (DELETE FROM audit_link WHERE position > 3 RETURNING entry_id)
         SELECT count(*) FROM gone",
    )
    .await;
    tamper(
        &stage,
        "DELETE FROM audit_entry e WHERE NOT EXISTS (SELECT FROM audit_link l WHERE l.entry_id = e.id)",
    )
    .await;
    let alone = audit_chain::verify(&stage.database, None).await.unwrap();
    assert_eq!(alone.unwrap().entries, 3, "the chain itself is whole");
    let against = audit_chain::verify(&stage.database, Some(&noted.hash))
        .await
        .unwrap();
    assert_eq!(against, Err(Broken::HeadGone));
}

#[tokio::test]
async fn entries_are_found_by_what_they_are_about() {
    let stage = Stage::new().await;
    let (who, what) = (Uuid::now_v7(), Uuid::now_v7());
    for (action, id) in [("viewed", what), ("settled", what), ("viewed", who)] {
        let act = Act::new(action, "household", id);
        audit::record(stage.database.pool(), Actor::Account(who), act)
            .await
            .unwrap();
    }
    let count = async |search: Search| {
        audit_search::search(&stage.database, &search, 10)
            .await
            .unwrap()
            .len()
    };
    let of = |id| Search {
        id: Some(id),
        ..Search::default()
    };
    assert_eq!(count(Search::default()).await, 3);
    assert_eq!(count(of(what)).await, 2);
    assert_eq!(count(of(who)).await, 3, "everything that person did");
    let viewed = Search {
        action: Some("viewed".to_owned()),
        ..of(what)
    };
    assert_eq!(count(viewed).await, 1);
    let tomorrow = Search {
        from: Some(chrono::Utc::now() + chrono::TimeDelta::days(1)),
        ..Search::default()
    };
    assert_eq!(count(tomorrow).await, 0);
}
