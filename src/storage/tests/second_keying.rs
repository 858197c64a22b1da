//! Double keying: never the same person twice, nothing lost, one record and one event.

use super::second_stage::{
    EVENTS, NHS_FIELD, NHS_NUMBER, OTHER_NUMBER, Office, RECORDS, SPECIAL_FIELD, text,
};
use super::support::{form, read_again};
use crate::domain::field::FieldKind;
use crate::domain::household::Settled;
use crate::storage::adjudication::{self, Decision};
use crate::storage::centres::Scope;
use crate::storage::keying_waits;
use crate::storage::second_keying::{self, KeyError, Keyed};
use crate::storage::settlement::Settlement;

const NUMBERS: &[FieldKind] = &[FieldKind::NhsNumber];
const STATE: &str = "SELECT state FROM form";
const RECORDED: &str = "SELECT nhs_number FROM service_user WHERE kind = 'carer'";

#[tokio::test]
async fn without_fields_to_key_twice_a_finished_form_is_a_record_at_once() {
    let office = Office::new(&[]).await;
    let form = office.read(1, &[]).await;
    let settled = office.submit(form, &[], &[]).await.unwrap();
    assert!(matches!(settled, Settlement::Record(_)));
    assert_eq!(office.stage.count(RECORDS).await, 1);
    assert_eq!(
        office.stage.count("SELECT count(*) FROM keying_task").await,
        0
    );
}

#[tokio::test]
async fn a_field_that_the_machine_accepted_is_not_keyed_twice() {
    let office = Office::new(NUMBERS).await;
    let form = office.read(1, &[NHS_FIELD]).await;
    let settled = office.submit(form, &[NHS_FIELD], &[]).await.unwrap();
    assert!(matches!(settled, Settlement::Record(_)));
}

#[tokio::test]
async fn two_people_who_agree_make_the_record_once() {
    let office = Office::new(NUMBERS).await;
    let (db, rules) = (&office.stage.database, &office.rules);
    let form = office.waiting(1).await;
    assert_eq!(
        office.stage.text(STATE).await.as_deref(),
        Some("second_keying")
    );
    assert_eq!(
        (
            office.stage.count(RECORDS).await,
            office.stage.count(EVENTS).await
        ),
        (0, 0)
    );

    // Whoever keyed it first never gets it, and cannot answer it by going round the page.
    assert_eq!(
        second_keying::next(db, rules, &Scope::ALL, office.ada)
            .await
            .unwrap(),
        None
    );
    let task = second_keying::next(db, rules, &Scope::ALL, office.ben)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((task.form_id, task.name.as_str()), (form, NHS_FIELD));
    let context = office.context();
    let number = text("999 000 0018");
    let mine = second_keying::key(db, &context, task.id, task.version, office.ada, &number).await;
    assert!(matches!(mine, Err(KeyError::SamePerson)), "{mine:?}");
    // Nor does the database let anybody write it.
    let forced = sqlx::query("UPDATE keying_task SET second_by = first_by, state = 'agreed'")
        .execute(db.pool())
        .await
        .unwrap_err();
    assert!(
        forced.to_string().contains("keying_task_second_person"),
        "{forced}"
    );
    // Sue cannot take it while Ben has it.
    assert_eq!(
        second_keying::next(db, rules, &Scope::ALL, office.sue)
            .await
            .unwrap(),
        None
    );
    let held = second_keying::key(db, &context, task.id, task.version, office.sue, &number).await;
    assert!(matches!(held, Err(KeyError::Held)), "{held:?}");
    let stale =
        second_keying::key(db, &context, task.id, task.version - 1, office.ben, &number).await;
    assert!(matches!(stale, Err(KeyError::Changed)), "{stale:?}");

    let keyed = second_keying::key(db, &context, task.id, task.version, office.ben, &number).await;
    assert_eq!(keyed.unwrap(), Keyed::Agrees);
    let again = second_keying::key(db, &context, task.id, task.version, office.ben, &number).await;
    assert_eq!(again.unwrap(), Keyed::Before);
    assert_eq!(office.stage.text(STATE).await.as_deref(), Some("settled"));
    assert_eq!(
        (
            office.stage.count(RECORDS).await,
            office.stage.count(EVENTS).await
        ),
        (1, 1)
    );
    assert_eq!(
        office.stage.text(RECORDED).await.as_deref(),
        Some(NHS_NUMBER),
        "as first spelt"
    );
    assert_eq!(
        office.actions(form).await,
        ["sent_to_second_keying", "keyed_again", "settled"]
    );
    let confirmed = "SELECT count(*) FROM consent c JOIN account a ON a.id = c.confirmed_by WHERE a.user_name <> 'ada'";
    assert_eq!(
        office.stage.count(confirmed).await,
        0,
        "Ada saw the consents, not Ben"
    );
}

