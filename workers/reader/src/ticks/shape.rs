//! The shape of the ink in a box: what it reaches over, how it fills the box and parts its paper.

use crate::raster::Grey;
use crate::zones::SCALE;
use crate::zones::ink;

/// Paler than ink but darker than paper by this many levels: what may be left of a faint mark.
const FAINT: u8 = 255 - 26;
/// A box is divided into this many parts each way to see whether it is filled.
const PARTS: usize = 6;

/// Pixels and what they reach over.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// How many they are.
    pub count: usize,
    columns: Option<(usize, usize)>,
    rows: Option<(usize, usize)>,
}

impl Reach {
    pub fn add(&mut self, x: usize, y: usize) {
        let grow = |range: Option<(usize, usize)>, v: usize| {
            Some(range.map_or((v, v), |(a, b)| (a.min(v), b.max(v))))
        };
        self.count += 1;
        self.columns = grow(self.columns, x);
        self.rows = grow(self.rows, y);
    }

    fn sides(&self) -> (f64, f64) {
        let side = |range: Option<(usize, usize)>| range.map_or(0.0, |(a, b)| (b - a + 1) as f64);
        (side(self.columns), side(self.rows))
    }

    pub fn longer(&self) -> f64 {
        let (a, b) = self.sides();
        a.max(b)
    }

    pub fn shorter(&self) -> f64 {
        let (a, b) = self.sides();
        a.min(b)
    }
}

/// Share of the parts of the inside that are more than half covered.
pub(super) fn filled(
    picture: &Grey,
    inside: [f64; 4],
    cover: &[bool],
    (x0, y0, columns): (usize, usize, usize),
) -> f64 {
    let mut full = 0;
    let step = (
        (inside[2] - inside[0]) / PARTS as f64,
        (inside[3] - inside[1]) / PARTS as f64,
    );
    for part in 0..PARTS * PARTS {
        let (column, row) = ((part % PARTS) as f64, (part / PARTS) as f64);
        let left = (inside[0] + column * step.0).max(0.0) as usize;
        let top = (inside[1] + row * step.1).max(0.0) as usize;
        let right = ((inside[0] + (column + 1.0) * step.0) as usize).min(picture.width);
        let bottom = ((inside[1] + (row + 1.0) * step.1) as usize).min(picture.height);
        let (mut dark, mut all) = (0, 0);
        for y in top..bottom {
            for x in left..right {
                all += 1;
                let at = (y - y0.min(y)) * columns + (x - x0.min(x));
                dark += usize::from(cover.get(at).copied().unwrap_or(false));
            }
        }
        full += usize::from(2 * dark > all && all > 0);
    }
    full as f64 / (PARTS * PARTS) as f64
}

/// Patches of paper inside a box, specks left out.
pub(super) fn spaces(
    cover: &[bool],
    columns: usize,
    inside: [f64; 4],
    (x0, y0): (usize, usize),
) -> usize {
    const LEAST: usize = 10;
    let clip = |v: f64, from: usize| (v.round().max(0.0) as usize).saturating_sub(from);
    let rows = cover.len() / columns.max(1);
    let (left, right) = (clip(inside[0], x0), clip(inside[2], x0).min(columns));
    let (top, bottom) = (clip(inside[1], y0), clip(inside[3], y0).min(rows));
    let mut seen: Vec<bool> = cover.to_vec();
    let mut stack = Vec::new();
    let mut found = 0;
    for start in (top..bottom).flat_map(|y| (left..right).map(move |x| y * columns + x)) {
        if seen[start] {
            continue;
        }
        seen[start] = true;
        stack.push(start);
        let mut size = 0;
        while let Some(at) = stack.pop() {
            size += 1;
            let (x, y) = (at % columns, at / columns);
            let beside = [
                (x > left).then(|| at - 1),
                (x + 1 < right).then_some(at + 1),
                (y > top).then(|| at - columns),
                (y + 1 < bottom).then_some(at + columns),
            ];
            for next in beside.into_iter().flatten() {
                if !seen[next] {
                    seen[next] = true;
                    stack.push(next);
                }
            }
        }
        found += usize::from(size >= LEAST);
    }
    found
}

