//! Lists of people to write to, the link by which they stop it, and answers that come back through the API.

use enrol::domain::recipient_fields::FieldGroup;
use enrol::domain::role::Role;
use enrol::web::{READ, WITHDRAWALS_WRITE};
use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::fixture::{Browser, Site, by_another_family, hidden, text, written};
use super::matching::check;

/// What the family of [`written`] wrote, with other answers.
fn but(
    mut all: Vec<(&'static str, Json)>,
    other: &[(&'static str, Json)],
) -> Vec<(&'static str, Json)> {
    all.retain(|(name, _)| !other.iter().any(|(n, _)| n == name));
    all.extend(other.iter().filter(|(_, value)| !value.is_null()).cloned());
    all
}

async fn family(site: &Site, clerk: &Browser, reference: &str, values: &[(&str, Json)]) -> Uuid {
    let form = site.form(reference, values).await;
    assert_eq!(check(site, clerk, form).await, "settled");
    sqlx::query_scalar("SELECT household_id FROM registration WHERE form_id = $1")
        .bind(form)
        .fetch_one(site.database.pool())
        .await
        .unwrap()
}

/// Asks for the list of `purpose`.
async fn list(browser: &Browser, purpose: &str, action: &str) -> reqwest::Response {
    let page = browser.get("/contact-lists").await.text().await.unwrap();
    let csrf = hidden(&page, "csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("purpose", purpose),
        ("about", "Stay and play moves to Tuesday"),
        ("action", action),
    ];
    browser.post("/contact-lists", &fields).await
}

/// The lines of the file but for its head, by column.
pub async fn rows(browser: &Browser, purpose: &str) -> Vec<Vec<String>> {
    let answer = list(browser, purpose, "export").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let file = answer.text().await.unwrap();
    let mut lines = file.lines();
    let head = lines.next().unwrap();
    assert!(head.ends_with(",first name,stop link"), "{head}");
    lines
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

fn addresses(rows: &[Vec<String>]) -> Vec<&str> {
    rows.iter().map(|r| r[0].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_people_who_agreed_are_listed_and_one_click_ends_it() {
    let site = Site::start().await;
    site.account("ida", &[Role::InformationGovernance], &[])
        .await;
    let ida = site.browser("ida").await;
    let ada = site.browser("ada").await;
    let grace = family(&site, &ada, "F-000501", &written()).await;
    let other = by_another_family(written());
    let others = family(&site, &ada, "F-000502", &other).await;
    let both = rows(&ida, "contact.email").await;
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(addresses(&both).contains(&"grace@example.org"));

    // Whose address is protected, whose record is only kept, and who took it back are left out, each with a reason that
    // does not tell who hides.
    let note = |sql: &'static str, id: Uuid| {
        let database = site.database.clone();
        async move {
            sqlx::query(sql)
                .bind(id)
                .execute(database.pool())
                .await
                .unwrap();
        }
    };
    note(
        "UPDATE household SET address_protected = true WHERE id = $1",
        others,
    )
    .await;
    assert_eq!(
        addresses(&rows(&ida, "contact.email").await),
        ["grace@example.org"]
    );
    let shown = list(&ida, "contact.email", "look")
        .await
        .text()
        .await
        .unwrap();
    assert!(shown.contains("1 would be on it") && shown.contains("F-000502"));
    assert!(shown.contains("Not to be used") && !shown.to_lowercase().contains("protected"));
    assert!(
        !shown.contains("@example.org"),
        "looking shows no addresses"
    );
    note(
        "UPDATE household SET address_protected = false WHERE id = $1",
        others,
    )
    .await;
    let nobody = site.count("SELECT count(*) FROM contact_list_person").await;
    assert_eq!(nobody, 3, "who was on which list is noted");
    assert_eq!(
        site.count("SELECT count(*) FROM audit_entry WHERE action = 'exported'")
            .await,
        2
    );

    // Looking at the link changes nothing, following it does, and it names nobody.
    let file = rows(&ida, "contact.email").await;
    let line = file.iter().find(|r| r[0] == "grace@example.org").unwrap();
    let path = line[2].strip_prefix(&site.url).unwrap().to_owned();
    let stranger = site.stranger();
    let page = stranger.get(&path).await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.unwrap();
    assert!(text(&page, "h1").contains("Stop e-mails") && !page.to_uppercase().contains("GRACE"));
    assert_eq!(
        site.count("SELECT count(*) FROM consent_withdrawal").await,
        0
    );
    let one_click = [("List-Unsubscribe", "One-Click")];
    for _ in 0..2 {
        let done = stranger.post(&path, &one_click).await;
        assert_eq!(done.status(), StatusCode::OK);
        assert!(done.text().await.unwrap().contains("No more e-mails"));
    }
    assert_eq!(
        site.count("SELECT count(*) FROM consent_withdrawal WHERE how = 'link'")
            .await,
        1
    );
    let announced =
        "SELECT count(*) FROM outbox WHERE message_type = 'uk.enrol.consent.withdrawn.v1'";
    assert_eq!(site.count(announced).await, 1);
    assert!(!addresses(&rows(&ida, "contact.email").await).contains(&"grace@example.org"));
    assert_eq!(
        stranger.get("/stop/nobody-has-this-token").await.status(),
        StatusCode::NOT_FOUND
    );
    // Staff cannot take back what the family said itself.
    let record = ada
        .get(&format!("/households/{grace}"))
        .await
        .text()
        .await
        .unwrap();
    assert!(record.contains("Withdrawn") && !record.contains("It was a mistake"));

    // Somebody else with that address is not written to either, until a form of theirs that is newer says yes.
    let same = but(
        other.clone(),
        &[("primary_carer.email", json!("GRACE@example.org"))],
    );
    let same = but(
        same,
        &[
            ("primary_carer.first_name", json!("PRIYA")),
            ("primary_carer.nhs_number", Json::Null),
            ("primary_carer.surname", json!("SAMPLER")),
            ("primary_carer.date_of_birth", json!("1999-09-09")),
            ("primary_carer.mobile", json!("07700900777")),
            ("primary_carer.address_line_1", json!("9 Quay Street")),
            ("primary_carer.postcode", json!("MK41 0AB")),
            ("child_1.first_name", json!("ZOE")),
            ("child_1.nhs_number", Json::Null),
            ("child_1.surname", json!("SAMPLER")),
            ("child_1.date_of_birth", json!("2025-10-10")),
        ],
    );
    let third = site.form("F-000503", &same).await;
    if check(&site, &ada, third).await == "matching" {
        let shown = super::matching::page(&ada, third).await;
        super::matching::send(&ada, third, &super::matching::said(&shown, true)).await;
    }
    let shown = list(&ida, "contact.email", "look")
        .await
        .text()
        .await
        .unwrap();
    assert!(shown.contains("Address must not be written to"), "{shown}");
    sqlx::raw_sql("UPDATE suppression SET since = '2020-01-01'")
        .execute(site.database.pool())
        .await
        .unwrap();
    assert!(addresses(&rows(&ida, "contact.email").await).contains(&"grace@example.org"));
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_a_message_takes_the_consent_back_and_a_mistake_can_be_put_right() {
    let site = Site::start().await;
    site.account("ida", &[Role::InformationGovernance], &[])
        .await;
    let ida = site.browser("ida").await;
    let ada = site.browser("ada").await;
    let grace = family(&site, &ada, "F-000511", &written()).await;
    let replies = site
        .recipient(&[WITHDRAWALS_WRITE], &[FieldGroup::Identity])
        .await;
    let reader = site.recipient(&[READ], &[FieldGroup::Identity]).await;
    assert_eq!(
        addresses(&rows(&ida, "contact.text").await),
        ["07700900123"]
    );
    let stop = json!({ "purpose": "contact.text", "address": "07700 900123" });
    assert_eq!(
        reader.post("/api/withdrawals", &stop).await.status(),
        StatusCode::FORBIDDEN
    );
    for wrong in [
        json!({ "purpose": "sharing", "address": "07700900123" }),
        json!({ "purpose": "contact.text", "address": "01632960001" }),
        json!({ "purpose": "contact.text" }),
    ] {
        let answer = replies.post("/api/withdrawals", &wrong).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    // Known or not, the answer is the same, and the number is on no list.
    let unknown = json!({ "purpose": "contact.text", "address": "07700900999" });
    for request in [&stop, &unknown, &stop] {
        let answer = replies.post("/api/withdrawals", request).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(rows(&ida, "contact.text").await.len(), 0);
    assert_eq!(
        site.count("SELECT count(*) FROM consent_withdrawal WHERE how = 'reply'")
            .await,
        1
    );
    assert_eq!(site.count("SELECT count(*) FROM suppression").await, 2);
    let readable = "SELECT count(*) FROM suppression s WHERE s::text LIKE '%07700%'";
    assert_eq!(site.count(readable).await, 0);

    // What staff noted by mistake is put right, and the address may be written to again.
    let path = format!("/households/{grace}");
    let send = async |to: &str, consent: &str| {
        let page = ada.get(&path).await.text().await.unwrap();
        let csrf = hidden(&page, "csrf");
        let fields = [
            ("csrf", csrf.as_str()),
            ("consent", consent),
            ("how", "phone"),
        ];
        ada.post(&format!("{path}/{to}"), &fields).await
    };
    let carer: Uuid = sqlx::query_scalar("SELECT id FROM service_user WHERE kind = 'carer'")
        .fetch_one(site.database.pool())
        .await
        .unwrap();
    let email = format!("{carer} contact.email");
    send("withdraw", &email).await;
    assert_eq!(rows(&ida, "contact.email").await.len(), 0);
    send("undo-withdrawal", &email).await;
    assert_eq!(
        addresses(&rows(&ida, "contact.email").await),
        ["grace@example.org"]
    );
    let updated: Json = sqlx::query_scalar(
        "SELECT body FROM outbox WHERE message_type = 'uk.enrol.contact.updated.v1' ORDER BY created_at DESC LIMIT 1",
    )
    .fetch_one(site.database.pool())
    .await
    .unwrap();
    assert_eq!(updated["data"]["changed"], json!(["consent.contact.email"]));
    assert_eq!(updated["data"]["consents"]["contact.email"], "yes");
    send("undo-withdrawal", &format!("{carer} contact.text")).await;
    assert_eq!(
        rows(&ida, "contact.text").await.len(),
        0,
        "the family said that itself"
    );
    site.stop().await;
}
