//! The copy of a person's data: all of theirs, nothing of anybody else's.

use enrol::domain::role::Role;
use reqwest::StatusCode;
use serde_json::Value as Json;
use uuid::Uuid;

use super::fixture::{Browser, Site, hidden, written};
use super::matching::check;

async fn copy(browser: &Browser, family: Uuid, person: Uuid, format: &str) -> reqwest::Response {
    let page = browser.get(&format!("/households/{family}/rights")).await;
    let page = page.text().await.unwrap();
    let csrf = hidden(&page, "csrf");
    let fields = [("csrf", csrf.as_str()), ("format", format)];
    browser
        .post(&format!("/service-users/{person}/subject-access"), &fields)
        .await
}

async fn json(browser: &Browser, family: Uuid, person: Uuid) -> Json {
    let answer = copy(browser, family, person, "json").await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_holds_all_of_one_person_and_nothing_of_another() {
    let site = Site::start().await;
    site.account("ida", &[Role::InformationGovernance], &[])
        .await;
    let ida = site.browser("ida").await;
    let ada = site.browser("ada").await;
    let form = site.form("F-000601", &written()).await;
    assert_eq!(check(&site, &ada, form).await, "settled");
    let people: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "SELECT household_id, service_user_id FROM household_member ORDER BY role = 'child'",
    )
    .fetch_all(site.database.pool())
    .await
    .unwrap();
    let ((family, carer), (_, child)) = (people[0], people[1]);

    let of_carer = json(&ida, family, carer).await;
    let text = of_carer.to_string();
    for own in [
        "GRACE",
        "grace@example.org",
        "07700900123",
        "14 Elm Road",
        "white_irish",
        "contact.email",
    ] {
        assert!(text.contains(own), "{own} is hers");
    }
    assert!(
        !text.contains("TOM"),
        "the child's name is in the carer's copy"
    );
    let sections = of_carer.as_object().unwrap();
    assert_eq!(sections["Consents"].as_array().unwrap().len(), 6);
    let looks = sections["Who looked or changed something"].to_string();
    assert!(looks.contains("settled") && looks.contains("staff") && !looks.contains("Ada"));
    let read = &sections["What was read from forms"][0]["fields"];
    assert_eq!(read["primary_carer.first_name"]["taken"], "GRACE");
    assert_eq!(read["primary_carer.ethnic_group"]["taken"], "white_irish");

    let text = json(&ida, family, child).await.to_string();
    assert!(text.contains("TOM"));
    for other in ["GRACE", "grace@example.org", "07700900123", "white_irish"] {
        assert!(!text.contains(other), "{other} is in the child's copy");
    }

    // The PDF says the same, with the pages on which something of theirs stands.
    let pdf = copy(&ida, family, carer, "pdf").await;
    assert_eq!(pdf.headers()["content-type"], "application/pdf");
    let pdf = lopdf::Document::load_mem(&pdf.bytes().await.unwrap()).unwrap();
    let pages: Vec<u32> = pdf.get_pages().into_keys().collect();
    let words = pdf.extract_text(&pages).unwrap();
    assert!(
        words.contains("GRACE") && words.contains("Ethnic group, disability, health and pregnancy")
    );
    assert!(!words.contains("TOM"));
    assert!(words.contains("Form F-000601, page 1"), "{words}");

    // It is noted; others may not; who hides is not copied by whoever must not see where.
    let noted = "SELECT count(*) FROM audit_entry WHERE action = 'copied_for_subject'";
    assert_eq!(site.count(noted).await, 3);
    sqlx::raw_sql("UPDATE household SET address_protected = true")
        .execute(site.database.pool())
        .await
        .unwrap();
    let refused = copy(&ida, family, carer, "json").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(!refused.text().await.unwrap().contains("14 Elm Road"));
    site.stop().await;
}
