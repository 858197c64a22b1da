//! Keying again, deciding between two answers, and the quality page.

use enrol::config::Adjudicator;
use enrol::domain::field::FieldKind;
use reqwest::StatusCode;
use scraper::{Html, Selector};
use serde_json::{Value as Json, json};

use crate::fixture::{Browser, Site, by_another_family, hidden, text, written};

const FIRST: &str = "9990000018";
const SECOND: &str = "9990000026";

pub fn with_nhs_number() -> Vec<(&'static str, Json)> {
    let mut values = written();
    values.push(("primary_carer.nhs_number", json!(FIRST)));
    values
}

/// Attribute of the first element that `selector` finds.
pub fn attribute(html: &str, selector: &str, name: &str) -> String {
    let html = Html::parse_document(html);
    let first = html.select(&Selector::parse(selector).unwrap()).next();
    first
        .and_then(|e| e.attr(name))
        .unwrap_or_default()
        .to_owned()
}

pub async fn page(browser: &Browser, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.text().await.unwrap()
}

/// The page without its random token, which may spell a short name by chance.
fn without_token(html: &str) -> String {
    html.replace(&hidden(html, "csrf"), "")
}

/// Sends what stands on a page of one field, with `inputs` added.
pub async fn answer(browser: &Browser, html: &str, inputs: &[(&str, &str)]) -> reqwest::Response {
    let (csrf, version) = (hidden(html, "csrf"), hidden(html, "version"));
    let mut sent = vec![("csrf", csrf.as_str()), ("version", version.as_str())];
    sent.extend(inputs);
    let action = attribute(html, "form[data-enrol-second]", "action");
    browser.post(&action, &sent).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_key_a_number_and_a_third_decides() {
    let site = Site::start_with(|config| {
        config.keying.double = vec![FieldKind::NhsNumber];
        config.keying.qa_share_most = 0.0;
    })
    .await;
    let form = site.form("F-000010", &with_nhs_number()).await;
    let (ada, ben) = (site.browser("ada").await, site.browser("ben").await);
    let sue = site.browser("sue").await;
    let adas = ada.confirmed(form, "yes").await;
    for _ in 0..2 {
        // Sent twice, it is still only sent.
        let done = ada.send(form, &adas).await;
        assert!(done.url().query().unwrap().starts_with("done="));
        let done = done.text().await.unwrap();
        assert!(text(&done, ".govuk-notification-banner__heading").contains("a second person"));
    }
    assert_eq!(site.count("SELECT count(*) FROM household").await, 0);
    let closed = page(&ada, &format!("/review/{form}")).await;
    assert!(text(&closed, ".govuk-body-l").contains("wait to be keyed by a second person"));

    // Who may see what.
    let rea = site.browser("rea").await;
    assert_eq!(rea.get("/second").await.status(), StatusCode::FORBIDDEN);
    for path in ["/second/adjudicate", "/second/waiting"] {
        assert_eq!(
            ben.get(path).await.status(),
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    let nothing = page(&ada, "/second").await;
    assert!(
        text(&nothing, ".enrol-empty").starts_with("Nothing waits for you"),
        "{nothing}"
    );

    let task = page(&ben, "/second").await;
    assert!(text(&task, "label[for=value]").ends_with("NHS number"));
    assert!(
        !task.contains(FIRST) && !without_token(&task).contains("Ada"),
        "Ben sees neither value nor name"
    );
    assert_eq!(attribute(&task, "#value", "value"), "");
    assert!(task.contains("autofocus"));
    let crop = attribute(&task, ".enrol-crop", "src");
    assert_eq!(ben.get(&crop).await.headers()["content-type"], "image/png");
    assert_eq!(sue.get(&crop).await.status(), StatusCode::NOT_FOUND);
    let unasked = ben
        .post(&crop.replace("/crop", ""), &[("csrf", "wrong")])
        .await;
    assert_eq!(unasked.status(), StatusCode::FORBIDDEN);

    const INPUT: &str = "value:primary_carer.nhs_number";
    let wrong = answer(&ben, &task, &[(INPUT, "9990000019")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = wrong.text().await.unwrap();
    assert!(text(&wrong, "title").starts_with("Error: "));
    assert_eq!(
        attribute(&wrong, "#value", "value"),
        "9990000019",
        "what was typed stays"
    );
    let kept = answer(&ben, &task, &[(INPUT, "999 000 0026")]).await;
    assert_eq!(
        (kept.status(), kept.url().path()),
        (StatusCode::OK, "/second")
    );

    assert_eq!(
        ben.get(&crop).await.status(),
        StatusCode::NOT_FOUND,
        "whoever has answered has no more business with it"
    );
    let waiting = page(&sue, "/second/waiting").await;
    assert!(text(&waiting, "tbody th").contains("F-000010"));
    assert!(waiting.contains("A third person has to decide"));
    let difference = page(&sue, "/second/adjudicate").await;
    let told = without_token(&difference);
    assert!(!told.contains("Ada") && !told.contains("Ben"), "no names");
    let readings: Vec<String> = ["a", "b"]
        .map(|value| text(&difference, &format!("label[for=choice-{value}]")))
        .into();
    assert!(readings.contains(&FIRST.to_owned()) && readings.contains(&SECOND.to_owned()));
    let unsaid = answer(&sue, &difference, &[]).await;
    assert_eq!(unsaid.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let choice = if readings[0] == SECOND { "a" } else { "b" };
    for _ in 0..2 {
        let decided = answer(&sue, &difference, &[("choice", choice)]).await;
        assert_eq!(
            (decided.status(), decided.url().path()),
            (StatusCode::OK, "/second/adjudicate")
        );
    }
    let recorded: Option<String> =
        sqlx::query_scalar("SELECT nhs_number FROM service_user WHERE kind = 'carer'")
            .fetch_one(site.database.pool())
            .await
            .unwrap();
    assert_eq!(recorded.as_deref(), Some(SECOND));
    assert_eq!(site.count("SELECT count(*) FROM outbox").await, 1);

    // Without a colleague at hand a supervisor lets the first answer stand, and says why.
    let other = site
        .form("F-000011", &by_another_family(with_nhs_number()))
        .await;
    ada.send(other, &ada.confirmed(other, "no").await).await;
    let waiting = page(&sue, "/second/waiting").await;
    let action = attribute(&waiting, "td form", "action");
    let csrf = hidden(&waiting, "csrf");
    let short = sue
        .post(&action, &[("csrf", &csrf), ("reason", "because")])
        .await;
    assert_eq!(short.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [
        ("csrf", csrf.as_str()),
        ("reason", "Only one clerk is in this week"),
    ];
    assert_eq!(
        ben.post(&action, &[("csrf", &hidden(&task, "csrf")), fields[1]])
            .await
            .status(),
        StatusCode::FORBIDDEN
    );
    let waived = sue.post(&action, &fields).await;
    assert_eq!(
        (waived.status(), waived.url().path()),
        (StatusCode::OK, "/second/waiting")
    );
    assert_eq!(site.count("SELECT count(*) FROM household").await, 2);
    site.stop().await;
}

/// The inputs that key what the family wrote in `name`.
fn keyed(name: &str, surname: &str) -> Vec<(String, String)> {
    let value = with_nhs_number()
        .into_iter()
        .find(|(n, _)| *n == name)
        .map(|(_, v)| v);
    let input = |part: &str, value: &str| (format!("{part}:{name}"), value.to_owned());
    match value {
        _ if name == "primary_carer.surname" => vec![input("value", surname)],
        // A consent that the clerk answered with "yes" although nothing is written there.
        None => vec![input("value", "yes")],
        Some(_) if name.starts_with("consent.") => vec![input("value", "yes")],
        Some(Json::Bool(signed)) => vec![input("value", &signed.to_string())],
        Some(value) => {
            let text = value.as_str().unwrap();
            match text.split('-').collect::<Vec<_>>()[..] {
                [year, month, day] if text.len() == 10 => {
                    vec![
                        input("day", day),
                        input("month", month),
                        input("year", year),
                    ]
                }
                _ => vec![input("value", text)],
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sample_finds_a_wrong_record_and_the_figures_say_so() {
    let site = Site::start_with(|config| {
        config.keying.qa_share_clerk = 1.0;
        config.keying.qa_share_most = 1.0;
    })
    .await;
    let form = site.form("F-000012", &with_nhs_number()).await;
    sqlx::query("UPDATE field SET confidence = 0.3 WHERE name = 'primary_carer.surname'")
        .execute(site.database.pool())
        .await
        .unwrap();
    let (ada, ben) = (site.browser("ada").await, site.browser("ben").await);
    let sue = site.browser("sue").await;

    // What was read with little confidence is keyed blind, the rest is confirmed.
    let desk = page(&ada, &format!("/review/{form}")).await;
    assert_eq!(
        attribute(&desk, "#value-primary_carer-surname", "value"),
        ""
    );
    assert_eq!(
        attribute(&desk, "#value-primary_carer-first_name", "value"),
        "GRACE"
    );
    let mut adas = ada.confirmed(form, "yes").await;
    let surname = adas
        .iter_mut()
        .find(|(n, _)| n == "value:primary_carer.surname");
    surname.unwrap().1 = "EXAMPLE".into();
    for (name, seconds) in [
        ("primary_carer.surname", "3.2"),
        ("primary_carer.first_name", "900"),
    ] {
        adas.push((format!("seconds:{name}"), seconds.into()));
    }
    let done = ada.send(form, &adas).await;
    assert!(done.url().query().unwrap().starts_with("done="));
    assert_eq!(
        site.count("SELECT count(*) FROM household").await,
        1,
        "a sample keeps nobody waiting"
    );

    let mut keyed_again = 0;
    loop {
        let task = page(&ben, "/second").await;
        let name = attribute(&task, "[data-enrol-field]", "data-enrol-field");
        if name.is_empty() {
            break;
        }
        let mut inputs = keyed(&name, "EXAMPEL");
        inputs.push((format!("seconds:{name}"), "2".into()));
        let inputs: Vec<(&str, &str)> = inputs
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let sent = answer(&ben, &task, &inputs).await;
        assert_eq!(sent.url().path(), "/second", "{name}");
        keyed_again += 1;
        assert!(keyed_again < 100);
    }
    assert!(keyed_again > 15, "{keyed_again}");

    let difference = page(&sue, "/second/adjudicate").await;
    assert!(
        text(&difference, "legend").contains("Surname"),
        "{}",
        text(&difference, "legend")
    );
    let typed = answer(
        &sue,
        &difference,
        &[
            ("choice", "other"),
            ("value:primary_carer.surname", "Exampel"),
        ],
    )
    .await;
    assert_eq!(typed.url().path(), "/second/adjudicate");

    let all: Json = serde_json::from_str(&page(&sue, "/quality?format=json&days=7").await).unwrap();
    assert_eq!(all["days"], 7);
    let rates = all["all"]["rates"].as_array().unwrap();
    let names = rates.iter().find(|r| r["kind"] == "name").unwrap();
    assert_eq!(
        (&names["source"], &names["wrong"]),
        (&json!("clerk"), &json!(1))
    );
    assert!(
        names["high"].as_f64() > names["low"].as_f64()
            && names["still_needed"].as_i64() > Some(1000)
    );
    assert_eq!(all["all"]["straight_through"]["forms"], 1);
    assert_eq!(all["all"]["wrong_records"], 1);
    let blind = all["modes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["mode"] == "blind")
        .unwrap();
    assert_eq!(
        (&blind["seconds"], &blind["wrong"]),
        (&json!(3.2), &json!(1))
    );
    let shown = all["modes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["mode"] == "confirm")
        .unwrap();
    assert_eq!(
        shown["seconds"], 120.0,
        "whoever is called away counts as two minutes"
    );

    let quality = page(&sue, "/quality").await;
    assert!(
        text(&quality, "svg desc").contains("of"),
        "the picture is told in words"
    );
    assert!(quality.contains("Records found wrong") && quality.contains("F-000012"));
    assert!(
        !quality.to_uppercase().contains("EXAMPEL"),
        "figures, not values"
    );
    let done = attribute(
        &quality,
        "form[action^='/quality/wrong-records/']",
        "action",
    );
    let noted = sue
        .post(&done, &[("csrf", &hidden(&quality, "csrf"))])
        .await;
    assert!(!noted.text().await.unwrap().contains("Records found wrong"));

    // A clerk sees their own figures and nobody else's.
    let own: Json = serde_json::from_str(&page(&ada, "/quality?format=json").await).unwrap();
    assert!(own.get("all").is_none());
    let clerks = own["clerks"].as_array().unwrap();
    assert_eq!(clerks.len(), 1);
    assert_eq!(
        (&clerks[0]["name"], &clerks[0]["wrong"]),
        (&json!("Ada Clerk"), &json!(1))
    );
    assert!(
        own["modes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|m| m["mode"] != "second"),
        "Ben's times are Ben's"
    );
    let own = page(&ada, "/quality").await;
    assert!(!own.contains("Ben Clerk") && own.contains("Your answers"));
    let refused = ada.post(&done, &[("csrf", &hidden(&own, "csrf"))]).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let rea = site.browser("rea").await;
    assert_eq!(rea.get("/quality").await.status(), StatusCode::FORBIDDEN);
    let seen = enrol::storage::audit::of_subject(site.database.pool(), "form", form)
        .await
        .unwrap();
    let did = |action: &str| seen.iter().filter(|e| e.action == action).count();
    assert_eq!(did("keyed_again"), keyed_again);
    assert_eq!(
        (did("decided_difference"), did("dealt_with_wrong_record")),
        (1, 1)
    );
    site.stop().await;
}

/// Runs a browser and returns the line in which it tells what it saw.
pub async fn in_a_browser(site: &Site, user: &str, options: &[&str]) -> Json {
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, crate::fixture::PASSWORD).unwrap();
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/second.mjs");
    let output = tokio::process::Command::new("node")
        .arg(&script)
        .args(["--url", &site.url, "--user", user, "--password-file"])
        .arg(&password)
        .arg("--screens")
        .arg(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screens"))
        .args(options)
        .kill_on_drop(true)
        .output()
        .await
        .expect("node runs: install Debian's package nodejs");
    let told = String::from_utf8_lossy(&output.stdout);
    told.lines()
        .rev()
        .find_map(|line| serde_json::from_str(line).ok())
        .unwrap_or_else(|| {
            panic!(
                "the browser told nothing (`make browser` installs what it needs):\n{}",
                String::from_utf8_lossy(&output.stderr)
            )
        })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_clerk_types_and_presses_enter_with_and_without_javascript() {
    let site = Site::start_with(|config| {
        config.keying.double = vec![FieldKind::NhsNumber, FieldKind::Email];
        config.keying.adjudicator = Adjudicator::Clerk;
        config.keying.qa_share_most = 0.0;
    })
    .await;
    let ada = site.browser("ada").await;
    let answers = json!({
        "primary_carer.nhs_number": "999 000 0026",
        "primary_carer.email": "Grace@example.org",
    })
    .to_string();
    for (reference, options) in [
        ("F-000020", &[][..]),
        ("F-000021", &["--no-javascript"][..]),
    ] {
        let form = site.form(reference, &with_nhs_number()).await;
        ada.send(form, &ada.confirmed(form, "yes").await).await;
        let mut all = vec!["--answers", answers.as_str()];
        all.extend(options);
        let seen = in_a_browser(&site, "ben", &all).await;
        assert_eq!(seen["keyed"].as_array().unwrap().len(), 2, "{seen:#}");
        assert_eq!(seen["findings"], json!([]), "{seen:#}");
        assert_eq!(seen["problems"], json!([]), "{seen:#}");
    }
    assert_eq!(
        site.count("SELECT count(*) FROM keying_time WHERE mode = 'second'")
            .await,
        2,
        "timed with JavaScript and not without"
    );
    // Any third clerk may decide here; these two have had a part in it.
    let mine = page(&ada, "/second/adjudicate").await;
    assert!(
        text(&mine, ".enrol-empty").contains("2 fields wait for somebody who has not keyed them")
    );
    let looked = ["--look", "/second/waiting,/second/adjudicate,/quality"];
    let seen = in_a_browser(&site, "sue", &looked).await;
    assert_eq!(seen["findings"], json!([]), "{seen:#}");
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    site.stop().await;
}
