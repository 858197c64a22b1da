//! Forms that tell of people who are on record already.

use enrol::domain::role::Role;
use enrol::storage::register::merging::{self, Merge};
use enrol::storage::service_users;
use reqwest::StatusCode;
use scraper::{Html, Selector};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::fixture::{Browser, Site, hidden, text, written};
use super::second::in_a_browser;

/// What the family of [`written`] writes when the answers in `other` are other ones; an empty answer is none.
pub fn written_but(other: &[(&'static str, Json)]) -> Vec<(&'static str, Json)> {
    let mut all = written();
    all.retain(|(name, _)| !other.iter().any(|(n, _)| n == name));
    all.extend(other.iter().filter(|(_, value)| !value.is_null()).cloned());
    all
}

/// Has the form checked with every consent answered. Returns its state afterwards.
pub async fn check(site: &Site, clerk: &Browser, form: Uuid) -> String {
    let sent = clerk.confirmed(form, "yes").await;
    let done = clerk.send(form, &sent).await;
    let query = done.url().query().unwrap_or_default().to_owned();
    assert!(query.starts_with("done="), "{}", done.text().await.unwrap());
    state(site, form).await
}

pub async fn state(site: &Site, form: Uuid) -> String {
    sqlx::query_scalar("SELECT state FROM form WHERE id = $1")
        .bind(form)
        .fetch_one(site.database.pool())
        .await
        .unwrap()
}

/// What the page sends as it is, each person of the form said to be the likeliest record, or with `new` somebody new.
pub fn said(page: &str, new: bool) -> Vec<(String, String)> {
    let html = Html::parse_document(page);
    let inputs =
        Selector::parse("form[action^='/matching/']:not([action$='/back']) input").unwrap();
    let mut sent: Vec<(String, String)> = Vec::new();
    for input in html.select(&inputs) {
        let (name, value) = (
            input.attr("name").unwrap(),
            input.attr("value").unwrap_or_default(),
        );
        let take = match input.attr("type") {
            Some("radio") if name.starts_with("who:") => {
                (value == "new") == new && !sent.iter().any(|(n, _)| n == name)
            }
            Some("radio") => input.attr("checked").is_some(),
            _ => true,
        };
        if take {
            sent.push((name.to_owned(), value.to_owned()));
        }
    }
    sent
}

pub async fn send(clerk: &Browser, form: Uuid, fields: &[(String, String)]) -> reqwest::Response {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    clerk.post(&format!("/matching/{form}"), &fields).await
}

pub async fn page(clerk: &Browser, form: Uuid) -> String {
    let answer = clerk.get(&format!("/matching/{form}")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_form_changes_a_record_only_when_somebody_has_said_so_and_leaves_a_trace() {
    let site = Site::start().await;
    let ada = site.browser("ada").await;
    let first = site.form("F-000101", &written()).await;
    assert_eq!(check(&site, &ada, first).await, "settled");
    let newer = written_but(&[
        ("primary_carer.mobile", json!("07700900456")),
        ("primary_carer.address_line_1", json!("3 Mill Lane")),
        ("primary_carer.postcode", json!("MK42 9ZZ")),
        ("primary_carer.email", Json::Null),
        ("child_2.first_name", json!("ROSE")),
        ("child_2.surname", json!("EXAMPLE")),
        ("child_2.date_of_birth", json!("2026-03-01")),
        ("declaration.date_signed", json!("2026-03-24")),
    ]);
    let second = site.form("F-000102", &newer).await;
    assert_eq!(check(&site, &ada, second).await, "matching");
    assert_eq!(site.count("SELECT count(*) FROM record_change").await, 0);
    assert_eq!(site.count("SELECT count(*) FROM service_user").await, 2);

    let list = ada.get("/matching").await.text().await.unwrap();
    assert!(list.contains("F-000102"));
    let shown = page(&ada, second).await;
    assert!(shown.contains("3 Mill Lane") && shown.contains("14 Elm Road"));
    assert!(shown.contains("Takes its place") && shown.contains("1 more person"));
    assert!(!text(&shown, "title").contains("EXAMPLE"));

    // Nothing said of one person: it is pointed out, and nothing is stored.
    let mut lacking = said(&shown, false);
    lacking.retain(|(name, _)| name != "who:child_1");
    let refused = send(&ada, second, &lacking).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let refused = refused.text().await.unwrap();
    assert!(
        refused.contains("href=\"#who-child_1\"") && text(&refused, "title").starts_with("Error: ")
    );
    assert_eq!(site.count("SELECT count(*) FROM record_change").await, 0);

    let stored = send(&ada, second, &said(&shown, false)).await;
    assert_eq!(
        stored.url().query(),
        Some(format!("done={second}").as_str())
    );
    assert_eq!(state(&site, second).await, "settled");
    // Sent twice, it is done once.
    let again = send(&ada, second, &said(&shown, false)).await;
    assert_ne!(again.status(), StatusCode::INTERNAL_SERVER_ERROR);

    assert_eq!(site.count("SELECT count(*) FROM household").await, 1);
    assert_eq!(site.count("SELECT count(*) FROM service_user").await, 3);
    let household = only_household(&site).await;
    let record = service_users::household(&site.database, household)
        .await
        .unwrap()
        .unwrap();
    let names: Vec<&str> = record
        .members
        .iter()
        .map(|m| m.first_name.as_str())
        .collect();
    assert_eq!(
        names,
        ["GRACE", "TOM", "ROSE"],
        "the new baby joins its household"
    );
    let grace = &record.members[0];
    assert_eq!(grace.phone.as_deref(), Some("07700900456"));
    assert_eq!(
        grace.email.as_deref(),
        Some("grace@example.org"),
        "an empty field takes nothing away"
    );
    assert_eq!(grace.details["postcode"], "MK42 9ZZ");
    let changes: Vec<(String, Option<Json>)> = sqlx::query_as(
        "SELECT name, old FROM record_change WHERE cause = 'registration' ORDER BY name",
    )
    .fetch_all(site.database.pool())
    .await
    .unwrap();
    assert_eq!(changes[0].0, "address");
    assert_eq!(
        changes[1],
        ("mobile".to_owned(), Some(json!("07700900123")))
    );
    let homes = "SELECT count(*) FROM address WHERE postcode = 'MK40 1AA' AND until = '2026-03-24'";
    assert_eq!(site.count(homes).await, 1);
    let events: Vec<Json> = sqlx::query_scalar(
        "SELECT body FROM outbox WHERE message_type LIKE 'uk.enrol.contact.updated%'",
    )
    .fetch_all(site.database.pool())
    .await
    .unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["data"]["changed"], json!(["address", "mobile"]));
    assert!(!events[0].to_string().contains("Mill Lane"));

    // A form signed before both, scanned last: it adds what nobody knew and replaces nothing.
    let oldest = written_but(&[
        ("primary_carer.mobile", json!("07700900789")),
        ("primary_carer.known_as", json!("GRACIE")),
        ("declaration.date_signed", json!("2026-01-05")),
    ]);
    let third = site.form("F-000103", &oldest).await;
    assert_eq!(check(&site, &ada, third).await, "matching");
    let shown = page(&ada, third).await;
    assert!(shown.contains("Stays as it is"));
    send(&ada, third, &said(&shown, false)).await;
    assert_eq!(state(&site, third).await, "settled");
    let record = service_users::household(&site.database, household)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(record.members[0].phone.as_deref(), Some("07700900456"));
    assert_eq!(record.members[0].details["known_as"], "GRACIE");
    assert_eq!(record.members.len(), 3);
    site.stop().await;
}

async fn only_household(site: &Site) -> Uuid {
    sqlx::query_scalar("SELECT id FROM household")
        .fetch_one(site.database.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_about_people_can_be_used_by_everybody() {
    // Nothing is drawn to be keyed again: the browser would begin with it.
    let site = Site::start_with(|config| config.keying.qa_share_most = 0.0).await;
    let ada = site.browser("ada").await;
    let first = site.form("F-000151", &written()).await;
    assert_eq!(check(&site, &ada, first).await, "settled");
    let moved = written_but(&[
        ("primary_carer.mobile", json!("07700900456")),
        ("primary_carer.address_line_1", json!("3 Mill Lane")),
        ("declaration.date_signed", json!("2026-03-24")),
    ]);
    let second = site.form("F-000152", &moved).await;
    assert_eq!(check(&site, &ada, second).await, "matching");
    let carer: Uuid = sqlx::query_scalar("SELECT id FROM service_user WHERE kind = 'carer'")
        .fetch_one(site.database.pool())
        .await
        .unwrap();
    let household = only_household(&site).await;
    let pages = format!(
        "/matching,/matching/{second},/households/{household},/service-users/{carer}/history,/service-users/{carer}/merge,/households/{household}/merge"
    );
    let seen = in_a_browser(&site, "sue", &["--look", &pages]).await;
    assert_eq!(seen["findings"], json!([]), "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");

    // Also a clerk, since the browser begins with what is to be keyed.
    let roles = [Role::InformationGovernance, Role::Clerk];
    site.account("ida", &roles, &[]).await;
    let pages = format!("/recipients,/recipients/new,/households/{household}/disclosures");
    let seen = in_a_browser(&site, "ida", &["--look", &pages]).await;
    assert_eq!(seen["findings"], json!([]), "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parents_who_live_apart_have_a_household_each_and_one_child() {
    let site = Site::start().await;
    let ada = site.browser("ada").await;
    let mother = site.form("F-000111", &written()).await;
    assert_eq!(check(&site, &ada, mother).await, "settled");
    let father = written_but(&[
        ("primary_carer.first_name", json!("PETER")),
        ("primary_carer.surname", json!("SPECIMEN")),
        ("primary_carer.date_of_birth", json!("1990-01-30")),
        ("primary_carer.mobile", json!("07700900999")),
        ("primary_carer.email", json!("peter@example.org")),
        ("primary_carer.address_line_1", json!("99 Far Street")),
        ("primary_carer.postcode", json!("LU1 2AB")),
    ]);
    let father = site.form("F-000112", &father).await;
    assert_eq!(check(&site, &ada, father).await, "matching");
    let shown = page(&ada, father).await;
    assert!(shown.contains("who:child_1") && !shown.contains("who:primary_carer"));
    // Left as it stands the form makes a household of its own.
    send(&ada, father, &said(&shown, false)).await;
    assert_eq!(state(&site, father).await, "settled");
    assert_eq!(site.count("SELECT count(*) FROM household").await, 2);
    assert_eq!(
        site.count("SELECT count(*) FROM service_user WHERE kind = 'child'")
            .await,
        1
    );
    let of_both =
        "SELECT count(*) FROM household_member m JOIN service_user s ON s.id = m.service_user_id
                   WHERE s.kind = 'child' AND m.left_on IS NULL";
    assert_eq!(site.count(of_both).await, 2);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_forms_of_a_family_settled_at_the_same_moment_do_not_make_it_twice() {
    let site = Site::start().await;
    let (ada, ben) = (site.browser("ada").await, site.browser("ben").await);
    let sibling = written_but(&[
        ("child_1.first_name", json!("ROSE")),
        ("child_1.date_of_birth", json!("2022-06-11")),
    ]);
    let one = site.form("F-000121", &written()).await;
    let two = site.form("F-000122", &sibling).await;
    let (first, second) = (
        ada.confirmed(one, "yes").await,
        ben.confirmed(two, "yes").await,
    );
    tokio::join!(ada.send(one, &first), ben.send(two, &second));
    let mut states = [state(&site, one).await, state(&site, two).await];
    states.sort();
    assert_eq!(states, ["matching", "settled"]);
    let waits = if state(&site, one).await == "matching" {
        one
    } else {
        two
    };
    let shown = page(&ada, waits).await;
    send(&ada, waits, &said(&shown, false)).await;
    assert_eq!(site.count("SELECT count(*) FROM household").await, 1);
    assert_eq!(
        site.count("SELECT count(*) FROM service_user WHERE kind = 'carer'")
            .await,
        1
    );
    assert_eq!(
        site.count("SELECT count(*) FROM service_user WHERE kind = 'child'")
            .await,
        2
    );
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_see_a_record_is_not_shown_it_and_cannot_decide() {
    let site = Site::start().await;
    let ada = site.browser("ada").await;
    let first = site.form("F-000131", &written()).await;
    assert_eq!(check(&site, &ada, first).await, "settled");
    let elsewhere = written_but(&[
        ("office.centre", json!("RIV")),
        ("primary_carer.address_line_1", json!("3 Mill Lane")),
    ]);
    let second = site.form("F-000132", &elsewhere).await;
    assert_eq!(check(&site, &ada, second).await, "matching");
    site.account("rik", &[Role::Clerk], &["RIV"]).await;
    let rik = site.browser("rik").await;
    let shown = page(&rik, second).await;
    assert!(!shown.contains("14 Elm Road") && shown.contains("belong to another centre"));
    let (csrf, version) = (hidden(&shown, "csrf"), hidden(&shown, "version"));
    // What the page does not offer cannot be sent by hand either.
    let record: Uuid = sqlx::query_scalar("SELECT id FROM service_user WHERE kind = 'carer'")
        .fetch_one(site.database.pool())
        .await
        .unwrap();
    let forged = [
        ("csrf".to_owned(), csrf.clone()),
        ("version".to_owned(), version.clone()),
        ("who:primary_carer".to_owned(), record.to_string()),
        ("who:child_1".to_owned(), "new".to_owned()),
        (format!("version:{record}"), "1".to_owned()),
        ("household".to_owned(), "own".to_owned()),
    ];
    let refused = send(&rik, second, &forged).await;
    assert!(refused.status().is_client_error(), "{}", refused.status());
    assert_eq!(state(&site, second).await, "matching");

    // A protected address is not shown beside the form either.
    let protect = site.browser("sue").await;
    let household = only_household(&site).await;
    let token = hidden(
        &protect
            .get(&format!("/households/{household}"))
            .await
            .text()
            .await
            .unwrap(),
        "csrf",
    );
    protect
        .post(
            &format!("/households/{household}/protect"),
            &[("csrf", &token)],
        )
        .await;
    let shown = page(&ada, second).await;
    assert!(!shown.contains("14 Elm Road") && shown.contains("Protected"));

    // Something was read wrongly: back to the desk, and what was found is looked for anew.
    let (csrf, version) = (hidden(&shown, "csrf"), hidden(&shown, "version"));
    let back = format!("/matching/{second}/back");
    ada.post(&back, &[("csrf", &csrf), ("version", &version)])
        .await;
    assert_eq!(state(&site, second).await, "in_review");
    assert_eq!(site.count("SELECT count(*) FROM match_candidate").await, 0);
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_records_of_one_person_are_made_one_and_can_be_parted_again() {
    let site = Site::start().await;
    let ada = site.browser("ada").await;
    let first = site.form("F-000141", &written()).await;
    assert_eq!(check(&site, &ada, first).await, "settled");
    let again = written_but(&[("primary_carer.known_as", json!("GRACIE"))]);
    let second = site.form("F-000142", &again).await;
    assert_eq!(check(&site, &ada, second).await, "matching");
    let shown = page(&ada, second).await;
    send(&ada, second, &said(&shown, true)).await;
    assert_eq!(
        site.count("SELECT count(*) FROM service_user WHERE kind = 'carer'")
            .await,
        2
    );
    let carers: Vec<(Uuid, i32)> = sqlx::query_as(
        "SELECT id, version FROM service_user WHERE kind = 'carer' ORDER BY created_at",
    )
    .fetch_all(site.database.pool())
    .await
    .unwrap();
    let ((kept, one), (absorbed, two)) = (carers[0], carers[1]);
    let sue: Uuid = sqlx::query_scalar("SELECT id FROM account WHERE user_name = 'sue'")
        .fetch_one(site.database.pool())
        .await
        .unwrap();
    let merge = |versions| Merge {
        kept,
        absorbed,
        versions,
        reason: "entered twice",
    };
    let (sealer, url) = (site.sealer(), "http://enrol.example.org");
    let stale = merging::merge(&site.database, &sealer, url, sue, merge((one + 1, two))).await;
    assert!(matches!(stale, Err(merging::MergeError::Changed)));
    let id = merging::merge(&site.database, &sealer, url, sue, merge((one, two)))
        .await
        .unwrap();
    let found = service_users::service_user(&site.database, absorbed)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        found.id, kept,
        "the id of the other record leads to the one in use"
    );
    assert_eq!(
        found.details["known_as"], "GRACIE",
        "it knows what the other knew"
    );
    let in_use = "SELECT count(*) FROM match_key WHERE kind = 'carer'";
    assert_eq!(site.count(in_use).await, 1);

    merging::undo(&site.database, &sealer, url, sue, id)
        .await
        .unwrap();
    let apart = service_users::service_user(&site.database, absorbed)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(apart.id, absorbed);
    let kept = service_users::service_user(&site.database, kept)
        .await
        .unwrap()
        .unwrap();
    assert!(
        kept.details.get("known_as").is_none(),
        "it lost what the merge gave it"
    );
    assert_ne!(kept.household_id, apart.household_id);
    assert_eq!(site.count(in_use).await, 2);
    let twice = merging::undo(&site.database, &sealer, url, sue, id).await;
    assert!(matches!(twice, Err(merging::MergeError::Changed)));
    let announced = "SELECT count(*) FROM outbox WHERE message_type = 'uk.enrol.contact.merged.v1'";
    assert_eq!(site.count(announced).await, 2);
    site.stop().await;
}
