//! The copy of a person's data as a PDF: text section by section, then the pages of their forms with everybody else covered.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use krilla::Document;
use krilla::geom::{Point, Size, Transform};
use krilla::image::Image;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::text::TextDirection;
use serde_json::Value as Json;

use crate::forms::metrics::{self, MM_PER_POINT, Weight};
use crate::forms::print::Fonts;
use crate::web::frame::{date, date_time};

/// A4 in millimetres, its margin, and the height of a line.
const PAGE: (f64, f64) = (210.0, 297.0);
const MARGIN: f64 = 18.0;
const LINE: f64 = 5.0;

/// A line of text: how far it is set in (mm), size (pt) and weight.
struct Line {
    text: String,
    indent: f64,
    size: f64,
    weight: Weight,
}

/// What a section says.
pub(super) enum Content {
    /// Values as they are kept, under their names.
    Kept(Json),
    /// Lines in the words of the form: a label with its value, or a value alone.
    Told(Vec<(Option<String>, String)>),
}

/// Writes the PDF. `pictures` are PNGs of whole pages.
///
/// # Errors
/// What the PDF library says.
pub(super) fn write(
    title: &str,
    introduction: &[&str],
    sections: &[(&'static str, Content)],
    pictures: &[(String, Bytes)],
    fonts: &Fonts,
) -> Result<Vec<u8>, String> {
    let mut lines = vec![heading(title, 18.0)];
    for text in introduction {
        wrapped(&mut lines, text, 0.0);
    }
    for (title, content) in sections {
        lines.push(blank());
        lines.push(heading(title, 13.0));
        match content {
            Content::Told(rows) if !rows.is_empty() => {
                for (label, value) in rows {
                    let text = label.as_ref().map(|label| format!("{label}: {value}"));
                    wrapped(&mut lines, text.as_ref().unwrap_or(value), 0.0);
                }
            }
            Content::Kept(content) if !is_empty(content) => told(&mut lines, content, 0.0),
            _ => wrapped(&mut lines, "Nothing is kept.", 0.0),
        }
    }
    let mut document = Document::new();
    let per_page = ((PAGE.1 - 2.0 * MARGIN) / LINE) as usize;
    for chunk in lines.chunks(per_page) {
        let mut page = document.start_page_with(a4()?);
        let mut surface = page.surface();
        for (at, line) in chunk.iter().enumerate() {
            let start = Point::from_xy(
                points(MARGIN + line.indent),
                points(MARGIN + LINE * (at + 1) as f64),
            );
            let font = fonts.of(line.weight);
            surface.draw_text(
                start,
                font,
                line.size as f32,
                &line.text,
                false,
                TextDirection::LeftToRight,
            );
        }
        surface.finish();
        page.finish();
    }
    for (caption, png) in pictures {
        let image = Image::from_png(png.to_vec().into(), true)?;
        let mut page = document.start_page_with(a4()?);
        let mut surface = page.surface();
        let start = Point::from_xy(points(MARGIN), points(12.0));
        surface.draw_text(
            start,
            fonts.of(Weight::Regular),
            9.0,
            caption,
            false,
            TextDirection::LeftToRight,
        );
        surface.push_transform(&Transform::from_translate(points(MARGIN), points(MARGIN)));
        let (width, height) = (PAGE.0 - 2.0 * MARGIN, PAGE.1 - 2.0 * MARGIN);
        let (across, down) = image.size();
        let scale = (width / f64::from(across)).min(height / f64::from(down));
        let size = Size::from_wh(
            points(f64::from(across) * scale),
            points(f64::from(down) * scale),
        );
        surface.draw_image(image, size.ok_or("a picture without a size")?);
        surface.pop();
        surface.finish();
        page.finish();
    }
    document.set_metadata(
        Metadata::new()
            .title(title.to_owned())
            .language("en-GB".to_owned())
            .creator("Enrol".to_owned()),
    );
    document.finish().map_err(|error| format!("{error:?}"))
}

fn a4() -> Result<PageSettings, String> {
    PageSettings::from_wh(points(PAGE.0), points(PAGE.1)).ok_or_else(|| "no page".to_owned())
}

fn points(mm: f64) -> f32 {
    (mm / MM_PER_POINT) as f32
}

fn heading(text: &str, size: f64) -> Line {
    Line {
        text: text.to_owned(),
        indent: 0.0,
        size,
        weight: Weight::Bold,
    }
}

fn blank() -> Line {
    heading("", 10.0)
}

fn is_empty(content: &Json) -> bool {
    match content {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Adds text at `indent` millimetres, broken into lines that fit.
fn wrapped(lines: &mut Vec<Line>, text: &str, indent: f64) {
    const SIZE: f64 = 9.5;
    let width = PAGE.0 - 2.0 * MARGIN - indent;
    for text in metrics::wrap(text, width, SIZE, Weight::Regular) {
        lines.push(Line {
            text,
            indent,
            size: SIZE,
            weight: Weight::Regular,
        });
    }
}

/// Adds members and items, each level set in further.
fn told(lines: &mut Vec<Line>, content: &Json, indent: f64) {
    match content {
        Json::Object(members) => {
            // Ids help nobody who reads; they are in the JSON.
            let says = |(name, value): &(&String, &Json)| !is_empty(value) && !is_id(name);
            for (name, value) in members.iter().filter(says) {
                let label = name.replace(['_', '.'], " ");
                match value {
                    Json::Object(_) | Json::Array(_) if !is_plain_list(value) => {
                        wrapped(lines, &format!("{label}:"), indent);
                        told(lines, value, indent + 5.0);
                    }
                    _ => wrapped(lines, &format!("{label}: {}", plain(value)), indent),
                }
            }
        }
        Json::Array(items) => {
            for item in items {
                told(lines, item, indent);
                lines.push(blank());
            }
        }
        _ => wrapped(lines, &plain(content), indent),
    }
}

fn is_plain_list(value: &Json) -> bool {
    let plain = |item: &Json| !item.is_object() && !item.is_array();
    value
        .as_array()
        .is_some_and(|items| items.iter().all(plain))
}

fn is_id(name: &str) -> bool {
    name == "id" || name.ends_with("_id")
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => match (text.parse(), text.parse::<DateTime<Utc>>()) {
            (Ok(day), _) => date(day),
            (_, Ok(at)) => date_time(at),
            _ => text.clone(),
        },
        Json::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Json::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        other => other.to_string(),
    }
}
