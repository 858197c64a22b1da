//! Two households that are one, and are parted again.

use enrol::domain::recipient_fields::FieldGroup;
use enrol::storage::recipients::events;
use enrol::web::{EVENTS_READ, READ};
use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::fixture::{Browser, Site, hidden, written};
use super::matching::{check, page, said, send};

/// A family on record twice: the second form was said to be of other people.
async fn twice(site: &Site) -> (Uuid, Uuid) {
    let ada = site.browser("ada").await;
    let first = site.form("F-000171", &written()).await;
    assert_eq!(check(site, &ada, first).await, "settled");
    let second = site.form("F-000172", &written()).await;
    assert_eq!(check(site, &ada, second).await, "matching");
    let shown = page(&ada, second).await;
    send(&ada, second, &said(&shown, true)).await;
    let household = async |form: Uuid| -> Uuid {
        sqlx::query_scalar("SELECT household_id FROM registration WHERE form_id = $1")
            .bind(form)
            .fetch_one(site.database.pool())
            .await
            .unwrap()
    };
    (household(first).await, household(second).await)
}

async fn merge_page(sue: &Browser, household: Uuid) -> String {
    let answer = sue.get(&format!("/households/{household}/merge")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.text().await.unwrap()
}

async fn snapshot(site: &Site, household: Uuid) -> Json {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
             'members', (SELECT jsonb_agg(to_jsonb(m) ORDER BY m.role, m.position) FROM household_member m WHERE m.household_id = h.id),
             'forms', (SELECT jsonb_agg(r.form_id ORDER BY r.form_id) FROM registration r WHERE r.household_id = h.id),
             'consents', (SELECT jsonb_agg(c.id ORDER BY c.id) FROM consent c WHERE c.household_id = h.id),
             'details', h.details)
         FROM household h WHERE h.id = $1",
    )
    .bind(household)
    .fetch_one(site.database.pool())
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_households_are_made_one_and_can_be_parted_again() {
    let site = Site::start().await;
    let (kept, absorbed) = twice(&site).await;
    let given = site.recipient(&[READ, EVENTS_READ], &FieldGroup::ALL).await;
    events::share(&site.database, 100).await.unwrap();
    assert_eq!(
        given.json("/api/events").await["events"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let before = [snapshot(&site, kept).await, snapshot(&site, absorbed).await];

    // Nobody is asked to say how they know, or chooses nothing: nothing is changed.
    let sue = site.browser("sue").await;
    let shown = merge_page(&sue, kept).await;
    assert!(
        shown.contains("GRACE") && shown.contains("F-000172"),
        "{shown}"
    );
    let (csrf, version) = (hidden(&shown, "csrf"), hidden(&shown, "version"));
    let path = format!("/households/{kept}/merge");
    let refused = sue
        .post(&path, &[("csrf", &csrf), ("version", &version)])
        .await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let other_version = format!("version:{absorbed}");
    let (other, seen) = (absorbed.to_string(), hidden(&shown, &other_version));
    let sent = [
        ("csrf", csrf.as_str()),
        ("version", &version),
        ("other", &other),
        (&other_version, &seen),
        ("reason", "entered twice"),
    ];
    let done = sue.post(&path, &sent).await;
    assert_eq!(done.status(), StatusCode::OK);
    assert!(done.text().await.unwrap().contains("Part them again"));
    let stale = sue.post(&path, &sent).await;
    assert!(
        stale.status().is_client_error(),
        "sent twice: {}",
        stale.status()
    );

    // One household with the people, forms and consents of both; a second primary carer is a secondary one.
    let merged = snapshot(&site, kept).await;
    assert_eq!(merged["members"].as_array().unwrap().len(), 4);
    assert_eq!(merged["forms"].as_array().unwrap().len(), 2);
    let primary =
        "SELECT count(*) FROM household_member WHERE role = 'primary_carer' AND left_on IS NULL";
    assert_eq!(site.count(primary).await, 1);
    assert_eq!(snapshot(&site, absorbed).await["members"], Json::Null);
    let led = sue.get(&format!("/households/{absorbed}")).await;
    assert!(
        led.url().path().ends_with(&kept.to_string()),
        "{}",
        led.url()
    );

    // A recipient is told, and given the other no longer.
    events::share(&site.database, 100).await.unwrap();
    let told = given.json("/api/events").await;
    let kinds: Vec<&str> = told["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["type"].as_str().unwrap())
        .collect();
    assert!(kinds.contains(&"uk.enrol.household.merged.v1"), "{kinds:?}");
    assert!(kinds.contains(&"uk.enrol.contact.unshared.v1"), "{kinds:?}");
    let absorbed_path = format!("/api/households/{absorbed}");
    assert_eq!(
        given.get(&absorbed_path).await.status(),
        StatusCode::NOT_FOUND
    );
    let whole = given.json(&format!("/api/households/{kept}")).await;
    assert_eq!(whole["members"].as_array().unwrap().len(), 4);

    // Parted again, both are what they were.
    let shown = merge_page(&sue, kept).await;
    let merge = hidden(&shown, "merge");
    let undo = format!("/households/{kept}/unmerge");
    let sent = [("csrf", csrf.as_str()), ("merge", &merge)];
    let parted = sue.post(&undo, &sent).await;
    assert!(parted.text().await.unwrap().contains("Parted again on"));
    assert_eq!(
        [snapshot(&site, kept).await, snapshot(&site, absorbed).await],
        before
    );
    let twice = sue.post(&undo, &sent).await;
    assert_eq!(twice.status(), StatusCode::CONFLICT);
    events::share(&site.database, 100).await.unwrap();
    assert_eq!(given.get(&absorbed_path).await.status(), StatusCode::OK);
    let events = given.json("/api/events").await;
    let last = events["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["type"], &last["subject"]),
        (&json!("uk.enrol.contact.updated.v1"), &json!(absorbed))
    );
    let actions = "SELECT count(DISTINCT action) FROM audit_entry WHERE subject = 'household'
                   AND action IN ('merged', 'merged_away', 'unmerged', 'viewed_likenesses')";
    assert_eq!(site.count(actions).await, 4);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_merged_household_left_behind_goes_when_the_family_is_erased() {
    let site = Site::start().await;
    let (kept, absorbed) = twice(&site).await;
    let sue: Uuid = sqlx::query_scalar("SELECT id FROM account WHERE user_name = 'sue'")
        .fetch_one(site.database.pool())
        .await
        .unwrap();
    let versions = (1, 1);
    let merge = enrol::storage::register::merging::Merge {
        kept,
        absorbed,
        versions,
        reason: "entered twice",
    };
    let (sealer, url) = (site.sealer(), "http://enrol.example.org");
    enrol::storage::register::household_merging::merge(&site.database, &sealer, url, sue, merge)
        .await
        .unwrap();
    super::erasure::erase_now(&site, kept).await;
    for table in [
        "household",
        "household_merge",
        "household_member",
        "service_user",
        "consent",
        "special_value",
    ] {
        let query = format!("SELECT count(*) FROM {table}");
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(site.database.pool())
            .await
            .unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    site.stop().await;
}
