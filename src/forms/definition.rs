//! A form definition with every position resolved: what is printed, read, checked and reviewed.
//!
//! All lengths are millimetres from the top left corner of the page, y down.

use serde::{Deserialize, Serialize};

use super::artwork::Artwork;
use crate::domain::field::FieldKind;

/// `[x, y, width, height]` in millimetres from the top left of the page.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(into = "[f64; 4]")]
pub struct Zone {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Zone {
    /// The right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// The lower edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// The smallest zone holding both.
    pub fn union(&self, other: &Zone) -> Zone {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let (right, bottom) = (
            self.right().max(other.right()),
            self.bottom().max(other.bottom()),
        );
        Zone {
            x,
            y,
            width: right - x,
            height: bottom - y,
        }
    }

    /// How far two zones overlap across and down; `None` when they do not.
    pub fn overlap(&self, other: &Zone) -> Option<(f64, f64)> {
        let across = self.right().min(other.right()) - self.x.max(other.x);
        let down = self.bottom().min(other.bottom()) - self.y.max(other.y);
        (across > 0.01 && down > 0.01).then_some((across, down))
    }

    /// The zone made larger by `by` on every side.
    pub fn grown(&self, by: f64) -> Zone {
        Zone {
            x: self.x - by,
            y: self.y - by,
            width: self.width + 2.0 * by,
            height: self.height + 2.0 * by,
        }
    }
}

impl From<Zone> for [f64; 4] {
    fn from(z: Zone) -> Self {
        [z.x, z.y, z.width, z.height]
    }
}

/// One tick box of a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TickOption {
    /// What is stored when it is marked.
    pub value: String,
    /// What is printed beside it.
    pub label: String,
    /// The box itself, border included.
    #[serde(rename = "box")]
    pub zone: Zone,
}

/// Whose information a field holds, which decides where it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataCategory {
    /// Personal data.
    #[default]
    Ordinary,
    /// UK GDPR Article 9 data: kept apart and encrypted, with everything read from its zone.
    Special,
}

/// What a date means, which decides the range it may lie in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateRole {
    /// Birth of a carer or another adult.
    AdultBirth,
    /// Birth of a child.
    ChildBirth,
    /// When a baby is expected.
    Due,
    /// When the form was signed.
    Signed,
    /// When the centre received the form.
    Received,
}

/// Rules a value has to meet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldRules {
    /// A record cannot be made without it (when its block is used at all).
    pub required: bool,
    /// The characters the reader may use; empty means every character of its alphabet.
    pub alphabet: String,
    /// Ordinary or special-category data.
    pub category: DataCategory,
    /// For a consent: the purpose or channel, `contact.email`; for all else, null.
    pub consent: Option<String>,
    /// For a consent: the exact statement printed beside it.
    pub wording: Option<String>,
    /// For a date: what it means; for all else, null.
    pub date: Option<DateRole>,
    /// Error rate promised for values that the machine accepts: at most this share of them is wrong.
    pub target_error: f64,
}

/// Error rate promised for names, dates of birth, NHS numbers and consents where a form says nothing.
pub const KEY_TARGET_ERROR: f64 = 0.0014;
/// Error rate promised for all else.
pub const TARGET_ERROR: f64 = 0.003;

/// Whether a field tells who a person is: a wrong one makes a wrong person.
pub fn tells_the_person(kind: FieldKind, date: Option<DateRole>) -> bool {
    match kind {
        FieldKind::Name | FieldKind::NhsNumber => true,
        FieldKind::Date => matches!(date, Some(DateRole::AdultBirth | DateRole::ChildBirth)),
        _ => false,
    }
}

/// The error rate promised where a form says nothing.
pub fn default_target_error(kind: FieldKind, date: Option<DateRole>, is_consent: bool) -> f64 {
    if tells_the_person(kind, date) || is_consent {
        KEY_TARGET_ERROR
    } else {
        TARGET_ERROR
    }
}

/// One field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Field {
    /// Dotted path: `primary_carer.surname`, `child_2.date_of_birth`, `consent.email`.
    pub name: String,
    /// What a clerk sees, the person included: `Child 2: Surname`.
    pub label: String,
    /// The part of the form it stands in: `Child 2`. Fields of one group follow each other.
    pub group: String,
    /// Kind of field.
    pub kind: FieldKind,
    /// Page of the form, from 1.
    pub page: u32,
    /// The whole answer zone: cells, lines or all boxes with their labels.
    #[serde(rename = "box")]
    pub zone: Zone,
    /// Comb cells from left to right; empty for other fields.
    pub cells: Vec<Zone>,
    /// Writing lines of a text field from top to bottom; the lower edge of each is the ruled line.
    pub lines: Vec<Zone>,
    /// Tick boxes; empty for other fields.
    pub options: Vec<TickOption>,
    /// Rules.
    pub rules: FieldRules,
}

/// A corner mark: a filled black square.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CornerMark {
    /// The square itself.
    #[serde(rename = "box")]
    pub zone: Zone,
}

/// Size of every page of the form.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PageSize {
    /// 210 for A4.
    pub width_mm: f64,
    /// 297 for A4.
    pub height_mm: f64,
}

/// A form version with all positions resolved. `enrol form show --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FormDefinition {
    /// `registration`.
    pub id: String,
    /// Version, from 1; changes whenever anything printed or asked changes.
    pub version: u32,
    /// Printed title.
    pub title: String,
    /// Version of the wording of consents and of the privacy notice.
    pub wording_version: String,
    /// Size of every page.
    pub page: PageSize,
    /// Number of pages.
    pub pages: u32,
    /// Pages that a complete form may lack: continuation sheets.
    pub optional_pages: Vec<u32>,
    /// The four corner marks, the same on every page: top left, top right, bottom left, bottom right.
    pub corner_marks: [CornerMark; 4],
    /// Where the QR code stands on every page, quiet zone excluded.
    pub qr_zone: Zone,
    /// Fields in the order of the form.
    pub fields: Vec<Field>,
    /// Everything printed that nobody fills in: headings, labels, wording, frames, footers.
    #[serde(skip)]
    pub artwork: Vec<Artwork>,
}

impl FormDefinition {
    /// The field called `name`.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// Pages without which the form is not complete.
    pub fn required_pages(&self) -> impl Iterator<Item = u32> + '_ {
        (1..=self.pages).filter(|p| !self.optional_pages.contains(p))
    }
}
