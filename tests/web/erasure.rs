//! Stops, plans to erase, and what becomes of those who belong to two families.

use enrol::decoding::Decoder;
use enrol::domain::recipient::Basis;
use enrol::domain::recipient_fields::FieldGroup;
use enrol::domain::retention::Extension;
use enrol::domain::role::Role;
use enrol::erasing::Eraser;
use enrol::objects::ObjectStore;
use enrol::storage::recipients::events;
use enrol::web::{EVENTS_READ, READ};
use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::fixture::{Browser, Site, by_another_family, hidden, written};
use super::matching::check;

pub async fn people(site: &Site) -> (Browser, Browser) {
    site.account("ida", &[Role::InformationGovernance], &[])
        .await;
    site.account("lea", &[Role::SafeguardingLead], &[]).await;
    (site.browser("ida").await, site.browser("lea").await)
}

async fn household_of(site: &Site, form: Uuid) -> Uuid {
    sqlx::query_scalar("SELECT household_id FROM registration WHERE form_id = $1")
        .bind(form)
        .fetch_one(site.database.pool())
        .await
        .unwrap()
}

/// Opens `path` and sends `fields` to `to` with the page's token.
pub async fn post(
    browser: &Browser,
    path: &str,
    to: &str,
    fields: &[(&str, &str)],
) -> reqwest::Response {
    let page = browser.get(path).await.text().await.unwrap();
    let csrf = hidden(&page, "csrf");
    let mut sent = vec![("csrf", csrf.as_str())];
    sent.extend(fields);
    browser.post(to, &sent).await
}

pub fn eraser(site: &Site) -> Eraser {
    Eraser {
        database: site.database.clone(),
        objects: ObjectStore::new(&site.config.objects),
        decoder: Decoder::find().unwrap(),
        public_url: site.url.clone(),
    }
}

