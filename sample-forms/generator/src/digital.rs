//! Fills a printed form in on a screen, as a PDF viewer does: values into its form fields, and how they look.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use enrol::domain::field::FieldKind;
use enrol::forms::definition::{Field, FormDefinition};
use enrol::forms::fillable::{self, Entry};
use enrol::forms::metrics::{self, MM_PER_POINT, Weight};
use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId, Stream, dictionary, text_string};
use serde_json::Value;

/// What is typed or ticked: the form field's dotted name, and its text or the value of the button that is on.
pub type Entries = BTreeMap<String, String>;

/// Type sizes of the printed form fields, in points, as they stand in their default appearance.
const LINE_PT: f64 = 11.0;

/// What a person types so that the form says `values`, which have the shapes of a truth file. `name` is what stands
/// for a signature.
pub fn entries(
    definition: &FormDefinition,
    values: &BTreeMap<String, Value>,
    name: &str,
) -> Entries {
    let mut entries = Entries::new();
    for field in &definition.fields {
        let Some(value) = values.get(&field.name).filter(|v| !v.is_null()) else {
            continue;
        };
        let parts = fillable::parts(field);
        if field.kind.is_tick() {
            let on = |option: &str| match value {
                Value::Array(all) => all.iter().any(|v| v == option),
                one => one == option,
            };
            for part in parts.into_iter().filter(|p| on(&p.value)) {
                entries.insert(part.name, part.value);
            }
            continue;
        }
        let texts = texts(field, value, name);
        let mut rest = texts.into_iter();
        for part in parts {
            let text = match part.entry {
                Entry::Comb(cells) if field.cells.len() > cells => {
                    rest.by_ref().take(cells).collect::<Vec<_>>().concat()
                }
                Entry::Line => rest.next().unwrap_or_default(),
                _ => rest.by_ref().collect::<Vec<_>>().concat(),
            };
            if !text.is_empty() {
                entries.insert(part.name, text);
            }
        }
    }
    entries
}

/// The characters of a comb or the lines of a text.
fn texts(field: &Field, value: &Value, name: &str) -> Vec<String> {
    let text = match (field.kind, value) {
        (FieldKind::Signature, _) => name,
        (_, Value::String(text)) => text,
        _ => "",
    };
    match field.kind {
        FieldKind::Date => {
            let parts: Vec<&str> = text.split('-').collect();
            let digits = parts.into_iter().rev().collect::<String>();
            digits.chars().map(String::from).collect()
        }
        FieldKind::Text => {
            // A little of a text field's width is its margin.
            let width = field.lines.first().map_or(field.zone.width, |l| l.width) - 4.0;
            metrics::wrap(text, width, LINE_PT, Weight::Regular)
        }
        _ => text.chars().map(String::from).collect(),
    }
}

/// Fills in a printed form.
///
/// # Errors
/// Fails (for good) when the PDF is none, has no such form field, or a text has characters that its font lacks.
pub fn fill(pdf: &[u8], entries: &Entries) -> anyhow::Result<Vec<u8>> {
    let mut document = Document::load_mem_with_options(pdf, LoadOptions::default())?;
    let form = document.catalog()?.get(b"AcroForm")?.as_reference()?;
    let fonts = document
        .get_dictionary(form)?
        .get(b"DR")?
        .as_dict()?
        .get(b"Font")?
        .as_dict()?
        .clone();
    let mut missing: BTreeSet<&str> = entries.keys().map(String::as_str).collect();
    for id in widgets(&document)? {
        let name = name_of(&document, id)?;
        let Some(value) = entries.get(&name) else {
            continue;
        };
        missing.remove(name.as_str());
        if is_button(&document, id)? {
            press(&mut document, id, value)?;
        } else {
            type_in(&mut document, id, value, &fonts)
                .with_context(|| format!("form field {name}"))?;
        }
    }
    ensure!(missing.is_empty(), "no such form fields: {missing:?}");
    let mut bytes = Vec::new();
    document.save_to(&mut bytes)?;
    Ok(bytes)
}

/// The widgets of all pages.
///
/// # Errors
/// Fails (for good) when a page's annotations are not what they should be.
pub fn widgets(document: &Document) -> anyhow::Result<Vec<ObjectId>> {
    let mut ids = Vec::new();
    for page in document.get_pages().into_values() {
        if let Ok(annotations) = document.get_dictionary(page)?.get(b"Annots") {
            for id in annotations.as_array()? {
                ids.push(id.as_reference()?);
            }
        }
    }
    Ok(ids)
}

