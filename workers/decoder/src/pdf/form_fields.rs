//! What was typed into the form fields of a PDF (PDF 1.7, section 12.7).
//!
//! The same parser reads the values as draws the pages, so both speak of the same revision of the same objects. The
//! fields are found from the pages: each widget on a page, then upwards to the fields it belongs to. What is on no
//! page nobody has seen, and the tree of fields, which may be as wide, deep or circular as somebody likes, is never
//! walked down. Scripts, actions and XFA are not looked at.

mod text;

use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::object::{Array, Dict, Name, Object, Rect, String as PdfString};
use hayro::hayro_syntax::page::Page;
use serde::Serialize;

/// Most widgets of a document.
pub const MAX_FIELDS: usize = 2000;
/// Most entries of all pages' lists of annotations that are looked at.
const MAX_ANNOTATIONS: usize = 20_000;
/// Most characters of a name, its dots included.
pub const MAX_NAME: usize = 200;
/// Most characters of a value.
pub const MAX_VALUE: usize = 2000;
/// Most bytes of all names and values together.
const MAX_TOTAL: usize = 512 << 10;
/// Most fields above a widget.
const MAX_DEPTH: usize = 16;

/// What kind of form field it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Takes text.
    Text,
    /// A box or one of a group of buttons.
    Button,
    /// A list, a signature, or something odd: its value is not read.
    Other,
}

/// One place on a page that can be filled in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FormField {
    /// Dotted name.
    #[serde(rename = "field")]
    pub name: String,
    /// Kind.
    pub kind: Kind,
    /// What was typed; for buttons the value of the one that is on, or `Off`.
    pub value: String,
    /// Page, from 1.
    pub page: u32,
    /// Left, lower, right and upper edge, in points from the lower left of the page.
    pub rect: [f64; 4],
    /// Whether there is an appearance to draw.
    pub drawn: bool,
}

/// Why the fields of a document are not read, as the end of a sentence.
pub type Unread = &'static str;

/// The form fields of a document; `None` where it has none.
///
/// # Errors
/// The form is of a kind that is not read, or above the limits. The pages can still be drawn.
pub fn read(pdf: &Pdf) -> Option<Result<Vec<FormField>, Unread>> {
    let root = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id())?;
    let form = root.get::<Dict<'_>>(b"AcroForm")?;
    if form.contains_key(b"XFA") {
        return Some(Err("it is an XFA form, which only its own program shows"));
    }
    let mut collected = Collected::default();
    for (number, page) in (1..).zip(pdf.pages().iter()) {
        if let Err(unread) = collected.page(page, number) {
            return Some(Err(unread));
        }
    }
    (!collected.fields.is_empty()).then_some(Ok(collected.fields))
}

#[derive(Default)]
struct Collected {
    fields: Vec<FormField>,
    annotations: usize,
    bytes: usize,
}

impl Collected {
    fn page(&mut self, page: &Page<'_>, number: u32) -> Result<(), Unread> {
        let Some(annotations) = page.raw().get::<Array<'_>>(b"Annots") else {
            return Ok(());
        };
        for annotation in annotations.iter::<Dict<'_>>() {
            self.annotations += 1;
            if self.annotations > MAX_ANNOTATIONS {
                return Err("it has too many annotations");
            }
            let is_widget = annotation
                .get::<Name<'_>>(b"Subtype")
                .is_some_and(|s| s.as_str() == "Widget");
            if is_widget {
                self.widget(&annotation, number)?;
            }
        }
        Ok(())
    }

    fn widget(&mut self, widget: &Dict<'_>, page: u32) -> Result<(), Unread> {
        if self.fields.len() == MAX_FIELDS {
            return Err("it has more than 2000 form fields");
        }
        let lineage = lineage(widget)?;
        let name = name(&lineage)?;
        // A widget without a name belongs to no field.
        if name.is_empty() {
            return Ok(());
        }
        let kind = match inherited(&lineage, b"FT") {
            Some(Object::Name(kind)) if kind.as_str() == "Tx" => Kind::Text,
            Some(Object::Name(kind)) if kind.as_str() == "Btn" => Kind::Button,
            _ => Kind::Other,
        };
        let value = match kind {
            Kind::Other => String::new(),
            _ => value(&lineage)?,
        };
        self.bytes += name.len() + value.len();
        if self.bytes > MAX_TOTAL {
            return Err("its form fields hold too much text");
        }
        let rect = widget
            .get::<Rect>(b"Rect")
            .map_or([0.0; 4], |r| [r.x0, r.y0, r.x1, r.y1]);
        self.fields.push(FormField {
            name,
            kind,
            value,
            page,
            rect: rect.map(|v| if v.is_finite() { v } else { 0.0 }),
            drawn: widget
                .get::<Dict<'_>>(b"AP")
                .is_some_and(|looks| looks.contains_key(b"N")),
        });
        Ok(())
    }
}

/// A widget and the fields above it, from the widget up.
fn lineage<'a>(widget: &Dict<'a>) -> Result<Vec<Dict<'a>>, Unread> {
    let mut lineage = vec![widget.clone()];
    while let Some(above) = lineage
        .last()
        .and_then(|field| field.get::<Dict<'a>>(b"Parent"))
    {
        // A circle ends here too.
        if lineage.len() == MAX_DEPTH {
            return Err("its form fields are nested too deeply");
        }
        lineage.push(above);
    }
    Ok(lineage)
}

/// An entry of a field or of the nearest field above it that has one.
fn inherited<'a>(lineage: &[Dict<'a>], key: &[u8]) -> Option<Object<'a>> {
    lineage
        .iter()
        .find_map(|field| field.get::<Object<'a>>(key))
}

fn name(lineage: &[Dict<'_>]) -> Result<String, Unread> {
    let own: Vec<String> = lineage
        .iter()
        .rev()
        .filter_map(|field| field.get::<PdfString<'_>>(b"T"))
        .map(|part| text::decoded(part.as_bytes(), MAX_NAME))
        .collect::<Option<_>>()
        .ok_or("the name of a form field is too long")?;
    let name = own.join(".").replace('\n', " ");
    if name.chars().count() > MAX_NAME {
        return Err("the name of a form field is too long");
    }
    Ok(name)
}

fn value(lineage: &[Dict<'_>]) -> Result<String, Unread> {
    let too_long = "a form field holds too much text";
    // A widget without a name of its own is only one of a field's places: what some programs write there is no value.
    let field = lineage.iter().position(|field| field.contains_key(b"T"));
    match inherited(&lineage[field.unwrap_or(0)..], b"V") {
        None | Some(Object::Null(_)) => Ok(String::new()),
        Some(Object::String(value)) => text::decoded(value.as_bytes(), MAX_VALUE).ok_or(too_long),
        Some(Object::Name(value)) => text::decoded(&value, MAX_VALUE).ok_or(too_long),
        Some(_) => Err("a form field holds something other than text"),
    }
}
