//! A picture of what was read: the pages upright and side by side, each field coloured by its state.

mod canvas;

use std::path::Path;

use enrol::domain::field::{FieldState, FieldValue};
use enrol::domain::reading::{FieldReading, FormReading};
use enrol::forms::definition::{FormDefinition, Zone};

use self::canvas::{Canvas, Colour, Fonts};
use crate::raster::Grey;
use crate::reader::PageSeen;

const PAPER: Colour = [243, 242, 241];
const TEXT: Colour = [11, 12, 12];
const QUIET: Colour = [80, 90, 95];
const LINE: Colour = [177, 180, 182];
const VALUE: Colour = [29, 79, 145];

/// Pixels per millimetre.
const SCALE: f64 = 4.6;
const MARGIN: usize = 28;
const HEADER: usize = 62;
const LEGEND: usize = 70;

fn colour(state: FieldState) -> Colour {
    match state {
        FieldState::Accepted => [0, 112, 60],
        FieldState::Review => [244, 119, 56],
        FieldState::Blank => [148, 152, 156],
        FieldState::Unreadable => [212, 53, 28],
    }
}

/// A placed page made upright, kept for drawing.
pub struct UprightPage {
    /// Page of the file, from 1.
    pub document_page: u32,
    picture: Grey,
}

impl UprightPage {
    /// Makes a page upright at the scale of the picture; `None` for a page without a place.
    pub fn of(page: &PageSeen<'_>) -> Option<Self> {
        let (homography, definition) = (&page.placed?.homography, page.definition?);
        let (width_mm, height_mm) = (definition.page.width_mm, definition.page.height_mm);
        let (width, height) = ((width_mm * SCALE) as usize, (height_mm * SCALE) as usize);
        // Average the page down first, or thin strokes would be lost between the samples.
        let factor = ((homography.scale_at([width_mm / 2.0, height_mm / 2.0]) / SCALE).round()
            as usize)
            .max(1);
        let small = page.picture.reduced(factor);
        let mut picture = Grey::filled(width, height, 255);
        for y in 0..height {
            for x in 0..width {
                let p = homography.to_page([(x as f64 + 0.5) / SCALE, (y as f64 + 0.5) / SCALE]);
                let shade = small.sample(p[0] / factor as f64, p[1] / factor as f64, 255);
                picture.set(x, y, shade);
            }
        }
        Some(Self {
            document_page: page.document_page,
            picture,
        })
    }
}

/// Draws a form with its fields and writes it as PNG. `pages` are those of its file.
///
/// # Errors
/// The file cannot be written.
pub fn draw(
    path: &Path,
    form: &FormReading,
    definition: &FormDefinition,
    pages: &[UprightPage],
) -> Result<(), image::ImageError> {
    let page_width = (definition.page.width_mm * SCALE) as usize;
    let page_height = (definition.page.height_mm * SCALE) as usize;
    let count = form.pages.len().max(1);
    let width = MARGIN + count * (page_width + MARGIN);
    let mut canvas = Canvas::new(width, HEADER + page_height + LEGEND, PAPER);
    let fonts = Fonts::find();
    for (index, page) in form.pages.iter().enumerate() {
        let (left, top) = (MARGIN + index * (page_width + MARGIN), HEADER);
        canvas.outline(
            [
                left as f64,
                top as f64,
                page_width as f64,
                page_height as f64,
            ],
            1.0,
            LINE,
        );
        if let Some(upright) = pages.iter().find(|p| p.document_page == page.document_page) {
            canvas.paste(&upright.picture, left, top);
        }
        if let Some(fonts) = &fonts {
            let end = canvas.text(
                fonts,
                (left as f64, 42.0),
                &format!("Page {}", page.page),
                22.0,
                true,
                TEXT,
            );
            let how = format!("placed to within {:.2} mm", page.residual_mm);
            canvas.text(fonts, (end + 14.0, 42.0), &how, 17.0, false, QUIET);
        }
        for field in form.fields.iter().filter(|f| f.page == page.page) {
            draw_field(
                &mut canvas,
                fonts.as_ref(),
                field,
                definition,
                (left as f64, top as f64),
            );
        }
    }
    if let Some(fonts) = &fonts {
        legend(&mut canvas, fonts, form, (HEADER + page_height) as f64);
    }
    canvas.save(path)
}

