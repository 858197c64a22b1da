//! Records that are put right by hand.

use enrol::domain::role::Role;
use reqwest::StatusCode;
use scraper::{Html, Selector};
use serde_json::Value as Json;
use uuid::Uuid;

use super::fixture::{Browser, Site, text, written};
use super::matching::{check, state};

/// Everything that the first form of the page at `path` would send.
fn sent(page: &str) -> Vec<(String, String)> {
    let html = Html::parse_document(page);
    let form = Selector::parse("main form").unwrap();
    let form = html.select(&form).next().expect("a form");
    let mut sent = Vec::new();
    for input in form.select(&Selector::parse("input").unwrap()) {
        let choice = matches!(input.attr("type"), Some("radio" | "checkbox"));
        if !choice || input.attr("checked").is_some() {
            let value = input.attr("value").unwrap_or_default().to_owned();
            sent.push((input.attr("name").unwrap().to_owned(), value));
        }
    }
    for area in form.select(&Selector::parse("textarea").unwrap()) {
        sent.push((area.attr("name").unwrap().to_owned(), area.text().collect()));
    }
    sent
}

/// Puts `value` in the place of what the input called `name` holds.
fn set(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    fields.retain(|(n, _)| n != name);
    fields.push((name.to_owned(), value.to_owned()));
}

async fn post(browser: &Browser, path: &str, fields: &[(String, String)]) -> reqwest::Response {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    browser.post(path, &fields).await
}

async fn page(browser: &Browser, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.text().await.unwrap()
}