/// The dotted name of the field that a widget belongs to.
///
/// # Errors
/// Fails (for good) when a field above it is missing.
pub fn name_of(document: &Document, widget: ObjectId) -> anyhow::Result<String> {
    let mut names = Vec::new();
    let mut next = Some(widget);
    while let Some(id) = next {
        let field = document.get_dictionary(id)?;
        if let Ok(name) = field.get(b"T") {
            names.push(lopdf::decode_text_string(name)?);
        }
        next = field.get(b"Parent").and_then(Object::as_reference).ok();
    }
    names.reverse();
    Ok(names.join("."))
}

fn is_button(document: &Document, widget: ObjectId) -> anyhow::Result<bool> {
    let field = document.get_dictionary(widget)?;
    let kind = match field.get(b"FT") {
        Ok(kind) => kind,
        Err(_) => document
            .get_dictionary(field.get(b"Parent")?.as_reference()?)?
            .get(b"FT")?,
    };
    Ok(kind.as_name()? == b"Btn")
}

/// Turns a button on, if it is the one with this value, or off.
fn press(document: &mut Document, widget: ObjectId, value: &str) -> anyhow::Result<()> {
    let button = document.get_dictionary_mut(widget)?;
    let states = button.get(b"AP")?.as_dict()?.get(b"N")?.as_dict()?;
    let state = if states.has(value.as_bytes()) {
        value
    } else {
        "Off"
    };
    button.set("AS", state);
    let field = match button.get(b"FT") {
        Ok(_) => widget,
        Err(_) => button.get(b"Parent")?.as_reference()?,
    };
    document.get_dictionary_mut(field)?.set("V", value);
    Ok(())
}

fn type_in(
    document: &mut Document,
    widget: ObjectId,
    value: &str,
    fonts: &Dictionary,
) -> anyhow::Result<()> {
    let field = document.get_dictionary(widget)?;
    let default = String::from_utf8(field.get(b"DA")?.as_str()?.to_vec())?;
    let size: f64 = default
        .split_whitespace()
        .nth(1)
        .and_then(|s| s.parse().ok())
        .context("no type size")?;
    let rect: Vec<f64> = field
        .get(b"Rect")?
        .as_array()?
        .iter()
        .map(|v| v.as_float().map(f64::from))
        .collect::<Result<_, _>>()?;
    let (width, height) = (rect[2] - rect[0], rect[3] - rect[1]);
    let comb = field.get(b"Ff")?.as_i64()? & (1 << 24) != 0;
    let cells = field.get(b"MaxLen").and_then(Object::as_i64).unwrap_or(0);
    // Capitals, which are 0.72 of the size high, stand in the middle.
    let baseline = (height - 0.72 * size) / 2.0;
    let mut commands = format!(
        "/Tx BMC\nq\n1 1 {:.2} {:.2} re W n\nBT\n{default}\n",
        width - 2.0,
        height - 2.0
    );
    let points = |text: &str| metrics::width_mm(text, size, Weight::Regular) / MM_PER_POINT;
    if comb {
        let cell = width / cells as f64;
        for (index, letter) in value.chars().enumerate() {
            let letter = letter.to_string();
            let x = cell * (index as f64 + 0.5) - points(&letter) / 2.0;
            commands += &format!(
                "1 0 0 1 {x:.2} {baseline:.2} Tm <{}> Tj\n",
                hexadecimal(&letter)?
            );
        }
    } else {
        commands += &format!("2 {baseline:.2} Td <{}> Tj\n", hexadecimal(value)?);
    }
    commands += "ET\nQ\nEMC\n";
    let look = Stream::new(
        dictionary! {
            "Type" => "XObject",
            "Subtype" => "Form",
            "BBox" => vec![0.into(), 0.into(), Object::Real(width as f32), Object::Real(height as f32)],
            "Resources" => dictionary! { "Font" => fonts.clone() },
        },
        commands.into_bytes(),
    );
    let look = document.add_object(look);
    let field = document.get_dictionary_mut(widget)?;
    field.set("V", text_string(value));
    field.set("AP", dictionary! { "N" => look });
    Ok(())
}

/// Text in WinAnsiEncoding, as far as it is that of Latin-1, in hexadecimal digits.
fn hexadecimal(text: &str) -> anyhow::Result<String> {
    text.chars()
        .map(|c| {
            let code = match c {
                '\u{2019}' => 0x92,
                _ => u32::from(c),
            };
            ensure!(
                code < 0x80 || code == 0x92 || (0xA0..0x100).contains(&code),
                "the font lacks a character"
            );
            Ok(format!("{code:02X}"))
        })
        .collect()
}
