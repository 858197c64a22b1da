//! What a field on a form is, and what one was read as.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The kinds of field, one fixed list for printing, reading, checking and review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// A person's name or part of one, in comb cells.
    Name,
    /// A date as DD MM YYYY in comb cells; its value is ISO 8601.
    Date,
    /// A United Kingdom postcode in comb cells.
    Postcode,
    /// A telephone number in comb cells; its value is digits only.
    Phone,
    /// An NHS number in comb cells; its value is ten digits.
    NhsNumber,
    /// An e-mail address in a long comb.
    Email,
    /// Free handwriting on one or more ruled lines.
    Text,
    /// Tick boxes of which at most one may be marked; its value is the option's value.
    OneOf,
    /// Tick boxes of which any number may be marked; its value is a list.
    AnyOf,
    /// A signature box; its value is `true` (signed), `false` (empty) or null (unsure).
    Signature,
}

impl FieldKind {
    /// Whether the value is given by marks in boxes, not by writing.
    pub fn is_tick(self) -> bool {
        matches!(self, Self::OneOf | Self::AnyOf)
    }

    /// The name used in JSON, TOML and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Date => "date",
            Self::Postcode => "postcode",
            Self::Phone => "phone",
            Self::NhsNumber => "nhs_number",
            Self::Email => "email",
            Self::Text => "text",
            Self::OneOf => "one_of",
            Self::AnyOf => "any_of",
            Self::Signature => "signature",
        }
    }
}

/// What is known of a field after reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldState {
    /// The machine is sure enough under the field's target error rate.
    Accepted,
    /// A clerk has to look.
    Review,
    /// Nothing was written; the value is null.
    Blank,
    /// Something was written that could not be read.
    Unreadable,
}

impl FieldState {
    /// The name used in JSON and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Review => "review",
            Self::Blank => "blank",
            Self::Unreadable => "unreadable",
        }
    }
}

/// A checked value. Serialises to plain JSON: a string, an ISO date, a list of strings or a boolean.
/// Parse it back with [`FieldValue::from_json`], which needs the field's kind.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FieldValue {
    /// Name, postcode, phone, NHS number, e-mail, free text or the option of a one-of group.
    Text(String),
    /// A calendar date.
    Date(NaiveDate),
    /// The marked options of an any-of group, in printed order.
    Choices(Vec<String>),
    /// Whether a signature is there.
    Signed(bool),
}

impl FieldValue {
    /// Reads a value of `kind` from plain JSON; `None` when its shape does not fit the kind.
    pub fn from_json(kind: FieldKind, json: &serde_json::Value) -> Option<Self> {
        match kind {
            FieldKind::Date => json.as_str()?.parse().ok().map(Self::Date),
            FieldKind::AnyOf => json
                .as_array()?
                .iter()
                .map(|v| v.as_str().map(str::to_owned))
                .collect::<Option<_>>()
                .map(Self::Choices),
            FieldKind::Signature => json.as_bool().map(Self::Signed),
            _ => json.as_str().map(|s| Self::Text(s.to_owned())),
        }
    }
}

/// Shows the shape only: values are personal data and must not reach a log.
impl std::fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(redacted)",
            Self::Date(_) => "Date(redacted)",
            Self::Choices(_) => "Choices(redacted)",
            Self::Signed(_) => "Signed(redacted)",
        })
    }
}
