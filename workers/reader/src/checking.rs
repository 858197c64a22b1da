//! The one place where the reader hands text to the rules of its kind.

use chrono::{Local, NaiveDate};
use enrol::domain::field::FieldValue;
use enrol::forms::definition::Field;
use enrol::validation;

/// A text after its rules.
pub struct Checked {
    /// The value, where there is one.
    pub value: Option<FieldValue>,
    /// What is wrong with it, or right but unusual, for a clerk; never holds the value.
    pub reasons: Vec<String>,
}

/// Checks what was read in `field`, against today's date in local time.
pub fn check(field: &Field, text: &str) -> Checked {
    check_on(field, text, Local::now().date_naive())
}

fn check_on(field: &Field, text: &str, today: NaiveDate) -> Checked {
    match validation::check(field, text, today) {
        Ok(value) => {
            let reasons = validation::unusual(field, &value, today);
            Checked {
                value: Some(value),
                reasons,
            }
        }
        Err(reasons) => Checked {
            value: None,
            reasons,
        },
    }
}
