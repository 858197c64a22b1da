//! What a clerk typed, and what it settles a field as.
//!
//! Inputs are named after their field: `value:NAME` (several for tick boxes), `day:NAME`, `month:NAME`, `year:NAME`
//! and `mark:NAME` for "left blank" and "not readable". Among radio buttons the two marks are values of their own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::field::{FieldKind, FieldValue};
use crate::domain::household::Settled;
use crate::forms::definition::Field;
use crate::storage::form_fields::StoredField;

/// The radio button or checkbox for "left blank".
pub(in crate::web) const BLANK: &str = "blank";
/// The radio button or checkbox for "not readable".
pub(in crate::web) const UNREADABLE: &str = "unreadable";
/// The button for "struck out": the family took its answer back, so that the field counts as left blank.
pub(super) const STRUCK: &str = "struck";
/// Keeps the marks apart from options of a form, which never begin with it.
pub(in crate::web) const MARK_PREFIX: &str = "-";

/// What stands in the inputs of one field.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::web) struct Typed {
    /// Text, or the options chosen.
    pub values: Vec<String>,
    /// Day, month and year of a date.
    pub date: [String; 3],
    /// `blank`, `unreadable` or `struck`.
    pub marks: Vec<String>,
}

impl Typed {
    /// What the page shows at first: what was read. A consent shows nothing, so that the clerk looks at the form
    /// and not at a guess.
    pub fn of_reading(field: &Field, stored: &StoredField) -> Self {
        if field.rules.consent.is_some() {
            return Self::default();
        }
        match (&stored.value, field.kind) {
            (Some(value), _) => Self::of_value(value),
            (None, FieldKind::Date) => Self {
                date: split_date(stored.raw.as_deref()),
                ..Self::default()
            },
            (None, kind) if kind.is_tick() || kind == FieldKind::Signature => Self::default(),
            (None, _) => Self {
                values: stored.raw.clone().into_iter().collect(),
                ..Self::default()
            },
        }
    }

    /// What stands in the inputs for a value.
    pub fn of_value(value: &FieldValue) -> Self {
        let (values, date) = match value {
            FieldValue::Text(text) => (vec![text.clone()], <[String; 3]>::default()),
            FieldValue::Choices(choices) => (choices.clone(), <[String; 3]>::default()),
            FieldValue::Signed(signed) => (vec![signed.to_string()], <[String; 3]>::default()),
            FieldValue::Date(date) => (
                vec![],
                [date.format("%-d"), date.format("%-m"), date.format("%Y")]
                    .map(|part| part.to_string()),
            ),
        };
        Self {
            values,
            date,
            marks: vec![],
        }
    }

    /// What stands in the inputs for an answer.
    pub fn of_settled(settled: &Settled) -> Self {
        match settled {
            Settled::Value(value) => Self::of_value(value),
            Settled::Blank => Self::of_mark(BLANK),
            Settled::Unreadable => Self::of_mark(UNREADABLE),
        }
    }

    /// What stands in the inputs for one mark and nothing else.
    pub fn of_mark(mark: &str) -> Self {
        Self {
            marks: vec![mark.to_owned()],
            ..Self::default()
        }
    }

    /// What stands in the inputs for a text of the reader: checked where it can be, else as it is.
    pub fn of_text(field: &Field, text: &str) -> Self {
        match (check(field, text), field.kind) {
            (Ok(value), _) => Self::of_value(&value),
            (Err(_), FieldKind::Date) => Self {
                date: split_date(Some(text)),
                ..Self::default()
            },
            (Err(_), _) => Self {
                values: vec![text.to_owned()],
                ..Self::default()
            },
        }
    }

