//! What settled fields leave behind.

use chrono::NaiveDate;
use sqlx::Row as _;
use uuid::Uuid;

use super::support::{MODEL, Stage, form};
use crate::domain::calibration::FieldSignals;
use crate::domain::field::FieldState;
use crate::domain::reading::FormReading;
use crate::forms::definition::DataCategory;
use crate::storage::calibration_cases;

/// A form whose written and special-category fields have signals.
fn with_signals(stage: &Stage, family: u64) -> FormReading {
    let mut reading = form(stage.definition(), family, None, &[1, 2, 3]);
    for field in &mut reading.fields {
        let special = stage
            .definition()
            .field(&field.name)
            .is_some_and(|f| f.rules.category == DataCategory::Special);
        if field.raw.is_some() || special {
            field.state = FieldState::Review;
            field.signals = Some(FieldSignals {
                group: "key",
                features: vec![0.25, 4.0],
                eligible: true,
                drawn: false,
            });
        }
    }
    reading
}

/// Settles three fields of the only form as a clerk would: one as read, one otherwise, one as unreadable.
async fn settle(stage: &Stage, form_id: Uuid) {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM field_signals WHERE form_id = $1 ORDER BY name LIMIT 3",
    )
    .bind(form_id)
    .fetch_all(stage.database.pool())
    .await
    .unwrap();
    let answers = ["value", "value", "unreadable"];
    for (index, (name, settled_as)) in names.iter().zip(answers).enumerate() {
        sqlx::query(
            "UPDATE field SET settled_as = $3, settled_by = $4, settled_at = now(),
                    settled_value = CASE $5 WHEN 0 THEN value WHEN 1 THEN to_jsonb('OTHER'::text) END
             WHERE form_id = $1 AND name = $2",
        )
        .bind(form_id)
        .bind(name)
        .bind(settled_as)
        .bind(Uuid::now_v7())
        .bind(i32::try_from(index).unwrap())
        .execute(stage.database.pool())
        .await
        .unwrap();
    }
    let mut tx = stage.database.begin().await.unwrap();
    let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
    calibration_cases::keep(&mut tx, form_id, today)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn special_category_fields_leave_no_signals() {
    let stage = Stage::new().await;
    stage.scan("a.pdf", vec![with_signals(&stage, 1)]).await;
    let special =
        "SELECT count(*) FROM field_signals s JOIN field f USING (form_id, name) WHERE f.special";
    assert_eq!(stage.count(special).await, 0);
    assert!(
        stage
            .count("SELECT count(*) FROM field WHERE special")
            .await
            > 0
    );
    assert!(stage.count("SELECT count(*) FROM field_signals").await > 3);
}

#[tokio::test]
async fn a_settled_form_leaves_right_and_wrong_and_nothing_that_leads_back() {
    let stage = Stage::new().await;
    let (one, other) = (
        stage.scan("a.pdf", vec![with_signals(&stage, 1)]).await,
        stage.scan("b.pdf", vec![with_signals(&stage, 2)]).await,
    );
    settle(&stage, one.forms[0].id).await;
    settle(&stage, other.forms[0].id).await;

    let cases = calibration_cases::all(&stage.database).await.unwrap();
    let right = cases.iter().filter(|c| c.right).count();
    assert_eq!(
        (cases.len(), right),
        (4, 2),
        "the unreadable and the unseen are no cases"
    );
    assert!(
        cases
            .iter()
            .all(|c| c.model == MODEL && c.features == [0.25, 4.0])
    );
    let hands: std::collections::BTreeSet<Uuid> = cases.iter().map(|c| c.hand).collect();
    assert_eq!(hands.len(), 2);
    assert_eq!(stage.count("SELECT count(*) FROM field_signals").await, 0);
    // Whatever is left of a form elsewhere, no case can be joined to it.
    let row = sqlx::query("SELECT string_agg(c::text, ' ') AS everything FROM calibration_case c")
        .fetch_one(stage.database.pool())
        .await
        .unwrap();
    let everything: String = row.get("everything");
    for form in [&one.forms[0], &other.forms[0]] {
        assert!(!everything.contains(&form.id.to_string()), "{everything}");
        assert!(!everything.contains(&form.reference), "{everything}");
    }
    assert!(!everything.contains("carer") && !everything.contains("child"));

    assert_eq!(calibration_cases::forget(&stage.database).await.unwrap(), 4);
    assert_eq!(calibration_cases::all(&stage.database).await.unwrap(), []);
}
