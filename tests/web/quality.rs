//! The quality page: times measured at the desk, and figures that stay within a centre.

use enrol::domain::field::FieldKind;
use enrol::domain::role::Role;
use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::desk::{Step, open};
use crate::fixture::{Browser, Site, by_another_family, hidden, text};
use crate::second::{answer, attribute, page, with_nhs_number};

async fn figures(browser: &Browser) -> Json {
    serde_json::from_str(&page(browser, "/quality?format=json").await).unwrap()
}

/// Goes through the form at the desk, every field in two seconds; what is hidden is typed from `hidden_values`.
async fn through_the_desk(browser: &Browser, form: Uuid, hidden_values: &[(&str, &str)]) {
    for _ in 0..60 {
        let shown = open(browser, form, "").await;
        if text(&shown, "h1").contains("Last look") {
            let (csrf, version) = (hidden(&shown, "csrf"), hidden(&shown, "version"));
            let sent = [("csrf", csrf.as_str()), ("version", version.as_str())];
            let done = browser
                .post(&format!("/review/{form}/desk/finish"), &sent)
                .await;
            assert!(done.url().query().unwrap_or_default().starts_with("done="));
            return;
        }
        let mut step = Step::new(form, &shown);
        let names: Vec<String> = step
            .fields
            .iter()
            .filter_map(|(n, _)| Some(n.split_once(':')?.1.to_owned()))
            .collect();
        for (name, value) in hidden_values {
            if step.name() == *name {
                step = step.with(&format!("value:{name}"), value);
            }
        }
        for name in names {
            step = step.with(&format!("seconds:{name}"), "2");
        }
        let sent = step.send(browser, "").await;
        assert!(sent.status().is_success(), "{}", step.name());
    }
    panic!("the desk does not come to an end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desk_hides_by_kind_and_confidence_and_says_what_each_way_takes() {
    let site = Site::start_with(|config| {
        config.keying.blind_below = 0.5;
        config
            .keying
            .blind_below_by_kind
            .insert(FieldKind::NhsNumber, 0.9);
        config.keying.qa_share_most = 0.0;
    })
    .await;
    let form = site.form("F-000601", &with_nhs_number()).await;
    sqlx::query("UPDATE field SET confidence = 0.3 WHERE name = 'primary_carer.surname'")
        .execute(site.database.pool())
        .await
        .unwrap();
    let ada = site.browser("ada").await;

    // Of a field that is hidden the page tells neither what was read nor how sure the reader was.
    let number = "#value-primary_carer-nhs_number";
    for (field, input, shown) in [
        ("primary_carer.surname", "#value-primary_carer-surname", ""),
        ("primary_carer.nhs_number", number, ""),
        (
            "primary_carer.first_name",
            "#value-primary_carer-first_name",
            "GRACE",
        ),
    ] {
        let html = open(&ada, form, &format!("?field={field}")).await;
        assert_eq!(attribute(&html, input, "value"), shown, "{field}");
        let told = attribute(&html, ".enrol-crop", "alt");
        assert_eq!(told.contains("sure"), !shown.is_empty(), "{told}");
        let says = html.contains("what was read is not shown");
        assert_eq!(says, shown.is_empty(), "{field}");
    }
    let batch = page(&ada, "/review/batch?field=surname").await;
    assert!(batch.contains("what was read is not shown") && !batch.contains("very unsure"));

    // A step that comes back is timed on: 3 seconds before, 2 after.
    let shown = open(&ada, form, "?field=primary_carer.surname").await;
    let wrong = Step::new(form, &shown)
        .with("value:primary_carer.surname", "")
        .with("seconds:primary_carer.surname", "3");
    let back = wrong.send(&ada, "").await;
    assert_eq!(back.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let back = back.text().await.unwrap();
    assert_eq!(
        attribute(&back, "form[data-enrol-desk]", "data-enrol-spent"),
        "3"
    );
    let right = Step::new(form, &back)
        .with("value:primary_carer.surname", "EXAMPLE")
        .with("seconds:primary_carer.surname", "5");
    assert!(right.send(&ada, "").await.status().is_success());
    // Somebody looks at it again for a second.
    let again = right.with("seconds:primary_carer.surname", "1");
    assert!(again.send(&ada, "").await.status().is_success());
    through_the_desk(
        &ada,
        form,
        &[
            ("primary_carer.nhs_number", "9990000018"),
            ("primary_carer.first_name", "GRACIE"),
        ],
    )
    .await;
    assert_eq!(site.count("SELECT count(*) FROM household").await, 1);

    let own = figures(&ada).await;
    let mode = |kind: &str, mode: &str| -> Option<(Json, Json)> {
        let modes = own["modes"].as_array().unwrap();
        let found = modes
            .iter()
            .find(|m| m["kind"] == kind && m["mode"] == mode)?;
        Some((found["timed"].clone(), found["seconds"].clone()))
    };
    assert_eq!(mode("name", "blind"), Some((json!(1), json!(6.0))));
    assert_eq!(mode("nhs_number", "blind"), Some((json!(1), json!(2.0))));
    assert_eq!(mode("name", "correct"), Some((json!(1), json!(2.0))));
    assert!(mode("name", "confirm").is_some() && mode("one_of", "confirm").is_some());
    let shown = page(&ada, "/quality").await;
    for words in ["Shown and confirmed", "Shown and corrected", "Hidden"] {
        assert!(shown.contains(words), "{words}");
    }
    // What went wrong most: the field that somebody had to correct.
    let sue = site.browser("sue").await;
    let all = figures(&sue).await;
    let fields = all["all"]["wrong_fields"].as_array().unwrap();
    let changed = |name: &str| fields.iter().find(|f| f["name"] == name);
    assert_eq!(
        changed("primary_carer.first_name").map(|f| &f["changed"]),
        Some(&json!(1))
    );
    assert_eq!(changed("child_1.surname"), None, "it was read rightly");
    assert!(
        page(&sue, "/quality")
            .await
            .contains("What goes wrong most")
    );
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_and_waiting_fields_stay_within_the_centres() {
    let site = Site::start_with(|config| {
        config.keying.double = vec![FieldKind::NhsNumber];
        config.keying.qa_share_clerk = 1.0;
        config.keying.qa_share_most = 1.0;
    })
    .await;
    site.account("oak-clerk", &[Role::Clerk], &["OAK"]).await;
    site.account("oak-second", &[Role::SecondClerk], &["OAK"])
        .await;
    site.account("oak-boss", &[Role::Supervisor], &["OAK"])
        .await;
    site.account("riv-clerk", &[Role::Clerk], &["RIV"]).await;
    site.account("riv-boss", &[Role::Supervisor], &["RIV"])
        .await;
    let forms = [
        site.form("F-000611", &with_nhs_number()).await,
        site.form("F-000612", &by_another_family(with_nhs_number()))
            .await,
    ];
    sqlx::query("UPDATE document SET object_key = 'centres/oak/' || object_key")
        .execute(site.database.pool())
        .await
        .unwrap();
    sqlx::query("UPDATE page SET form_id = form_id")
        .execute(site.database.pool())
        .await
        .unwrap();
    let (clerk, second) = (
        site.browser("oak-clerk").await,
        site.browser("oak-second").await,
    );
    let (boss, stranger) = (
        site.browser("oak-boss").await,
        site.browser("riv-boss").await,
    );
    let riv = site.browser("riv-clerk").await;
    for form in forms {
        let mut sent = clerk.confirmed(form, "yes").await;
        sent.push(("seconds:primary_carer.surname".into(), "4".into()));
        let done = clerk.send(form, &sent).await;
        assert!(done.url().query().unwrap_or_default().starts_with("done="));
    }

    // Two numbers wait for a second person of the centre, and for nobody of another.
    let task = page(&second, "/second").await;
    assert!(text(&task, ".enrol-overview__facts").starts_with("2 fields"));
    for browser in [&riv, &stranger] {
        let nothing = page(browser, "/second").await;
        assert!(nothing.contains("No field waits to be keyed a second time"));
    }
    for (browser, sees) in [(&boss, true), (&stranger, false)] {
        let waiting = page(browser, "/second/waiting").await;
        assert_eq!(waiting.contains("F-000611"), sees);
        assert_eq!(waiting.contains("2 to key before"), sees, "{waiting}");
        let quality = page(browser, "/quality").await;
        assert_eq!(quality.contains("2 before a record is made"), sees);
    }

    // A field that somebody has claimed is neither answered nor given back by somebody else, nor is its picture shown.
    let theirs = attribute(&task, "form[data-enrol-second]", "action");
    let version = hidden(&task, "version");
    let csrf = hidden(&page(&boss, "/quality").await, "csrf");
    let stolen = [
        ("csrf", csrf.as_str()),
        ("version", version.as_str()),
        ("value:primary_carer.nhs_number", "9990000026"),
    ];
    let refused = boss.post(&theirs, &stolen).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert_eq!(
        boss.get(&format!("{theirs}/crop")).await.status(),
        StatusCode::NOT_FOUND
    );
    boss.post(&format!("{theirs}/release"), &stolen[..1]).await;
    let held = "SELECT count(*) FROM keying_task WHERE lease_holder IS NOT NULL AND state = 'open'";
    assert_eq!(site.count(held).await, 1, "it is still the one who has it");

    // The first form's number is keyed alike, the other differently, and the sample finds a name wrong.
    const NUMBER: &str = "value:primary_carer.nhs_number";
    answer(&second, &task, &[(NUMBER, "9990000018")]).await;
    let task = page(&second, "/second").await;
    answer(&second, &task, &[(NUMBER, "9990000026")]).await;
    let waits = figures(&boss).await;
    assert_eq!(waits["all"]["waiting_differing"], 1);
    assert_eq!(figures(&stranger).await["all"]["waiting_differing"], 0);
    let elsewhere = page(&stranger, "/second/adjudicate").await;
    assert!(text(&elsewhere, ".enrol-empty").contains("Nothing") || !elsewhere.contains("choice"));
    for _ in 0..60 {
        let task = page(&second, "/second").await;
        let name = attribute(&task, "[data-enrol-field]", "data-enrol-field");
        if name.is_empty() {
            break;
        }
        if name == "primary_carer.surname" {
            answer(
                &second,
                &task,
                &[("value:primary_carer.surname", "Exampel")],
            )
            .await;
            break;
        }
        sqlx::query(
            "UPDATE keying_task SET state = 'withdrawn' WHERE name = $1 AND state = 'open'",
        )
        .bind(&name)
        .execute(site.database.pool())
        .await
        .unwrap();
    }
    sqlx::query(
        "UPDATE keying_task SET lease_holder = NULL, state = 'withdrawn', second_as = NULL, second_value = NULL
         WHERE state = 'differs' AND purpose = 'double'",
    )
    .execute(site.database.pool())
    .await
    .unwrap();
    let difference = page(&boss, "/second/adjudicate").await;
    let typed = [
        ("choice", "other"),
        ("value:primary_carer.surname", "Exampel"),
    ];
    answer(&boss, &difference, &typed).await;

    // The supervisor of the centre sees the clerk's figures; the one of another centre sees nobody's.
    let ours = figures(&boss).await;
    assert_eq!(ours["all"]["wrong_records"], 1);
    assert_eq!(ours["all"]["straight_through"]["forms"], 1);
    let names: Vec<&str> = ours["clerks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"oak-clerk"), "{names:?}");
    assert!(!ours["modes"].as_array().unwrap().is_empty());
    let theirs = figures(&stranger).await;
    assert_eq!(theirs["clerks"], json!([]));
    assert_eq!(theirs["modes"], json!([]));
    let all = &theirs["all"];
    assert_eq!(
        (&all["rates"], &all["reasons"], &all["wrong_fields"]),
        (&json!([]), &json!([]), &json!([]))
    );
    assert_eq!(
        (&all["wrong_records"], &all["straight_through"]["forms"]),
        (&json!(0), &json!(0))
    );
    // Nor may somebody elsewhere say that the wrong record is dealt with.
    let quality = page(&boss, "/quality").await;
    assert!(quality.contains("Of the forms of your centres: OAK"));
    let path = attribute(
        &quality,
        "form[action^='/quality/wrong-records/']",
        "action",
    );
    let csrf = hidden(&page(&stranger, "/quality").await, "csrf");
    let refused = stranger.post(&path, &[("csrf", &csrf)]).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    assert_eq!(figures(&boss).await["all"]["wrong_records"], 1);
    // Clerks see their own figures and nobody else's.
    let own = figures(&clerk).await;
    assert_eq!(own["clerks"].as_array().unwrap().len(), 1);
    assert_eq!(own["clerks"][0]["name"], "oak-clerk");
    let other = figures(&riv).await;
    assert_eq!(other["clerks"][0]["cases"], 0);
    site.stop().await;
}