async fn one(site: &Site, sql: &'static str) -> Uuid {
    sqlx::query_scalar(sql)
        .fetch_one(site.database.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_put_right_with_its_trace_and_an_older_form_does_not_change_it_back() {
    let site = Site::start().await;
    let (ada, sue) = (site.browser("ada").await, site.browser("sue").await);
    let form = site.form("F-000701", &written()).await;
    assert_eq!(check(&site, &ada, form).await, "settled");
    let household = one(&site, "SELECT id FROM household").await;
    let carer = one(&site, "SELECT id FROM service_user WHERE kind = 'carer'").await;
    let path = format!("/service-users/{carer}/correct");

    // Nothing changes without a reason, and what is wrong is said beside what was typed.
    let shown = page(&sue, &path).await;
    assert!(!shown.contains("white_irish"), "kept apart until asked for");
    let mut fields = sent(&shown);
    set(&mut fields, "value:primary_carer.surname", "SAMPLE");
    set(&mut fields, "value:primary_carer.postcode", "MK40 1A");
    let refused = post(&sue, &path, &fields).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let refused = refused.text().await.unwrap();
    let summary = text(&refused, ".govuk-error-summary");
    assert!(
        summary.contains("Postcode:") && summary.contains("Say why"),
        "{summary}"
    );
    let mut fields = sent(&refused);
    let kept = ("value:primary_carer.surname".into(), "SAMPLE".into());
    assert!(fields.contains(&kept), "what was typed is kept");

    set(&mut fields, "value:primary_carer.postcode", "MK42 9ZZ");
    set(&mut fields, "value:primary_carer.mobile", "");
    set(&mut fields, "why", "asked");
    let done = post(&sue, &path, &fields).await;
    assert_eq!(done.status(), StatusCode::OK);
    let record = done.text().await.unwrap();
    assert!(record.contains("SAMPLE") && record.contains("MK42 9ZZ"));
    assert!(record.contains("14 Elm Road") && !record.contains("07700 900123"));
    let history = page(&sue, &format!("/service-users/{carer}/history")).await;
    assert!(history.contains("corrected on request") && history.contains("EXAMPLE"));
    assert!(history.contains("MK40 1AA"), "where she lived before");
    let event: Json = sqlx::query_scalar(
        "SELECT body FROM outbox WHERE message_type = 'uk.enrol.contact.updated.v1'",
    )
    .fetch_one(site.database.pool())
    .await
    .unwrap();
    let changed = event["data"]["changed"].to_string();
    assert!(changed.contains("surname") && !event.to_string().contains("SAMPLE"));
    let noted = "SELECT count(*) FROM audit_entry WHERE action = 'corrected' AND part = 'asked'";
    assert_eq!(site.count(noted).await, 1);
    let found = "SELECT count(*) FROM match_key WHERE service_user_id IN (SELECT id FROM service_user WHERE surname = 'SAMPLE')";
    assert!(site.count(found).await > 0, "found by the new name");

    // The page from before is refused, so that no colleague's correction is lost.
    let late = post(&sue, &path, &fields).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);

    // The same form scanned again asks who it is about, and changes nothing back.
    let again = site.form("F-000702", &written()).await;
    assert_eq!(check(&site, &ada, again).await, "matching");
    let shown = super::matching::page(&ada, again).await;
    let stored = super::matching::send(&ada, again, &super::matching::said(&shown, false)).await;
    assert_eq!(stored.status(), StatusCode::OK);
    assert_eq!(state(&site, again).await, "settled");
    let record = page(&sue, &format!("/households/{household}")).await;
    assert!(record.contains("SAMPLE") && record.contains("MK42 9ZZ"));
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn article_9_answers_and_whereabouts_are_put_right_by_whoever_may_see_them() {
    let site = Site::start().await;
    let (ada, sue) = (site.browser("ada").await, site.browser("sue").await);
    let form = site.form("F-000711", &written()).await;
    assert_eq!(check(&site, &ada, form).await, "settled");
    let household = one(&site, "SELECT id FROM household").await;
    let carer = one(&site, "SELECT id FROM service_user WHERE kind = 'carer'").await;
    let path = format!("/service-users/{carer}/correct");
    let refused = ada.get(&path).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);

    let csrf = super::fixture::hidden(&page(&sue, &path).await, "csrf");
    let shown = sue
        .post(&path, &[("csrf", &csrf), ("special", "show")])
        .await;
    let shown = shown.text().await.unwrap();
    let mut fields = sent(&shown);
    let ethnic = "value:primary_carer.ethnic_group";
    assert!(fields.contains(&(ethnic.into(), "white_irish".into())));
    set(&mut fields, ethnic, "-blank");
    set(&mut fields, "why", "misread");
    assert_eq!(post(&sue, &path, &fields).await.status(), StatusCode::OK);
    let kept = "SELECT count(*) FROM special_value WHERE name = 'ethnic_group'";
    assert_eq!(site.count(kept).await, 0);
    let sealed = "SELECT count(*) FROM record_change WHERE cause = 'rectification' AND sealed IS NOT NULL AND old IS NULL";
    assert_eq!(site.count(sealed).await, 1);
    let seen = "SELECT count(*) FROM audit_entry WHERE action = 'viewed_special'";
    assert_eq!(site.count(seen).await, 1);

    // Where a family hides is neither shown nor lost.
    sqlx::raw_sql("UPDATE household SET address_protected = true")
        .execute(site.database.pool())
        .await
        .unwrap();
    let shown = page(&sue, &path).await;
    for hidden in ["14 Elm Road", "07700900123", "grace@example.org"] {
        assert!(!shown.contains(hidden));
    }
    let mut fields = sent(&shown);
    set(&mut fields, "value:primary_carer.first_name", "GRACIE");
    set(
        &mut fields,
        "value:primary_carer.address_line_1",
        "1 Found Street",
    );
    set(&mut fields, "why", "learned");
    assert_eq!(post(&sue, &path, &fields).await.status(), StatusCode::OK);
    let kept = "SELECT count(*) FROM service_user s JOIN address a ON a.service_user_id = s.id
                WHERE first_name = 'GRACIE' AND s.phone = '07700900123' AND a.line_1 = '14 Elm Road' AND a.until IS NULL";
    assert_eq!(site.count(kept).await, 1);
    site.account("lea", &[Role::SafeguardingLead], &[]).await;
    let lea = site.browser("lea").await;
    assert!(page(&lea, &path).await.contains("14 Elm Road"));

    // What belongs to nobody in particular.
    let path = format!("/households/{household}/correct");
    let mut fields = sent(&page(&sue, &path).await);
    set(&mut fields, "why", "learned");
    assert_eq!(post(&sue, &path, &fields).await.status(), StatusCode::OK);
    let unchanged =
        "SELECT count(*) FROM audit_entry WHERE action = 'corrected' AND subject = 'household'";
    assert_eq!(site.count(unchanged).await, 0, "nothing was changed");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_about_a_consent_stays_to_be_seen() {
    let site = Site::start().await;
    let ada = site.browser("ada").await;
    let form = site.form("F-000721", &written()).await;
    assert_eq!(check(&site, &ada, form).await, "settled");
    let household = one(&site, "SELECT id FROM household").await;
    let path = format!("/households/{household}/consents");
    let shown = page(&ada, &path).await;
    assert!(shown.contains("Primary carer:") && shown.contains("in force"));
    assert!(!shown.contains("Withdrawn"));
    let record = page(&ada, &format!("/households/{household}")).await;
    let csrf = super::fixture::hidden(&record, "csrf");
    let which = format!(
        "{} contact.email",
        one(&site, "SELECT id FROM service_user WHERE kind = 'carer'").await
    );
    let taken = [
        ("csrf", csrf.as_str()),
        ("consent", &which),
        ("how", "letter"),
    ];
    ada.post(&format!("/households/{household}/withdraw"), &taken)
        .await;
    let shown = page(&ada, &path).await;
    assert!(shown.contains("Withdrawn") && shown.contains("By letter, noted by Ada Clerk"));
    ada.post(&format!("/households/{household}/undo-withdrawal"), &taken)
        .await;
    let shown = page(&ada, &path).await;
    assert!(shown.contains("A mistake: undone on"));
    let yes = format!(
        "SELECT 1 FROM standing_consents('{household}') WHERE purpose = 'contact.email' AND answer = 'yes'"
    );
    assert!(
        sqlx::query(sqlx::AssertSqlSafe(yes))
            .fetch_optional(site.database.pool())
            .await
            .unwrap()
            .is_some()
    );
    site.stop().await;
}
