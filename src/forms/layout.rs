//! Places what is printed besides the answers: header, footer, section bands, text, frames and examples.

use super::artwork::Ink;
use super::canvas::{Canvas, Type};
use super::definition::Zone;
use super::metrics::{self, Weight};
use super::source::{Example, ExampleKind, Form, Frame, Section, SectionStyle, Style, Text};

/// Height of a section band, millimetres.
pub(super) const BAND_HEIGHT: f64 = 6.0;
/// Outline of cells, boxes and writing lines, millimetres.
pub const GUIDE_WIDTH: f64 = 0.25;

/// Between a tick box and its label, millimetres.
pub(super) const LABEL_GAP: f64 = 1.8;

/// Length of the scale bar, millimetres.
const SCALE_BAR: f64 = 50.0;

/// Title, page number and the instruction that counts, at the top of every page.
pub(super) fn header(canvas: &mut Canvas, form: &Form, pages: u32, page: u32) {
    canvas.at(page, form.title.span().start);
    canvas.line(
        18.0,
        14.6,
        Type::new(19.0, Weight::Bold, Ink::BAND),
        form.title.as_ref(),
        Some(150.0),
    );
    let what = if form.optional_pages.iter().any(|p| *p.as_ref() == page) {
        format!("Page {page} of {pages} \u{b7} extra page, needed only when it has something on it")
    } else {
        format!("Page {page} of {pages}")
    };
    canvas.line(
        18.0,
        20.2,
        Type::new(10.0, Weight::Bold, Ink::BLACK),
        &what,
        Some(150.0),
    );
    let how = "Black ink \u{b7} CAPITAL LETTERS \u{b7} one letter or number in each box \u{b7} a cross in the boxes you choose";
    canvas.line(
        18.0,
        25.2,
        Type::new(8.5, Weight::Regular, Ink::SOFT),
        how,
        Some(150.0),
    );
}

/// Privacy line, scale bar and version, at the foot of every page.
pub(super) fn footer(canvas: &mut Canvas, form: &Form, page: u32, width: f64, height: f64) {
    let small = Type::new(7.0, Weight::Regular, Ink::SOFT);
    canvas.at(page, form.privacy_line.span().start);
    canvas.paragraph(
        18.0,
        height - 19.0,
        width - 36.0,
        small,
        form.privacy_line.as_ref(),
    );
    canvas.at(page, form.id.span().start);
    let (left, y) = (18.0, height - 9.5);
    canvas.rule((left, y), (left + SCALE_BAR, y), 0.3, Ink::BLACK);
    for tick in 0..=5 {
        let x = left + f64::from(tick) * 10.0;
        let up = if tick % 5 == 0 { 2.0 } else { 1.2 };
        canvas.rule((x, y - up), (x, y), 0.3, Ink::BLACK);
    }
    canvas.line(
        left + SCALE_BAR + 2.5,
        y,
        small,
        "50 mm. Do not scale: print at 100% (\u{201c}actual size\u{201d}).",
        None,
    );
    let version = format!(
        "{} version {} \u{b7} wording {}",
        form.id.as_ref(),
        form.version.as_ref(),
        form.wording_version
    );
    let x = width - 18.0 - metrics::width_mm(&version, small.size_pt, small.weight);
    canvas.line(x, y, small, &version, Some(width - 36.0 - SCALE_BAR - 60.0));
}

