//! Who was on a list of people to write to is forgotten after its days.

use reqwest::StatusCode;
use uuid::Uuid;

use super::contact;
use super::erasure::{eraser, people, post};
use super::fixture::{Browser, Site, by_another_family, hidden, text, written};
use super::matching::check;

const DUE: &str = "Kept for 30 days after the list was made";

/// The page *Retention*, and whether it says that something is due.
async fn retention(browser: &Browser) -> (String, bool) {
    let page = browser.get("/retention").await.text().await.unwrap();
    let is_due = !page.contains("Nothing is due");
    (page, is_due)
}

/// The way to the link of the first person in a list that is made now.
async fn link_of_new_list(site: &Site, browser: &Browser, purpose: &str) -> String {
    let rows = contact::rows(browser, purpose).await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    rows[0][2].strip_prefix(&site.url).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_on_a_list_is_forgotten_when_two_people_agree_and_its_counts_stay() {
    let site = Site::start_with(|config| config.retention.lists_days = 30).await;
    let (ida, lea) = people(&site).await;
    let ada = site.browser("ada").await;
    let one = site.form("F-000701", &written()).await;
    assert_eq!(check(&site, &ada, one).await, "settled");
    let two = site.form("F-000702", &by_another_family(written())).await;
    assert_eq!(check(&site, &ada, two).await, "settled");
    let old = link_of_new_list(&site, &ida, "contact.email").await;
    let new = link_of_new_list(&site, &ida, "contact.text").await;
    let (page, is_due) = retention(&ida).await;
    assert!(!is_due && page.contains(DUE), "{page}");
    let aged = "UPDATE contact_list SET made_at = now() - interval '31 days' WHERE purpose = 'contact.email'";
    sqlx::raw_sql(aged)
        .execute(site.database.pool())
        .await
        .unwrap();
    assert!(retention(&ida).await.1);

    // A hold on the family of somebody on it keeps the list.
    let family: Uuid =
        sqlx::query_scalar("SELECT household_id FROM registration WHERE form_id = $1")
            .bind(two)
            .fetch_one(site.database.pool())
            .await
            .unwrap();
    let (rights, stops) = (
        format!("/households/{family}/rights"),
        format!("/households/{family}/stops"),
    );
    let hold = [("kind", "hold"), ("reason", "legal_claim")];
    post(&ida, &rights, &stops, &hold).await;
    assert!(!retention(&ida).await.1);
    post(&ida, &rights, &stops, &[("kind", "hold"), ("lift", "yes")]).await;

    // One proposes, and nobody agrees alone.
    let (page, is_due) = retention(&ida).await;
    assert!(is_due);
    let csrf = hidden(&page, "csrf");
    let proposed = ida.post("/retention", &[("csrf", csrf.as_str())]).await;
    let plan = proposed.url().path().to_owned();
    assert!(plan.starts_with("/retention/plans/"), "{plan}");
    let page = proposed.text().await.unwrap();
    assert!(
        page.contains("Stay and play moves to Tuesday") && page.contains(DUE),
        "{page}"
    );
    assert!(
        !page.contains("Kept until the end of the contract"),
        "{page}"
    );
    let named = "SELECT count(*) FROM erasure WHERE kind = 'contact_list'";
    assert_eq!(site.count(named).await, 1);
    assert!(!retention(&ida).await.1, "a plan names it");
    let own = post(&ida, &plan, &plan, &[("decision", "agree")]).await;
    assert_eq!(own.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(eraser(&site).work().await.unwrap(), 0);
    let stranger = site.stranger();
    assert_eq!(stranger.get(&old).await.status(), StatusCode::OK);
    post(&lea, &plan, &plan, &[("decision", "agree")]).await;
    assert_eq!(eraser(&site).work().await.unwrap(), 1);
    assert_eq!(eraser(&site).work().await.unwrap(), 0, "once");

    // Its people are gone, the list and its counts are not, and the other list is as it was.
    assert_eq!(
        site.count("SELECT count(*) FROM contact_list_person").await,
        2
    );
    let lists = "SELECT count(*) FROM contact_list WHERE listed = 2";
    assert_eq!(site.count(lists).await, 2);
    assert_eq!(site.count("SELECT count(*) FROM service_user").await, 4);
    let made = ida.get("/contact-lists").await.text().await.unwrap();
    assert_eq!(made.matches("Stay and play moves to Tuesday").count(), 2);

    // Its links are unknown ones.
    let unknown = stranger.get("/stop/nobody-has-this-token").await;
    let gone = stranger.get(&old).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        text(&gone.text().await.unwrap(), "h1"),
        text(&unknown.text().await.unwrap(), "h1")
    );
    let one_click = [("List-Unsubscribe", "One-Click")];
    let stopped = stranger.post(&old, &one_click).await;
    assert_eq!(stopped.status(), StatusCode::NOT_FOUND);
    let withdrawn = "SELECT count(*) FROM consent_withdrawal";
    assert_eq!(site.count(withdrawn).await, 0);
    assert_eq!(
        stranger.post(&new, &one_click).await.status(),
        StatusCode::OK
    );
    assert_eq!(site.count(withdrawn).await, 1);

    // It is noted what was done, by ids and counts.
    let page = lea.get(&plan).await.text().await.unwrap();
    assert!(
        page.contains("1 erased, 0 kept") && page.contains("who was on it (2 people)"),
        "{page}"
    );
    let certificate = lea.get(&format!("{plan}/certificate")).await;
    let certificate = certificate.text().await.unwrap();
    assert!(certificate.contains("Contact list ") && certificate.contains("contact_list_person"));
    assert!(!certificate.contains("GRACE"), "{certificate}");
    let noted = "SELECT count(*) FROM audit_entry WHERE subject = 'contact_list' AND action IN ('proposed_erasure', 'erased')";
    assert_eq!(site.count(noted).await, 2);
    assert!(!retention(&ida).await.1);
    site.stop().await;
}
