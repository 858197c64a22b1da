//! A family is erased, and nothing of it is found anywhere afterwards.

use std::io::Cursor;
use std::time::{Duration, Instant};

use chrono::Utc;
use enrol::decoding::{DecodeLimits, Decoder};
use enrol::demonstration::Truth;
use enrol::domain::role::Role;
use enrol::storage::accounts::{self, NewAccount};
use enrol::storage::audit_chain;
use enrol::storage::erasure::{self, KEPT, Proposal, REACHED, Reason, Subject};
use enrol::storage::sealing::Sealer;
use sqlx::{AssertSqlSafe, Row};
use tiff::encoder::{TiffEncoder, colortype::Gray8};
use uuid::Uuid;

use crate::rig::{Rig, files_in, samples, truths_in};

/// Named after the family, as people do.
const TOGETHER: &str = "samples/centres/OAK/Patel and another.tiff";

/// The pages of two families' scans as one file, as somebody leaves them in the feeder.
fn in_one_file(folders: &[&str]) -> Vec<u8> {
    let decoder = Decoder::find().unwrap();
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out).unwrap();
    for file in folders.iter().flat_map(|folder| files_in(folder)) {
        let bytes = std::fs::read(samples().join(file)).unwrap();
        let pages = decoder.decode(&bytes, &DecodeLimits::default()).unwrap();
        for page in pages {
            encoder
                .write_image::<Gray8>(page.width, page.height, &page.grey)
                .unwrap();
        }
    }
    out.into_inner()
}

async fn account(rig: &Rig, user_name: &str, role: Role) -> Uuid {
    let new = NewAccount {
        user_name,
        display_name: user_name,
        roles: &[role],
        centres: &[],
        password_hash: "none",
    };
    accounts::put(&rig.database, new).await.unwrap();
    sqlx::query_scalar("SELECT id FROM account WHERE user_name = $1")
        .bind(user_name)
        .fetch_one(rig.database.pool())
        .await
        .unwrap()
}

/// Tables with a row in which `needle` stands, whatever its capitals.
async fn tables_with(rig: &Rig, needle: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
    )
    .fetch_all(rig.database.pool())
    .await
    .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let query = format!(
            "SELECT count(*) AS n FROM {table} t WHERE strpos(upper(t::text), upper($1)) > 0"
        );
        let row = sqlx::query(AssertSqlSafe(query))
            .bind(needle)
            .fetch_one(rig.database.pool())
            .await
            .unwrap();
        if row.get::<i64, _>("n") > 0 {
            found.push(table);
        }
    }
    found
}

/// What a family wrote that leads to it and to nobody else.
fn marks(truth: &Truth) -> Vec<String> {
    let telling = [
        "surname",
        "nhs_number",
        "email",
        "mobile",
        "address_line_1",
        "date_of_birth",
    ];
    truth
        .fields
        .iter()
        .filter(|(name, _)| telling.iter().any(|part| name.ends_with(part)))
        .filter_map(|(_, value)| value.as_str().map(str::to_owned))
        // Shorter ones stand in other words too.
        .filter(|value| value.len() >= 6)
        .collect()
}

