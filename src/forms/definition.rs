//! A form definition with every position resolved: what is printed, read, checked and reviewed.
//!
//! All lengths are millimetres from the top left corner of the page, y down.

use serde::Serialize;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DataCategory {
    /// Personal data.
    Ordinary,
    /// UK GDPR Article 9 data: kept apart and encrypted, with everything read from its zone.
    Special,
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
}

/// One field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Field {
    /// Dotted path: `primary_carer.surname`, `child_2.date_of_birth`, `consent.email`.
    pub name: String,
    /// What a clerk sees.
    pub label: String,
    /// Kind of field.
    pub kind: FieldKind,
    /// Page of the form, from 1.
    pub page: u32,
    /// The whole answer zone: cells, lines or all boxes with their labels.
    #[serde(rename = "box")]
    pub zone: Zone,
    /// Comb cells from left to right; empty for other fields.
    pub cells: Vec<Zone>,
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
