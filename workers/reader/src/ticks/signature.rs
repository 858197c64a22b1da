//! Whether a signature box is signed: by the ink in it and the shape of its strokes. Whose signature it is nobody
//! here can tell.

use enrol::forms::definition::Zone;

use super::pen::PagePen;
use crate::raster::Grey;
use crate::zones::ink::{self, Stroke};
use crate::zones::{SCALE, ZonePicture};

/// The frame itself lies on the edge; stay clear of it, millimetres.
const CLEAR_MM: f64 = 1.0;
/// Less ink than this is specks, square millimetres.
const NOTHING_MM2: f64 = 0.5;
/// A signature is at least this wide and high, millimetres.
const LEAST_WIDTH_MM: f64 = 6.0;
const LEAST_HEIGHT_MM: f64 = 1.5;
/// A signature's pen goes this much further than straight from end to end.
const LEAST_DETOUR: f64 = 1.3;

/// What was found in a signature box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignatureInk {
    /// `Some(true)` signed, `Some(false)` bare, `None` when it cannot be told.
    pub signed: Option<bool>,
    /// How clear that is, 0 to 1.
    pub confidence: f64,
    /// Length of all strokes, millimetres.
    pub length_mm: f64,
    /// Width and height of what they reach over, millimetres.
    pub size_mm: (f64, f64),
}

/// The zone to look at.
pub fn zone_of(zone: &Zone) -> Zone {
    zone.grown(-CLEAR_MM)
}

/// Looks at the picture of [`zone_of`] a signature's zone.
pub fn of_picture(picture: &ZonePicture, pen: &PagePen) -> SignatureInk {
    let (width, height) = (picture.grey.width, picture.grey.height);
    let found = ink::strokes_darker_than(&picture.grey, pen.ink_level(), 0.05);
    // A stroke that hugs the edge is the frame, or hangs in from elsewhere.
    let hangs_in = |s: &Stroke| {
        let deep = (s.columns.1 - s.columns.0).min(s.rows.1 - s.rows.0) as f64 / SCALE;
        let edge =
            s.columns.0 == 0 || s.rows.0 == 0 || s.columns.1 + 1 == width || s.rows.1 + 1 == height;
        edge && deep < 2.0
    };
    let (strays, strokes): (Vec<&Stroke>, Vec<&Stroke>) = found.iter().partition(|s| hangs_in(s));
    let area: f64 = strokes.iter().map(|s| s.area_mm2()).sum();
    let stray: f64 = strays.iter().map(|s| s.area_mm2()).sum();
    let reach = |range: fn(&Stroke) -> (usize, usize)| {
        let first = strokes.iter().map(|s| range(s).0).min().unwrap_or(0);
        let last = strokes.iter().map(|s| range(s).1).max().unwrap_or(0);
        last.saturating_sub(first) as f64 / SCALE
    };
    let size_mm = (reach(|s| s.columns), reach(|s| s.rows));
    let length_mm = area / width_mm(&picture.grey, &strokes);
    let detour = length_mm / size_mm.0.hypot(size_mm.1).max(0.1);
    let large = size_mm.0 >= LEAST_WIDTH_MM && size_mm.1 >= LEAST_HEIGHT_MM;
    let (signed, confidence) = if area < NOTHING_MM2 && stray < NOTHING_MM2 && !pen.may_vanish() {
        (Some(false), 0.95)
    } else if large && detour >= LEAST_DETOUR && area > 3.0 {
        (Some(true), 0.95)
    } else {
        (None, 0.4)
    };
    SignatureInk {
        signed,
        confidence,
        length_mm,
        size_mm,
    }
}

/// Mean width of strokes, millimetres: a long stroke has two edges.
fn width_mm(picture: &Grey, strokes: &[&Stroke]) -> f64 {
    let mut inked = vec![false; picture.pixels.len()];
    let mut dark = 0usize;
    for at in strokes.iter().flat_map(|s| &s.pixels) {
        inked[*at as usize] = true;
        dark += 1;
    }
    let width = picture.width;
    let edge = |at: &u32| {
        let at = *at as usize;
        let x = at % width;
        x > 0 && !inked[at - 1]
            || x + 1 < width && !inked[at + 1]
            || at >= width && !inked[at - width]
            || at + width < inked.len() && !inked[at + width]
    };
    let edges = strokes
        .iter()
        .flat_map(|s| &s.pixels)
        .filter(|at| edge(at))
        .count();
    (2.0 * dark as f64 / edges.max(1) as f64 / SCALE).clamp(0.2, 1.2)
}
