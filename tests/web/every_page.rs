//! Every page there is in a real browser: axe finds nothing in light or dark, zoom needs no sideways scrolling, nothing
//! moves for those who asked for that. A page that the list forgets fails the first test here.

use std::collections::BTreeSet;

use enrol::domain::field::FieldKind;
use enrol::domain::recipient_fields::FieldGroup;
use enrol::domain::role::Role;
use enrol::web::{READ, route_list};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::clerks::drive;
use crate::fixture::{Browser, Site, by_another_family, hidden, written};
use crate::matching::check;
use crate::second::{answer, page, with_nhs_number};

/// What the changing parts of addresses stand for.
#[derive(Default)]
struct Papers {
    open: Uuid,
    settled: Uuid,
    matching: Uuid,
    household: Uuid,
    service_user: Uuid,
    document: Uuid,
    recipient: Uuid,
    account: Uuid,
    plan: String,
    stop: String,
}

/// A page to look at.
struct Look {
    route: &'static str,
    name: &'static str,
    path: String,
    /// For whoever has not signed in.
    stranger: bool,
    /// Whether every stop of the keyboard is looked at too.
    focus: bool,
}

/// Every page. Some routes stand here twice, because they show something else the second time.
fn walk(papers: &Papers) -> Vec<Look> {
    let Papers {
        open,
        settled,
        matching,
        household,
        service_user,
        document,
        recipient,
        account,
        plan,
        stop,
    } = papers;
    let mut pages = Vec::new();
    let mut add = |route, name, path: String| {
        pages.push(Look {
            route,
            name,
            path,
            stranger: false,
            focus: ["desk", "queue", "reception", "household"].contains(&name),
        });
    };
    add("/review", "queue", "/review".into());
    add("/review", "queue-empty", "/review?referred=1".into());
    add("/review/{form}", "whole-form", format!("/review/{open}"));
    add(
        "/review/{form}",
        "form-closed",
        format!("/review/{settled}"),
    );
    add(
        "/review/{form}/desk",
        "desk",
        format!("/review/{open}/desk?field=primary_carer.surname"),
    );
    add(
        "/review/{form}/desk",
        "desk-blind",
        format!("/review/{open}/desk?field=child_1.surname"),
    );
    add(
        "/review/{form}/desk",
        "desk-ticks",
        format!("/review/{open}/desk?field=consent.email"),
    );
    add(
        "/review/{form}/desk/finish",
        "desk-end",
        format!("/review/{open}/desk/finish"),
    );
    add("/review/keys", "keys", "/review/keys".into());
    add("/review/aside", "aside", "/review/aside".into());
    add(
        "/review/batch",
        "one-field-of-many",
        "/review/batch?field=surname".into(),
    );
    add(
        "/review/{form}/pages",
        "sheets",
        format!("/review/{open}/pages"),
    );
    add(
        "/review/{form}/pages/{page}",
        "page",
        format!("/review/{open}/pages/1"),
    );
    add("/second", "keying-again", "/second".into());
    add(
        "/second/adjudicate",
        "difference",
        "/second/adjudicate".into(),
    );
    add("/second/waiting", "waiting", "/second/waiting".into());
    add("/quality", "quality", "/quality".into());
    add("/matching", "same-person-list", "/matching".into());
    add(
        "/matching/{form}",
        "same-person",
        format!("/matching/{matching}"),
    );
    add(
        "/households/{household}",
        "household",
        format!("/households/{household}"),
    );
    add(
        "/households/{household}/disclosures",
        "disclosures",
        format!("/households/{household}/disclosures"),
    );
    add(
        "/households/{household}/consents",
        "consents",
        format!("/households/{household}/consents"),
    );
    add(
        "/households/{household}/correct",
        "correct-family",
        format!("/households/{household}/correct"),
    );
    add(
        "/service-users/{service_user}/correct",
        "correct-person",
        format!("/service-users/{service_user}/correct"),
    );
    add(
        "/households/{household}/rights",
        "rights",
        format!("/households/{household}/rights"),
    );
    add(
        "/service-users/{service_user}/history",
        "history",
        format!("/service-users/{service_user}/history"),
    );
    add(
        "/service-users/{service_user}/merge",
        "merge",
        format!("/service-users/{service_user}/merge"),
    );
    add(
        "/households/{household}/merge",
        "household-merge",
        format!("/households/{household}/merge"),
    );
    add("/reception", "reception", "/reception".into());
    add(
        "/reception/{document}",
        "scan",
        format!("/reception/{document}"),
    );
    add("/reception/blanks", "blanks", "/reception/blanks".into());
    add("/supervision", "supervision", "/supervision".into());
    add(
        "/supervision/exceptions",
        "exceptions",
        "/supervision/exceptions".into(),
    );
    add("/audit", "audit", "/audit".into());
    add("/audit", "audit-wrong", "/audit?from=yesterday".into());
    add("/recipients", "recipients", "/recipients".into());
    add("/recipients/new", "recipient-new", "/recipients/new".into());
    add(
        "/recipients/{recipient}",
        "recipient",
        format!("/recipients/{recipient}"),
    );
    add(
        "/recipients/{recipient}/change",
        "recipient-change",
        format!("/recipients/{recipient}/change"),
    );
    add("/contact-lists", "contact-lists", "/contact-lists".into());
    add("/retention", "retention", "/retention".into());
    add("/retention/plans/{plan}", "erasure-plan", plan.clone());
    add("/accounts", "accounts", "/accounts".into());
    add("/accounts/new", "account-new", "/accounts/new".into());
    add(
        "/accounts/{account}",
        "account",
        format!("/accounts/{account}"),
    );
    add("/accessibility", "accessibility", "/accessibility".into());
    for (route, name, path) in [
        ("/sign-in", "sign-in", "/sign-in".to_owned()),
        (
            "/sign-in/password",
            "own-password",
            "/sign-in/password".to_owned(),
        ),
        ("/stop/{token}", "stop-messages", stop.clone()),
    ] {
        pages.push(Look {
            route,
            name,
            path,
            stranger: true,
            focus: name == "sign-in",
        });
    }
    pages
}

