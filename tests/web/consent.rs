//! Consents that are taken back.

use reqwest::StatusCode;
use scraper::{Html, Selector};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::fixture::{Browser, Site, hidden, written};
use super::matching::{check, page, said, send, state};

/// What the family of [`super::fixture::written`] signed on another day.
fn signed_on(day: &str) -> Vec<(&'static str, Json)> {
    let mut all = written();
    all.retain(|(name, _)| *name != "declaration.date_signed");
    all.push(("declaration.date_signed", json!(day)));
    all
}

/// Has a form of the same family checked with a yes to everything, and says that everybody on it is on record.
async fn scan_again(site: &Site, clerk: &Browser, reference: &str, day: &str) {
    let form = site.form(reference, &signed_on(day)).await;
    assert_eq!(check(site, clerk, form).await, "matching");
    let shown = page(clerk, form).await;
    let stored = send(clerk, form, &said(&shown, false)).await;
    assert_eq!(stored.status(), StatusCode::OK);
    assert_eq!(state(site, form).await, "settled");
}

async fn record(clerk: &Browser, household: Uuid) -> String {
    let answer = clerk.get(&format!("/households/{household}")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.text().await.unwrap()
}

/// What the page offers to take back, by purpose.
fn offered(page: &str) -> Vec<String> {
    let html = Html::parse_document(page);
    let radios = Selector::parse("input[type=radio][name=consent]").unwrap();
    html.select(&radios)
        .map(|i| i.attr("value").unwrap().to_owned())
        .collect()
}

async fn take_back(clerk: &Browser, household: Uuid, which: &str) -> reqwest::Response {
    let page = record(clerk, household).await;
    let fields = [
        ("csrf", hidden(&page, "csrf")),
        ("consent", which.to_owned()),
        ("how", "phone".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    clerk
        .post(&format!("/households/{household}/withdraw"), &fields)
        .await
}

async fn event_of(site: &Site, kind: &str) -> Vec<Json> {
    sqlx::query_scalar("SELECT body FROM outbox WHERE message_type = $1 ORDER BY created_at, id")
        .bind(kind)
        .fetch_all(site.database.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawn_consent_stays_withdrawn_when_an_older_form_is_scanned_again() {
    let site = Site::start().await;
    let ada = site.browser("ada").await;
    let first = site.form("F-000301", &signed_on("2026-03-01")).await;
    assert_eq!(check(&site, &ada, first).await, "settled");
    let household: Uuid = sqlx::query_scalar("SELECT id FROM household")
        .fetch_one(site.database.pool())
        .await
        .unwrap();
    let special = "SELECT count(*) FROM special_value";
    assert!(site.count(special).await > 0);
    let ethnic = "SELECT count(*) FROM field_special";
    assert!(site.count(ethnic).await > 0);

    let which = offered(&record(&ada, household).await);
    assert_eq!(which.len(), 6);
    let of = |purpose: &str| {
        let found = which.iter().find(|w| w.ends_with(&format!(" {purpose}")));
        found.unwrap().clone()
    };
    let done = take_back(&ada, household, &of("contact.email")).await;
    assert_eq!(done.status(), StatusCode::OK);
    let shown = done.text().await.unwrap();
    assert!(shown.contains("Withdrawn") && offered(&shown).len() == 5);
    assert!(
        site.count(special).await > 0,
        "they do not rest on this one"
    );

    // The explicit consent takes with it what rests on it, and nothing else.
    let ordinary =
        "SELECT count(*) FROM service_user WHERE phone = '07700900123' AND email IS NOT NULL";
    take_back(&ada, household, &of("special_category")).await;
    assert_eq!(site.count(special).await, 0);
    assert_eq!(site.count(ethnic).await, 0);
    let sealed = "SELECT count(*) FROM record_change WHERE sealed IS NOT NULL";
    assert_eq!(site.count(sealed).await, 0);
    let traces = "SELECT count(*) FROM record_change WHERE cause = 'withdrawal' AND old IS NULL AND new IS NULL";
    assert!(site.count(traces).await > 0);
    assert_eq!(site.count(ordinary).await, 1);
    // The form they stood on can still be looked at.
    assert_eq!(
        ada.get(&format!("/review/{first}")).await.status(),
        StatusCode::OK
    );

    // Sent twice it is noted and announced once.
    let again = take_back(&ada, household, &of("contact.email")).await;
    assert_eq!(again.status(), StatusCode::OK);
    let noted =
        "SELECT count(*) FROM audit_entry WHERE action = 'withdrew_consent' AND part IS NOT NULL";
    assert_eq!(site.count(noted).await, 2);
    let events = event_of(&site, "uk.enrol.consent.withdrawn.v1").await;
    let purposes: Vec<&Json> = events.iter().map(|e| &e["data"]["purpose"]).collect();
    assert_eq!(purposes, ["contact.email", "special_category"]);
    assert_eq!(events[0]["data"]["household_id"], json!(household));
    assert!(!events[0].to_string().contains("example.org/GRACE"));

    // A form from before, scanned only now, says yes to everything.
    scan_again(&site, &ada, "F-000302", "2026-03-20").await;
    let shown = record(&ada, household).await;
    assert_eq!(shown.matches(">Withdrawn<").count(), 2);
    assert_eq!(site.count(special).await, 0, "they do not come back");
    let updated = event_of(&site, "uk.enrol.contact.updated.v1").await;
    let told = &updated[0]["data"]["consents"];
    assert_eq!(told["contact.email"], "no");
    assert_eq!(told["special_category"], "no");
    assert_eq!(told["contact.post"], "yes");

    // Signed after the withdrawal it is a new consent.
    sqlx::raw_sql("UPDATE consent_withdrawal SET withdrawn_on = '2026-05-01'")
        .execute(site.database.pool())
        .await
        .unwrap();
    scan_again(&site, &ada, "F-000303", "2026-06-01").await;
    let shown = record(&ada, household).await;
    assert_eq!(shown.matches(">Withdrawn<").count(), 0);
    assert_eq!(offered(&shown).len(), 6);
    assert!(site.count(special).await > 0);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn special_answers_are_not_kept_without_an_explicit_yes() {
    let site = Site::start().await;
    let ada = site.browser("ada").await;
    let form = site.form("F-000311", &written()).await;
    let sent = ada.confirmed(form, "no").await;
    ada.send(form, &sent).await;
    assert_eq!(site.count("SELECT count(*) FROM household").await, 1);
    assert_eq!(site.count("SELECT count(*) FROM special_value").await, 0);
    assert_eq!(site.count("SELECT count(*) FROM field_special").await, 0);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undated_yes_brings_no_consent_back() {
    let site = Site::start().await;
    let ada = site.browser("ada").await;
    let form = site.form("F-000321", &signed_on("2026-03-01")).await;
    let sent = ada.confirmed(form, "no").await;
    ada.send(form, &sent).await;
    let first: Uuid = sqlx::query_scalar("SELECT household_id FROM registration")
        .fetch_one(site.database.pool())
        .await
        .unwrap();
    let answers =
        "SELECT count(*) FROM standing_consents((SELECT id FROM household)) WHERE answer = 'yes'";
    assert_eq!(site.count(answers).await, 0);
    let copy = "INSERT INTO consent (id, household_id, service_user_id, purpose, answer, wording, wording_version,
                                     page_id, zone_mm, captured_at)
                SELECT gen_random_uuid(), household_id, service_user_id, purpose, 'yes', wording, wording_version,
                       page_id, zone_mm, now() FROM consent";
    sqlx::raw_sql(copy)
        .execute(site.database.pool())
        .await
        .unwrap();
    assert_eq!(site.count(answers).await, 0);
    assert!(offered(&record(&ada, first).await).is_empty());
    site.stop().await;
}