/// Has the page propose to erase the family. Returns the plan's address.
async fn proposed(browser: &Browser, family: Uuid) -> String {
    let path = format!("/households/{family}/rights");
    let to = format!("/households/{family}/erasure");
    let answer = post(browser, &path, &to, &[("ground", "not_needed")]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let plan = answer.url().path().to_owned();
    assert!(plan.starts_with("/retention/plans/"), "{plan}");
    plan
}

/// Has two people agree to erase the family, and erases it.
pub async fn erase_now(site: &Site, family: Uuid) {
    let (ida, lea) = people(site).await;
    let plan = proposed(&ida, family).await;
    let agreed = post(&lea, &plan, &plan, &[("decision", "agree")]).await;
    assert_eq!(agreed.status(), StatusCode::OK);
    assert_eq!(eraser(site).work().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_erase_a_family_and_a_child_of_two_families_stays() {
    let site = Site::start().await;
    let (ida, lea) = people(&site).await;
    let ada = site.browser("ada").await;
    let knows = site
        .recipient(&[READ, EVENTS_READ], &[FieldGroup::Identity])
        .await;
    let first = site.form("F-000401", &written()).await;
    assert_eq!(check(&site, &ada, first).await, "settled");
    let other = site.form("F-000402", &by_another_family(written())).await;
    assert_eq!(check(&site, &ada, other).await, "settled");
    let (family, others) = (
        household_of(&site, first).await,
        household_of(&site, other).await,
    );
    // The first family's child lives with the other one too.
    sqlx::query(
        "INSERT INTO household_member (household_id, service_user_id, role, position, joined_on)
         SELECT $2, service_user_id, 'child', 9, '2026-04-01' FROM household_member
         WHERE household_id = $1 AND role = 'child'",
    )
    .bind(family)
    .bind(others)
    .execute(site.database.pool())
    .await
    .unwrap();
    events::share(&site.database, 100).await.unwrap();
    let given = knows.json("/api/events").await;
    assert_eq!(given["events"].as_array().unwrap().len(), 2);

    // Without a ground nothing is proposed; a hold stands in the way; a clerk has no say.
    let rights = format!("/households/{family}/rights");
    assert_eq!(ada.get(&rights).await.status(), StatusCode::FORBIDDEN);
    let refused = post(
        &ida,
        &rights,
        &format!("/households/{family}/erasure"),
        &[("ground", "")],
    )
    .await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let stops = format!("/households/{family}/stops");
    post(
        &ida,
        &rights,
        &stops,
        &[("kind", "hold"), ("reason", "legal_claim")],
    )
    .await;
    let held = ida.get(&rights).await.text().await.unwrap();
    assert!(held.contains("Needed for a legal claim") && !held.contains("Propose to erase"));
    post(&ida, &rights, &stops, &[("kind", "hold"), ("lift", "yes")]).await;
    let shown = ida.get(&rights).await.text().await.unwrap();
    assert!(
        shown.contains("1 person is of another household too"),
        "{shown}"
    );

    // Whoever proposes does not agree.
    let plan = proposed(&ida, family).await;
    let page = ida.get(&plan).await.text().await.unwrap();
    assert!(page.contains("Somebody else has to agree") && !page.contains("Agree and erase"));
    let own = post(&ida, &plan, &plan, &[("decision", "agree")]).await;
    assert_eq!(own.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        eraser(&site).work().await.unwrap(),
        0,
        "nothing was agreed to"
    );
    let twice = post(
        &ida,
        &rights,
        &format!("/households/{family}/erasure"),
        &[("ground", "consent")],
    )
    .await;
    assert_eq!(
        twice.status(),
        StatusCode::UNPROCESSABLE_ENTITY,
        "it is proposed already"
    );
    let agreed = post(&lea, &plan, &plan, &[("decision", "agree")]).await;
    assert!(agreed.text().await.unwrap().contains("Erasing: 0 of 1"));
    assert_eq!(eraser(&site).work().await.unwrap(), 1);
    assert_eq!(eraser(&site).work().await.unwrap(), 0, "once");

    assert_eq!(
        ida.get(&format!("/households/{family}")).await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(site.count("SELECT count(*) FROM household").await, 1);
    let child = "SELECT count(*) FROM service_user s JOIN household_member m ON m.service_user_id = s.id WHERE m.position = 9";
    assert_eq!(
        site.count(child).await,
        1,
        "the child is the other family's too"
    );
    let keys = "SELECT count(*) FROM match_key k JOIN household_member m USING (service_user_id)
                WHERE m.position = 9 AND (k.address_line = '14 Elm Road' OR '07700900123' = ANY (k.phones))";
    assert_eq!(
        site.count(keys).await,
        0,
        "it is not found by the other carer's numbers"
    );
    assert_eq!(
        site.count(
            "SELECT count(*) FROM service_user WHERE surname = 'EXAMPLE' AND kind = 'carer'"
        )
        .await,
        0
    );
    let left = "SELECT count(*) FROM document WHERE object_key LIKE '%000401%'";
    assert_eq!(site.count(left).await, 0);
    assert_eq!(
        ida.get(&format!("/households/{others}")).await.status(),
        StatusCode::OK
    );

    // Whoever was told is told, and nothing of before is given again.
    events::share(&site.database, 100).await.unwrap();
    let given = knows.json("/api/events").await;
    let kinds: Vec<(&Json, &Json)> = given["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (&e["type"], &e["data"]["household_id"]))
        .collect();
    assert_eq!(
        kinds,
        [
            (&json!("uk.enrol.contact.created.v1"), &json!(others)),
            (&json!("uk.enrol.contact.erased.v1"), &json!(family)),
        ]
    );
    let certificate = lea
        .get(&format!("{plan}/certificate"))
        .await
        .text()
        .await
        .unwrap();
    assert!(certificate.contains(&family.to_string()) && certificate.contains("service_user"));
    assert!(!certificate.contains("GRACE") && !certificate.contains("EXAMPLE"));
    let listed = ida.get("/retention").await.text().await.unwrap();
    assert!(listed.contains("1 erased, 0 kept"));
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_due_while_nobody_has_decided_about_the_extension() {
    for (extension, due) in [(Extension::Undecided, false), (Extension::Declined, true)] {
        let site = Site::start_with(|config| {
            config.retention.extension = extension;
            // Whatever today is, this has passed, and forms of these tests are registered today.
            config.retention.contract_end =
                chrono::Local::now().date_naive() - chrono::Days::new(1);
        })
        .await;
        let (ida, lea) = people(&site).await;
        let ada = site.browser("ada").await;
        let form = site.form("F-000411", &written()).await;
        assert_eq!(check(&site, &ada, form).await, "settled");
        let held = site.form("F-000412", &by_another_family(written())).await;
        assert_eq!(check(&site, &ada, held).await, "settled");
        sqlx::raw_sql("UPDATE registration SET registered_at = now() - interval '1 year'")
            .execute(site.database.pool())
            .await
            .unwrap();
        let (family, on_hold) = (
            household_of(&site, form).await,
            household_of(&site, held).await,
        );
        let stops = format!("/households/{on_hold}/stops");
        let rights = format!("/households/{on_hold}/rights");
        post(
            &ida,
            &rights,
            &stops,
            &[("kind", "hold"), ("reason", "inquiry")],
        )
        .await;
        let shown = ida.get("/retention").await.text().await.unwrap();
        assert_eq!(
            shown.contains("nobody has said whether it was extended"),
            !due
        );
        assert_eq!(shown.contains("F-000411"), due);
        let csrf = hidden(&shown, "csrf");
        let proposed = ida.post("/retention", &[("csrf", csrf.as_str())]).await;
        let plan = proposed.url().path().to_owned();
        assert_eq!(plan.starts_with("/retention/plans/"), due, "{plan}");
        assert_eq!(
            site.count("SELECT count(*) FROM erasure").await,
            i64::from(due)
        );
        let announced =
            "SELECT count(*) FROM outbox WHERE message_type = 'uk.enrol.retention.due.v1'";
        assert_eq!(site.count(announced).await, i64::from(due));
        if due {
            // A protected address is for the safeguarding lead to agree to; a hold placed meanwhile keeps the family.
            let path = format!("/households/{family}");
            post(&lea, &path, &format!("{path}/protect"), &[]).await;
            site.account("ivo", &[Role::InformationGovernance], &[])
                .await;
            let ivo = site.browser("ivo").await;
            let page = ivo.get(&plan).await.text().await.unwrap();
            assert!(page.contains("The safeguarding lead has to agree"));
            let refused = post(&ivo, &plan, &plan, &[("decision", "agree")]).await;
            assert_eq!(refused.status(), StatusCode::FORBIDDEN);
            let rights = format!("{path}/rights");
            let stops = format!("{path}/stops");
            post(
                &ida,
                &rights,
                &stops,
                &[("kind", "hold"), ("reason", "safeguarding")],
            )
            .await;
            post(&lea, &plan, &plan, &[("decision", "agree")]).await;
            assert_eq!(eraser(&site).work().await.unwrap(), 0);
            let page = lea.get(&plan).await.text().await.unwrap();
            assert!(page.contains("A hold was placed on it") && page.contains("0 erased, 1 kept"));
            assert_eq!(site.count("SELECT count(*) FROM household").await, 2);
        }
        site.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_restricted_is_given_to_nobody_but_by_law() {
    let site = Site::start().await;
    let (ida, _) = people(&site).await;
    let ada = site.browser("ada").await;
    let task = site
        .recipient(&[READ, EVENTS_READ], &[FieldGroup::Identity])
        .await;
    let law = site
        .recipient_with(&[READ], &[FieldGroup::Identity], |t| {
            t.basis = Basis::LegalDuty
        })
        .await;
    let form = site.form("F-000421", &written()).await;
    assert_eq!(check(&site, &ada, form).await, "settled");
    let family = household_of(&site, form).await;
    events::share(&site.database, 100).await.unwrap();
    let api = format!("/api/households/{family}");
    assert_eq!(task.get(&api).await.status(), StatusCode::OK);
    let (rights, stops) = (
        format!("/households/{family}/rights"),
        format!("/households/{family}/stops"),
    );
    post(
        &ida,
        &rights,
        &stops,
        &[("kind", "restriction"), ("reason", "accuracy")],
    )
    .await;
    assert_eq!(task.get(&api).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(law.get(&api).await.status(), StatusCode::OK);
    let record = ada
        .get(&format!("/households/{family}"))
        .await
        .text()
        .await
        .unwrap();
    assert!(record.contains("Restricted: keep this record and do not use it."));
    events::share(&site.database, 100).await.unwrap();
    let told = task.json("/api/events").await;
    assert_eq!(told["events"][0]["type"], "uk.enrol.contact.unshared.v1");
    post(
        &ida,
        &rights,
        &stops,
        &[("kind", "restriction"), ("lift", "yes")],
    )
    .await;
    assert_eq!(task.get(&api).await.status(), StatusCode::OK);
    site.stop().await;
}
