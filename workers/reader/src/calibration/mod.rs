//! From signals to a confidence that means something: the probability that a whole field is right, and the threshold
//! above which a field is accepted without a clerk because its error rate is proved to stay under what was promised.
//!
//! Cases come from writers kept apart for calibration. A case holds signals and whether the reading was right, never a
//! value, a name or a crop.

pub mod curve;
pub mod features;
pub mod fit;
pub mod logistic;
pub mod plot;
pub mod refit;
pub mod table;
pub mod threshold;

use enrol::domain::field::FieldKind;
use enrol::forms::definition::{Field, tells_the_person};
use serde::{Deserialize, Serialize};

use crate::ticks::signals as tick_signals;

pub use self::table::{Calibration, CalibrationError, Judgement};

/// Fields that share one promise and one threshold. The promise is proved per group, since a single kind of field
/// seldom has the thousands of cases that a small error rate needs.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum RiskGroup {
    /// Names, dates of birth and NHS numbers: a wrong one is a wrong person.
    Key,
    /// All other comb fields.
    Comb,
    /// Free writing on lines.
    Text,
    /// Tick boxes.
    Tick,
}

impl RiskGroup {
    /// All groups.
    pub const ALL: [Self; 4] = [Self::Key, Self::Comb, Self::Text, Self::Tick];

    /// The group of a field; `None` for signatures.
    pub fn of(field: &Field) -> Option<Self> {
        match field.kind {
            kind if tells_the_person(kind, field.rules.date) => Some(Self::Key),
            FieldKind::Name
            | FieldKind::NhsNumber
            | FieldKind::Date
            | FieldKind::Postcode
            | FieldKind::Phone
            | FieldKind::Email => Some(Self::Comb),
            FieldKind::Text => Some(Self::Text),
            FieldKind::OneOf | FieldKind::AnyOf => Some(Self::Tick),
            FieldKind::Signature => None,
        }
    }

    /// Names of its features, in order. A change of these needs a new calibration.
    pub fn features(self) -> &'static [&'static str] {
        match self {
            Self::Key | Self::Comb | Self::Text => &features::NAMES,
            Self::Tick => &tick_signals::NAMES,
        }
    }

    /// Name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Comb => "comb",
            Self::Text => "text",
            Self::Tick => "tick",
        }
    }
}

/// One field whose truth is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its risk group.
    pub group: RiskGroup,
    /// Its kind.
    pub kind: FieldKind,
    /// Whose hand it is, as a number that means nothing else: cases of one hand are not independent.
    pub writer: u64,
    /// How the page was captured, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<String>,
    /// The signals, in the order of [`RiskGroup::features`].
    pub features: Vec<f64>,
    /// Whether it may be accepted at all: a value that fails its check never is.
    pub eligible: bool,
    /// Whether the value read was exactly right.
    pub right: bool,
}
