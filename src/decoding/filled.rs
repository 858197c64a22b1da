//! The form fields of a PDF that was filled in on a screen, as the decoder found them. Nothing here is believed: it is
//! bounded text, to be held against what the pages show.

use serde::Deserialize;

/// Most form fields of one file; the decoder has the same bound.
pub(super) const MAX_FIELDS: u32 = 2000;
/// Longest name, in characters; the decoder has the same bound.
pub(super) const MAX_NAME: usize = 200;
/// Longest value, in characters; the decoder has the same bound.
pub(super) const MAX_VALUE: usize = 2000;

/// The form fields of one file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FilledForm {
    /// One for every place on a page that can be filled in, page by page; buttons of one group share name and value.
    pub fields: Vec<FilledField>,
    /// Why the fields were not read, as the end of a sentence; `fields` is empty then.
    pub unread: Option<String>,
}

/// What kind of form field it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilledKind {
    /// Takes text.
    Text,
    /// A box or one of a group of buttons.
    Button,
    /// A list, a signature, or something odd: its value is not read.
    Other,
}

/// One form field.
#[derive(Clone, PartialEq)]
pub struct FilledField {
    /// Dotted name.
    pub name: String,
    /// Kind.
    pub kind: FilledKind,
    /// What was typed; for buttons the value of the one that is on, or `Off`.
    pub value: String,
    /// Page of the file, from 1.
    pub page: u32,
    /// Left, lower, right and upper edge on that page, in points from its lower left corner.
    pub rect: [f64; 4],
    /// Whether the file says how the field looks. Without it the page shows nothing of what was typed.
    pub drawn: bool,
}

impl std::fmt::Debug for FilledField {
    /// Leaves the value out: it is somebody's answer.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilledField")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("page", &self.page)
            .field("drawn", &self.drawn)
            .finish_non_exhaustive()
    }
}

/// The line that says what became of the form fields; a line for each field follows.
#[derive(Deserialize)]
pub(super) struct FormLine {
    pub(super) fields: u32,
    pub(super) unread: Option<String>,
}

/// One field's line.
#[derive(Deserialize)]
pub(super) struct FieldLine {
    field: String,
    kind: FilledKind,
    value: String,
    page: u32,
    rect: [f64; 4],
    drawn: bool,
}

impl FieldLine {
    /// The field, if it keeps to the bounds that the decoder has as well.
    pub(super) fn checked(self, max_pages: u32) -> Option<FilledField> {
        let plain = |text: &str| text.chars().all(|c| !c.is_control() || c == '\n');
        let short =
            self.field.chars().count() <= MAX_NAME && self.value.chars().count() <= MAX_VALUE;
        let placed =
            (1..=max_pages).contains(&self.page) && self.rect.iter().all(|v| v.is_finite());
        (short && placed && plain(&self.field) && plain(&self.value)).then_some(FilledField {
            name: self.field,
            kind: self.kind,
            value: self.value,
            page: self.page,
            rect: self.rect,
            drawn: self.drawn,
        })
    }
}