/// A section heading at `top`, from edge to edge of the content.
pub(super) fn section(
    canvas: &mut Canvas,
    style: &Style,
    section: &Section,
    title: &str,
    top: f64,
) {
    let zone = Zone {
        x: style.left,
        y: top,
        width: style.right - style.left,
        height: BAND_HEIGHT,
    };
    let (ink, inset) = match section.style {
        SectionStyle::Band => (Ink::WHITE, 2.0),
        SectionStyle::Office => (Ink::WHITE, 2.0),
        SectionStyle::Sub => (Ink::BAND, 0.0),
    };
    match section.style {
        SectionStyle::Band => canvas.fill(zone, Ink::BAND),
        SectionStyle::Office => canvas.fill(zone, Ink::OFFICE),
        SectionStyle::Sub => {
            canvas.rule(
                (zone.x, zone.bottom()),
                (zone.right(), zone.bottom()),
                0.4,
                Ink::BAND,
            );
        }
    }
    let heading = Type::new(11.0, Weight::Bold, ink);
    let baseline = top + (BAND_HEIGHT + heading.cap_height()) / 2.0;
    canvas.line(
        zone.x + inset,
        baseline,
        heading,
        title,
        Some(zone.width - 2.0 * inset),
    );
    if !section.note.is_empty() {
        let x = zone.x + inset + metrics::width_mm(title, heading.size_pt, heading.weight) + 4.0;
        let note_ink = if section.style == SectionStyle::Sub {
            Ink::SOFT
        } else {
            Ink::WHITE
        };
        let note = Type::new(8.5, Weight::Regular, note_ink);
        canvas.line(
            x,
            baseline,
            note,
            &section.note,
            Some(zone.right() - x - 1.0),
        );
    }
}

/// Words nobody fills in; `by` moves them, for blocks.
pub(super) fn text(canvas: &mut Canvas, style: &Style, text: &Text, by: [f64; 2]) {
    let (x, top) = (text.at[0] + by[0], text.at[1] + by[1]);
    let ink = if text.soft { Ink::SOFT } else { Ink::BLACK };
    let kind = Type::new(text.size.unwrap_or(style.text_size), text.weight, ink);
    canvas.paragraph(
        x,
        top,
        text.width.unwrap_or(style.right - x),
        kind,
        &text.text,
    );
}

/// A worked example: a comb with letters in it, or a crossed box.
pub(super) fn example(canvas: &mut Canvas, style: &Style, example: &Example) {
    let [x, y] = example.at;
    match example.kind {
        ExampleKind::Comb => {
            let [width, height] = style.cell;
            let letters = Type::new(12.0, Weight::Bold, Ink::SOFT);
            for (index, letter) in example.text.chars().enumerate() {
                let left = x + index as f64 * width;
                canvas.outline(
                    Zone {
                        x: left,
                        y,
                        width,
                        height,
                    },
                    GUIDE_WIDTH,
                    Ink::GUIDE,
                );
                let letter = letter.to_string();
                let indent =
                    (width - metrics::width_mm(&letter, letters.size_pt, letters.weight)) / 2.0;
                canvas.line(
                    left + indent,
                    y + (height + letters.cap_height()) / 2.0,
                    letters,
                    letter.trim(),
                    None,
                );
            }
        }
        ExampleKind::Tick => {
            let side = style.tick;
            canvas.outline(
                Zone {
                    x,
                    y,
                    width: side,
                    height: side,
                },
                GUIDE_WIDTH,
                Ink::GUIDE,
            );
            let (near, far) = (0.7, side - 0.7);
            canvas.rule((x + near, y + near), (x + far, y + far), 0.6, Ink::SOFT);
            canvas.rule((x + near, y + far), (x + far, y + near), 0.6, Ink::SOFT);
        }
    }
}

/// The label of an option, to the right of its box and level with it. Returns the area box and label cover.
pub(super) fn option_label(
    canvas: &mut Canvas,
    style: &Style,
    tick: Zone,
    label: &str,
    width: Option<f64>,
) -> Zone {
    let kind = Type::new(style.label_size, Weight::Regular, Ink::BLACK);
    let x = tick.right() + LABEL_GAP;
    let room = width.unwrap_or(style.right - x);
    canvas.centred(x, tick.y + tick.height / 2.0, room, kind, label);
    let lines = metrics::wrap(label, room, kind.size_pt, kind.weight);
    let widest = lines
        .iter()
        .map(|l| metrics::width_mm(l, kind.size_pt, kind.weight))
        .fold(0.0, f64::max);
    Zone {
        width: x + widest - tick.x,
        ..tick
    }
}

/// A thin outline.
pub(super) fn frame(canvas: &mut Canvas, frame: &Frame) {
    let zone = Zone {
        x: frame.at[0],
        y: frame.at[1],
        width: frame.size[0],
        height: frame.size[1],
    };
    canvas.outline(zone, 0.3, Ink::FRAME);
}
