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

/// Measures a label that the definition has at `label`, in a group's picture and in its `parts` without their marks.
pub fn of_label(picture: &ZonePicture, parts: &Parts, label: &Zone) -> LabelInk {
    let (dx, dy) = parts.shift;
    let place = [
        picture.column(label.x) + dx,
        picture.row(label.y) + dy,
        picture.column(label.right()) + dx,
        picture.row(label.bottom()) + dy,
    ];
    let (line, beyond) = line_through(&picture.grey, place);
    LabelInk {
        ring: ring(&parts.clean, place),
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

/// Pixels between two looks along and across a label.
const STRIDE: usize = 3;

/// The straight line across the label with the largest share of ink on it, and at how many ends it runs on.
fn line_through(picture: &Grey, [left, top, right, bottom]: [f64; 4]) -> (f64, usize) {
    let beyond = (BEYOND_MM * SCALE) as usize;
    let dark = Looks::new(picture, [left, top, right, bottom], beyond);
    let (columns, rows) = (dark.columns, dark.rows);
    let ends = beyond / STRIDE;
    if columns <= 2 * ends + 1 || rows == 0 {
        return (0.0, 0);
    }
    let inside = columns - 2 * ends;
    let mut best = (0.0, 0);
    for from in 0..rows {
        for to in 0..rows {
            // Rows in 16.16 fixed point along the line, which is level beyond the label.
            let step = ((to as i64 - from as i64) << 16) / inside.max(2) as i64;
            let covered = (0..inside)
                .filter(|i| {
                    let row = ((from as i64) << 16) + step * *i as i64 + (1 << 15);
                    dark.at(ends + i, (row >> 16) as usize)
                })
                .count();
            let share = covered as f64 / inside as f64;
            if share < best.0 - 0.03 {
                continue;
            }
            let runs_on = |range: std::ops::Range<usize>, row: usize| {
                let length = range.len();
                10 * range.filter(|x| dark.at(*x, row)).count() >= 6 * length
            };
            let runs = usize::from(runs_on(0..ends, from))
                + usize::from(runs_on(columns - ends..columns, to));
            // One that runs on is a line, and no chance of the letters.
            if runs > best.1 && share >= best.0 - 0.03 || runs == best.1 && share > best.0 {
                best = (share, runs);
            }
        }
    }
    best
}

/// Where a label and what is left and right of it is dark, on a coarse grid. A hand wavers: what is dark just above or
/// below a point makes it dark.
struct Looks {
    columns: usize,
    rows: usize,
    dark: Vec<bool>,
}

impl Looks {
    fn new(picture: &Grey, [left, top, right, bottom]: [f64; 4], beyond: usize) -> Self {
        let x0 = left.round() as isize - beyond as isize;
        let x1 = right.round() as isize + beyond as isize;
        let columns = ((x1 - x0).max(0) as usize).div_ceil(STRIDE);
        let rows = ((bottom - top).max(0.0) as usize).div_ceil(STRIDE);
        let mut dark = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            let y = top.round() as isize + (row * STRIDE) as isize;
            for column in 0..columns {
                let x = x0 + (column * STRIDE) as isize;
                dark.push((-1..=1).any(|d| {
                    let y = y + d;
                    x >= 0
                        && y >= 0
                        && (x as usize) < picture.width
                        && (y as usize) < picture.height
                        && picture.at(x as usize, y as usize) < ink::INK
                }));
            }
        }
        Self {
            columns,
            rows,
            dark,
        }
    }

    fn at(&self, column: usize, row: usize) -> bool {
        self.dark[row.min(self.rows - 1) * self.columns + column]
    }
}

impl LabelInk {
    /// Whether the word is ringed: ink nearly all round.
    pub fn is_circled(&self) -> bool {
        self.ring >= 0.75
    }

    /// Whether there is a line through the word, or the word is scribbled over.
    pub fn is_struck(&self) -> bool {
        self.line >= 0.88 && self.beyond >= 1
            || self.line >= 0.8 && self.beyond == 2
            || self.ink > 0.6
    }

    /// Whether something is drawn at the word that is neither.
    pub fn is_touched(&self) -> bool {
        self.ring >= 0.45
    }
}
