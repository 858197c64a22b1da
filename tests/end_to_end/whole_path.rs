//! Every sample and every hostile file once.

use std::collections::{BTreeMap, BTreeSet};

use enrol::demonstration::Expected;
use serde_json::Value as Json;

use crate::rig::{Rig, files_in, samples, truths, truths_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_clean_scan_becomes_a_record_and_every_hostile_file_is_accounted_for() {
    let mut rig = Rig::start().await;
    let scans = files_in("scans");
    let hostile = files_in("hostile");
    assert!(
        scans.len() >= 16 && hostile.len() >= 8,
        "{} scans, {} hostile files",
        scans.len(),
        hostile.len()
    );
    for file in scans.iter().chain(&hostile) {
        rig.put(file).await;
    }
    let read = rig.wait_for((scans.len() + hostile.len()) as i64).await;

    // What the machine alone makes of it: no consent and no handwriting is accepted, so nothing is a record yet.
    let truths = truths();
    let clean = truths
        .iter()
        .filter(|truth| truth.expected == Expected::Record)
        .count() as i64;
    let documents = rig.documents().await;
    assert_eq!((read.records, read.events), (0, 0), "{read}");
    assert_eq!(read.in_review, clean, "{read}\n{documents:#?}");

    let expected: BTreeMap<String, Json> =
        serde_json::from_slice(&std::fs::read(samples().join("hostile/expected.json")).unwrap())
            .unwrap();
    for file in &hostile {
        let name = file.trim_start_matches("hostile/");
        let outcome = expected[name]
            .as_str()
            .or_else(|| expected[name]["outcome"].as_str())
            .unwrap();
        let (state, reason) = &documents[&format!("samples/{file}")];
        assert_eq!(state, outcome, "{file}: {reason}");
        assert!(
            reason.len() > 20,
            "{file} needs a reason that a receptionist understands, not {reason:?}"
        );
    }

    // A clerk settles everything.
    let report = rig.settle_all(&truths).await;
    assert_eq!(report.settled() as i64, clean, "{report:#?}");
    let done = rig.wait_for(0).await;
    assert_eq!((done.records, done.in_review), (clean, 0), "{done}");
    assert_eq!(done.scans, read.scans, "settling loses no scan: {done}");
    assert_eq!(rig.count("SELECT count(*) FROM household").await, clean);
    assert_eq!(
        rig.count("SELECT count(*) FROM page WHERE outcome = 'in_form' AND form_id IS NULL")
            .await,
        0,
        "every page ends somewhere"
    );
    assert_eq!(
        rig.count("SELECT count(*) FROM document d WHERE state = 'read' AND page_count <> (SELECT count(*) FROM page p WHERE p.document_id = d.id)").await,
        0,
        "every page of every document has exactly one outcome"
    );

    // Exactly one event for each record, and nothing personal in it.
    let events = rig.events(clean).await;
    let forms: BTreeSet<&str> = events
        .iter()
        .map(|event| event["data"]["form_reference"].as_str().unwrap())
        .collect();
    assert_eq!((events.len() as i64, forms.len() as i64), (clean, clean));
    let published = serde_json::to_string(&events).unwrap().to_uppercase();
    let logged = rig.logs().to_uppercase();
    for truth in &truths {
        for (name, value) in &truth.fields {
            let personal = [
                "surname",
                "first_name",
                "nhs_number",
                "email",
                "postcode",
                "mobile",
                "phone",
            ];
            let Some(value) = value.as_str() else {
                continue;
            };
            if value.len() < 6 || !personal.iter().any(|part| name.ends_with(part)) {
                continue;
            }
            assert!(
                !published.contains(&value.to_uppercase()),
                "{name} of a person is in an event"
            );
            assert!(
                !logged.contains(&value.to_uppercase()),
                "{name} of a person is in a log"
            );
        }
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_family_that_comes_again_is_one_record_with_what_is_new() {
    let mut rig = Rig::start().await;
    rig.put("scans/01-office-scanner/scan.pdf").await;
    rig.wait_for(1).await;
    let first = truths_in("scans/01-office-scanner");
    assert_eq!(rig.settle_all(&first).await.settled(), 1);
    rig.put("again/01-office-scanner/form.pdf").await;
    rig.wait_for(2).await;
    let again = truths_in("again");
    assert_eq!(rig.settle_all(&again).await.settled(), 1);
    let waiting = rig.wait_for(2).await;
    assert_eq!((waiting.records, waiting.in_review), (1, 1), "{waiting}");
    assert_eq!(rig.count("SELECT count(*) FROM record_change").await, 0);

    assert_eq!(rig.decide().await, 1);
    let done = rig.wait_for(2).await;
    assert_eq!(
        (done.scans, done.records, done.in_review),
        (2, 2, 0),
        "{done}"
    );
    assert_eq!((done.events, done.updates), (1, 1), "{done}");
    assert_eq!(rig.count("SELECT count(*) FROM household").await, 1);
    assert_eq!(rig.count("SELECT count(*) FROM service_user").await, 4);
    let moved = "SELECT count(*) FROM address WHERE line_1 = '3 Millrace Close' AND until IS NULL";
    assert!(rig.count(moved).await > 0);
    let events = rig.events(2).await;
    let updated = events
        .iter()
        .find(|event| event["type"] == "uk.enrol.contact.updated.v1")
        .unwrap();
    let changed = updated["data"]["changed"].to_string();
    assert!(
        changed.contains("address") && changed.contains("mobile"),
        "{changed}"
    );
    assert!(!updated.to_string().contains("Millrace"));
    rig.stop().await;
}
