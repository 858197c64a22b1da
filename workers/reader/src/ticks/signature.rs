//! Whether a signature box is signed.

use enrol::forms::definition::Zone;

use crate::registration::PreparedPage;
use crate::registration::homography::Homography;
use crate::zones::{SCALE, cut, ink};

/// Whether a signature box is signed: `Some(true)`, `Some(false)`, or `None` when it cannot be told.
/// Returns the share of the writing's area as well, for the confidence.
pub fn read_signature(
    page: &PreparedPage,
    homography: &Homography,
    zone: Zone,
) -> (Option<bool>, f64) {
    // The frame itself lies on the edge; stay clear of it.
    let inside = zone.grown(-1.0);
    let picture = cut(page, homography, inside);
    let strokes = ink::strokes(&picture.grey, 0.1);
    let area: f64 = strokes.iter().map(ink::Stroke::area_mm2).sum();
    let from = strokes.iter().map(|s| s.columns.0).min().unwrap_or(0);
    let to = strokes.iter().map(|s| s.columns.1).max().unwrap_or(0);
    let width_mm = to.saturating_sub(from) as f64 / SCALE;
    let height_mm = {
        let first = strokes.iter().map(|s| s.rows.0).min().unwrap_or(0);
        let last = strokes.iter().map(|s| s.rows.1).max().unwrap_or(0);
        last.saturating_sub(first) as f64 / SCALE
    };
    // A single straight stroke is a stray pen or a "none" as much as a name: a signature turns often, so that its
    // line is far longer than the box around it.
    let line_mm = area / ink::darkness_and_width(&picture.grey).1.max(0.1);
    if area < 0.8 {
        (Some(false), 0.95)
    } else if area > 4.0 && width_mm > 6.0 && height_mm > 1.5 && line_mm > 1.8 * width_mm {
        (Some(true), 0.95)
    } else {
        (None, 0.4)
    }
}
