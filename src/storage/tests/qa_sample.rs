//! The sample that is keyed again after records are made, and what it teaches.

use chrono::{TimeDelta, Utc};

use super::second_stage::{
    NHS_FIELD, NHS_NUMBER, OTHER_NUMBER, Office, RECORDS, another_family, text,
};
use crate::domain::field::FieldKind;
use crate::domain::household::Settled;
use crate::storage::adjudication::{self, Decision};
use crate::storage::centres::Scope;
use crate::storage::keying_times::{self, KeyingTime};
use crate::storage::quality::{self, Of};
use crate::storage::second_keying::{self, Keyed, Task};
use crate::storage::{calibration_cases, keying_waits};

/// A record of which every field was drawn; `accepted` came from the machine.
async fn drawn(accepted: &[&str]) -> Office {
    let mut office = Office::new(&[]).await;
    office.rules.qa_share_most = 0.1;
    let form = office.read(1, accepted).await;
    office.submit(form, accepted, &[]).await.unwrap();
    assert_eq!(office.stage.count(RECORDS).await, 1);
    office
}

async fn task_of(office: &Office, name: &str) -> Task {
    let rules = &office.rules;
    loop {
        let task = second_keying::next(&office.stage.database, rules, &Scope::ALL, office.ben)
            .await
            .unwrap()
            .unwrap();
        if task.name == name {
            return task;
        }
        sqlx::query("DELETE FROM keying_task WHERE id = $1")
            .bind(task.id)
            .execute(office.stage.database.pool())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn the_chance_of_each_field_is_kept_and_whoever_settled_the_form_is_not_asked() {
    let office = drawn(&[NHS_FIELD]).await;
    let (stage, rules) = (&office.stage, &office.rules);
    let tasks = "SELECT count(*) FROM keying_task WHERE purpose = 'qa' AND chance = 0.1";
    assert!(stage.count(tasks).await > 8);
    assert_eq!(
        stage.count(tasks).await,
        stage.count("SELECT count(*) FROM keying_task").await
    );
    let special = "SELECT count(*) FROM keying_task JOIN field USING (form_id, name) WHERE special";
    assert_eq!(stage.count(special).await, 0);
    let machine = "SELECT count(*) FROM keying_task WHERE first_by IS NULL AND mode IS NULL";
    assert_eq!(stage.count(machine).await, 1);
    assert_eq!(
        second_keying::next(&stage.database, rules, &Scope::ALL, office.ada)
            .await
            .unwrap(),
        None
    );
    assert!(
        second_keying::next(&stage.database, rules, &Scope::ALL, office.ben)
            .await
            .unwrap()
            .is_some()
    );
    // Nothing is drawn where chance says no, or sampling is off.
    let mut quiet = Office::new(&[]).await;
    let form = quiet.read(1, &[]).await;
    quiet.submit(form, &[], &[]).await.unwrap();
    assert_eq!(
        quiet.stage.count("SELECT count(*) FROM keying_task").await,
        0
    );
    quiet.rules.qa_share_most = 0.1;
    let form = quiet.read(2, &[]).await;
    let never = crate::storage::settlement::SettlementContext {
        chance: &|| 0.999,
        ..quiet.context()
    };
    let mut tx = quiet.stage.database.begin().await.unwrap();
    crate::storage::qa_sample::draw(&mut tx, &never, form, Some(quiet.ada), Utc::now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        quiet.stage.count("SELECT count(*) FROM keying_task").await,
        0
    );
}

#[tokio::test]
async fn a_case_waits_for_the_sample_and_counts_what_it_says() {
    let office = drawn(&[NHS_FIELD]).await;
    let (db, stage) = (&office.stage.database, &office.stage);
    let context = office.context();
    assert_eq!(
        calibration_cases::all(db).await.unwrap(),
        [],
        "every field was drawn"
    );
    let waiting = stage.count("SELECT count(*) FROM field_signals").await;

    // The machine accepted the number, and everybody agrees with it: a case of a field that no clerk settled.
    let task = task_of(&office, NHS_FIELD).await;
    let keyed = second_keying::key(
        db,
        &context,
        task.id,
        task.version,
        office.ben,
        &text(NHS_NUMBER),
    )
    .await;
    assert_eq!(keyed.unwrap(), Keyed::Agrees);
    let cases = calibration_cases::all(db).await.unwrap();
    assert_eq!(cases.iter().map(|c| c.right).collect::<Vec<_>>(), [true]);
    assert_eq!(
        stage.count("SELECT count(*) FROM field_signals").await,
        waiting - 1
    );
    let rates = quality::checked(db, &Scope::ALL, Utc::now() - TimeDelta::days(1))
        .await
        .unwrap();
    assert_eq!(
        (rates[0].source.as_str(), rates[0].cases, rates[0].wrong),
        ("machine", 1, 0)
    );
}

#[tokio::test]
async fn a_clerk_who_confirmed_too_fast_does_not_teach_a_wrong_answer() {
    let office = drawn(&[]).await;
    let (db, stage) = (&office.stage.database, &office.stage);
    let context = office.context();
    let task = task_of(&office, NHS_FIELD).await;
    let other = text(OTHER_NUMBER);
    let keyed = second_keying::key(db, &context, task.id, task.version, office.ben, &other).await;
    assert_eq!(keyed.unwrap(), Keyed::Differs);
    assert_eq!(calibration_cases::all(db).await.unwrap(), []);
    let since = Utc::now() - TimeDelta::days(1);
    let rates = quality::checked(db, &Scope::ALL, since).await.unwrap();
    assert_eq!(
        (rates[0].cases, rates[0].undecided),
        (0, 1),
        "not counted as right meanwhile"
    );
    let task = adjudication::next(db, &Scope::ALL, office.sue)
        .await
        .unwrap()
        .unwrap();
    let decision = Decision::Neither(other);
    let wrong =
        adjudication::decide(db, &context, task.id, task.version, office.sue, decision).await;
    assert!(wrong.unwrap(), "the record says something else");
    let cases = calibration_cases::all(db).await.unwrap();
    assert_eq!(cases.iter().map(|c| c.right).collect::<Vec<_>>(), [false]);
    let taken = stage
        .text("SELECT taken FROM keying_task WHERE state = 'decided'")
        .await;
    assert_eq!(
        taken.as_deref(),
        Some("second"),
        "typing what one of them said is taking it"
    );

    // The record stands; a supervisor is told until it is dealt with.
    let recorded = stage
        .text("SELECT nhs_number FROM service_user WHERE kind = 'carer'")
        .await;
    assert_eq!(recorded.as_deref(), Some(NHS_NUMBER));
    let records = keying_waits::wrong_records(db, &Scope::ALL, 10)
        .await
        .unwrap();
    assert_eq!((records.len(), records[0].name.as_str()), (1, NHS_FIELD));
    keying_waits::dealt_with(db, &Scope::ALL, records[0].task_id, office.sue)
        .await
        .unwrap();
    assert_eq!(
        keying_waits::wrong_records(db, &Scope::ALL, 10)
            .await
            .unwrap(),
        []
    );

    let rates = quality::checked(db, &Scope::ALL, since).await.unwrap();
    assert_eq!(
        (rates[0].source.as_str(), rates[0].cases, rates[0].wrong),
        ("clerk", 1, 1)
    );
    let adas = quality::clerks(db, Of::Account(office.ada), since)
        .await
        .unwrap();
    assert_eq!((adas[0].cases, adas[0].wrong), (1, 1));
    let bens = quality::clerks(db, Of::Account(office.ben), since)
        .await
        .unwrap();
    assert_eq!((bens[0].cases, bens[0].wrong), (0, 0));
}

#[tokio::test]
async fn what_nobody_can_read_teaches_nothing() {
    let office = drawn(&[]).await;
    let (db, context) = (&office.stage.database, office.context());
    let task = task_of(&office, NHS_FIELD).await;
    second_keying::key(
        db,
        &context,
        task.id,
        task.version,
        office.ben,
        &Settled::Unreadable,
    )
    .await
    .unwrap();
    let task = adjudication::next(db, &Scope::ALL, office.sue)
        .await
        .unwrap()
        .unwrap();
    adjudication::decide(
        db,
        &context,
        task.id,
        task.version,
        office.sue,
        Decision::Second,
    )
    .await
    .unwrap();
    assert_eq!(calibration_cases::all(db).await.unwrap(), []);
    let left = "SELECT count(*) FROM field_signals WHERE name = 'primary_carer.nhs_number'";
    assert_eq!(office.stage.count(left).await, 0);
}

#[tokio::test]
async fn a_field_drawn_long_ago_is_no_longer_asked_for() {
    let office = drawn(&[]).await;
    let (stage, rules) = (&office.stage, &office.rules);
    stage
        .execute("UPDATE keying_task SET created_at = now() - interval '91 days'")
        .await;
    assert_eq!(
        second_keying::next(&stage.database, rules, &Scope::ALL, office.ben)
            .await
            .unwrap(),
        None
    );
    let form = office.read(2, &[]).await;
    office.submit(form, &[], &another_family()).await.unwrap();
    let old = "SELECT count(*) FROM field_signals JOIN keying_task USING (form_id, name) WHERE state = 'withdrawn'";
    assert!(
        stage
            .count("SELECT count(*) FROM keying_task WHERE state = 'withdrawn'")
            .await
            > 8
    );
    assert_eq!(stage.count(old).await, 0);
}

#[tokio::test]
async fn times_are_capped_and_compared_with_the_sample() {
    let office = drawn(&[]).await;
    let db = &office.stage.database;
    let form: uuid::Uuid = sqlx::query_scalar("SELECT id FROM form")
        .fetch_one(db.pool())
        .await
        .unwrap();
    let time = |seconds, changed| KeyingTime {
        account: office.ada,
        kind: FieldKind::NhsNumber,
        mode: "blind",
        seconds,
        changed,
    };
    let times = [
        time(4.0, false),
        time(6.0, true),
        time(4000.0, false),
        time(0.0, false),
    ];
    keying_times::record(db, form, &times).await.unwrap();
    let task = task_of(&office, NHS_FIELD).await;
    let number = text(NHS_NUMBER);
    second_keying::key(
        db,
        &office.context(),
        task.id,
        task.version,
        office.ben,
        &number,
    )
    .await
    .unwrap();
    let since = Utc::now() - TimeDelta::days(1);
    let modes = quality::modes(db, Of::Scope(&Scope::ALL), since)
        .await
        .unwrap();
    assert_eq!(modes.len(), 1);
    let blind = &modes[0];
    assert_eq!((blind.timed, blind.seconds, blind.changed), (3, 6.0, 1));
    assert_eq!(
        (blind.cases, blind.wrong),
        (1, 0),
        "read with 0.4, it was keyed blind"
    );
    assert_eq!(
        office
            .stage
            .count("SELECT count(*) FROM keying_time WHERE seconds > 120")
            .await,
        0
    );
    let through = quality::straight_through(db, &Scope::ALL, since)
        .await
        .unwrap();
    assert_eq!(
        (
            through.forms,
            through.forms_untouched,
            through.fields_untouched
        ),
        (1, 0, 0)
    );
}
