//! Where printed lines really lie on a page, near where a mapping puts them.

use super::PreparedPage;
use super::homography::{Homography, Point};
use super::layout::Bundle;

/// Millimetres between two looks across a line.
const STEP: f64 = 0.1;
/// Millimetres between two looks along a line.
const ALONG: f64 = 0.6;
/// So far beside a line, in steps, there must be paper.
const BESIDE: usize = 5;
/// A look at a line that is darker than both sides by this share of the page's contrast shows the line.
const SHOWS: f32 = 0.07;
/// Darker than this counts no more: print is grey and a pen's stroke must not outweigh it.
const PRINT: f32 = 0.5;
/// From this share of its looks on, a bundle counts as found.
const FOUND: f64 = 0.6;

/// How a bundle of lines was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sighting {
    /// Middle of the lines, form millimetres.
    pub at: Point,
    /// The offset is to the right (of lines that run down) rather than downwards.
    pub vertical: bool,
    /// Millimetres by which the lines lie right of, or below, their expected place.
    pub offset: f64,
    /// Length of the lines, millimetres.
    pub length: f64,
    /// Share of the lines' length on which something darker than both its sides runs along, 0 to 1.
    pub share: f64,
}

impl Sighting {
    /// Whether the lines were found at all; otherwise the offset means nothing.
    pub fn is_found(&self) -> bool {
        self.share >= FOUND
    }
}

/// Looks for the lines of `bundle` within `reach` millimetres of where `mapping` puts them.
pub fn look(page: &PreparedPage, mapping: &Homography, bundle: &Bundle, reach: f64) -> Sighting {
    let steps = (reach / STEP).round() as usize;
    let wide = steps + BESIDE;
    let count = 2 * wide + 1;
    let rows = looks(page, mapping, bundle, wide);
    let mut profile = vec![0.0f32; count];
    for row in rows.chunks_exact(count) {
        for (sum, shade) in profile.iter_mut().zip(row) {
            *sum += shade.min(PRINT);
        }
    }
    // Against both sides, so that the edge of a dark area is no line; the nearer place wins a tie.
    let ridge = |at: usize| 2.0 * profile[at] - profile[at - BESIDE] - profile[at + BESIDE];
    let score = |at: usize| ridge(at) * (1.0 - 0.15 * at.abs_diff(wide) as f32 / steps as f32);
    let best = (BESIDE..count - BESIDE)
        .max_by(|a, b| score(*a).total_cmp(&score(*b)))
        .unwrap_or(wide);
    let looks = (rows.len() / count).max(1);
    let showing = rows
        .chunks_exact(count)
        .filter(|row| {
            let middle = row[best - 1].max(row[best]).max(row[best + 1]);
            middle - row[best - BESIDE].max(row[best + BESIDE]) > SHOWS || middle > 0.8
        })
        .count();
    // The middle of the peak, to a fraction of a step.
    let (mut weight, mut moment) = (0.0f32, 0.0f32);
    let floor = profile[best - BESIDE].max(profile[best + BESIDE]);
    let level = floor + 0.4 * (profile[best] - floor);
    let first = best - 3;
    for (at, darkness) in profile[first..=best + 3].iter().enumerate() {
        let above = (darkness - level).max(0.0);
        weight += above;
        moment += above * (first + at) as f32;
    }
    let middle = if weight > 0.0 {
        f64::from(moment / weight)
    } else {
        best as f64
    };
    Sighting {
        at: bundle.centre,
        vertical: bundle.vertical,
        offset: (middle - wide as f64) * STEP,
        length: bundle.length,
        share: showing as f64 / looks as f64,
    }
}

/// Darkness (0 paper, 1 the page's black) at every look along the lines: `2 * wide + 1` places across for each.
fn looks(page: &PreparedPage, mapping: &Homography, bundle: &Bundle, wide: usize) -> Vec<f32> {
    let across = if bundle.vertical {
        [STEP, 0.0]
    } else {
        [0.0, STEP]
    };
    let mut rows = Vec::new();
    for segment in &bundle.segments {
        // Within one short line the mapping is as good as straight.
        let (from, to) = (mapping.to_page(segment.from), mapping.to_page(segment.to));
        let beyond = mapping.to_page([segment.from[0] + across[0], segment.from[1] + across[1]]);
        let step = [beyond[0] - from[0], beyond[1] - from[1]];
        let length = (segment.to[0] - segment.from[0]) + (segment.to[1] - segment.from[1]);
        let count = (length / ALONG).ceil().max(2.0) as usize;
        let middle = [(from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0];
        let paper = page.paper_at(middle[0], middle[1]).max(1.0);
        let black = f32::from(page.paper.black).min(paper * 0.6);
        let gain = 1.0 / (paper - black).max(1.0);
        for along in 0..count {
            let part = (along as f64 + 0.5) / count as f64;
            let u = from[0] + (to[0] - from[0]) * part - step[0] * wide as f64;
            let v = from[1] + (to[1] - from[1]) * part - step[1] * wide as f64;
            for at in 0..=2 * wide {
                let (x, y) = (u + step[0] * at as f64, v + step[1] * at as f64);
                let shade = f32::from(page.picture.sample(x, y, 255));
                rows.push(((paper - shade) * gain).max(0.0));
            }
        }
    }
    rows
}

/// Share of the printed length that can be seen where it was looked for, 0 to 1.
pub fn share(sightings: &[Sighting]) -> f64 {
    let all: f64 = sightings.iter().map(|s| s.length).sum();
    let seen: f64 = sightings.iter().map(|s| s.length * s.share).sum();
    seen / all.max(1e-9)
}
