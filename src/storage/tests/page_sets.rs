//! Pages finding their form.

use super::support::{Stage, form, from_page, read_again};
use crate::{
    domain::reading::{DocumentReading, UnplacedOutcome, UnplacedPage},
    storage::{
        progress::{Subject, Watcher},
        reading,
        summary::{Summary, summary},
    },
};

const FORM_STATE: &str = "SELECT state FROM form";
const FORM_REASON: &str = "SELECT reason FROM form";

#[tokio::test]
async fn a_whole_form_in_one_file_waits_for_a_clerk() {
    let stage = Stage::new().await;
    let recorded = stage
        .scan(
            "a.pdf",
            vec![form(stage.definition(), 1, Some("000001"), &[1, 2, 3])],
        )
        .await;
    assert_eq!(recorded.state, "read");
    assert!(recorded.forms[0].complete);
    assert_eq!(recorded.forms[0].reference, "F-000001");
    assert_eq!(stage.text(FORM_STATE).await.as_deref(), Some("in_review"));
    assert_eq!(stage.text(FORM_REASON).await, None);
    let expected = stage
        .definition()
        .fields
        .iter()
        .filter(|f| f.page <= 3)
        .count();
    assert_eq!(
        stage.count("SELECT count(*) FROM field").await,
        i64::try_from(expected).unwrap()
    );
}

#[tokio::test]
async fn pages_join_in_any_order_from_any_number_of_files() {
    let stage = Stage::new().await;
    for (key, page) in [("third.png", 3), ("first.png", 1), ("continuation.png", 4)] {
        let recorded = stage
            .scan(
                key,
                vec![form(stage.definition(), 1, Some("000001"), &[page])],
            )
            .await;
        assert!(!recorded.forms[0].complete);
    }
    assert_eq!(stage.text(FORM_STATE).await.as_deref(), Some("incomplete"));
    let reason = stage.text(FORM_REASON).await.unwrap();
    assert!(
        reason.starts_with("Page 2 is missing: scan it and upload it; it joins the rest"),
        "{reason}"
    );

    let recorded = stage
        .scan(
            "second.png",
            vec![form(stage.definition(), 1, Some("000001"), &[2])],
        )
        .await;
    assert!(recorded.forms[0].complete);
    assert_eq!(stage.text(FORM_STATE).await.as_deref(), Some("in_review"));
    assert!(
        stage
            .text(FORM_REASON)
            .await
            .unwrap()
            .contains("different files")
    );
    assert_eq!(stage.count("SELECT count(*) FROM form").await, 1);
    let expected = stage.definition().fields.len();
    assert_eq!(
        stage.count("SELECT count(*) FROM field").await,
        i64::try_from(expected).unwrap()
    );
}

#[tokio::test]
async fn a_sheet_scanned_again_is_a_duplicate() {
    let stage = Stage::new().await;
    let whole = form(stage.definition(), 1, Some("000001"), &[1, 2, 3]);
    stage.scan("a.pdf", vec![whole.clone()]).await;
    let recorded = stage.scan("again.pdf", vec![read_again(whole)]).await;
    assert_eq!(recorded.state, "duplicate");
    assert_eq!(stage.count("SELECT count(*) FROM form").await, 1);
    assert_eq!(
        stage
            .count("SELECT count(*) FROM page WHERE outcome = 'duplicate'")
            .await,
        3
    );
    assert_eq!(
        stage
            .text("SELECT a.object_key FROM document d JOIN document a ON a.id = d.duplicate_of")
            .await
            .as_deref(),
        Some("a.pdf")
    );
}

#[tokio::test]
async fn a_second_scan_with_the_missing_page_completes_the_form() {
    let stage = Stage::new().await;
    stage
        .scan(
            "a.pdf",
            vec![form(stage.definition(), 1, Some("000001"), &[1, 3])],
        )
        .await;
    let whole = read_again(form(stage.definition(), 1, Some("000001"), &[1, 2, 3]));
    let recorded = stage.scan("whole.pdf", vec![whole]).await;
    assert!(recorded.forms[0].complete);
    assert_eq!(
        stage
            .count("SELECT count(*) FROM page WHERE outcome = 'duplicate'")
            .await,
        2
    );
    let summary = summary(&stage.database).await.unwrap();
    assert_eq!((summary.scans, summary.duplicates), (1, 2));
}

