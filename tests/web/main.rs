//! The web pages and the API against a real database and a real object store.
//!
//! Each test starts a stack of its own, which takes seconds; so each tells a whole story.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    reason = "tests"
)]
#![allow(clippy::allow_attributes, reason = "one for the whole file")]

mod accounts;
mod clerks;
mod consent;
mod contact;
mod correct;
mod desk;
mod erasure;
mod events;
mod every_page;
mod fixture;
mod households;
mod matching;
mod oidc;
mod pages;
mod protected;
mod quality;
mod recipients;
mod retention;
mod scans;
mod second;
mod security;
mod significant_people;
mod subject_access;

use enrol::domain::recipient_fields::FieldGroup;
use enrol::storage::{audit, service_users};
use enrol::web::{READ, SCANS_READ};
use fixture::{Site, element, hidden, text, written};
use reqwest::StatusCode;
use serde_json::Value as Json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_in_without_signing_in_and_every_form_needs_its_token() {
    let site = Site::start().await;
    let form = site.form("F-000001", &written()).await;

    let stranger = site.stranger();
    for path in [
        "/",
        "/review",
        &format!("/review/{form}"),
        "/reception",
        "/households/x",
    ] {
        let answer = stranger.get(path).await;
        assert_eq!(
            answer.url().path(),
            "/sign-in",
            "{path} must lead to the sign-in page"
        );
    }
    let crop = stranger
        .get(&format!("/review/{form}/fields/primary_carer.surname/crop"))
        .await;
    assert_eq!(crop.url().path(), "/sign-in");

    let page = stranger.get("/sign-in").await;
    let headers = page.headers().clone();
    assert_eq!(headers["cache-control"], "no-store");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let cookie = headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );

    assert_eq!(
        stranger.sign_in("ada", "wrong").await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        stranger.sign_in("nobody", "wrong").await.status(),
        StatusCode::UNAUTHORIZED
    );
    let unasked = stranger
        .post(
            "/sign-in",
            &[
                ("csrf", "x"),
                ("next", "/"),
                ("user_name", "ada"),
                ("password", fixture::PASSWORD),
            ],
        )
        .await;
    assert_eq!(unasked.status(), StatusCode::FORBIDDEN);

    let ada = site.browser("ada").await;
    let list = ada.get("/").await;
    assert_eq!(list.url().path(), "/review");
    let list = list.text().await.unwrap();
    assert!(list.contains("F-000001"));
    let release = format!("/review/{form}/release");
    assert_eq!(
        ada.post(&release, &[]).await.status(),
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        ada.post(&release, &[("csrf", "wrong")]).await.status(),
        StatusCode::FORBIDDEN
    );
    let csrf = hidden(&list, "csrf");
    let from_elsewhere = ada
        .client
        .post(format!("{}{release}", site.url))
        .header("sec-fetch-site", "cross-site");
    let answer = from_elsewhere
        .form(&[("csrf", &csrf)])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);

    assert_eq!(ada.get("/reception").await.status(), StatusCode::FORBIDDEN);
    let rea = site.browser("rea").await;
    assert_eq!(rea.get("/review").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        rea.get(&format!("/review/{form}")).await.status(),
        StatusCode::FORBIDDEN
    );

    let signed_out = ada.post("/sign-out", &[("csrf", &csrf)]).await;
    assert_eq!(signed_out.url().path(), "/sign-in");
    assert_eq!(ada.get("/review").await.url().path(), "/sign-in");

    for _ in 0..4 {
        stranger.sign_in("ben", "wrong").await;
    }
    assert_eq!(
        stranger.sign_in("ben", "wrong").await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        stranger.sign_in("ben", fixture::PASSWORD).await.status(),
        StatusCode::TOO_MANY_REQUESTS
    );

    sqlx::query("UPDATE session SET last_seen = now() - interval '16 minutes'")
        .execute(site.database.pool())
        .await
        .unwrap();
    assert_eq!(
        rea.get("/reception").await.url().path(),
        "/sign-in",
        "an idle session ends"
    );
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clerks_cannot_overwrite_each_other() {
    let site = Site::start().await;
    let form = site.form("F-000002", &written()).await;
    let (ada, ben) = (site.browser("ada").await, site.browser("ben").await);

    let adas = ada.confirmed(form, "yes").await;
    let held = ben
        .get(&format!("/review/{form}"))
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(
        text(&held, ".govuk-body-l"),
        "Ada Clerk is working on this form."
    );

    // Ada goes to lunch, her claim ends, Ben takes the form; then Ada sends what she had typed.
    sqlx::query("UPDATE review_claim SET lease_until = now() - interval '1 second'")
        .execute(site.database.pool())
        .await
        .unwrap();
    let bens = ben.confirmed(form, "no").await;
    let refused = ada.send(form, &adas).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    let page = refused.text().await.unwrap();
    assert!(page.contains("Ben Clerk is working on this form"));
    assert!(
        page.contains("What you had typed") && page.contains("GRACE"),
        "what was typed is kept"
    );

    let done = ben.send(form, &bens).await;
    assert!(done.url().query().unwrap().starts_with("done="));
    let late = ada.send(form, &adas).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    // The same page sent twice by whoever settled it is no conflict.
    assert!(
        ben.send(form, &bens)
            .await
            .url()
            .query()
            .unwrap()
            .starts_with("done=")
    );
    assert_eq!(site.count("SELECT count(*) FROM household").await, 1);
    assert_eq!(site.count("SELECT count(*) FROM outbox").await, 1);
    assert_eq!(
        site.count("SELECT count(*) FROM consent WHERE answer = 'no'")
            .await,
        6
    );
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settled_form_becomes_a_household_that_others_may_read() {
    let site = Site::start().await;
    let form = site.form("F-000003", &written()).await;
    let ada = site.browser("ada").await;

    let page = ada
        .get(&format!("/review/{form}"))
        .await
        .text()
        .await
        .unwrap();
    assert!(
        !text(&page, "title").contains("GRACE"),
        "titles hold no personal data"
    );
    let crop = ada
        .get(&format!("/review/{form}/fields/primary_carer.surname/crop"))
        .await;
    assert_eq!(crop.headers()["content-type"], "image/png");
    let picture = image::load_from_memory(&crop.bytes().await.unwrap()).unwrap();
    assert!(picture.width() > 800, "a comb of 26 cells is wide");

    let shown = [
        "primary_carer.surname",
        "child_1.date_of_birth",
        "primary_carer.ethnic_group",
        "consent.email",
        "declaration.signature",
        "household.home_circumstances",
    ];
    let fields = shown.map(|name| {
        element(
            &page,
            &format!("[data-enrol-field='{name}']"),
            &[(form, "FORM")],
        )
    });
    insta::assert_snapshot!("fields", fields.join("\n\n"));
    let list = ada.get("/review").await.text().await.unwrap();
    let received = chrono::DateTime::parse_from_rfc3339("2026-03-27T09:14:00Z").unwrap();
    let received = received
        .with_timezone(&chrono::Local)
        .format("%-d %B %Y, %H:%M")
        .to_string();
    let csrf = hidden(&list, "csrf");
    let list = element(&list, "main", &[(form, "FORM")])
        .replace(&received, "RECEIVED")
        .replace(&csrf, "CSRF");
    insta::assert_snapshot!("list", list);

    // A consent without an answer and a date that does not exist are pointed out, and nothing is stored.
    let mut wrong = ada.confirmed(form, "").await;
    wrong
        .iter_mut()
        .filter(|(n, _)| n == "day:child_1.date_of_birth")
        .for_each(|(_, v)| *v = "31".into());
    let refused = ada.send(form, &wrong).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let refused = refused.text().await.unwrap();
    assert!(text(&refused, "title").starts_with("Error: "));
    assert_eq!(
        text(&refused, ".govuk-error-summary__title"),
        "There is a problem"
    );
    assert!(refused.contains("href=\"#value-consent-email\""));
    assert!(refused.contains("href=\"#value-child_1-date_of_birth\""));
    assert_eq!(site.count("SELECT count(*) FROM household").await, 0);

    let mut right = ada.confirmed(form, "yes").await;
    right
        .iter_mut()
        .filter(|(n, _)| n == "value:primary_carer.surname")
        .for_each(|(_, v)| *v = "SAMPLE".into());
    right.retain(|(n, _)| n != "value:consent.post");
    right.push(("value:consent.post".into(), "-blank".into()));
    let done = ada.send(form, &right).await;
    assert!(
        done.url().query().unwrap_or_default().starts_with("done="),
        "{}",
        done.status()
    );

    let (household, primary): (uuid::Uuid, uuid::Uuid) =
        sqlx::query_as("SELECT m.household_id, s.id FROM service_user s JOIN household_member m ON m.service_user_id = s.id
             WHERE s.surname = 'SAMPLE' AND m.role = 'primary_carer'")
            .fetch_one(site.database.pool())
            .await
            .unwrap();
    let stored = service_users::household(&site.database, household)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.members.len(), 2);
    assert_eq!(stored.consents.len(), 6);
    let answer = |purpose: &str| {
        stored
            .consents
            .iter()
            .find(|c| c.purpose == purpose)
            .unwrap()
            .answer
            .clone()
    };
    assert_eq!(
        (
            answer("contact.email").as_str(),
            answer("contact.post").as_str()
        ),
        ("yes", "not_answered")
    );
    let leaked = "SELECT count(*) FROM field WHERE special AND settled_value IS NOT NULL";
    assert_eq!(site.count(leaked).await, 0);
    let events: Vec<Json> = sqlx::query_scalar("SELECT body FROM outbox")
        .fetch_all(site.database.pool())
        .await
        .unwrap();
    assert_eq!(events.len(), 1);
    let event = events[0].to_string();
    for personal in [
        "SAMPLE",
        "GRACE",
        "TOM",
        "07700900123",
        "Elm",
        "1992",
        "MK40",
    ] {
        assert!(!event.contains(personal), "the event holds {personal}");
    }

    let record = ada
        .get(&format!("/households/{household}"))
        .await
        .text()
        .await
        .unwrap();
    assert!(record.contains("SAMPLE") && !record.contains("White") && !record.contains("Irish"));
    let csrf = hidden(&record, "csrf");
    let special = ada
        .post(
            &format!("/households/{household}/special"),
            &[("csrf", &csrf)],
        )
        .await
        .text()
        .await
        .unwrap();
    assert!(special.contains("Irish"));
    let seen = audit::of_subject(site.database.pool(), "household", household)
        .await
        .unwrap();
    let actions: Vec<_> = seen.iter().map(|e| e.action.as_str()).collect();
    assert_eq!(actions, ["created", "viewed", "viewed_special"]);

    api(&site, primary).await;
    site.stop().await;
}

async fn api(site: &Site, id: uuid::Uuid) {
    let client = reqwest::Client::new();
    let url = format!("{}/api/service-users/{id}", site.url);
    let nobody = client.get(&url).send().await.unwrap();
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(nobody.headers()["content-type"], "application/problem+json");
    let path = format!("/api/service-users/{id}");
    let other = site.recipient(&[SCANS_READ], &FieldGroup::ALL).await;
    assert_eq!(other.get(&path).await.status(), StatusCode::FORBIDDEN);
    let mut groups = FieldGroup::ALL.to_vec();
    groups.retain(|group| *group != FieldGroup::Special);
    let plain = site.recipient(&[READ], &groups).await.json(&path).await;
    assert_eq!(plain["surname"], "SAMPLE");
    assert_eq!(plain["consents"].as_array().unwrap().len(), 6);
    assert!(plain.get("special").is_none());
    let all = site.recipient(&[READ], &FieldGroup::ALL).await;
    let special = all.json(&path).await;
    assert_eq!(special["special"]["ethnic_group"], "white_irish");
    let seen = audit::of_subject(site.database.pool(), "service_user", id)
        .await
        .unwrap();
    let actions: Vec<_> = seen
        .iter()
        .map(|e| (e.actor_kind.as_str(), e.action.as_str()))
        .collect();
    assert_eq!(
        actions,
        [
            ("account", "created"),
            ("recipient", "read"),
            ("recipient", "read_special")
        ]
    );
    let openapi: Json = client
        .get(format!("{}/openapi.json", site.url))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(openapi["paths"]["/api/service-users/{service_user}"]["get"].is_object());
    for path in ["/livez", "/readyz"] {
        let answer = client
            .get(format!("{}{path}", site.url))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
}
