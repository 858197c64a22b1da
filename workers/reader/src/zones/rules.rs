//! Taking printed lines (comb walls, boxes, writing lines) out of a zone without eating the ink that crosses them.
//!
//! Where a line lies is known from the definition; a local search settles the last half millimetre. Each pixel of
//! the line is then replaced by what stands on both sides of it, so a stroke across the line survives and a stroke
//! along it, being wider than the line, leaves its edges.

use crate::raster::Grey;
use crate::zones::SCALE;

/// How far a printed line may be from where the page's registration puts it.
const REACH: isize = (0.7 * SCALE) as isize;

/// A straight printed line in a zone picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Runs down rather than across.
    pub vertical: bool,
    /// Middle of the line across its direction.
    pub at: f64,
    /// Where it begins along its direction.
    pub from: f64,
    /// Where it ends along its direction.
    pub to: f64,
}

/// How a group of printed lines lies against where it was expected, and how thick it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Pixels by which the lines are shifted.
    pub shift: isize,
    /// Pixels on each side of the middle that belong to the line.
    pub half_width: isize,
    /// Whether a line can be seen at all.
    pub seen: bool,
    /// How much darker the lines are than what runs beside them, 0 to 130 (more counts no more).
    pub depth: f64,
}

/// Finds the common shift of parallel lines: the one at which most darkness lies along all of them.
pub fn fit(picture: &Grey, lines: &[Line]) -> Fit {
    let nothing = Fit {
        shift: 0,
        half_width: 0,
        seen: false,
        depth: 0.0,
    };
    if lines.is_empty() {
        return nothing;
    }
    let wide = REACH + 6;
    let profile: Vec<f64> = (-wide..=wide)
        .map(|shift| mean_darkness(picture, lines, shift))
        .collect();
    let at = |shift: isize| profile[(shift + wide) as usize];
    // A small preference for the expected place settles ties between a line and writing beside it.
    let best = (-REACH..=REACH)
        .max_by(|a, b| {
            let score = |s: isize| at(s) * (1.0 - 0.02 * s.unsigned_abs() as f64);
            score(*a).total_cmp(&score(*b))
        })
        .unwrap_or(0);
    let base = profile.iter().copied().fold(f64::MAX, f64::min);
    let peak = at(best) - base;
    if peak < 6.0 {
        return Fit {
            depth: peak,
            ..nothing
        };
    }
    // The line has a width: take the middle of all that is nearly as dark, and up to where it fades on both sides.
    let reach = |level: f64| {
        let (mut low, mut high) = (best, best);
        while low > -wide && best - low < 5 && at(low - 1) - base > level * peak {
            low -= 1;
        }
        while high < wide && high - best < 5 && at(high + 1) - base > level * peak {
            high += 1;
        }
        (low, high)
    };
    let (low, high) = reach(0.6);
    let shift = (low + high).div_euclid(2);
    let (faint_low, faint_high) = reach(0.25);
    let half_width = (faint_high - shift).max(shift - faint_low).clamp(1, 4);
    Fit {
        shift,
        half_width,
        seen: true,
        depth: peak,
    }
}

/// Mean darkness along the lines moved by `shift`; very dark pixels count no more than printed grey, so that a bold
/// stroke beside a line does not outweigh it.
fn mean_darkness(picture: &Grey, lines: &[Line], shift: isize) -> f64 {
    const PRINT: u32 = 130;
    let (mut sum, mut count) = (0u64, 0u64);
    for line in lines {
        let across = line.at.floor() as isize + shift;
        let (from, to) = (line.from.max(0.0) as usize, line.to.max(0.0) as usize);
        if line.vertical {
            if across < 0 || across as usize >= picture.width {
                continue;
            }
            for y in from..to.min(picture.height) {
                sum += u64::from((255 - u32::from(picture.at(across as usize, y))).min(PRINT));
                count += 1;
            }
        } else {
            if across < 0 || across as usize >= picture.height {
                continue;
            }
            let row = picture.row(across as usize);
            for shade in &row[from.min(row.len())..to.min(row.len())] {
                sum += u64::from((255 - u32::from(*shade)).min(PRINT));
                count += 1;
            }
        }
    }
    if count == 0 {
        0.0
    } else {
        sum as f64 / count as f64
    }
}

