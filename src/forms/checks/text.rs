//! Printed text: within its room, on the page, clear of answers, frames and other text.

use super::geometry::{MARGIN, inside, page_zone, reserved, writable};
use crate::forms::artwork::{Shape, TextLine};
use crate::forms::definition::Zone;
use crate::forms::problem::Problems;
use crate::forms::resolve::Resolved;

/// Text within its room, on the page, clear of the marks, of everything people write in, and of other text.
pub(super) fn run(resolved: &Resolved, problems: &mut Problems<'_>) {
    let definition = &resolved.definition;
    let page = page_zone(definition).grown(-MARGIN);
    let frames: Vec<(u32, Zone)> = resolved
        .drawn
        .iter()
        .filter_map(|drawn| match drawn.artwork.shape {
            Shape::Rect {
                zone,
                stroke: Some(_),
                ..
            } => Some((drawn.artwork.page, zone)),
            _ => None,
        })
        .collect();
    let mut placed: Vec<(u32, Zone, &TextLine, usize)> = Vec::new();
    for drawn in &resolved.drawn {
        let Shape::Text(line) = &drawn.artwork.shape else {
            continue;
        };
        let zone = line.bounds();
        let number = drawn.artwork.page;
        let quoted = shortened(&line.text);
        if let Some(room) = drawn.room.filter(|room| zone.width > room + 0.05) {
            let message = format!(
                "the text {quoted} is {:.1} mm wide and has room for {room:.1} mm on page {number}",
                zone.width
            );
            problems.add(
                drawn.offset,
                message,
                "shorten it, set it smaller, or move what stands beside it",
            );
        } else if !inside(&zone, &page) {
            let message = format!("the text {quoted} runs off page {number}");
            problems.add(
                drawn.offset,
                message,
                "move it, or give it a `width` to be broken at",
            );
        }
        if let Some((what, _)) = reserved(definition)
            .iter()
            .find(|(_, taken)| taken.overlap(&zone).is_some())
        {
            problems.add(
                drawn.offset,
                format!("the text {quoted} lies on {what} of page {number}"),
                "move it away",
            );
        }
        let mut fields = definition.fields.iter().filter(|f| f.page == number);
        if let Some(field) =
            fields.find(|f| writable(f).iter().any(|part| part.overlap(&zone).is_some()))
        {
            let message = format!(
                "the text {quoted} runs into the answer of `{}` on page {number}",
                field.name
            );
            problems.add(
                drawn.offset,
                message,
                "move the answer with `at`, shorten the text, or move it",
            );
        }
        if frames.iter().any(|(p, frame)| {
            *p == number && frame.overlap(&zone).is_some() && !inside(&zone, frame)
        }) {
            problems.add(
                drawn.offset,
                format!("the text {quoted} crosses a frame on page {number}"),
                "move the text, or make the frame larger with `size`",
            );
        }
        if let Some((_, _, other, _)) = placed
            .iter()
            .find(|(p, z, ..)| *p == number && z.overlap(&zone.grown(-0.2)).is_some())
        {
            let message = format!(
                "the texts {quoted} and {} overlap on page {number}",
                shortened(&other.text)
            );
            problems.add(drawn.offset, message, "move one of them");
        }
        placed.push((number, zone, line, drawn.offset));
    }
}

/// The first words of a printed text, in quotation marks.
fn shortened(text: &str) -> String {
    let short: String = text.chars().take(32).collect();
    if short.len() < text.len() {
        format!("\"{}...\"", short.trim_end())
    } else {
        format!("\"{short}\"")
    }
}