#[tokio::test]
async fn a_third_person_decides_and_nothing_of_the_rejected_answer_is_kept() {
    let office = Office::new(NUMBERS).await;
    let (db, rules) = (&office.stage.database, &office.rules);
    office.waiting(1).await;
    let context = office.context();
    let task = second_keying::next(db, rules, &Scope::ALL, office.ben)
        .await
        .unwrap()
        .unwrap();
    let other = text(OTHER_NUMBER);
    let keyed = second_keying::key(db, &context, task.id, task.version, office.ben, &other).await;
    assert_eq!(keyed.unwrap(), Keyed::Differs);
    assert_eq!(office.stage.count(RECORDS).await, 0);

    for had_a_part in [office.ada, office.ben] {
        assert_eq!(
            adjudication::next(db, &Scope::ALL, had_a_part)
                .await
                .unwrap(),
            None
        );
    }
    let task = adjudication::next(db, &Scope::ALL, office.sue)
        .await
        .unwrap()
        .unwrap();
    let mine = adjudication::decide(
        db,
        &context,
        task.id,
        task.version,
        office.ben,
        Decision::Second,
    )
    .await;
    assert!(matches!(mine, Err(KeyError::SamePerson)), "{mine:?}");
    let forced = sqlx::query(
        "UPDATE keying_task SET third_by = second_by, taken = 'second', state = 'decided', second_as = NULL",
    )
    .execute(db.pool())
    .await
    .unwrap_err();
    assert!(
        forced.to_string().contains("keying_task_third_person"),
        "{forced}"
    );
    let both = adjudication::answers(db, &context, task.id, office.sue)
        .await
        .unwrap();
    assert!(both == Some((text(NHS_NUMBER), other)));
    assert!(
        adjudication::answers(db, &context, task.id, office.ben)
            .await
            .unwrap()
            .is_none()
    );

    let wrong = adjudication::decide(
        db,
        &context,
        task.id,
        task.version,
        office.sue,
        Decision::Second,
    )
    .await;
    assert!(
        !wrong.unwrap(),
        "there was no record yet that could be wrong"
    );
    assert_eq!(
        office.stage.text(RECORDED).await.as_deref(),
        Some(OTHER_NUMBER)
    );
    assert_eq!(
        (
            office.stage.count(RECORDS).await,
            office.stage.count(EVENTS).await
        ),
        (1, 1)
    );
    let kept =
        "SELECT count(*) FROM keying_task WHERE second_value IS NOT NULL OR sealed IS NOT NULL";
    assert_eq!(office.stage.count(kept).await, 0);
    assert_eq!(
        office
            .stage
            .text("SELECT taken FROM keying_task")
            .await
            .as_deref(),
        Some("second")
    );
}

