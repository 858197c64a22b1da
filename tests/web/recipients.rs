//! Recipients: each is given what was agreed, of the families that were agreed, and what it is given is noted.

use enrol::domain::recipient::Basis;
use enrol::domain::recipient_fields::FieldGroup;
use enrol::domain::role::Role;
use enrol::storage::recipients::events;
use enrol::web::{DISCLOSURES_READ, EVENTS_READ, READ};
use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::fixture::{Browser, Given, Site, by_another_family, hidden, text, written};

/// What stands in the form of [`written`] and is for some recipients only, by part.
const VALUES: [(FieldGroup, &str); 6] = [
    (FieldGroup::Identity, "GRACE"),
    (FieldGroup::Contact, "07700900123"),
    (FieldGroup::Contact, "grace@example.org"),
    (FieldGroup::Address, "MK40 1AA"),
    (FieldGroup::Household, "OAK"),
    (FieldGroup::Special, "white_irish"),
];

struct Family {
    household: Uuid,
    carer: Uuid,
    child: Uuid,
}

impl Family {
    /// A settled form of centre OAK whose consents are all `consents`.
    async fn settled(site: &Site, reference: &str, consents: &str) -> Self {
        Self::of(site, site.form(reference, &written()).await, consents).await
    }

    /// The same for another family.
    async fn another(site: &Site, reference: &str, consents: &str) -> Self {
        let values = by_another_family(written());
        Self::of(site, site.form(reference, &values).await, consents).await
    }

    async fn of(site: &Site, form: Uuid, consents: &str) -> Self {
        let ada = site.browser("ada").await;
        let sent = ada.confirmed(form, consents).await;
        let done = ada.send(form, &sent).await;
        assert!(done.url().query().unwrap_or_default().starts_with("done="));
        let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "SELECT m.household_id, m.service_user_id FROM registration r
             JOIN household_member m ON m.household_id = r.household_id
             WHERE r.form_id = $1 ORDER BY m.role = 'child'",
        )
        .bind(form)
        .fetch_all(site.database.pool())
        .await
        .unwrap();
        Self {
            household: rows[0].0,
            carer: rows[0].1,
            child: rows[1].1,
        }
    }

    fn path(&self) -> String {
        format!("/api/households/{}", self.household)
    }

    fn carer_path(&self) -> String {
        format!("/api/service-users/{}", self.carer)
    }
}

async fn run(site: &Site, sql: &'static str, id: Uuid) {
    sqlx::query(sql)
        .bind(id)
        .execute(site.database.pool())
        .await
        .unwrap();
}

