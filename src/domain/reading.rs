//! What the reader makes of pages: the types between reader, storage and review.

use serde::{Deserialize, Serialize};

use super::calibration::FieldSignals;
use super::field::{FieldKind, FieldState, FieldValue};

/// One page placed on its definition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PageReading {
    /// Page of the form, from 1.
    pub page: u32,
    /// Page of the file it was found on, from 1.
    pub document_page: u32,
    /// How far the page may be off, millimetres: root mean square over its zones or, without printed lines, its marks.
    pub residual_mm: f64,
    /// Row-major 3x3 homography from form millimetres (origin top left, y down) to pixels of the decoded page.
    pub homography: [f64; 9],
    /// The set number printed in the QR code, where there is one.
    pub set_number: Option<String>,
}

/// Another text that a field was nearly read as.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "(String, f64)", into = "(String, f64)")]
pub struct Alternative {
    /// As the field would be typed.
    pub text: String,
    /// Share among all candidates, 0 to 1. Not calibrated.
    pub probability: f64,
}

impl From<(String, f64)> for Alternative {
    fn from((text, probability): (String, f64)) -> Self {
        Self { text, probability }
    }
}

impl From<Alternative> for (String, f64) {
    fn from(alternative: Alternative) -> Self {
        (alternative.text, alternative.probability)
    }
}

/// Hides the text: it is personal data.
impl std::fmt::Debug for Alternative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Alternative(redacted, {:.3})", self.probability)
    }
}

/// One field as read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldReading {
    /// Dotted path, as in the definition.
    pub name: String,
    /// Kind of field.
    pub kind: FieldKind,
    /// What was read before any rule was applied; null for ticks and signatures.
    pub raw: Option<String>,
    /// The checked value, null where there is none.
    pub value: Option<FieldValue>,
    /// Probability that the whole field is right, 0 to 1: calibrated for writing, measured clearness for marks.
    pub confidence: f64,
    /// What is known of the field.
    pub state: FieldState,
    /// Why it is not simply accepted, in words for a clerk. Never holds a value.
    pub reasons: Vec<String>,
    /// Page of the form, from 1.
    pub page: u32,
    /// Zone `[x, y, width, height]` in form millimetres from the top left.
    #[serde(rename = "box")]
    pub zone: [f64; 4],
    /// What else it may be, best first; empty for ticks and signatures.
    #[serde(skip)]
    pub alternatives: Vec<Alternative>,
    /// How it came about, for learning from what a clerk settles; null where there is nothing to learn.
    #[serde(skip)]
    pub signals: Option<FieldSignals>,
}

/// One form, or as many of its pages as were found together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FormReading {
    /// Identifier of the definition, `registration`.
    pub form: String,
    /// Version of the definition.
    pub version: u32,
    /// Pages found, in form order.
    pub pages: Vec<PageReading>,
    /// Fields on those pages, in definition order.
    pub fields: Vec<FieldReading>,
}

/// A page of a file read as the page of the form that somebody said it is.
#[derive(Debug, Clone, PartialEq)]
pub struct SheetReading {
    /// Page of the form, from 1.
    pub form_page: u32,
    /// How far the page may be off, millimetres.
    pub residual_mm: f64,
    /// As in [`PageReading`]: to pixels of the page as it was decoded, not as it was turned.
    pub homography: [f64; 9],
    /// The fields of that page. None has a value where the page could not be laid on the form.
    pub fields: Vec<FieldReading>,
    /// Why it could not, and what to do, for whoever looks at the form.
    pub remark: Option<String>,
}

/// A page that could not become part of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnplacedPage {
    /// Page of the file, from 1.
    pub document_page: u32,
    /// What it is.
    pub outcome: UnplacedOutcome,
    /// What is wrong and what to do next, for reception staff.
    pub reason: String,
}

/// Why a page is not part of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UnplacedOutcome {
    /// Nothing on it: the back of a sheet.
    Blank,
    /// Somebody has to look at it.
    Exception,
}

/// Everything one file gave.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct DocumentReading {
    /// Names and hashes of the weights it was read with.
    #[serde(skip)]
    pub model: String,
    /// Forms found.
    pub forms: Vec<FormReading>,
    /// Pages in no form.
    pub unplaced: Vec<UnplacedPage>,
}
