//! Formats of the trade: NHS numbers, postcodes, telephone numbers, e-mail addresses, dates and names.
//!
//! Each type checks one kind of text, as a person would type it, and keeps it in one normal form. Errors are words for
//! a clerk and never hold the value. Nothing here corrects what was written: a check passes or it does not.

pub mod date;
pub mod email;
pub mod name;
pub mod nhs_number;
pub mod phone;
pub mod postcode;

mod choice;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use crate::domain::field::{FieldKind, FieldValue};
use crate::forms::definition::{DateRole, Field};

/// Longest free text kept, in characters.
const LONGEST_TEXT: usize = 2000;

/// Checks the text of a field, as a person would type it: dates as `31/12/1990`, `31 Dec 1990` or ISO 8601, the value
/// or label of an option, several of them with commas between, a signature as `yes` or `no`.
///
/// # Errors
/// Reasons in words for a clerk. They never hold the value.
pub fn check(field: &Field, text: &str, today: NaiveDate) -> Result<FieldValue, Vec<String>> {
    let text = text.trim();
    if text.is_empty() {
        return Err(vec!["Nothing is written here.".to_owned()]);
    }
    match field.kind {
        FieldKind::Name => name::Name::parse(text)
            .map(|v| FieldValue::Text(v.into_string()))
            .map_err(sentence),
        FieldKind::Date => {
            let role = field.rules.date.unwrap_or(DateRole::Received);
            date::parse(text, role, today)
                .map(FieldValue::Date)
                .map_err(sentence)
        }
        FieldKind::Postcode => postcode::Postcode::parse(text)
            .map(|v| FieldValue::Text(v.into_string()))
            .map_err(sentence),
        FieldKind::Phone => phone::Phone::parse(text)
            .map(|v| FieldValue::Text(v.into_string()))
            .map_err(sentence),
        FieldKind::NhsNumber => nhs_number::NhsNumber::parse(text)
            .map(|v| FieldValue::Text(v.into_string()))
            .map_err(sentence),
        FieldKind::Email => email::Email::parse(text)
            .map(|v| FieldValue::Text(v.into_string()))
            .map_err(sentence),
        FieldKind::Text => free_text(text).map_err(|reason| vec![reason]),
        FieldKind::OneOf => choice::one(field, text).map_err(sentence),
        FieldKind::AnyOf => choice::any(field, text).map_err(sentence),
        FieldKind::Signature => choice::signed(text).map_err(sentence),
    }
}

/// What is said of an NHS number of the range that is kept for tests.
pub const TEST_NHS_NUMBER: &str = "NHS numbers that begin with 9 are for tests only.";

/// What is valid and still worth a second look, in words for a clerk; empty when nothing is.
pub fn unusual(field: &Field, value: &FieldValue, today: NaiveDate) -> Vec<String> {
    let mut remarks = Vec::new();
    match (field.kind, value) {
        (FieldKind::Date, FieldValue::Date(date))
            if field.rules.date == Some(DateRole::ChildBirth)
                && date::whole_years(*date, today) >= 5 =>
        {
            remarks.push("This child is five or older.".to_owned());
        }
        (FieldKind::Name, FieldValue::Text(name)) if name.chars().any(|c| c.is_ascii_digit()) => {
            remarks.push("There is a digit in this name.".to_owned());
        }
        (FieldKind::Phone, FieldValue::Text(digits))
            if field.name.ends_with("mobile")
                && !phone::Phone::parse(digits).is_ok_and(|p| p.is_mobile()) =>
        {
            remarks.push("This is not a mobile number: no texts can be sent to it.".to_owned());
        }
        (FieldKind::NhsNumber, FieldValue::Text(digits)) if digits.starts_with('9') => {
            remarks.push(TEST_NHS_NUMBER.to_owned());
        }
        _ => {}
    }
    remarks
}

/// An error as a sentence of its own.
fn sentence(error: impl std::error::Error) -> Vec<String> {
    let text = error.to_string();
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    vec![format!("{first}{}.", letters.as_str())]
}

fn free_text(text: &str) -> Result<FieldValue, String> {
    if text.chars().count() > LONGEST_TEXT {
        return Err(format!(
            "The text is longer than {LONGEST_TEXT} characters."
        ));
    }
    if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return Err("The text holds characters that cannot be shown. Type it again.".to_owned());
    }
    let lines: Vec<String> = text
        .lines()
        .map(collapse)
        .filter(|line| !line.is_empty())
        .collect();
    Ok(FieldValue::Text(lines.join("\n")))
}

/// Single spaces between words, none at the ends.
fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
