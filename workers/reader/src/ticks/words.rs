//! Marks made at the words instead of in the box: a ring around a label, or a line through it.
//!
//! The label is printed; where it stands is known. Around it the form is bare, so a ring shows as ink in most
//! directions. A line through it shows as ink that runs on where letters leave gaps, and usually beyond both ends.

use enrol::forms::definition::Zone;

use super::strokes::Parts;
use crate::raster::Grey;
use crate::zones::ink;
use crate::zones::{SCALE, ZonePicture};

/// Directions in which a ring is looked for.
const RAYS: usize = 48;
/// How far from a label a ring may run, millimetres.
const RING_REACH_MM: f64 = 2.6;
/// How far beyond a label's end the line through it is looked for, millimetres.
const BEYOND_MM: f64 = 1.3;

/// What was measured around and across one label.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LabelInk {
    /// Share of directions in which ink surrounds it, 0 to 1.
    pub ring: f64,
    /// Longest share of a straight line through it that is ink, 0 to 1. Letters alone reach about two thirds.
    pub line: f64,
    /// Ends (0 to 2) at which that line runs on beyond the label.
    pub beyond: usize,
    /// Share of the label's area that is ink: printing, and what was scribbled over it.
    pub ink: f64,
}

/// Measures a label that the definition has at `label`, in a group's picture and its `parts`.
pub fn of_label(picture: &ZonePicture, parts: &Parts, drawn: &Grey, label: &Zone) -> LabelInk {
    let (dx, dy) = parts.shift;
    let place = [
        picture.column(label.x) + dx,
        picture.row(label.y) + dy,
        picture.column(label.right()) + dx,
        picture.row(label.bottom()) + dy,
    ];
    let (line, beyond) = line_through(&picture.grey, place);
    LabelInk {
        ring: ring(drawn, place),
        line,
        beyond,
        ink: ink::share(&picture.grey, (place[0], place[2]), (place[1], place[3])),
    }
}

/// Share of the directions from the label's middle in which there is ink between its edge and the reach of a ring.
fn ring(drawn: &Grey, [left, top, right, bottom]: [f64; 4]) -> f64 {
    let middle = ((left + right) / 2.0, (top + bottom) / 2.0);
    let half = ((right - left) / 2.0, (bottom - top) / 2.0);
    let reach = RING_REACH_MM * SCALE;
    let hit = (0..RAYS).filter(|ray| {
        // Directions are spread evenly around the label's outline, not its middle: it is much wider than high.
        let (u, v) = around(*ray as f64 / RAYS as f64, half);
        let length = (u * u + v * v).sqrt().max(1.0);
        let steps = (2.0 * (reach + 3.0)) as usize;
        (0..steps).any(|step| {
            let out = 1.0 + (step as f64 / 2.0 - 3.0) / length;
            let (x, y) = (middle.0 + u * out, middle.1 + v * out);
            x >= 0.0
                && y >= 0.0
                && (x as usize) < drawn.width
                && (y as usize) < drawn.height
                && drawn.at(x as usize, y as usize) < ink::INK
        })
    });
    hit.count() as f64 / RAYS as f64
}

/// A point on the outline of a rectangle around the origin, `share` of the way round it.
fn around(share: f64, (a, b): (f64, f64)) -> (f64, f64) {
    let mut along = share * 4.0 * (a + b);
    for (from, to) in [
        ((-a, -b), (a, -b)),
        ((a, -b), (a, b)),
        ((a, b), (-a, b)),
        ((-a, b), (-a, -b)),
    ] {
        let length = f64::abs(to.0 - from.0) + f64::abs(to.1 - from.1);
        if along <= length {
            let t = along / length.max(1e-9);
            return (from.0 + (to.0 - from.0) * t, from.1 + (to.1 - from.1) * t);
        }
        along -= length;
    }
    (-a, -b)
}

/// The straight line across the label with the largest share of ink on it, and at how many ends it runs on.
fn line_through(picture: &Grey, [left, top, right, bottom]: [f64; 4]) -> (f64, usize) {
    let rows: Vec<f64> = (0..)
        .map(|i| top + 2.0 * f64::from(i))
        .take_while(|y| *y <= bottom)
        .collect();
    let dark = |x: f64, y: f64| {
        let (x, y) = (x.round(), y.round());
        // A hand wavers: ink just above or below counts.
        [0.0, -1.5, 1.5].iter().any(|d| {
            let y = y + d;
            x >= 0.0
                && y >= 0.0
                && (x as usize) < picture.width
                && (y as usize) < picture.height
                && picture.at(x as usize, y as usize) < ink::INK
        })
    };
    let steps = ((right - left) / 2.0).max(1.0) as usize;
    let mut best = (0.0, 0);
    for from in &rows {
        for to in &rows {
            let at = |x: f64| from + (to - from) * (x - left) / (right - left);
            let covered = (0..=steps)
                .filter(|i| {
                    let x = left + 2.0 * *i as f64;
                    dark(x, at(x))
                })
                .count();
            let share = covered as f64 / (steps + 1) as f64;
            if share <= best.0 - 0.02 {
                continue;
            }
            let beyond = [left - BEYOND_MM * SCALE, right + 0.2 * SCALE]
                .iter()
                .filter(|start| {
                    let length = (BEYOND_MM - 0.2) * SCALE;
                    let run = (0..length as usize).filter(|i| {
                        let x = **start + *i as f64;
                        dark(x, at(x))
                    });
                    run.count() as f64 > 0.45 * length
                })
                .count();
            if (share, beyond) > (best.0 + 0.02, 0) || beyond > best.1 && share > best.0 - 0.02 {
                best = (share, beyond);
            }
        }
    }
    best
}

impl LabelInk {
    /// Whether the word is ringed: ink nearly all round.
    pub fn is_circled(&self) -> bool {
        self.ring >= 0.75
    }

    /// Whether there is a line through the word, or the word is scribbled over.
    pub fn is_struck(&self) -> bool {
        self.line >= 0.88 && self.beyond >= 1 || self.line >= 0.8 && self.beyond == 2 || self.ink > 0.6
    }

    /// Whether something is drawn at the word that is neither.
    pub fn is_touched(&self) -> bool {
        self.ring >= 0.45
    }
}
