//! A form as a table for people.

use std::fmt::Write as _;
use std::path::Path;

use enrol::domain::field::{FieldState, FieldValue};
use enrol::domain::reading::{FieldReading, FormReading};
use enrol::forms::definition::FormDefinition;

const LABEL: usize = 44;
const VALUE: usize = 34;

/// The whole table: a heading, one row for each field that is not blank, and a count of the states.
pub fn of_form(file: &Path, form: &FormReading, definition: Option<&FormDefinition>) -> String {
    let mut out = String::new();
    let pages: Vec<String> = form
        .pages
        .iter()
        .map(|p| format!("{} ({:.2} mm)", p.page, p.residual_mm))
        .collect();
    let set = form
        .pages
        .iter()
        .find_map(|p| p.set_number.as_deref())
        .map_or(String::new(), |s| format!(", set {s}"));
    let _ = writeln!(
        out,
        "{}: {} version {}{set}, pages {}",
        file.display(),
        form.form,
        form.version,
        pages.join(", ")
    );
    for field in form.fields.iter().filter(|f| f.state != FieldState::Blank) {
        let label = definition
            .and_then(|d| d.field(&field.name))
            .map_or(field.name.as_str(), |f| &f.label);
        let _ = writeln!(
            out,
            "  {:<LABEL$} {:<VALUE$} {:<10} {:>4.0} %  {}",
            shortened(label, LABEL),
            shortened(&value(field), VALUE),
            field.state.as_str(),
            field.confidence * 100.0,
            field.reasons.join("; ")
        );
    }
    let count = |state: FieldState| form.fields.iter().filter(|f| f.state == state).count();
    let _ = writeln!(
        out,
        "  {} fields: {} accepted, {} to review, {} unreadable, {} blank\n",
        form.fields.len(),
        count(FieldState::Accepted),
        count(FieldState::Review),
        count(FieldState::Unreadable),
        count(FieldState::Blank)
    );
    out
}

fn value(field: &FieldReading) -> String {
    match &field.value {
        Some(FieldValue::Text(text)) => text.replace('\n', " / "),
        Some(FieldValue::Date(date)) => date.to_string(),
        Some(FieldValue::Choices(values)) => values.join(", "),
        Some(FieldValue::Signed(signed)) => {
            if *signed { "signed" } else { "not signed" }.to_owned()
        }
        None => field.raw.as_ref().map_or_else(
            || "?".to_owned(),
            |raw| format!("? {}", raw.replace('\n', " / ")),
        ),
    }
}

fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width - 1).collect();
    short.push('\u{2026}');
    short
}