#[tokio::test]
async fn two_families_with_one_set_number_are_never_mixed() {
    let stage = Stage::new().await;
    stage
        .scan(
            "a.pdf",
            vec![form(stage.definition(), 1, Some("000001"), &[1, 2, 3])],
        )
        .await;
    // Page 4 of the first family is not there, so the place of the second family's page 4 is free.
    let recorded = stage
        .scan(
            "photocopy.pdf",
            vec![form(stage.definition(), 2, Some("000001"), &[1, 2, 3, 4])],
        )
        .await;
    assert_eq!(recorded.state, "exception");
    assert_eq!(recorded.forms, []);
    assert_eq!(
        stage
            .count("SELECT count(*) FROM page WHERE outcome = 'exception'")
            .await,
        4
    );
    assert_eq!(
        stage
            .count("SELECT count(*) FROM page WHERE outcome = 'in_form'")
            .await,
        3
    );
    let reason = stage
        .text("SELECT reason FROM document WHERE state = 'exception'")
        .await
        .unwrap();
    assert!(reason.contains("same set number (F-000001)"), "{reason}");
    let summary = summary(&stage.database).await.unwrap();
    assert_eq!(
        (summary.scans, summary.in_review, summary.exceptions),
        (2, 1, 1)
    );
    assert!(summary.adds_up());
}

#[tokio::test]
async fn a_page_of_ticks_alone_is_not_taken_for_the_one_that_is_there() {
    let stage = Stage::new().await;
    let mut whole = form(stage.definition(), 1, Some("000001"), &[1, 2, 3]);
    for field in whole.fields.iter_mut().filter(|field| field.page == 3) {
        if field.raw.take().is_some() {
            field.value = None;
        }
    }
    stage.scan("a.pdf", vec![whole.clone()]).await;
    let mut consents = from_page(whole.clone(), 1);
    consents.pages.retain(|page| page.page == 3);
    consents.fields.retain(|field| field.page == 3);
    assert_eq!(
        stage.scan("page-3.pdf", vec![consents]).await.state,
        "exception"
    );
    // With the other pages it is known for what it is.
    assert_eq!(
        stage.scan("again.pdf", vec![read_again(whole)]).await.state,
        "duplicate"
    );
}

#[tokio::test]
async fn photocopied_blanks_group_within_their_file_only() {
    let stage = Stage::new().await;
    let forms = vec![
        form(stage.definition(), 1, None, &[1, 2, 3]),
        from_page(form(stage.definition(), 2, None, &[1, 2]), 4),
    ];
    let recorded = stage.scan("stack.pdf", forms).await;
    assert_eq!(
        recorded
            .forms
            .iter()
            .map(|f| f.complete)
            .collect::<Vec<_>>(),
        [true, false]
    );
    stage
        .scan("late.pdf", vec![form(stage.definition(), 2, None, &[3])])
        .await;
    assert_eq!(stage.count("SELECT count(*) FROM form").await, 3);
    let reason = stage
        .text("SELECT reason FROM form WHERE reference = 'F-000002'")
        .await
        .unwrap();
    assert!(reason.contains("no set number"), "{reason}");
}

#[tokio::test]
async fn two_files_completing_one_set_at_once_make_one_form() {
    let stage = Stage::new().await;
    for round in 0..8_u64 {
        let set = format!("{round:06}");
        let (first, second) = (
            stage.document(&format!("{set}-1")).await,
            stage.document(&format!("{set}-2")).await,
        );
        let (first, second) = (stage.claim(first).await, stage.claim(second).await);
        let (a, b) = tokio::join!(
            stage.record(
                &first,
                vec![form(stage.definition(), round, Some(&set), &[1, 3])]
            ),
            stage.record(
                &second,
                vec![form(stage.definition(), round, Some(&set), &[2])]
            ),
        );
        assert_eq!(a.forms[0].id, b.forms[0].id);
        assert!(
            a.forms[0].complete ^ b.forms[0].complete,
            "the later one sees both"
        );
    }
    assert_eq!(
        stage
            .count("SELECT count(*) FROM form WHERE state = 'in_review'")
            .await,
        8
    );
}

#[tokio::test]
async fn files_with_pages_of_the_same_sets_do_not_wait_for_each_other() {
    let stage = Stage::new().await;
    for round in 0..8_u64 {
        let sets = [format!("{:06}", 2 * round), format!("{:06}", 2 * round + 1)];
        let page = |set: usize, page| {
            form(
                stage.definition(),
                2 * round + set as u64,
                Some(&sets[set]),
                &[page],
            )
        };
        let (first, second) = (
            stage.document(&sets[0]).await,
            stage.document(&sets[1]).await,
        );
        let (first, second) = (stage.claim(first).await, stage.claim(second).await);
        tokio::join!(
            stage.record(&first, vec![page(0, 1), from_page(page(1, 1), 2)]),
            stage.record(&second, vec![page(1, 2), from_page(page(0, 2), 2)]),
        );
    }
    assert_eq!(stage.count("SELECT count(*) FROM form").await, 16);
    assert_eq!(
        stage
            .count("SELECT count(*) FROM page WHERE outcome = 'in_form'")
            .await,
        32
    );
}