#[tokio::test]
async fn a_decision_without_which_no_record_can_be_made_is_not_taken() {
    let office = Office::new(&[FieldKind::Name]).await;
    let (db, rules) = (&office.stage.database, &office.rules);
    office.waiting(1).await;
    let context = office.context();
    while let Some(task) = second_keying::next(db, rules, &Scope::ALL, office.ben)
        .await
        .unwrap()
    {
        let answer = text(if task.name.ends_with("surname") {
            "EXEMPLE"
        } else {
            "Somebody"
        });
        second_keying::key(db, &context, task.id, task.version, office.ben, &answer)
            .await
            .unwrap();
    }
    let mut unmade = 0;
    while let Some(task) = adjudication::next(db, &Scope::ALL, office.sue)
        .await
        .unwrap()
    {
        let nobody = Decision::Neither(Settled::Unreadable);
        let refused =
            adjudication::decide(db, &context, task.id, task.version, office.sue, nobody).await;
        if refused.is_err() {
            unmade += 1;
            assert!(matches!(refused, Err(KeyError::Settle(_))), "{refused:?}");
            break;
        }
    }
    assert_eq!(
        unmade, 1,
        "the last decision would have made a record without names"
    );
    assert_eq!(office.stage.count(RECORDS).await, 0);
    let waits = "SELECT count(*) FROM keying_task WHERE state = 'differs'";
    assert_eq!(office.stage.count(waits).await, 1, "it still waits");
}