/// Takes one line out, after settling its own place within a pixel of the group's.
pub fn erase(picture: &mut Grey, line: Line, fit: Fit) {
    if !fit.seen {
        return;
    }
    let own = [0isize, -1, 1]
        .into_iter()
        .max_by(|a, b| {
            let darkness = |d: isize| {
                mean_darkness(picture, &[line], fit.shift + d) + if d == 0 { 3.0 } else { 0.0 }
            };
            darkness(*a).total_cmp(&darkness(*b))
        })
        .unwrap_or(0);
    let middle = line.at.floor() as isize + fit.shift + own;
    let (low, high) = (middle - fit.half_width, middle + fit.half_width);
    let limit = if line.vertical {
        picture.width
    } else {
        picture.height
    } as isize;
    if high < 0 || low >= limit {
        return;
    }
    let overhang = fit.half_width as f64 + 1.0;
    let from = (line.from - overhang).max(0.0) as usize;
    let to = (line.to + overhang).max(0.0) as usize;
    let end = to.min(if line.vertical {
        picture.height
    } else {
        picture.width
    });
    for along in from..end {
        let shade = |picture: &Grey, across: isize| -> f32 {
            let across = across.clamp(0, limit - 1) as usize;
            f32::from(if line.vertical {
                picture.at(across, along)
            } else {
                picture.at(along, across)
            })
        };
        let (before, after) = (shade(picture, low - 1), shade(picture, high + 1));
        let span = (high - low + 2) as f32;
        for across in low.max(0)..=high.min(limit - 1) {
            let part = (across - low + 1) as f32 / span;
            let filled = (before + (after - before) * part) as u8;
            let (x, y) = if line.vertical {
                (across as usize, along)
            } else {
                (along, across as usize)
            };
            if filled > picture.at(x, y) {
                picture.set(x, y, filled);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grey wall at column 30 with a stroke across it and one beside it.
    fn wall(shift: usize) -> (Grey, Line) {
        let mut picture = Grey::filled(60, 72, 255);
        for y in 0..72 {
            for x in 29 + shift..32 + shift {
                picture.set(x, y, 140);
            }
        }
        for x in 10..50 {
            for y in 30..35 {
                picture.set(x, y, 20);
            }
        }
        for y in 10..25 {
            for x in 40..45 {
                picture.set(x, y, 20);
            }
        }
        (
            picture,
            Line {
                vertical: true,
                at: 30.5,
                from: 0.0,
                to: 72.0,
            },
        )
    }

    #[test]
    fn a_wall_goes_and_the_stroke_across_it_stays() {
        for shift in [0, 3, 5] {
            let (mut picture, line) = wall(shift);
            let found = fit(&picture, &[line]);
            assert_eq!(found.shift, shift as isize);
            erase(&mut picture, line, found);
            assert!(
                (0..29)
                    .chain(36..72)
                    .all(|y| (27..38).all(|x| picture.at(x, y) > 250)),
                "the wall is gone"
            );
            assert!(
                (30..35).all(|y| (10..50).all(|x| picture.at(x, y) < 60)),
                "the stroke is whole"
            );
        }
    }

    #[test]
    fn without_a_line_nothing_is_touched() {
        let mut picture = Grey::filled(60, 72, 255);
        for x in 10..50 {
            picture.set(x, 40, 0);
        }
        let before = picture.clone();
        let line = Line {
            vertical: true,
            at: 30.5,
            from: 0.0,
            to: 72.0,
        };
        let found = fit(&picture, &[line]);
        erase(&mut picture, line, found);
        assert!(picture == before);
    }
}
