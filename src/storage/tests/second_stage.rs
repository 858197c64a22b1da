//! Forms that a clerk has just finished, and people to key them again.

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::support::{Stage, form};
use crate::config::Keying;
use crate::domain::calibration::FieldSignals;
use crate::domain::field::{FieldKind, FieldState, FieldValue};
use crate::domain::household::Settled;
use crate::storage::accounts::{self, NewAccount, Role};
use crate::storage::review::{self, Answer, SubmitError};
use crate::storage::settlement::{Settlement, SettlementContext};

/// The carer's NHS number as the clerk keyed it.
pub const NHS_NUMBER: &str = "9990000018";
/// Another that is as good.
pub const OTHER_NUMBER: &str = "9990000026";
pub const NHS_FIELD: &str = "primary_carer.nhs_number";
pub const SPECIAL_FIELD: &str = "primary_carer.ethnic_group";

/// What the family wrote.
fn written(name: &str) -> Option<Json> {
    Some(match name {
        "primary_carer.first_name" => json!("GRACE"),
        "primary_carer.surname" | "child_1.surname" => json!("EXAMPLE"),
        "primary_carer.date_of_birth" => json!("1992-05-17"),
        "primary_carer.nhs_number" => json!(NHS_NUMBER),
        "primary_carer.mobile" => json!("07700900123"),
        "primary_carer.address_line_1" => json!("14 Elm Road"),
        "primary_carer.postcode" => json!("MK40 1AA"),
        "primary_carer.ethnic_group" => json!("white_irish"),
        "child_1.first_name" => json!("TOM"),
        "child_1.date_of_birth" => json!("2024-02-29"),
        "consent.email" | "consent.special_category" => json!("yes"),
        "declaration.signature" => json!(true),
        "declaration.date_signed" => json!("2026-03-20"),
        "office.centre" => json!("OAK"),
        "office.date_received" => json!("2026-03-27"),
        _ => return None,
    })
}

pub fn text(value: &str) -> Settled {
    Settled::Value(FieldValue::Text(value.into()))
}

/// What a clerk settles on for a family other than that of [`written`].
pub fn another_family() -> Vec<(&'static str, Settled)> {
    let born = |day: &str| Settled::Value(FieldValue::Date(day.parse().unwrap()));
    vec![
        ("primary_carer.first_name", text("OMAR")),
        ("primary_carer.surname", text("SPECIMEN")),
        ("primary_carer.date_of_birth", born("1988-11-02")),
        ("primary_carer.nhs_number", text(OTHER_NUMBER)),
        ("primary_carer.mobile", text("07700900456")),
        ("primary_carer.address_line_1", text("3 Mill Lane")),
        ("primary_carer.postcode", text("MK42 9ZZ")),
        ("child_1.first_name", text("ROSE")),
        ("child_1.surname", text("SPECIMEN")),
        ("child_1.date_of_birth", born("2023-07-08")),
    ]
}

/// A stage with people.
pub struct Office {
    pub stage: Stage,
    pub rules: Keying,
    /// Clerks.
    pub ada: Uuid,
    pub ben: Uuid,
    /// Supervisor.
    pub sue: Uuid,
}

impl Office {
    pub async fn new(double: &[FieldKind]) -> Self {
        let stage = Stage::new().await;
        let mut people = Vec::new();
        for (user_name, role) in [
            ("ada", Role::Clerk),
            ("ben", Role::Clerk),
            ("sue", Role::Supervisor),
        ] {
            let new = NewAccount {
                user_name,
                display_name: user_name,
                roles: &[role],
                centres: &[],
                password_hash: "none",
            };
            people.push(accounts::add(&stage.database, new).await.unwrap());
        }
        Self {
            stage,
            rules: Keying {
                double: double.to_vec(),
                qa_share_most: 0.0,
                ..Keying::default()
            },
            ada: people[0],
            ben: people[1],
            sue: people[2],
        }
    }

    pub fn context(&self) -> SettlementContext<'_> {
        SettlementContext {
            sealer: &self.stage.sealer,
            definition: self.stage.definition(),
            public_url: "http://enrol.example.org",
            keying: &self.rules,
            chance: &|| 0.0,
        }
    }

    /// A form whose fields were read as written, each with signals. Those named in `accepted` need nobody.
    pub async fn read(&self, family: u64, accepted: &[&str]) -> Uuid {
        let set = format!("{family:06}");
        let mut reading = form(self.stage.definition(), family, Some(&set), &[1, 2, 3]);
        for field in &mut reading.fields {
            let value = written(&field.name);
            field.value = value
                .as_ref()
                .and_then(|json| FieldValue::from_json(field.kind, json));
            field.raw = None;
            field.confidence = 0.4;
            field.reasons = vec![];
            field.signals = value.as_ref().map(|_| FieldSignals {
                group: "key",
                features: vec![0.5],
                eligible: true,
                drawn: false,
            });
            field.state = match value {
                None => FieldState::Blank,
                Some(_) if accepted.contains(&field.name.as_str()) => FieldState::Accepted,
                Some(_) => FieldState::Review,
            };
        }
        let recorded = self
            .stage
            .scan(&format!("{family}.pdf"), vec![reading])
            .await;
        recorded.forms[0].id
    }

    /// What a clerk who confirms everything sends, but for `changed`.
    fn answers(&self, accepted: &[&str], changed: &[(&str, Settled)]) -> Vec<Answer> {
        let pages = [1, 2, 3];
        let fields = self.stage.definition().fields.iter();
        fields
            .filter(|f| pages.contains(&f.page))
            .map(|field| {
                let other = changed.iter().find(|(name, _)| *name == field.name);
                let read =
                    written(&field.name).and_then(|json| FieldValue::from_json(field.kind, &json));
                let attention = read.is_some() && !accepted.contains(&field.name.as_str());
                Answer {
                    name: field.name.clone(),
                    by_clerk: attention || other.is_some(),
                    settled: match (other, read) {
                        (Some((_, settled)), _) => settled.clone(),
                        (None, Some(value)) => Settled::Value(value),
                        (None, None) => Settled::Blank,
                    },
                }
            })
            .collect()
    }

    /// Ada finishes a form.
    pub async fn submit(
        &self,
        form: Uuid,
        accepted: &[&str],
        changed: &[(&str, Settled)],
    ) -> Result<Settlement, SubmitError> {
        let head = review::form(&self.stage.database, form)
            .await
            .unwrap()
            .unwrap();
        review::submit(
            &self.stage.database,
            &self.context(),
            form,
            head.version,
            self.ada,
            &self.answers(accepted, changed),
        )
        .await
    }

    /// A form that Ada has just finished and that waits for a second person.
    pub async fn waiting(&self, family: u64) -> Uuid {
        let form = self.read(family, &[]).await;
        let settled = self.submit(form, &[], &[]).await.unwrap();
        assert_eq!(settled, Settlement::SecondKeying);
        form
    }

    pub async fn actions(&self, form: Uuid) -> Vec<String> {
        let entries = crate::storage::audit::of_subject(self.stage.database.pool(), "form", form)
            .await
            .unwrap();
        entries.into_iter().map(|e| e.action).collect()
    }
}

pub const RECORDS: &str = "SELECT count(*) FROM household";
pub const EVENTS: &str = "SELECT count(*) FROM outbox WHERE message_type LIKE '%contact.created%'";