#[tokio::test]
async fn people_at_the_same_time_get_different_fields_and_make_one_record() {
    let office = Office::new(&[FieldKind::Name]).await;
    let (db, rules) = (&office.stage.database, &office.rules);
    office.waiting(1).await;
    let context = office.context();
    loop {
        let (bens, sues) = tokio::join!(
            second_keying::next(db, rules, &Scope::ALL, office.ben),
            second_keying::next(db, rules, &Scope::ALL, office.sue)
        );
        let (bens, sues) = (bens.unwrap(), sues.unwrap());
        assert!(bens.is_none() || bens.as_ref().map(|t| t.id) != sues.as_ref().map(|t| t.id));
        if bens.is_none() && sues.is_none() {
            break;
        }
        let key = async |task: Option<second_keying::Task>, who| {
            let Some(task) = task else { return };
            let answer = text(match task.name.as_str() {
                "primary_carer.first_name" => "Grace",
                "child_1.first_name" => "Tom",
                _ => "Example",
            });
            let keyed = second_keying::key(db, &context, task.id, task.version, who, &answer).await;
            assert_eq!(keyed.unwrap(), Keyed::Agrees);
        };
        tokio::join!(key(bens, office.ben), key(sues, office.sue));
    }
    assert_eq!(
        (
            office.stage.count(RECORDS).await,
            office.stage.count(EVENTS).await
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn a_lease_ends_and_a_colleague_goes_on() {
    let office = Office::new(NUMBERS).await;
    let (db, rules) = (&office.stage.database, &office.rules);
    office.waiting(1).await;
    let bens = second_keying::next(db, rules, &Scope::ALL, office.ben)
        .await
        .unwrap()
        .unwrap();
    let again = second_keying::next(db, rules, &Scope::ALL, office.ben)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(bens.id, again.id, "who comes back finds the same field");
    office
        .stage
        .execute("UPDATE keying_task SET lease_until = now() - interval '1 second'")
        .await;
    let sues = second_keying::next(db, rules, &Scope::ALL, office.sue)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(sues.id, bens.id);
    let late = second_keying::key(
        db,
        &office.context(),
        bens.id,
        bens.version,
        office.ben,
        &text("1"),
    )
    .await;
    assert!(matches!(late, Err(KeyError::Held)), "{late:?}");
}

#[tokio::test]
async fn a_page_that_comes_late_sends_the_form_back_to_the_desk() {
    let office = Office::new(NUMBERS).await;
    let (db, rules) = (&office.stage.database, &office.rules);
    let id = office.waiting(1).await;
    let task = second_keying::next(db, rules, &Scope::ALL, office.ben)
        .await
        .unwrap()
        .unwrap();
    let late = read_again(form(office.stage.definition(), 1, Some("000001"), &[4]));
    office.stage.scan("late.pdf", vec![late]).await;
    assert_eq!(office.stage.text(STATE).await.as_deref(), Some("in_review"));
    let number = text(NHS_NUMBER);
    let keyed = second_keying::key(
        db,
        &office.context(),
        task.id,
        task.version,
        office.ben,
        &number,
    )
    .await;
    assert!(matches!(keyed, Err(KeyError::Changed)), "{keyed:?}");
    // Finished again, it is keyed again; what was asked for before is withdrawn.
    office
        .stage
        .execute("DELETE FROM field_signals WHERE name LIKE 'child_%'; DELETE FROM field_special s USING field f WHERE f.form_id = s.form_id AND f.name = s.name AND f.form_page = 4; DELETE FROM field WHERE form_page = 4")
        .await;
    assert_eq!(
        office.submit(id, &[], &[]).await.unwrap(),
        Settlement::SecondKeying
    );
    let states = "SELECT string_agg(state, ' ' ORDER BY state) FROM keying_task";
    assert_eq!(
        office.stage.text(states).await.as_deref(),
        Some("open withdrawn")
    );
}

#[tokio::test]
async fn article_9_answers_are_sealed_while_two_people_differ() {
    let office = Office::new(&[FieldKind::OneOf]).await;
    let (db, rules) = (&office.stage.database, &office.rules);
    office.waiting(1).await;
    let context = office.context();
    while let Some(task) = second_keying::next(db, rules, &Scope::ALL, office.ben)
        .await
        .unwrap()
    {
        let answer = match task.name.as_str() {
            SPECIAL_FIELD => text("white_british"),
            "consent.email" | "consent.special_category" => text("yes"),
            "office.centre" => text("OAK"),
            other => panic!("{other} was not settled by a person"),
        };
        second_keying::key(db, &context, task.id, task.version, office.ben, &answer)
            .await
            .unwrap();
    }
    let row: String =
        sqlx::query_scalar("SELECT t::text FROM keying_task t WHERE state = 'differs'")
            .fetch_one(db.pool())
            .await
            .unwrap();
    assert!(!row.contains("white"), "{row}");
    let task = adjudication::next(db, &Scope::ALL, office.sue)
        .await
        .unwrap()
        .unwrap();
    let both = adjudication::answers(db, &context, task.id, office.sue)
        .await
        .unwrap();
    assert!(both == Some((text("white_irish"), text("white_british"))));
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
    let household: uuid::Uuid = sqlx::query_scalar("SELECT id FROM household")
        .fetch_one(db.pool())
        .await
        .unwrap();
    let special =
        crate::storage::service_users::special_of_household(db, &office.stage.sealer, household)
            .await
            .unwrap();
    assert_eq!(special[SPECIAL_FIELD], "white_british");
    assert_eq!(
        office
            .stage
            .count("SELECT count(*) FROM field WHERE special AND settled_value IS NOT NULL")
            .await,
        0
    );
}

#[tokio::test]
async fn a_form_waits_for_people_and_a_supervisor_may_waive() {
    let office = Office::new(NUMBERS).await;
    let (db, rules) = (&office.stage.database, &office.rules);
    let form = office.waiting(1).await;
    office
        .stage
        .execute("UPDATE account SET disabled_at = now() WHERE user_name IN ('ben', 'sue')")
        .await;
    let waits = keying_waits::forms(db, rules, &Scope::ALL, 10)
        .await
        .unwrap();
    assert_eq!(
        (waits[0].open, waits[0].may_key),
        (1, 0),
        "nobody but Ada is left"
    );
    office
        .stage
        .execute("UPDATE account SET disabled_at = NULL")
        .await;
    assert_eq!(
        keying_waits::forms(db, rules, &Scope::ALL, 10)
            .await
            .unwrap()[0]
            .may_key,
        2
    );
    let context = office.context();
    keying_waits::waive(db, &context, form, office.sue, "Only one clerk this week")
        .await
        .unwrap();
    assert_eq!(
        (
            office.stage.count(RECORDS).await,
            office.stage.count(EVENTS).await
        ),
        (1, 1)
    );
    let again =
        keying_waits::waive(db, &context, form, office.sue, "Only one clerk this week").await;
    assert!(matches!(again, Err(KeyError::Changed)), "{again:?}");
    assert_eq!(
        office.actions(form).await,
        ["sent_to_second_keying", "waived_second_keying", "settled"]
    );
}
