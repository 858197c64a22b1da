//! One field as the review page shows it.

use super::answers::{BLANK, MARK_PREFIX, Typed, UNREADABLE};
use crate::domain::field::FieldKind;
use crate::forms::definition::Field;
use crate::storage::form_fields::StoredField;
use crate::web::picture::crop_size;

/// A radio button or checkbox.
pub(in crate::web) struct Choice {
    pub value: String,
    pub label: String,
    pub checked: bool,
    /// Not an option of the form but "left blank" or "not readable".
    pub other: bool,
}

/// The input that fits the field's kind.
pub(in crate::web) enum Control {
    Line {
        value: String,
        mode: &'static str,
        width: &'static str,
    },
    Lines {
        value: String,
    },
    Date {
        day: String,
        month: String,
        year: String,
    },
    Radios {
        options: Vec<Choice>,
    },
    Checkboxes {
        options: Vec<Choice>,
    },
}

/// Everything the template needs.
pub(super) struct FieldView {
    pub name: String,
    /// The name without dots, for ids of elements.
    pub id: String,
    pub kind: &'static str,
    pub label: String,
    pub alt: String,
    pub width: u32,
    pub height: u32,
    pub wording: Option<String>,
    pub why: Vec<String>,
    pub error: Option<String>,
    pub described_by: Option<String>,
    /// A person has to look at it.
    pub attention: bool,
    pub control: Control,
    /// Whether "left blank" and "not readable" are checkboxes of their own.
    pub has_marks: bool,
    pub blank: bool,
    pub unreadable: bool,
}

/// Element id of the field's first input, where an error leads.
pub(in crate::web) fn target(name: &str) -> String {
    format!("value-{}", name.replace('.', "-"))
}

impl FieldView {
    pub fn new(
        field: &Field,
        stored: &StoredField,
        typed: &Typed,
        error: Option<String>,
        attention: bool,
    ) -> Self {
        let id = field.name.replace('.', "-");
        let label = field
            .label
            .strip_prefix(&format!("{}: ", field.group))
            .unwrap_or(&field.label)
            .to_owned();
        let why = if attention {
            reasons(field, stored)
        } else {
            vec![]
        };
        let mut described_by = Vec::new();
        if !why.is_empty() {
            described_by.push(format!("why-{id}"));
        }
        if error.is_some() {
            described_by.push(format!("error-{id}"));
        }
        let control = control(field, typed);
        let (width, height) = crop_size(field.zone);
        Self {
            kind: field.kind.as_str(),
            alt: alt(&label, field, stored),
            width,
            height,
            wording: field.rules.wording.clone(),
            why,
            error,
            described_by: (!described_by.is_empty()).then(|| described_by.join(" ")),
            attention,
            has_marks: attention && !matches!(control, Control::Radios { .. }),
            control,
            blank: typed.is_marked(BLANK),
            unreadable: typed.is_marked(UNREADABLE),
            name: field.name.clone(),
            id,
            label,
        }
    }
}

impl FieldView {
    /// The same for somebody who has to type it without sight of what was read, nor of how sure the reader was.
    pub fn blind(self) -> Self {
        Self {
            alt: format!("{} as written on the form", self.label),
            why: vec!["Type what is written: what was read is not shown".into()],
            ..self
        }
    }
}

/// Why a person has to look. What goes without saying is left out: every consent is confirmed by a person.
fn reasons(field: &Field, stored: &StoredField) -> Vec<String> {
    if field.rules.consent.is_some() {
        return vec![];
    }
    if stored.reasons.is_empty() && stored.value.is_none() && stored.raw.is_none() {
        return vec!["Nothing was found here, but a record needs it".into()];
    }
    // What holds for every field of its kind tells a clerk nothing about this one.
    let of_this_field = |reason: &&String| !reason.contains("always");
    stored
        .reasons
        .iter()
        .filter(of_this_field)
        .cloned()
        .collect()
}

/// What somebody who cannot see the picture gets to know.
fn alt(label: &str, field: &Field, stored: &StoredField) -> String {
    if field.rules.consent.is_some() {
        return format!("The boxes for “{label}” as marked on the form");
    }
    let sure = match stored.confidence {
        c if c >= 0.95 => "fairly sure",
        c if c >= 0.7 => "not sure",
        _ => "very unsure",
    };
    match (&stored.value, &stored.raw) {
        (Some(_), _) => format!("{label} as written on the form; reading it was {sure}"),
        (None, Some(_)) => format!("{label} as written on the form; it could not be read"),
        (None, None) => format!("{label} on the form; nothing was found there"),
    }
}

/// The input that fits `field`, with what was typed.
pub(in crate::web) fn control(field: &Field, typed: &Typed) -> Control {
    let text = typed.text().to_owned();
    let line = |mode, width| Control::Line {
        value: text.clone(),
        mode,
        width,
    };
    match field.kind {
        FieldKind::Name | FieldKind::Email => line("text", ""),
        FieldKind::Postcode => line("text", "govuk-input--width-10"),
        FieldKind::Phone => line("tel", "govuk-input--width-20"),
        FieldKind::NhsNumber => line("numeric", "govuk-input--width-10"),
        FieldKind::Text if field.lines.len() > 1 => Control::Lines { value: text },
        FieldKind::Text => line("text", ""),
        FieldKind::Date => {
            let [day, month, year] = typed.date.clone();
            Control::Date { day, month, year }
        }
        FieldKind::OneOf => {
            let mut options = choices(field, typed);
            let blank = if field.rules.consent.is_some() {
                "Not answered"
            } else {
                "None marked"
            };
            options.push(mark(typed, BLANK, blank));
            options.push(mark(typed, UNREADABLE, "Not readable"));
            Control::Radios { options }
        }
        FieldKind::AnyOf => Control::Checkboxes {
            options: choices(field, typed),
        },
        FieldKind::Signature => {
            let signed = |value: &str, label: &str| Choice {
                value: value.into(),
                label: label.into(),
                checked: typed.text() == value,
                other: false,
            };
            Control::Radios {
                options: vec![
                    signed("true", "Signed"),
                    signed("false", "Not signed"),
                    mark(typed, UNREADABLE, "Cannot tell"),
                ],
            }
        }
    }
}

fn choices(field: &Field, typed: &Typed) -> Vec<Choice> {
    let choice = |option: &crate::forms::definition::TickOption| Choice {
        value: option.value.clone(),
        label: option.label.clone(),
        checked: typed.values.contains(&option.value),
        other: false,
    };
    field.options.iter().map(choice).collect()
}

fn mark(typed: &Typed, mark: &str, label: &str) -> Choice {
    Choice {
        value: format!("{MARK_PREFIX}{mark}"),
        label: label.into(),
        checked: typed.is_marked(mark),
        other: true,
    }
}