#[tokio::test]
async fn a_page_of_a_finished_form_needs_a_person() {
    let stage = Stage::new().await;
    stage
        .scan(
            "a.pdf",
            vec![form(stage.definition(), 1, Some("000001"), &[1, 2, 3])],
        )
        .await;
    stage
        .execute("UPDATE form SET state = 'settled', settled_at = now()")
        .await;
    let recorded = stage
        .scan(
            "late.pdf",
            vec![form(stage.definition(), 1, Some("000001"), &[4])],
        )
        .await;
    assert_eq!(recorded.state, "exception");
    let again = stage
        .scan(
            "again.pdf",
            vec![form(stage.definition(), 1, Some("000001"), &[2])],
        )
        .await;
    assert_eq!(again.state, "duplicate");
}

#[tokio::test]
async fn nothing_from_a_special_zone_is_stored_in_the_clear() {
    let stage = Stage::new().await;
    let mut whole = form(stage.definition(), 1, Some("000001"), &[1, 2, 3]);
    let special: Vec<_> = stage
        .definition()
        .fields
        .iter()
        .filter(|f| {
            f.rules.category == crate::forms::definition::DataCategory::Special && f.page <= 3
        })
        .map(|f| f.name.clone())
        .collect();
    assert!(!special.is_empty());
    for field in whole
        .fields
        .iter_mut()
        .filter(|field| special.contains(&field.name))
    {
        field.raw = Some("QXSECRETXQ".into());
    }
    stage.scan("a.pdf", vec![whole]).await;
    assert_eq!(
        stage.count("SELECT count(*) FROM field_special").await,
        i64::try_from(special.len()).unwrap()
    );
    assert_eq!(
        stage
            .count("SELECT count(*) FROM field WHERE field::text LIKE '%QXSECRETXQ%'")
            .await,
        0
    );
    assert_eq!(stage.count("SELECT count(*) FROM field_special WHERE encode(sealed, 'escape') LIKE '%QXSECRETXQ%'").await, 0);
}

#[tokio::test]
async fn the_sum_adds_up_and_changes_are_reported_once() {
    let stage = Stage::new().await;
    let mut watcher = Watcher::new(
        stage.database.clone(),
        chrono::Utc::now() - chrono::Duration::minutes(1),
    );
    stage
        .scan(
            "a.pdf",
            vec![form(stage.definition(), 1, Some("000001"), &[1, 2, 3])],
        )
        .await;
    stage
        .scan(
            "half.pdf",
            vec![form(stage.definition(), 2, Some("000002"), &[1])],
        )
        .await;
    stage
        .scan(
            "again.pdf",
            vec![form(stage.definition(), 1, Some("000001"), &[2])],
        )
        .await;
    let photo = stage.document("holiday.jpg").await;
    let lease = stage.claim(photo).await;
    let unplaced = |document_page, outcome, reason: &str| UnplacedPage {
        document_page,
        outcome,
        reason: reason.into(),
    };
    let reading = DocumentReading {
        model: String::new(),
        forms: Vec::new(),
        unplaced: vec![
            unplaced(1, UnplacedOutcome::Exception, "This is not a form."),
            unplaced(2, UnplacedOutcome::Blank, "Nothing on it."),
        ],
    };
    reading::record(
        &stage.database,
        &stage.sealer,
        &stage.definitions,
        &lease,
        &reading,
    )
    .await
    .unwrap();
    let waiting = stage.document("waiting.pdf").await;

    let counted = summary(&stage.database).await.unwrap();
    let expected = Summary {
        scans: 3,
        records: 0,
        in_review: 1,
        exceptions: 2,
        quarantined: 0,
        duplicates: 1,
        events: 0,
        updates: 0,
        in_progress: 1,
        unpublished: 5,
    };
    assert_eq!(counted, expected);
    assert!(counted.adds_up());
    assert_eq!(
        counted.to_string(),
        "scans 3 = records 0 + in review 1 + exceptions 2 + quarantined 0; duplicates 1; events 0 created, 0 updated"
    );

    let changes = watcher.changes().await.unwrap();
    assert_eq!(changes.len(), 7);
    let form = changes
        .iter()
        .find(|c| c.subject == Subject::Form && c.state == "in_review")
        .unwrap();
    assert_eq!(
        (form.name.as_str(), form.files.as_slice()),
        ("F-000001", ["a.pdf".to_owned()].as_slice())
    );
    let photo = changes.iter().find(|c| c.id == photo).unwrap();
    assert_eq!(
        (photo.state.as_str(), photo.reason.as_deref()),
        ("exception", Some("This is not a form."))
    );
    assert_eq!(watcher.changes().await.unwrap(), []);
    stage.claim(waiting).await;
    let changes = watcher.changes().await.unwrap();
    assert_eq!(
        changes.iter().map(|c| c.state.as_str()).collect::<Vec<_>>(),
        ["reading"]
    );
}
