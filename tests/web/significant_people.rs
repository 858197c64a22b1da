//! What a form says of an expected child and of others who matter to the children.

use enrol::domain::recipient_fields::FieldGroup;
use enrol::web::READ;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::fixture::{Browser, Site, hidden};
use super::matching::{check, page, said, send, written_but};

async fn record(browser: &Browser, household: Uuid) -> String {
    let page = browser.get(&format!("/households/{household}")).await;
    page.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expected_child_and_others_who_matter_are_on_record_and_given_as_agreed() {
    let site = Site::start().await;
    let ada = site.browser("ada").await;
    let all = site.recipient(&[READ], &FieldGroup::ALL).await;
    let plain = site.recipient(&[READ], &[FieldGroup::Household]).await;
    let wrote = written_but(&[
        ("primary_carer.expecting", json!("yes")),
        ("primary_carer.due_date", json!("2026-09-01")),
        ("significant_person_1.name", json!("RUTH EXAMPLE")),
        ("significant_person_1.relationship", json!("Grandmother")),
        ("significant_person_1.phone", json!("07700900222")),
    ]);
    let form = site.form("F-000721", &wrote).await;
    assert_eq!(check(&site, &ada, form).await, "settled");
    let household: Uuid = sqlx::query_scalar("SELECT id FROM household")
        .fetch_one(site.database.pool())
        .await
        .unwrap();

    // Others who matter stand with the household; the pregnancy is kept apart and takes a click of its own.
    let shown = record(&ada, household).await;
    for said in ["RUTH EXAMPLE", "Grandmother", "07700900222"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    assert!(!shown.contains("1 September 2026"), "{shown}");
    let readable = "SELECT count(*) FROM service_user WHERE details::text LIKE '%2026-09-01%'";
    assert_eq!(site.count(readable).await, 0);
    let csrf = hidden(&shown, "csrf");
    let path = format!("/households/{household}/special");
    let special = ada.post(&path, &[("csrf", &csrf)]).await;
    let special = special.text().await.unwrap();
    assert!(
        special.contains("Date the baby is due") && special.contains("1 September 2026"),
        "{special}"
    );

    // Recipients are given what was agreed with them.
    let path = format!("/api/households/{household}");
    let given = all.json(&path).await;
    assert_eq!(
        given["details"]["significant_person_1.name"],
        "RUTH EXAMPLE"
    );
    assert_eq!(
        given["details"]["significant_person_1.relationship"],
        "Grandmother"
    );
    assert_eq!(
        given["details"]["significant_person_1.phone"],
        "07700900222"
    );
    assert_eq!(given["members"][0]["special"]["expecting"], "yes");
    assert_eq!(given["members"][0]["special"]["due_date"], "2026-09-01");
    let given = plain.json(&path).await.to_string();
    for kept in ["RUTH", "Grandmother", "07700900222", "2026-09-01"] {
        assert!(!given.contains(kept), "{kept}: {given}");
    }

    // A newer form names somebody else in the same place: nothing that was said of the one before is taken for theirs.
    let newer = written_but(&[
        ("significant_person_1.name", json!("JO MINDER")),
        ("significant_person_1.relationship", json!("Child-minder")),
        ("declaration.date_signed", json!("2026-03-24")),
    ]);
    let form = site.form("F-000722", &newer).await;
    assert_eq!(check(&site, &ada, form).await, "matching");
    let asked = page(&ada, form).await;
    send(&ada, form, &said(&asked, false)).await;
    let shown = record(&ada, household).await;
    assert!(
        shown.contains("JO MINDER") && shown.contains("Child-minder"),
        "{shown}"
    );
    assert!(
        !shown.contains("RUTH") && !shown.contains("07700900222"),
        "{shown}"
    );
    let before: Vec<(String, Option<Json>, Option<Json>)> = sqlx::query_as(
        "SELECT name, old, new FROM record_change WHERE household_id = $1 AND name LIKE 'significant%' ORDER BY name",
    )
    .bind(household)
    .fetch_all(site.database.pool())
    .await
    .unwrap();
    let change = |leaf: &str, old: &str, new: Option<&str>| {
        let name = format!("significant_person_1.{leaf}");
        (name, Some(json!(old)), new.map(|n| json!(n)))
    };
    assert_eq!(
        before,
        [
            change("name", "RUTH EXAMPLE", Some("JO MINDER")),
            change("phone", "07700900222", None),
            change("relationship", "Grandmother", Some("Child-minder")),
        ]
    );
    site.stop().await;
}