    /// The text of a field with one input.
    pub fn text(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    /// Whether "left blank" or "not readable" is marked.
    pub fn is_marked(&self, mark: &str) -> bool {
        self.marks.iter().any(|m| m == mark)
            || self
                .values
                .iter()
                .any(|v| v.strip_prefix(MARK_PREFIX) == Some(mark))
    }

    /// Whether nothing is typed.
    pub fn is_empty(&self) -> bool {
        self.values
            .iter()
            .chain(&self.date)
            .all(|v| v.trim().is_empty())
    }

    /// For showing to the clerk what they typed.
    pub fn in_words(&self, field: &Field) -> String {
        if self.is_marked(UNREADABLE) {
            return "Not readable".into();
        }
        if self.is_marked(STRUCK) {
            return "Struck out".into();
        }
        if self.is_marked(BLANK) || self.is_empty() {
            return "Left blank".into();
        }
        if field.kind == FieldKind::Date {
            return self.date.join(" ");
        }
        let label = |value: &String| {
            let option = field.options.iter().find(|o| o.value == *value);
            option.map_or_else(|| value.clone(), |o| o.label.clone())
        };
        self.values.iter().map(label).collect::<Vec<_>>().join(", ")
    }
}

/// A reading such as `13072024` or `13/07/2024` in three parts.
fn split_date(raw: Option<&str>) -> [String; 3] {
    let digits: String = raw
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    if digits.len() != 8 {
        return <[String; 3]>::default();
    }
    [&digits[..2], &digits[2..4], &digits[4..]].map(str::to_owned)
}

/// What was typed, by field name.
pub(in crate::web) fn typed(fields: &[(String, String)]) -> BTreeMap<String, Typed> {
    let mut all: BTreeMap<String, Typed> = BTreeMap::new();
    for (input, value) in fields {
        let Some((part, name)) = input.split_once(':') else {
            continue;
        };
        let typed = all.entry(name.to_owned()).or_default();
        match part {
            "value" => typed.values.push(value.clone()),
            "day" => typed.date[0].clone_from(value),
            "month" => typed.date[1].clone_from(value),
            "year" => typed.date[2].clone_from(value),
            "mark" => typed.marks.push(value.clone()),
            _ => {}
        }
    }
    all
}

/// What `typed` settles `field` as. In a field that a person `must_decide`, nothing typed is not an answer.
///
/// # Errors
/// What is wrong, as a sentence for the clerk without a full stop.
pub(in crate::web) fn settle(
    field: &Field,
    typed: &Typed,
    must_decide: bool,
) -> Result<Settled, String> {
    match (typed.is_marked(UNREADABLE), typed.is_marked(BLANK)) {
        (true, true) => return Err("Choose either “left blank” or “not readable”".into()),
        (true, false) => return Ok(Settled::Unreadable),
        (false, true) => return Ok(Settled::Blank),
        (false, false) if typed.is_marked(STRUCK) => return Ok(Settled::Blank),
        (false, false) => {}
    }
    if typed.is_empty() {
        return if must_decide {
            Err(nothing_typed(field))
        } else {
            Ok(Settled::Blank)
        };
    }
    let value = match field.kind {
        FieldKind::OneOf => FieldValue::Text(known_option(field, typed.text())?),
        FieldKind::AnyOf => {
            let chosen: Vec<String> = typed
                .values
                .iter()
                .map(|v| known_option(field, v))
                .collect::<Result<_, _>>()?;
            let in_order = field
                .options
                .iter()
                .map(|o| &o.value)
                .filter(|v| chosen.contains(v));
            FieldValue::Choices(in_order.cloned().collect())
        }
        FieldKind::Signature => FieldValue::Signed(typed.text() == "true"),
        FieldKind::Date => check(
            field,
            &typed.date.each_ref().map(|part| part.trim()).join("/"),
        )?,
        _ => check(field, typed.text().trim())?,
    };
    Ok(Settled::Value(value))
}

fn nothing_typed(field: &Field) -> String {
    match field.kind {
        FieldKind::OneOf | FieldKind::Signature => "Select what is marked on the form".into(),
        FieldKind::AnyOf => "Select what is marked, or “left blank” or “not readable”".into(),
        _ => "Enter what is written, or select “left blank” or “not readable”".into(),
    }
}

fn known_option(field: &Field, value: &str) -> Result<String, String> {
    let known = field.options.iter().any(|o| o.value == value);
    if known {
        Ok(value.to_owned())
    } else {
        Err("Select one of the answers".into())
    }
}

/// Checks text by the rules of the field's kind.
fn check(field: &Field, text: &str) -> Result<FieldValue, String> {
    let today = chrono::Local::now().date_naive();
    // Reasons are sentences; errors on a page are not.
    crate::validation::check(field, text, today)
        .map_err(|reasons| reasons.join(" ").trim_end_matches('.').to_owned())
}

#[cfg(test)]
#[path = "answers_tests.rs"]
mod tests;
