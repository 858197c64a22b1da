//! Keys and seconds a clerk needs, by the keystroke-level model: Card, Moran and Newell, "The Keystroke-Level Model for
//! User Performance Time with Interactive Systems", Communications of the ACM 23 (7), 1980, pages 396-410.
//!
//! It predicts what somebody practised needs who makes no mistakes; waiting for the next field is not in it. Three ways
//! of doing the same forms are told apart: keying everything by hand from the paper; the review desk, which shows what was
//! read; and the desk with what was read hidden (blind keying).

use enrol::domain::field::{FieldKind, FieldState};
use enrol::domain::reading::FieldReading;
use serde::Serialize;
use serde_json::Value;

use super::accuracy;

/// One key by an average skilled typist (55 words a minute), seconds.
const KEY: f64 = 0.20;
/// Looking at a field and making up one's mind, seconds.
const MENTAL: f64 = 1.35;

/// What some fields cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    keys: u64,
    decisions: u64,
    fields: u64,
}

impl Effort {
    fn add(&mut self, keys: u64, decisions: u64) {
        self.keys += keys;
        self.decisions += decisions;
        self.fields += 1;
    }

    fn seconds(self) -> f64 {
        self.keys as f64 * KEY + self.decisions as f64 * MENTAL
    }
}

/// Keys and seconds, on average over so many fields or forms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cost {
    /// Fields or forms.
    of: u64,
    /// Keys for one.
    keys: f64,
    /// Seconds for one.
    seconds: f64,
}

impl Cost {
    fn new(effort: Effort, of: u64) -> Self {
        let per = of.max(1) as f64;
        Self {
            of,
            keys: effort.keys as f64 / per,
            seconds: effort.seconds() / per,
        }
    }
}

/// Counts while forms are read.
#[derive(Debug, Default)]
pub struct Keystrokes {
    forms: u64,
    by_hand: Effort,
    desk: Effort,
    blind: Effort,
    confirmed: Effort,
    corrected: Effort,
    keyed_blind: Effort,
}

/// The result, per field and per form.
#[derive(Debug, Serialize)]
pub struct KeystrokeReport {
    /// A form keyed entirely by hand.
    form_by_hand: Cost,
    /// The same form at the desk.
    form_at_desk: Cost,
    /// The same form at the desk, with what was read hidden.
    form_blind: Cost,
    /// A field that was read rightly and is confirmed.
    field_confirmed: Cost,
    /// A field that was read wrongly and is typed anew.
    field_corrected: Cost,
    /// A field typed without seeing what was read.
    field_blind: Cost,
}

impl Keystrokes {
    /// One more form, with the end of which a key is pressed.
    pub fn form(&mut self) {
        self.forms += 1;
        for way in [&mut self.by_hand, &mut self.desk, &mut self.blind] {
            way.add(1, 1);
        }
    }

    /// A field of it, and what was written there.
    pub fn field(&mut self, reading: &FieldReading, truth: &Value) {
        let blank = accuracy::is_nothing(truth);
        // By hand a field left blank is passed by with Tab; anything else is read, typed and left with Tab.
        if blank {
            self.by_hand.add(1, 0);
        } else {
            self.by_hand.add(keys(reading.kind, truth) + 1, 1);
        }
        if matches!(reading.state, FieldState::Accepted | FieldState::Blank) {
            return;
        }
        // At the desk what is typed replaces what stands there; a field left blank takes one key; Enter goes on.
        let typed = if blank { 1 } else { keys(reading.kind, truth) } + 1;
        self.blind.add(typed, 1);
        self.keyed_blind.add(typed, 1);
        if accuracy::is_right(reading, truth) {
            self.desk.add(1, 1);
            self.confirmed.add(1, 1);
        } else {
            self.desk.add(typed, 1);
            self.corrected.add(typed, 1);
        }
    }