async fn ids(rig: &Rig, sql: &'static str, of: Uuid) -> Vec<Uuid> {
    sqlx::query_scalar(sql)
        .bind(of)
        .fetch_all(rig.database.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_family_leaves_no_trace_and_the_other_one_in_its_file_stays() {
    let mut rig = Rig::start().await;
    let (ida, lea) = (
        account(&rig, "ida", Role::InformationGovernance).await,
        account(&rig, "lea", Role::SafeguardingLead).await,
    );
    let folders = ["scans/14-png-pages", "scans/05-page-files"];
    let together = in_one_file(&folders);
    // The same file twice: a copy is a trace too.
    for key in [TOGETHER, "samples/centres/OAK/Patel again.tiff"] {
        rig.store
            .put(key, together.clone().into(), "image/tiff")
            .await
            .unwrap();
    }
    rig.wait_for(2).await;
    let truths: Vec<Truth> = folders.into_iter().flat_map(truths_in).collect();
    assert_eq!(rig.settle_all(&truths).await.settled(), 2);
    rig.wait_for(2).await;
    let family_of = |set: &str| {
        let sql = "SELECT r.household_id FROM registration r JOIN form f ON f.id = r.form_id WHERE f.set_number = $1";
        sqlx::query_scalar::<_, Uuid>(sql).bind(set.to_owned())
    };
    let set = |at: usize| truths[at].set_number.clone().unwrap();
    let goes = family_of(&set(0))
        .fetch_one(rig.database.pool())
        .await
        .unwrap();
    let stays = family_of(&set(1))
        .fetch_one(rig.database.pool())
        .await
        .unwrap();
    let members = "SELECT service_user_id FROM household_member WHERE household_id = $1";
    let forms = "SELECT form_id FROM registration WHERE household_id = $1";
    let mut traces = ids(&rig, members, goes).await;
    traces.extend(ids(&rig, forms, goes).await);
    traces.push(goes);
    let marks_of_others = marks(&truths[1]);
    let gone: Vec<String> = marks(&truths[0])
        .into_iter()
        .filter(|m| !marks_of_others.contains(m))
        .collect();
    assert!(gone.len() >= 5, "enough to look for");
    assert!(
        !tables_with(&rig, &gone[0]).await.is_empty(),
        "the search finds what is there"
    );

    let sealer = Sealer::from_key_file(&rig.stack.config.keys.special_category_key_file).unwrap();
    // One proposes, nobody agrees alone, and what was agreed is done by the programs.
    let proposal = Proposal {
        reason: Reason::Request,
        rule: "It is not needed any more".to_owned(),
        subjects: vec![Subject::Household(goes)],
        by: ida,
        at: Utc::now(),
    };
    let plan = erasure::propose(&rig.database, &rig.address, &proposal)
        .await
        .unwrap()
        .unwrap();
    assert!(
        erasure::decide(&rig.database, &sealer, plan, ida, true, Utc::now())
            .await
            .is_err()
    );
    erasure::decide(&rig.database, &sealer, plan, lea, true, Utc::now())
        .await
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    let done = loop {
        let found = erasure::find(&rig.database, plan).await.unwrap().unwrap();
        if found.finished_at.is_some() {
            break found;
        }
        assert!(Instant::now() < deadline, "not erased in time: {found:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    assert_eq!((done.erased, done.kept), (1, 0));

    // No table holds anything it wrote, and none that tells of families its ids.
    for mark in &gone {
        assert_eq!(tables_with(&rig, mark).await, [] as [&str; 0], "{mark}");
    }
    let named = tables_with(&rig, "Patel").await;
    assert_eq!(
        named,
        [] as [&str; 0],
        "nor the name that somebody gave the file"
    );
    for id in &traces {
        for table in tables_with(&rig, &id.to_string()).await {
            let may = KEPT.iter().any(|(kept, _)| *kept == table) || table == "outbox";
            assert!(may, "{table} still names the family");
        }
    }
    // The scans are gone, and so is each copy of them; what is left of the file does not show the family's pages.
    let objects = rig.store.list("").await.unwrap();
    assert_eq!(objects.len(), 1, "{objects:?}");
    let left = rig.store.get(&objects[0].key).await.unwrap();
    assert_ne!(left, together);
    let mut pages = tiff::decoder::Decoder::new(Cursor::new(left.to_vec())).unwrap();
    let of_first = files_in(folders[0]).len();
    for page in 0..of_first + files_in(folders[1]).len() {
        let tiff::decoder::DecodingResult::U8(grey) = pages.read_image().unwrap() else {
            panic!("the copy is grey");
        };
        assert_eq!(
            grey.iter().all(|p| *p == 255),
            page < of_first,
            "page {page}"
        );
        if pages.more_images() {
            pages.next_image().unwrap();
        }
    }
    // Its sweep does not take in what is left, and the other family can still be looked at.
    let original: String = sqlx::query_scalar("SELECT original_key FROM document")
        .fetch_one(rig.database.pool())
        .await
        .unwrap();
    assert_eq!(original, objects[0].key);
    assert_eq!(ids(&rig, members, stays).await.len(), ids(&rig, "SELECT service_user_id FROM match_key k JOIN household_member m USING (service_user_id) WHERE m.household_id = $1", stays).await.len());
    let crop = "SELECT count(*) FROM page p JOIN document d ON d.id = p.document_id WHERE d.centre = 'OAK' AND p.outcome = 'in_form'";
    assert!(rig.count(crop).await >= 3);

    // Everybody who knew is told, by ids.
    rig.wait_for(1).await;
    let events = rig.events(3).await;
    let erased: Vec<_> = events
        .iter()
        .filter(|e| e["type"] == "uk.enrol.contact.erased.v1")
        .collect();
    assert_eq!(erased.len(), 1);
    assert_eq!(erased[0]["data"]["household_id"], goes.to_string());
    let told = serde_json::to_string(&events).unwrap().to_uppercase();
    let logged = rig.logs().to_uppercase();
    for mark in &gone {
        assert!(
            !told.contains(&mark.to_uppercase()),
            "an event names the family"
        );
        assert!(
            !logged.contains(&mark.to_uppercase()),
            "a log names the family"
        );
    }
    assert!(!logged.contains("PATEL"));
    audit_chain::verify(&rig.database, None)
        .await
        .unwrap()
        .unwrap();
    let noted = "SELECT count(*) FROM audit_entry WHERE action IN ('proposed_erasure', 'approved_erasure', 'erased')";
    assert_eq!(rig.count(noted).await, 3);
    rig.stop().await;
}

/// A new table must say whether erasing reaches it.
#[tokio::test]
async fn every_table_is_reached_or_kept_for_a_reason() {
    let rig = Rig::start().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%' ORDER BY 1",
    )
    .fetch_all(rig.database.pool())
    .await
    .unwrap();
    let mut named: Vec<&str> = REACHED.to_vec();
    named.extend(KEPT.iter().map(|(table, _)| *table));
    named.sort_unstable();
    assert_eq!(tables, named);
    rig.stop().await;
}