/// What is asked for with GET and is no page, and why. Nor is anything below `/api/`.
const NO_PAGES: [(&str, &str); 15] = [
    ("/", "leads on to the first part of the menu"),
    ("/sign-in/start", "leads on to the provider"),
    ("/sign-in/return", "leads on from the provider"),
    ("/review/events", "a stream of counts"),
    ("/review/{form}/pages/{page}/picture", "a picture"),
    ("/review/{form}/fields/{field}/crop", "a picture"),
    ("/review/{form}/sheets/{sheet}", "a picture"),
    ("/second/tasks/{task}/crop", "a picture"),
    ("/service-users/{service_user}", "leads on to the household"),
    (
        "/reception/rows",
        "rows of the page of scans, fetched by it",
    ),
    ("/reception/forms/{form}/missing-pages", "a PDF"),
    ("/retention/plans/{plan}/certificate", "a text file"),
    ("/openapi.json", "for programs"),
    ("/livez", "for programs"),
    ("/readyz", "for programs"),
];

#[test]
fn every_page_is_looked_at_or_it_is_said_why_not() {
    let asked: BTreeSet<&str> = route_list()
        .into_iter()
        .filter(|route| route.method == "GET")
        .map(|route| route.path)
        .collect();
    let looked: BTreeSet<&str> = walk(&Papers::default()).iter().map(|l| l.route).collect();
    let api = |path: &&str| path.starts_with("/api/");
    let excused: BTreeSet<&str> = NO_PAGES.iter().map(|(path, _)| *path).collect();
    let forgotten: Vec<_> = asked
        .iter()
        .filter(|path| !looked.contains(*path) && !excused.contains(*path) && !api(path))
        .collect();
    assert!(
        forgotten.is_empty(),
        "look at these pages in `walk`, or say why not: {forgotten:?}"
    );
    let gone: Vec<_> = looked
        .union(&excused)
        .filter(|p| !asked.contains(*p))
        .collect();
    assert!(gone.is_empty(), "no such page any more: {gone:?}");
    let both: Vec<_> = looked.intersection(&excused).collect();
    assert!(both.is_empty(), "these are looked at after all: {both:?}");
}

async fn one(site: &Site, sql: &'static str, id: Uuid) -> Uuid {
    sqlx::query_scalar(sql)
        .bind(id)
        .fetch_one(site.database.pool())
        .await
        .unwrap()
}

async fn run(site: &Site, sql: &'static str) {
    sqlx::raw_sql(sql)
        .execute(site.database.pool())
        .await
        .unwrap();
}

/// Opens `path` and sends `fields` to `to` with the page's token.
async fn post(
    browser: &Browser,
    path: &str,
    to: &str,
    fields: &[(&str, &str)],
) -> reqwest::Response {
    let csrf = hidden(&page(browser, path).await, "csrf");
    let mut sent = vec![("csrf", csrf.as_str())];
    sent.extend(fields);
    browser.post(to, &sent).await
}

