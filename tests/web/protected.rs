//! A family that hides: its whereabouts are looked for wherever Enrol shows, sends or notes anything.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use enrol::domain::recipient_fields::FieldGroup;
use enrol::domain::role::Role;
use enrol::web::{READ, Route, route_list};
use reqwest::{Response, header};
use serde_json::Value as Json;
use uuid::Uuid;

use super::fixture::{Browser, Site, hidden, written};
use super::matching::check;

/// What leads to the family of [`written`], in capitals.
const WHEREABOUTS: [&str; 7] = [
    "ELM ROAD",
    "MK40 1AA",
    "MK401AA",
    "07700900123",
    "07700 900123",
    "07700 900 123",
    "GRACE@EXAMPLE.ORG",
];

fn assert_silent(what: &str, text: &str) {
    let text = text.to_uppercase();
    for whereabouts in WHEREABOUTS {
        assert!(!text.contains(whereabouts), "{what} tells {whereabouts}");
    }
}

/// What the server says of itself while it works.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Listens to everything that Enrol and what talks to its database say, however quietly.
    fn listen() -> Self {
        let log = Self::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_env_filter("enrol=trace,sqlx=debug")
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        log
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// Everything of an answer that a person or a proxy could read; nothing of pictures, which say so by their status.
async fn readable(answer: Response) -> String {
    let mut text = format!("{} {:?}", answer.url(), answer.headers());
    let kind = answer.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|k| k.to_str().ok()).unwrap_or_default();
    if kind.starts_with("text/") || kind.contains("json") {
        // Live counts never end; what came until then counts.
        text.push_str(&answer.text().await.unwrap_or_default());
    }
    text
}

async fn get(browser: &Browser, path: &str) -> Option<String> {
    let asked = browser.client.get(format!("{}{path}", browser.url));
    let answer = asked.timeout(Duration::from_secs(5)).send().await.ok()?;
    Some(readable(answer).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_protected_family_lives_is_in_no_page_list_event_address_or_log() {
    let log = Log::listen();
    let site = Site::start().await;
    let ada = site.browser("ada").await;
    let form = site.form("F-000801", &written()).await;
    assert_eq!(check(&site, &ada, form).await, "settled");
    let one = async |sql: &'static str| -> Uuid {
        sqlx::query_scalar(sql)
            .fetch_one(site.database.pool())
            .await
            .unwrap()
    };
    let household = one("SELECT id FROM household").await;
    let carer = one("SELECT id FROM service_user WHERE kind = 'carer'").await;
    let document = one("SELECT document_id FROM page ORDER BY form_page LIMIT 1").await;

    let record = format!("/households/{household}");
    let csrf = hidden(&ada.get(&record).await.text().await.unwrap(), "csrf");
    ada.post(&format!("{record}/protect"), &[("csrf", &csrf)])
        .await;
    // From here on nothing may be said. Events from before went to those who were allowed to know then.
    let before = log.text().len();

    let roles = Role::ALL
        .into_iter()
        .filter(|r| *r != Role::SafeguardingLead);
    for role in roles {
        let name = format!("test-{}", role.as_str());
        site.account(&name, &[role], &[]).await;
        let browser = site.browser(&name).await;
        let mut shown = 0;
        for Route { method, path } in route_list() {
            // The description of the API is the same for everybody; its invented example has this number too.
            if method != "GET" || path.starts_with("/api/") || path == "/openapi.json" {
                continue;
            }
            let path = path
                .replace("{form}", &form.to_string())
                .replace("{page}", "1")
                .replace("{field}", "primary_carer.postcode")
                .replace("{household}", &household.to_string())
                .replace("{service_user}", &carer.to_string())
                .replace("{document}", &document.to_string());
            if let Some(text) = get(&browser, &path).await {
                assert_silent(&format!("{path} for {}", role.as_str()), &text);
                shown += 1;
            }
        }
        assert!(shown > 20, "{shown} pages answered");
        for picture in [
            format!("/review/{form}/pages/1/picture"),
            format!("/review/{form}/fields/primary_carer.postcode/crop"),
            format!("/review/{form}/fields/primary_carer.mobile/crop"),
        ] {
            let answer = browser.get(&picture).await;
            assert!(!answer.status().is_success(), "{picture}");
        }
    }

    // Somebody who is told of every change and may have every part.
    let all = site.recipient(&[READ], &FieldGroup::ALL).await;
    for path in [
        "/api/households".to_owned(),
        format!("/api/households/{household}"),
        format!("/api/service-users/{carer}"),
        "/api/events".to_owned(),
        "/api/disclosures".to_owned(),
    ] {
        assert_silent(&path, &readable(all.get(&path).await).await);
    }
    let bodies: Vec<Json> = sqlx::query_scalar("SELECT body FROM outbox")
        .fetch_all(site.database.pool())
        .await
        .unwrap();
    assert!(!bodies.is_empty());
    for body in bodies {
        assert_silent("an event", &body.to_string());
    }

    // A list to write to, looked at and made, and a copy of the person's data by whoever must not know.
    let ida = site.browser("test-information_governance").await;
    let lists = ida.get("/contact-lists").await.text().await.unwrap();
    let csrf = hidden(&lists, "csrf");
    for action in ["look", "export"] {
        for purpose in ["contact.email", "contact.text"] {
            let wanted = [
                ("csrf", csrf.as_str()),
                ("purpose", purpose),
                ("about", "Summer fair"),
                ("action", action),
            ];
            let answer = ida.post("/contact-lists", &wanted).await;
            assert_silent(purpose, &readable(answer).await);
        }
    }
    let copy = format!("/service-users/{carer}/subject-access");
    let answer = ida
        .post(&copy, &[("csrf", &csrf), ("format", "json")])
        .await;
    assert!(!answer.status().is_success());
    assert_silent(&copy, &readable(answer).await);

    let log = log.text();
    assert!(log.len() > before, "the server said something");
    assert_silent("the log", &log);
    site.stop().await;
}
