//! Draws what stands beside an answer: its label, and for a consent its wording.

use super::artwork::Ink;
use super::canvas::{Canvas, Type};
use super::definition::Zone;
use super::metrics::{self, Weight};
use super::resolve::Anchor;
use super::source::{FieldSource, LabelPlace, Style};
use crate::domain::field::FieldKind;

/// Draws the label of a field whose answer covers `zone`.
pub(super) fn draw(
    canvas: &mut Canvas,
    style: &Style,
    source: &FieldSource,
    anchor: &Anchor<'_>,
    zone: Zone,
    kind: FieldKind,
) {
    let label = Type::new(style.label_size, Weight::Bold, Ink::BLACK);
    let hint = Type::new(7.0, Weight::Regular, Ink::SOFT);
    let text = source.label.as_ref();
    let first_row = match kind {
        FieldKind::OneOf | FieldKind::AnyOf => style.tick,
        FieldKind::Text => style.line_height,
        FieldKind::Signature => zone.height,
        _ => source.cell.as_ref().map_or(style.cell, |c| *c.as_ref())[1],
    };
    match source.label_place {
        LabelPlace::None => {}
        LabelPlace::Above => {
            canvas.line(
                zone.x,
                zone.y - 1.4,
                label,
                text,
                Some(style.right - zone.x),
            );
            if !source.hint.is_empty() {
                let x = zone.x + metrics::width_mm(text, label.size_pt, label.weight) + 2.5;
                canvas.line(x, zone.y - 1.4, hint, &source.hint, Some(style.right - x));
            }
        }
        LabelPlace::Left => {
            let x = source.label_x.map_or(style.left, |x| x + anchor.by[0]);
            // The wording of a consent stands between its label and its boxes.
            let next = match source.wording_at {
                Some([wording, _]) if wording > x => wording.min(source.at.as_ref()[0]),
                _ => source.at.as_ref()[0],
            };
            let room = (next + anchor.by[0] - x - 1.5).max(5.0);
            // People write just above the line, so its label stands lower than half way.
            let level = if kind == FieldKind::Text { 0.62 } else { 0.5 };
            let middle = zone.y + first_row * level;
            let lift = if source.hint.is_empty() { 0.0 } else { 1.5 };
            canvas.centred(x, middle - lift, room, label, text);
            if !source.hint.is_empty() {
                canvas.centred(x, middle + 1.9, room, hint, &source.hint);
            }
        }
    }
}

/// Draws the statement that a consent is given to.
pub(super) fn draw_wording(
    canvas: &mut Canvas,
    style: &Style,
    source: &FieldSource,
    anchor: &Anchor<'_>,
) {
    let (Some(wording), Some(at)) = (&source.wording, source.wording_at) else {
        return;
    };
    let (x, y) = (at[0] + anchor.by[0], at[1] + anchor.by[1]);
    let kind = Type::new(style.text_size, Weight::Regular, Ink::BLACK);
    let width = source.wording_width.unwrap_or(style.right - x);
    canvas.paragraph(x, y, width, kind, wording.as_ref());
}