/// Something on every page: forms in every state, a family on record, a recipient, a plan to erase.
async fn papers(site: &Site) -> Papers {
    let (ada, ben) = (site.browser("ada").await, site.browser("ben").await);
    let settled = site.form("F-000901", &written()).await;
    assert_eq!(check(site, &ada, settled).await, "settled");
    let mut newer = written();
    newer.retain(|(name, _)| *name != "primary_carer.mobile");
    newer.push(("primary_carer.mobile", json!("07700900456")));
    let matching = site.form("F-000902", &newer).await;
    assert_eq!(check(site, &ada, matching).await, "matching");
    // A number that two people read differently, and one that waits for a second.
    for reference in ["F-000903", "F-000904"] {
        let values = by_another_family(with_nhs_number());
        let form = site.form(reference, &values).await;
        assert_eq!(check(site, &ada, form).await, "second_keying");
        if reference == "F-000903" {
            let task = page(&ben, "/second").await;
            answer(
                &ben,
                &task,
                &[("value:primary_carer.nhs_number", "9990000026")],
            )
            .await;
        }
    }
    let open = site.form("F-000905", &with_nhs_number()).await;
    run(
        site,
        "UPDATE field SET confidence = 0.3 WHERE name = 'child_1.surname';
         UPDATE form SET priority = 1, priority_reason = 'A child under 6 weeks' WHERE reference = 'F-000905'",
    )
    .await;
    for (reference, to, fields) in [
        (
            "F-000906",
            "set-aside",
            [("why", "other"), ("text", "Two families on it")],
        ),
        (
            "F-000907",
            "refer",
            [("why", ""), ("text", "What does this say?")],
        ),
    ] {
        let form = site.form(reference, &written()).await;
        let to = format!("/review/{form}/{to}");
        let done = post(&ada, &format!("/review/{form}"), &to, &fields).await;
        assert!(done.status().is_success(), "{to}: {}", done.status());
    }
    let household = one(
        site,
        "SELECT household_id FROM registration WHERE form_id = $1",
        settled,
    )
    .await;
    let service_user = one(
        site,
        "SELECT service_user_id FROM household_member WHERE household_id = $1 AND role <> 'child' LIMIT 1",
        household,
    )
    .await;
    let document = one(
        site,
        "SELECT document_id FROM page WHERE form_id = $1 AND form_page = 1",
        settled,
    )
    .await;
    run(
        site,
        "INSERT INTO document (id, bucket, object_key, object_version, size_bytes, received_at, state, reason,
                               next_attempt_at)
         VALUES (gen_random_uuid(), 'enrol', 'centres/OAK/holiday.jpg', '1', 1000, now(), 'exception',
                 'No page of a form we know is in this file.', now())",
    )
    .await;
    let recipient = site.recipient(&[READ], &[FieldGroup::Identity]).await;
    recipient.get(&format!("/api/households/{household}")).await;

    let all = site.browser("all").await;
    let rights = format!("/households/{household}/rights");
    let erasure = format!("/households/{household}/erasure");
    let plan = post(&all, &rights, &erasure, &[("ground", "not_needed")]).await;
    let lists = [
        ("purpose", "contact.email"),
        ("about", "Stay and play moves to Tuesday"),
        ("action", "export"),
    ];
    let file = post(&all, "/contact-lists", "/contact-lists", &lists).await;
    let file = file.text().await.unwrap();
    let stop = file
        .split([',', '\r', '\n'])
        .find_map(|part| part.strip_prefix(&site.url))
        .unwrap_or_else(|| panic!("a link to stop messages: {file}"));
    Papers {
        open,
        settled,
        matching,
        household,
        service_user,
        document,
        recipient: recipient.id,
        account: one(
            site,
            "SELECT id FROM account WHERE user_name = 'ada' AND id <> $1",
            open,
        )
        .await,
        plan: plan.url().path().to_owned(),
        stop: stop.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_fit_for_everybody() {
    let site = Site::start_with(|config| {
        config.keying.double = vec![FieldKind::NhsNumber];
        config.keying.qa_share_most = 0.0;
    })
    .await;
    site.account("all", &Role::ALL, &[]).await;
    let papers = papers(&site).await;
    let looks = walk(&papers);
    let mut pages: Vec<Json> = looks
        .iter()
        .map(
            |l| json!({ "name": l.name, "path": l.path, "stranger": l.stranger, "focus": l.focus }),
        )
        .collect();
    pages.push(json!({ "name": "not-found", "path": "/nothing/here", "status": 404 }));
    let options = ["--user", "all", "--pages", &json!(pages).to_string()];
    let seen = drive(&site, "pages.mjs", &options, async |_| String::new()).await;
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    assert_eq!(seen["findings"], json!([]), "{seen:#}");
    assert_eq!(seen["seen"].as_array().map(Vec::len), Some(pages.len()));
    for (name, stops) in seen["stops"].as_object().unwrap() {
        assert!(stops.as_u64() > Some(5), "{name} has {stops} stops");
    }
    site.stop().await;
}
