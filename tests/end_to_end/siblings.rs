//! Two forms of one family, one for each child, scanned and settled at the same moment.

use enrol::demonstration::{Clerk, Outcome, Truth};
use enrol::domain::role::Role;
use enrol::storage::accounts::{self, NewAccount};
use enrol::web;
use futures_util::future::join_all;
use uuid::Uuid;

use crate::rig::{PASSWORD, Rig, files_in, truths_in};

/// A clerk with an account of their own.
async fn clerk(rig: &Rig, user_name: &str) -> Clerk {
    let password_hash = web::password::hash(PASSWORD).unwrap();
    let new = NewAccount {
        user_name,
        display_name: user_name,
        roles: &[Role::Clerk],
        centres: &[],
        password_hash: &password_hash,
    };
    accounts::put(&rig.database, new).await.unwrap();
    Clerk::sign_in(&rig.address, user_name, PASSWORD)
        .await
        .unwrap()
}

async fn form_of(rig: &Rig, truth: &Truth) -> Uuid {
    sqlx::query_scalar("SELECT id FROM form WHERE set_number = $1")
        .bind(truth.set_number.as_deref())
        .fetch_one(rig.database.pool())
        .await
        .unwrap()
}

fn first_child(truth: &Truth) -> &str {
    truth.fields["child_1.first_name"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_siblings_on_two_forms_scanned_at_the_same_moment_are_one_family() {
    let mut rig = Rig::start().await;
    let truths = truths_in("siblings");
    let [one_child, other_child] = truths.as_slice() else {
        panic!("two forms: {truths:?}");
    };
    let same = |name: &str| one_child.fields[name] == other_child.fields[name];
    assert!(same("primary_carer.surname") && same("primary_carer.address_line_1"));
    assert!(!same("child_1.first_name"));
    let files = files_in("siblings");
    join_all(files.iter().map(|file| rig.put(file))).await;
    let read = rig.wait_for(files.len() as i64).await;
    assert_eq!(
        (read.scans, read.in_review, read.records),
        (2, 2, 0),
        "{read}"
    );

    // Two clerks settle them at the same moment.
    let (ann, bob) = (clerk(&rig, "ann").await, clerk(&rig, "bob").await);
    let (one, two) = (
        form_of(&rig, one_child).await,
        form_of(&rig, other_child).await,
    );
    let settled = tokio::join!(
        ann.settle_form(one, one_child),
        bob.settle_form(two, other_child)
    );
    for outcome in [settled.0.unwrap(), settled.1.unwrap()] {
        assert!(matches!(outcome, Outcome::Settled { .. }), "{outcome:?}");
    }

    // One of them is on record; the other waits until somebody has said who it is about.
    let waiting = rig.wait_for(0).await;
    assert_eq!((waiting.records, waiting.in_review), (1, 1), "{waiting}");
    assert_eq!((waiting.events, waiting.updates), (1, 0), "{waiting}");
    assert_eq!(
        rig.count("SELECT count(*) FROM form WHERE state = 'matching'")
            .await,
        1
    );
    assert_eq!(rig.count("SELECT count(*) FROM household").await, 1);
    assert_eq!(rig.count("SELECT count(*) FROM service_user").await, 2);
    assert_eq!(rig.count("SELECT count(*) FROM record_change").await, 0);

    // A clerk says that the carer is the same person. Nobody is there twice, and no record was made one with another.
    assert_eq!(rig.decide().await, 1);
    let done = rig.wait_for(0).await;
    assert_eq!(
        (done.scans, done.records, done.in_review),
        (2, 2, 0),
        "{done}"
    );
    assert_eq!((done.events, done.updates), (1, 1), "{done}");
    assert_eq!(rig.count("SELECT count(*) FROM household").await, 1);
    let people: Vec<(String, String)> = sqlx::query_as(
        "SELECT m.role, upper(s.first_name) FROM household_member m JOIN service_user s ON s.id = m.service_user_id
         WHERE m.left_on IS NULL AND s.merged_into IS NULL ORDER BY m.role DESC, s.date_of_birth",
    )
    .fetch_all(rig.database.pool())
    .await
    .unwrap();
    let carer = one_child.fields["primary_carer.first_name"]
        .as_str()
        .unwrap();
    let named = |role: &str, name: &str| (role.to_owned(), name.to_owned());
    let mut children = [first_child(one_child), first_child(other_child)];
    children.sort_unstable();
    let mut found = people.clone();
    found.sort();
    assert_eq!(
        found,
        [
            named("child", children[0]),
            named("child", children[1]),
            named("primary_carer", carer),
        ]
    );
    assert_eq!(rig.count("SELECT count(*) FROM service_user").await, 3);
    assert_eq!(rig.count("SELECT count(*) FROM person_merge").await, 0);
    assert_eq!(rig.count("SELECT count(*) FROM registration").await, 2);
    assert_eq!(
        rig.count("SELECT count(*) FROM registration WHERE made")
            .await,
        1
    );
    assert_eq!(
        rig.count("SELECT count(*) FROM registration_member WHERE made")
            .await,
        3
    );

    // Whoever listens hears of one household that was made and then of what else is known of it.
    let events = rig.events(2).await;
    let [created, updated] = events.as_slice() else {
        panic!("two events: {events:?}");
    };
    assert_eq!(created["type"], "uk.enrol.contact.created.v1");
    assert_eq!(updated["type"], "uk.enrol.contact.updated.v1");
    for part in ["household_id", "service_user_id"] {
        assert_eq!(created["data"][part], updated["data"][part], "{part}");
    }
    let ids = |event: &serde_json::Value| -> Vec<String> {
        let members = event["data"]["members"].as_array().unwrap();
        members.iter().map(|m| m["id"].to_string()).collect()
    };
    let (before, after) = (ids(created), ids(updated));
    assert_eq!((before.len(), after.len()), (2, 2), "those on each form");
    let both = after.iter().filter(|id| before.contains(id)).count();
    assert_eq!(both, 1, "the carer, and no child, is on both forms");
    rig.stop().await;
}