async fn status(given: &Given, path: &str) -> StatusCode {
    given.get(path).await.status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_recipient_is_given_its_parts_of_its_families_and_nothing_else() {
    let site = Site::start().await;
    let family = Family::settled(&site, "F-000061", "yes").await;
    for group in FieldGroup::ALL {
        let given = site.recipient(&[READ, EVENTS_READ], &[group]).await;
        let answers = [
            given.json(&family.path()).await,
            given.json(&family.carer_path()).await,
        ];
        for answer in answers {
            let said = answer.to_string();
            for (of, value) in VALUES {
                assert_eq!(
                    said.contains(value),
                    of == group,
                    "{group:?} {value}: {said}"
                );
            }
            assert_eq!(
                answer.get("consents").is_some(),
                group == FieldGroup::Consents
            );
        }
        let child = format!("/api/service-users/{}", family.child);
        let children = if group == FieldGroup::Children {
            StatusCode::OK
        } else {
            StatusCode::NOT_FOUND
        };
        assert_eq!(status(&given, &child).await, children, "{group:?}");
        let members = given.json(&family.path()).await["members"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(members == 2, group == FieldGroup::Children);
    }
    let all = site.recipient(&[READ], &FieldGroup::ALL).await;
    let whole = all.json(&family.path()).await;
    for (_, value) in VALUES {
        assert!(whole.to_string().contains(value), "{value}");
    }
    let carer = all.json(&family.carer_path()).await;
    let coded = &carer["codings"]["ethnic_group"];
    assert_eq!(
        (
            &coded["code"],
            &coded["mapped"]["nhs"],
            &coded["mapped"]["ons_2021"]
        ),
        (&json!("white_irish"), &json!("B"), &json!("Irish"))
    );
    a_merged_record_leads_to_the_kept_one(&site, &family, &all).await;
    only_its_centres(&site, &family).await;
    site.stop().await;
}

async fn a_merged_record_leads_to_the_kept_one(site: &Site, family: &Family, all: &Given) {
    let other = Family::another(site, "F-000062", "yes").await;
    sqlx::query("UPDATE service_user SET merged_into = $2 WHERE id = $1")
        .bind(other.carer)
        .bind(family.carer)
        .execute(site.database.pool())
        .await
        .unwrap();
    let answer = all.json(&other.carer_path()).await;
    assert_eq!(answer["id"], family.carer.to_string());
    assert_eq!(answer["merged_id"], other.carer.to_string());
    let answer = all.json(&family.carer_path()).await;
    assert!(answer.get("merged_id").is_none());
}

async fn only_its_centres(site: &Site, family: &Family) {
    let at = async |centre: &str| {
        let centre = centre.to_owned();
        let agree = |terms: &mut enrol::domain::recipient::Terms| terms.centres = vec![centre];
        site.recipient_with(&[READ], &[FieldGroup::Identity], agree)
            .await
    };
    let (oak, river) = (at("OAK").await, at("RIV").await);
    assert_eq!(status(&oak, &family.path()).await, StatusCode::OK);
    let listed = oak.json("/api/households").await;
    assert_eq!(listed["households"].as_array().unwrap().len(), 2);
    let listed = river.json("/api/households").await;
    assert_eq!(listed["households"], json!([]));
    let foreign = river.get(&family.path()).await;
    assert_eq!(foreign.status(), StatusCode::NOT_FOUND);
    let unknown = river
        .get(&format!("/api/households/{}", Uuid::now_v7()))
        .await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    let (one, other) = (foreign.text().await.unwrap(), unknown.text().await.unwrap());
    assert_eq!(
        one, other,
        "what is not for it looks like what is not there"
    );

    run(
        site,
        "UPDATE household SET address_protected = true WHERE id = $1",
        family.household,
    )
    .await;
    assert_eq!(
        status(&oak, &family.path()).await,
        StatusCode::NOT_FOUND,
        "that a centre's recipient sees it would tell where the family goes"
    );
    let all = site.recipient(&[READ, EVENTS_READ], &FieldGroup::ALL).await;
    let hidden = all.json(&family.path()).await.to_string();
    assert!(hidden.contains("GRACE") && hidden.contains("white_irish"));
    for (group, value) in VALUES {
        let whereabouts = matches!(
            group,
            FieldGroup::Contact | FieldGroup::Address | FieldGroup::Household
        );
        assert!(!whereabouts || !hidden.contains(value), "{value}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sharing_by_consent_ends_with_it_and_events_say_so() {
    let site = Site::start().await;
    let agree = |terms: &mut enrol::domain::recipient::Terms| terms.basis = Basis::Consent;
    let scopes = [READ, EVENTS_READ];
    let asked = site
        .recipient_with(&scopes, &[FieldGroup::Identity], agree)
        .await;
    let task = site.recipient(&scopes, &FieldGroup::ALL).await;
    let yes = Family::settled(&site, "F-000063", "yes").await;
    let no = Family::another(&site, "F-000064", "no").await;
    assert_eq!(status(&asked, &yes.path()).await, StatusCode::OK);
    assert_eq!(status(&asked, &no.path()).await, StatusCode::NOT_FOUND);
    assert_eq!(status(&task, &no.path()).await, StatusCode::OK);

    events::share(&site.database, 100).await.unwrap();
    let page = asked.json("/api/events").await;
    let kinds = |page: &Json| -> Vec<(String, String)> {
        let event = |e: &Json| {
            (
                e["type"].as_str().unwrap().to_owned(),
                e["subject"].as_str().unwrap().to_owned(),
            )
        };
        page["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(event)
            .collect()
    };
    let created = "uk.enrol.contact.created.v1".to_owned();
    assert_eq!(kinds(&page), [(created, yes.household.to_string())]);
    let data = page["events"][0]["data"].as_object().unwrap();
    assert!(data.get("consents").is_none() && data.get("centre").is_none());
    assert_eq!(page["events"][0]["sequence"], "00000000000000000001");
    assert_eq!(
        task.json("/api/events").await["events"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    // The family says no on a newer form.
    run(
        &site,
        "INSERT INTO consent (id, household_id, purpose, answer, wording, wording_version, page_id, zone_mm, signed_on,
                              captured_at, service_user_id)
         SELECT gen_random_uuid(), household_id, purpose, 'no', wording, wording_version, page_id, zone_mm, signed_on + 1,
                now(), service_user_id FROM consent WHERE household_id = $1 AND purpose = 'sharing'",
        yes.household,
    )
    .await;
    assert_eq!(status(&asked, &yes.path()).await, StatusCode::NOT_FOUND);
    assert_eq!(asked.json("/api/households").await["households"], json!([]));
    events::share(&site.database, 100).await.unwrap();
    let page = asked.json("/api/events").await;
    let unshared = "uk.enrol.contact.unshared.v1".to_owned();
    assert_eq!(
        kinds(&page),
        [(unshared, yes.household.to_string())],
        "what was given before is not given again"
    );
    assert_eq!(
        (&page["position"], &page["more"]),
        (&json!(2), &json!(false))
    );
    assert_eq!(
        task.json("/api/events").await["events"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    let no_queue = asked
        .post(
            "/api/events/replay",
            &json!({ "from": "2026-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z" }),
        )
        .await;
    assert_eq!(no_queue.status(), StatusCode::CONFLICT);
    assert_eq!(
        no_queue.headers()["content-type"],
        "application/problem+json"
    );
    site.stop().await;
}

const REASON: &str = "The agreement has ended early";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn information_governance_registers_lists_and_cuts_off() {
    let site = Site::start_with(|config| config.web.api_requests_per_minute = 6).await;
    let family = Family::settled(&site, "F-000065", "yes").await;
    site.account("ida", &[Role::InformationGovernance], &[])
        .await;
    let ida = site.browser("ida").await;
    let page = ida.get("/recipients").await.text().await.unwrap();
    assert!(page.contains("Nobody is given records"));

    let token = registered(&ida).await;
    let recipient: Uuid = sqlx::query_scalar("SELECT id FROM recipient")
        .fetch_one(site.database.pool())
        .await
        .unwrap();
    let given = Given {
        id: recipient,
        token,
        url: site.url.clone(),
    };
    assert_eq!(status(&given, &family.path()).await, StatusCode::OK);
    assert_eq!(status(&given, &family.carer_path()).await, StatusCode::OK);

    let shared = format!("/households/{}/disclosures", family.household);
    let record = ida.get(&format!("/households/{}", family.household)).await;
    assert!(record.text().await.unwrap().contains(&shared));
    let page = ida.get(&shared).await.text().await.unwrap();
    let table = text(&page, "table");
    assert!(
        table.contains("Duty system") && table.contains("Safeguarding of children"),
        "{table}"
    );
    assert!(
        table.contains("One person: Names and dates of birth")
            && table.contains("To keep children safe")
    );
    assert!(
        !page.contains("GRACE") && !page.contains("MK40"),
        "no values"
    );
    let governing = site
        .recipient(&[DISCLOSURES_READ], &[FieldGroup::Identity])
        .await;
    let listed = governing
        .json(&format!("/api/disclosures?household={}", family.household))
        .await;
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(listed[0]["basis"], "safeguarding");
    assert_eq!(listed[0]["field_groups"], json!(["identity", "children"]));

    for _ in 0..6 {
        given.get(&family.path()).await;
    }
    let too_many = given.get(&family.path()).await;
    assert_eq!(too_many.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        too_many.headers()["content-type"],
        "application/problem+json"
    );
    assert!(too_many.headers().contains_key("retry-after"));

    cut_off(&site, &ida, &given, &family).await;
    site.stop().await;
}

/// Registers a recipient on the page: first without anybody who answers for it.
async fn registered(ida: &Browser) -> String {
    let form = ida.get("/recipients/new").await.text().await.unwrap();
    let csrf = hidden(&form, "csrf");
    let until = (chrono::Utc::now().date_naive() + chrono::Days::new(90)).to_string();
    let mut entered = vec![
        ("csrf", csrf.as_str()),
        ("organisation", "childrens_social_care"),
        ("name", "Duty system"),
        ("contact", "duty@example.org"),
        ("purpose", "To keep children safe"),
        ("basis", "safeguarding"),
        ("scopes", READ),
        ("field_groups", "identity"),
        ("field_groups", "children"),
        ("valid_until", until.as_str()),
    ];
    let refused = ida.post("/recipients", &entered).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = refused.text().await.unwrap();
    assert!(text(&page, "title").starts_with("Error: "));
    assert!(text(&page, "#responsible-error").contains("Enter the first name and surname"));
    assert!(page.contains("Duty system"), "what was entered stays");
    entered.push(("responsible", "Robin Sample"));
    let page = ida
        .post("/recipients", &entered)
        .await
        .text()
        .await
        .unwrap();
    let token = text(&page, "[data-enrol-token]");
    assert!(token.len() > 30, "{page}");
    token
}

async fn cut_off(site: &Site, ida: &Browser, given: &Given, family: &Family) {
    let page = format!("/recipients/{}", given.id);
    let shown = ida.get(&page).await.text().await.unwrap();
    assert!(!shown.contains(&given.token), "a token is shown once");
    let csrf = hidden(&shown, "csrf");
    let refused = ida
        .post(
            &format!("{page}/revoke"),
            &[("csrf", &csrf), ("reason", "x")],
        )
        .await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let more = ida.post(&format!("{page}/token"), &[("csrf", &csrf)]).await;
    let second = text(&more.text().await.unwrap(), "[data-enrol-token]");
    let second = Given {
        id: given.id,
        token: second,
        url: site.url.clone(),
    };
    let done = ida
        .post(
            &format!("{page}/revoke"),
            &[("csrf", &csrf), ("reason", REASON)],
        )
        .await;
    let shown = done.text().await.unwrap();
    assert!(shown.contains("Cut off on") && shown.contains(REASON));
    for token in [given, &second] {
        assert_eq!(
            status(token, &family.path()).await,
            StatusCode::UNAUTHORIZED
        );
    }
    let again = ida
        .post(
            &format!("{page}/revoke"),
            &[("csrf", &csrf), ("reason", REASON)],
        )
        .await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    let actions = "SELECT count(DISTINCT action) FROM audit_entry WHERE subject = 'recipient'
                   AND action IN ('registered', 'gave_token', 'viewed', 'revoked')";
    assert_eq!(site.count(actions).await, 4);

    // An agreement that has run out opens nothing either.
    let old = site.recipient(&[READ], &[FieldGroup::Identity]).await;
    assert_eq!(status(&old, &family.path()).await, StatusCode::OK);
    run(
        site,
        "UPDATE recipient SET valid_until = current_date - 1 WHERE id = $1",
        old.id,
    )
    .await;
    assert_eq!(status(&old, &family.path()).await, StatusCode::UNAUTHORIZED);
}
