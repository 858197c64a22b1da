//! Who gets which form, and what is kept of unfinished ones.

use std::collections::BTreeSet;

use serde_json::json;
use uuid::Uuid;

use super::support::Stage;
use crate::storage::{
    centres::Scope,
    drafts::{self, NewDraft},
    queue,
};

async fn account(stage: &Stage, name: &str) -> Uuid {
    let new = crate::storage::accounts::NewAccount {
        user_name: name,
        display_name: name,
        roles: &[crate::storage::accounts::Role::Clerk],
        centres: &[],
        password_hash: "none",
    };
    crate::storage::accounts::add(&stage.database, new)
        .await
        .unwrap()
}

async fn forms(stage: &Stage, count: i32) {
    sqlx::query(
        "INSERT INTO form (id, reference, definition_id, definition_version, state, received_at)
         SELECT gen_random_uuid(), 'F-' || n, 'registration', 1, 'in_review', now() - n * interval '1 minute'
         FROM generate_series(1, $1) n",
    )
    .bind(count)
    .execute(stage.database.pool())
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_clerks_who_ask_at_once_get_eight_forms_and_the_ninth_none() {
    let stage = Stage::new().await;
    forms(&stage, 8).await;
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..9 {
        let clerk = account(&stage, &format!("clerk{number}")).await;
        let database = stage.database.clone();
        asking.spawn(async move {
            queue::next(&database, &Scope::ALL, clerk, None)
                .await
                .unwrap()
        });
    }
    let got: Vec<Option<Uuid>> = asking.join_all().await;
    let distinct: BTreeSet<Uuid> = got.iter().flatten().copied().collect();
    assert_eq!(distinct.len(), 8, "{got:?}");
    assert_eq!(got.iter().filter(|form| form.is_none()).count(), 1);
    let work = queue::work(&stage.database, &Scope::ALL).await.unwrap();
    assert_eq!((work.waiting, work.free), (8, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn urgent_forms_come_first_then_the_oldest_and_a_lapsed_claim_is_free_again() {
    let stage = Stage::new().await;
    forms(&stage, 3).await;
    sqlx::raw_sql("UPDATE form SET priority = 1, centre = 'OAK' WHERE reference = 'F-1'")
        .execute(stage.database.pool())
        .await
        .unwrap();
    let (ada, ben) = (account(&stage, "ada").await, account(&stage, "ben").await);
    let reference = async |id: Option<Uuid>| -> String {
        sqlx::query_scalar("SELECT reference FROM form WHERE id = $1")
            .bind(id)
            .fetch_one(stage.database.pool())
            .await
            .unwrap()
    };
    let next = async |who: Uuid| {
        queue::next(&stage.database, &Scope::ALL, who, None)
            .await
            .unwrap()
    };
    assert_eq!(reference(next(ada).await).await, "F-1");
    assert_eq!(
        reference(next(ben).await).await,
        "F-3",
        "the oldest of the others"
    );
    let oak = queue::next(&stage.database, &Scope::ALL, ben, Some("OAK"))
        .await
        .unwrap();
    assert_eq!(oak, None, "a colleague has the only one of that centre");
    sqlx::raw_sql("UPDATE review_claim SET lease_until = now() - interval '1 second'")
        .execute(stage.database.pool())
        .await
        .unwrap();
    assert_eq!(reference(next(ben).await).await, "F-1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_are_kept_in_order_and_sealed_where_they_are_special() {
    let stage = Stage::new().await;
    forms(&stage, 1).await;
    let ada = account(&stage, "ada").await;
    let form = queue::next(&stage.database, &Scope::ALL, ada, None)
        .await
        .unwrap()
        .unwrap();
    sqlx::query(
        "INSERT INTO field (form_id, name, kind, form_page, state, confidence, reasons, special)
         VALUES ($1, 'a', 'name', 1, 'review', 0.5, '{}', false), ($1, 'b', 'text', 1, 'review', 0.5, '{}', true)",
    )
    .bind(form)
    .execute(stage.database.pool())
    .await
    .unwrap();
    for (name, special) in [("a", false), ("b", true)] {
        let draft = NewDraft {
            seconds: None,
            name,
            typed: json!({"values": ["SMITH"]}),
            special,
            confirmed: true,
        };
        let kept = drafts::put(&stage.database, &stage.sealer, form, ada, vec![draft]).await;
        assert!(kept.unwrap());
    }
    let plain: i64 = sqlx::query_scalar("SELECT count(*) FROM field_draft WHERE typed IS NOT NULL")
        .fetch_one(stage.database.pool())
        .await
        .unwrap();
    assert_eq!(plain, 1);
    let of_form = async || {
        drafts::of_form(&stage.database, &stage.sealer, form)
            .await
            .unwrap()
    };
    assert_eq!(of_form().await["b"].typed, json!({"values": ["SMITH"]}));
    // What was being typed arrives late: it does not take the place of what was confirmed.
    let late = NewDraft {
        seconds: None,
        name: "a",
        typed: json!({"values": ["SMI"]}),
        special: false,
        confirmed: false,
    };
    drafts::put(&stage.database, &stage.sealer, form, ada, vec![late])
        .await
        .unwrap();
    assert_eq!(of_form().await["a"].typed, json!({"values": ["SMITH"]}));
    let undo = async || drafts::undo(&stage.database, form, ada).await.unwrap();
    assert_eq!(undo().await.as_deref(), Some("b"));
    assert_eq!(undo().await.as_deref(), Some("a"));
    assert_eq!(undo().await, None);
}