fn draw_field(
    canvas: &mut Canvas,
    fonts: Option<&Fonts>,
    field: &FieldReading,
    definition: &FormDefinition,
    (left, top): (f64, f64),
) {
    let colour = colour(field.state);
    let area = |zone: Zone| {
        [
            left + zone.x * SCALE,
            top + zone.y * SCALE,
            zone.width * SCALE,
            zone.height * SCALE,
        ]
    };
    let [x, y, width, height] = field.zone;
    let whole = area(Zone {
        x,
        y,
        width,
        height,
    });
    if field.state == FieldState::Blank {
        canvas.tint(whole, colour, 0.22);
        return;
    }
    // A group of boxes covers much paper: tint it lightly.
    canvas.tint(
        whole,
        colour,
        if field.kind.is_tick() { 0.16 } else { 0.30 },
    );
    canvas.outline(whole, 1.5, colour);
    let options = definition
        .field(&field.name)
        .map_or(&[][..], |d| &d.options);
    for option in options {
        if is_chosen(field, &option.value) {
            canvas.outline(area(option.zone), 3.0, colour);
        }
    }
    if let (Some(fonts), true) = (fonts, options.is_empty()) {
        chip(canvas, fonts, field, whole);
    }
}

/// What was read, on a small label at the lower edge of the field.
fn chip(canvas: &mut Canvas, fonts: &Fonts, field: &FieldReading, [x, y, width, height]: [f64; 4]) {
    const SIZE: f64 = 12.5;
    let Some(text) = shown(field) else { return };
    let mut text = text.replace('\n', " / ");
    while fonts.width(&text, SIZE, false) > width.max(60.0) && text.chars().count() > 4 {
        text = text
            .chars()
            .take(text.chars().count() - 2)
            .collect::<String>()
            .trim_end()
            .to_owned();
        text.push('\u{2026}');
    }
    let wide = fonts.width(&text, SIZE, false) + 8.0;
    let left = x + width - wide + 1.5;
    let label = [left, y + height - 3.0, wide, SIZE + 2.0];
    canvas.fill(label, [255, 255, 255], 0.92);
    canvas.text(
        fonts,
        (left + 4.0, y + height + SIZE - 4.5),
        &text,
        SIZE,
        false,
        VALUE,
    );
}

fn is_chosen(field: &FieldReading, option: &str) -> bool {
    match &field.value {
        Some(FieldValue::Text(value)) => value == option,
        Some(FieldValue::Choices(values)) => values.iter().any(|v| v == option),
        _ => false,
    }
}

fn shown(field: &FieldReading) -> Option<String> {
    match &field.value {
        Some(FieldValue::Text(text)) => Some(text.clone()),
        Some(FieldValue::Date(date)) => Some(date.to_string()),
        Some(FieldValue::Signed(signed)) => {
            Some(if *signed { "signed" } else { "not signed" }.to_owned())
        }
        Some(FieldValue::Choices(_)) => None,
        None => field.raw.clone(),
    }
}

fn legend(canvas: &mut Canvas, fonts: &Fonts, form: &FormReading, top: f64) {
    let states = [
        (FieldState::Accepted, "accepted"),
        (FieldState::Review, "for a clerk"),
        (FieldState::Unreadable, "not readable"),
        (FieldState::Blank, "left blank"),
    ];
    let baseline = top + 44.0;
    let mut x = MARGIN as f64;
    for (state, words) in states {
        let number = form.fields.iter().filter(|f| f.state == state).count();
        let swatch = [x, baseline - 16.0, 20.0, 20.0];
        canvas.fill(swatch, [255, 255, 255], 1.0);
        canvas.tint(swatch, colour(state), 0.45);
        if state != FieldState::Blank {
            canvas.outline(swatch, 1.5, colour(state));
        }
        let end = canvas.text(
            fonts,
            (x + 30.0, baseline),
            &number.to_string(),
            19.0,
            true,
            TEXT,
        );
        x = canvas.text(fonts, (end + 7.0, baseline), words, 19.0, false, TEXT) + 34.0;
    }
    let set = form.pages.iter().find_map(|p| p.set_number.as_deref());
    let name = match set {
        Some(set) => format!("{} version {} \u{b7} set {set}", form.form, form.version),
        None => format!("{} version {}", form.form, form.version),
    };
    let wide = fonts.width(&name, 17.0, false);
    let at = canvas.width as f64 - MARGIN as f64 - wide;
    if at > x {
        canvas.text(fonts, (at, baseline), &name, 17.0, false, QUIET);
    }
}
