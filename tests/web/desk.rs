//! The desk over HTTP: one field after the other, drafts that outlive a session, and one form for one clerk.

use reqwest::StatusCode;
use scraper::{Html, Selector};
use uuid::Uuid;

use crate::fixture::{Browser, Site, hidden, text, written};

/// The inputs of the step that a page shows, as a browser without scripts sends them, and the path of the page.
pub struct Step {
    form: Uuid,
    pub fields: Vec<(String, String)>,
}

impl Step {
    pub fn new(form: Uuid, html: &str) -> Self {
        let page = Html::parse_document(html);
        let inputs =
            Selector::parse("[data-enrol-desk] input, [data-enrol-desk] textarea").unwrap();
        let mut fields = Vec::new();
        for input in page.select(&inputs) {
            let Some(name) = input.attr("name") else {
                continue;
            };
            let choice = matches!(input.attr("type"), Some("radio" | "checkbox"));
            let value = match input.value().name() {
                "textarea" => input.text().collect(),
                _ => input.attr("value").unwrap_or_default().to_owned(),
            };
            let consent = name.starts_with("value:consent.") && value == "yes";
            if !choice || input.attr("checked").is_some() || consent {
                fields.push((name.to_owned(), value));
            }
        }
        Self { form, fields }
    }

    pub fn name(&self) -> &str {
        let field = self.fields.iter().find(|(n, _)| n == "field");
        field.map(|(_, v)| v.as_str()).unwrap_or_default()
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(n, _)| n != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub async fn send(&self, browser: &Browser, path: &str) -> reqwest::Response {
        let path = format!("/review/{}/desk{path}", self.form);
        let fields: Vec<(&str, &str)> = self
            .fields
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        browser.post(&path, &fields).await
    }
}

pub async fn open(browser: &Browser, form: Uuid, query: &str) -> String {
    let path = format!("/review/{form}/desk{query}");
    browser.get(&path).await.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_settled_field_by_field_and_what_was_typed_outlives_the_session() {
    let site = Site::start().await;
    let form = site.form("F-000011", &written()).await;
    let ada = site.browser("ada").await;

    // A wrong value stays on its page and says why; the test while typing says the same.
    let page = open(&ada, form, "?field=child_1.date_of_birth").await;
    assert!(
        !text(&page, "title").contains("TOM"),
        "titles hold no personal data"
    );
    let wrong = Step::new(form, &page).with("day:child_1.date_of_birth", "31");
    let verdict: serde_json::Value = wrong.send(&ada, "/test").await.json().await.unwrap();
    assert_eq!(verdict["good"], false);
    assert_eq!(verdict["message"], "There is no such day in the calendar.");
    let refused = wrong.send(&ada, "").await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(site.count("SELECT count(*) FROM field_draft").await, 0);

    // What is being typed is kept without being an answer, a special-category value sealed.
    let page = open(&ada, form, "?field=primary_carer.surname").await;
    let typing = Step::new(form, &page).with("value:primary_carer.surname", "SAMP");
    assert_eq!(
        typing.send(&ada, "/keep").await.status(),
        StatusCode::NO_CONTENT
    );
    let page = open(&ada, form, "?field=primary_carer.ethnic_group").await;
    Step::new(form, &page).send(&ada, "").await;
    let sealed = "SELECT count(*) FROM field_draft WHERE sealed IS NOT NULL AND typed IS NULL";
    assert_eq!(site.count(sealed).await, 1);
    assert_eq!(
        site.count(
            "SELECT count(*) FROM field_draft WHERE typed::text LIKE '%SAMP%' AND NOT confirmed"
        )
        .await,
        1
    );

    // The session ends; the clerk comes back to the same form, and to what was typed.
    sqlx::query("UPDATE session SET last_seen = now() - interval '16 minutes'")
        .execute(site.database.pool())
        .await
        .unwrap();
    let ended = typing.send(&ada, "").await;
    assert_eq!(ended.url().path(), "/sign-in");
    assert!(
        ended.url().query().unwrap().contains("desk"),
        "{}",
        ended.url()
    );
    let ada = site.browser("ada").await;
    let page = open(&ada, form, "?field=primary_carer.surname").await;
    assert!(page.contains("value=\"SAMP\""));

    // Undo takes the last answer back.
    let page = open(&ada, form, "?field=primary_carer.first_name").await;
    let step = Step::new(form, &page);
    step.send(&ada, "").await;
    let back = step.send(&ada, "/undo").await;
    assert_eq!(back.url().query(), Some("field=primary_carer.first_name"));

    // Every step in turn, as it comes.
    let mut steps = 0;
    loop {
        let page = open(&ada, form, "").await;
        if text(&page, "h1").contains("Last look") {
            break;
        }
        let mut step = Step::new(form, &page);
        if step.name() == "primary_carer.surname" {
            step = step.with("value:primary_carer.surname", "SAMPLE");
        }
        let answer = step.send(&ada, "").await;
        assert!(
            answer.status().is_success(),
            "{}: {}",
            step.name(),
            answer.status()
        );
        steps += 1;
        assert!(
            steps < 60,
            "the desk must come to an end; now at {}",
            step.name()
        );
    }
    let last = open(&ada, form, "/finish").await;
    assert!(last.contains("SAMPLE") && !last.contains("Not looked at yet"));
    let (csrf, version) = (hidden(&last, "csrf"), hidden(&last, "version"));
    let finish = format!("/review/{form}/desk/finish");
    let sent = [("csrf", csrf.as_str()), ("version", version.as_str())];
    let (one, two) = tokio::join!(ada.post(&finish, &sent), ada.post(&finish, &sent));
    for answer in [one, two, ada.post(&finish, &sent).await] {
        let done = answer
            .url()
            .query()
            .unwrap_or_default()
            .starts_with("done=");
        assert!(done, "sending twice gives the same page: {}", answer.url());
    }
    assert_eq!(site.count("SELECT count(*) FROM household").await, 1);
    assert_eq!(
        site.count("SELECT count(*) FROM service_user WHERE surname = 'SAMPLE'")
            .await,
        1
    );
    assert_eq!(site.count("SELECT count(*) FROM field_draft").await, 0);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_surname_of_the_family_is_offered_and_taken_with_one_button() {
    let site = Site::start_with(|config| config.keying.blind_below = 0.5).await;
    let mut values = written();
    for (name, value) in &mut values {
        if *name == "child_1.surname" {
            *value = serde_json::json!("EXANPLE");
        }
    }
    let form = site.form("F-000012", &values).await;
    let ada = site.browser("ada").await;
    let offered = |page: &str| text(page, "[data-enrol-take]");
    let address = "?field=child_1.surname";
    let page = open(&ada, form, address).await;
    assert!(
        offered(&page).contains("EXAMPLE") && offered(&page).contains("as elsewhere on this form"),
        "{}",
        offered(&page)
    );

    // What was read where a colleague types blind is not given away here; what was typed there is.
    let doubted =
        "UPDATE field SET confidence = 0.3 WHERE form_id = $1 AND name = 'primary_carer.surname'";
    let doubted = sqlx::query(doubted).bind(form);
    doubted.execute(site.database.pool()).await.unwrap();
    let page = open(&ada, form, address).await;
    assert!(!offered(&page).contains("elsewhere"), "{}", offered(&page));
    let blind = open(&ada, form, "?field=primary_carer.surname").await;
    let typed = Step::new(form, &blind).with("value:primary_carer.surname", "EXAMPEL");
    assert!(typed.send(&ada, "").await.status().is_success());
    let page = open(&ada, form, address).await;
    assert!(offered(&page).contains("EXAMPEL"), "{}", offered(&page));

    let take = Step::new(form, &page).with("take", "EXAMPEL");
    assert!(take.send(&ada, "").await.status().is_success());
    let page = open(&ada, form, address).await;
    assert!(page.contains("value=\"EXAMPEL\""));
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_clerk_gets_another_form_and_goes_on_where_a_colleague_stopped() {
    let site = Site::start().await;
    let mut forms = Vec::new();
    for reference in ["F-000021", "F-000022", "F-000023"] {
        forms.push(site.form(reference, &written()).await);
    }
    // The last one to come is urgent.
    sqlx::query(
        "UPDATE form SET priority = 1, priority_reason = 'A child under 6 weeks' WHERE id = $1",
    )
    .bind(forms[2])
    .execute(site.database.pool())
    .await
    .unwrap();
    let (ada, ben) = (site.browser("ada").await, site.browser("ben").await);
    let list = ada.get("/review").await.text().await.unwrap();
    assert!(list.contains("A child under 6 weeks"));
    assert_eq!(
        text(&list, "[data-enrol-live]"),
        "3 waiting, 3 of them free, 1 urgent"
    );
    let csrf = async |browser: &Browser| {
        let page = browser.get("/review").await.text().await.unwrap();
        hidden(&page, "csrf")
    };
    let (adas, bens) = (csrf(&ada).await, csrf(&ben).await);
    let sent = |token: &str| [("csrf".to_owned(), token.to_owned())];
    let next = async |browser: &Browser, token: &str| {
        let [(name, value)] = sent(token);
        let answer = browser
            .post("/review/next", &[(name.as_str(), value.as_str())])
            .await;
        answer.url().path().to_owned()
    };
    let (one, two) = tokio::join!(next(&ada, &adas), next(&ben, &bens));
    let form_of = |path: &str| path.split('/').nth(2).unwrap().parse::<Uuid>().unwrap();
    let (one, two) = (form_of(&one), form_of(&two));
    assert_ne!(one, two, "two clerks never get the same form");
    assert!(
        [one, two].contains(&forms[2]),
        "the urgent one is among the first two"
    );
    assert_eq!(
        form_of(&next(&ada, &adas).await),
        one,
        "whoever has a form goes on with it"
    );

    // Ada begins, closes the laptop, and her claim ends: Ben finds what she had confirmed.
    let page = open(&ada, one, "?field=primary_carer.surname").await;
    let begun = Step::new(one, &page).with("value:primary_carer.surname", "BEGUN");
    begun.send(&ada, "").await;
    let finish = ben
        .get(&format!("/review/{one}/desk"))
        .await
        .text()
        .await
        .unwrap();
    assert!(text(&finish, ".govuk-body-l").starts_with("Ada Clerk is working"));
    sqlx::query(
        "UPDATE review_claim SET lease_until = now() - interval '1 second' WHERE form_id = $1",
    )
    .bind(one)
    .execute(site.database.pool())
    .await
    .unwrap();
    let page = open(&ben, one, "?field=primary_carer.surname").await;
    assert!(page.contains("value=\"BEGUN\"") && page.contains("Ada Clerk typed this before you"));
    let late = begun.send(&ada, "").await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    assert!(
        late.text()
            .await
            .unwrap()
            .contains("Ben Clerk is working on this form")
    );
    site.stop().await;
}