/// Runs of ink along the border.
pub(super) fn crossings(cover: &[bool], columns: usize, rows: usize) -> usize {
    if columns < 2 || rows < 2 {
        return 0;
    }
    let top = (0..columns).map(|x| (x, 0));
    let right = (1..rows).map(|y| (columns - 1, y));
    let bottom = (0..columns - 1).rev().map(|x| (x, rows - 1));
    let left = (1..rows - 1).rev().map(|y| (0, y));
    let round: Vec<bool> = top
        .chain(right)
        .chain(bottom)
        .chain(left)
        .map(|(x, y)| cover[y * columns + x])
        .collect();
    let before = round.iter().cycle().skip(round.len() - 1);
    round
        .iter()
        .zip(before)
        .filter(|(now, was)| **now && !**was)
        .count()
}

/// Mean width of the strokes: a long stroke has two edges.
pub(super) fn width_mm(cover: &[bool], columns: usize, rows: usize) -> f64 {
    let (mut dark, mut edge) = (0usize, 0usize);
    for (at, _) in cover.iter().enumerate().filter(|(_, c)| **c) {
        let (x, y) = (at % columns, at / columns);
        dark += 1;
        let beside = x > 0 && !cover[at - 1]
            || x + 1 < columns && !cover[at + 1]
            || y > 0 && !cover[at - columns]
            || y + 1 < rows && !cover[at + columns];
        edge += usize::from(beside);
    }
    2.0 * dark as f64 / edge.max(1) as f64 / SCALE
}

/// Longer side of the largest patch inside that is darker than paper, be it ink or not, in pixels.
pub(super) fn faint(picture: &Grey, inside: [f64; 4]) -> f64 {
    let clip = |v: f64, most: usize| (v.round().max(0.0) as usize).min(most);
    let (x0, x1) = (
        clip(inside[0], picture.width),
        clip(inside[2], picture.width),
    );
    let (y0, y1) = (
        clip(inside[1], picture.height),
        clip(inside[3], picture.height),
    );
    if x1 < x0 + 3 || y1 < y0 + 3 {
        return 0.0;
    }
    // The mean over nine pixels: grain goes, a stroke stays.
    let mut soft = Grey::filled(x1 - x0, y1 - y0, 255);
    for y in y0 + 1..y1 - 1 {
        for x in x0 + 1..x1 - 1 {
            let sum: u32 = (y - 1..y + 2)
                .map(|r| {
                    picture.row(r)[x - 1..x + 2]
                        .iter()
                        .map(|p| u32::from(*p))
                        .sum::<u32>()
                })
                .sum();
            soft.set(x - x0, y - y0, (sum / 9) as u8);
        }
    }
    ink::strokes_darker_than(&soft, FAINT, 0.1)
        .iter()
        .map(|s| (s.columns.1 - s.columns.0).max(s.rows.1 - s.rows.0) as f64 + 1.0)
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paper_is_parted_as_people_count_it() {
        let count = |lines: &[[(usize, usize); 2]]| {
            let mut cover = vec![false; 44 * 44];
            for [a, b] in lines {
                for i in 0..=400usize {
                    let x = (a.0 * (400 - i) + b.0 * i) / 400;
                    let y = (a.1 * (400 - i) + b.1 * i) / 400;
                    for (x, y) in [(x, y), (x + 1, y), (x, y + 1)] {
                        if x < 44 && y < 44 {
                            cover[y * 44 + x] = true;
                        }
                    }
                }
            }
            spaces(&cover, 44, [5.0, 5.0, 39.0, 39.0], (0, 0))
        };
        let cross = [[(0, 0), (43, 43)], [(43, 0), (0, 43)]];
        assert_eq!(count(&[]), 1);
        assert_eq!(count(&cross[..1]), 2);
        assert_eq!(count(&cross), 4);
        let struck: Vec<_> = cross
            .into_iter()
            .chain([[(0, 14), (43, 14)], [(0, 28), (43, 28)]])
            .collect();
        assert!(count(&struck) >= 8);
    }
}