    /// The averages.
    pub fn report(&self) -> KeystrokeReport {
        let field = |effort: Effort| Cost::new(effort, effort.fields);
        KeystrokeReport {
            form_by_hand: Cost::new(self.by_hand, self.forms),
            form_at_desk: Cost::new(self.desk, self.forms),
            form_blind: Cost::new(self.blind, self.forms),
            field_confirmed: field(self.confirmed),
            field_corrected: field(self.corrected),
            field_blind: field(self.keyed_blind),
        }
    }
}

impl KeystrokeReport {
    /// The report for people.
    pub fn table(&self) -> String {
        use std::fmt::Write as _;
        let mut out = "\nkeystroke-level model    cases    keys  seconds\n".to_owned();
        for (name, cost) in [
            ("form keyed by hand", self.form_by_hand),
            ("form at the desk", self.form_at_desk),
            ("form at the desk, blind", self.form_blind),
            ("field confirmed", self.field_confirmed),
            ("field corrected", self.field_corrected),
            ("field keyed blind", self.field_blind),
        ] {
            let _ = writeln!(
                out,
                "{name:<24} {:>5} {:>7.1} {:>8.1}",
                cost.of, cost.keys, cost.seconds
            );
        }
        out
    }
}

/// Keys for typing a value that is not blank.
fn keys(kind: FieldKind, value: &Value) -> u64 {
    let keys = match (kind, value) {
        // A number key each.
        (FieldKind::OneOf | FieldKind::Signature, _) => 1,
        (FieldKind::AnyOf, Value::Array(chosen)) => chosen.len(),
        // Day, month and year, and two steps from one box to the next.
        (FieldKind::Date, _) => 10,
        (_, Value::String(text)) => text.chars().count(),
        _ => 1,
    };
    keys as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reading(kind: FieldKind, state: FieldState, value: Option<&str>) -> FieldReading {
        FieldReading {
            name: "x".to_owned(),
            kind,
            raw: None,
            value: value.map(|v| enrol::domain::field::FieldValue::Text(v.to_owned())),
            confidence: 0.5,
            state,
            reasons: vec![],
            page: 1,
            zone: [0.0; 4],
            signals: None,
            alternatives: vec![],
        }
    }

    #[test]
    fn confirming_takes_one_key_and_correcting_the_whole_value() {
        let mut k = Keystrokes::default();
        k.form();
        let name = FieldKind::Name;
        let truth = json!("SMITH");
        k.field(&reading(name, FieldState::Review, Some("SMITH")), &truth);
        k.field(&reading(name, FieldState::Review, Some("SMYTH")), &truth);
        k.field(&reading(name, FieldState::Accepted, Some("SMITH")), &truth);
        k.field(&reading(name, FieldState::Blank, None), &Value::Null);
        let report = k.report();
        // Finish, then three names of five letters with Tab, then Tab alone.
        assert_eq!(report.form_by_hand.keys, 1.0 + 3.0 * 6.0 + 1.0);
        assert_eq!(report.form_at_desk.keys, 1.0 + 1.0 + 6.0);
        assert_eq!(report.form_blind.keys, 1.0 + 6.0 + 6.0);
        assert_eq!(report.field_confirmed.keys, 1.0);
        assert_eq!(report.field_corrected.keys, 6.0);
        let seconds = 1.0 * KEY + MENTAL;
        assert!((report.field_confirmed.seconds - seconds).abs() < 1e-9);
        assert!(report.form_at_desk.seconds < report.form_by_hand.seconds);
    }

    #[test]
    fn a_blank_field_that_was_taken_for_filled_costs_a_key_and_enter() {
        let mut k = Keystrokes::default();
        k.field(
            &reading(FieldKind::Date, FieldState::Unreadable, None),
            &json!("2024-02-29"),
        );
        k.field(
            &reading(FieldKind::Text, FieldState::Review, Some("l")),
            &Value::Null,
        );
        let report = k.report();
        assert_eq!(report.field_corrected.keys, (11.0 + 2.0) / 2.0);
    }
}
