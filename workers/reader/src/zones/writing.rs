//! Free writing on ruled lines.

use enrol::forms::definition::Zone;

use super::ink::{self, Stroke};
use super::rules::{self, Line};
use super::{SCALE, ZonePicture};
use crate::raster::Grey;

/// White kept above and below a writing line when it is cut, for tall letters and tails.
pub const MARGIN_MM: f64 = 2.2;
const SPECK_MM2: f64 = 0.08;
/// Less ink than this on a line is a stray dot, not writing.
const LEAST_INK_MM2: f64 = 0.5;

/// Ink this near to an end of the cut goes on beyond it, pixels.
const EDGE: usize = 1;

/// The zone to cut for one writing line.
pub fn zone_of(line: &Zone) -> Zone {
    Zone {
        x: line.x - 1.0,
        y: line.y - MARGIN_MM + 1.0,
        width: line.width + 3.0,
        height: line.height + 2.0 * MARGIN_MM - 1.0,
    }
}

/// The writing on one line.
pub struct WritingLine {
    /// Trimmed and with its rule removed.
    pub picture: Grey,
    /// Whether ink goes on beyond an end of the line, where nobody reads it.
    pub runs_over: bool,
}

/// The writing on one line; `None` when there is none. `picture` is the zone given by [`zone_of`].
pub fn line(picture: &ZonePicture, line: &Zone) -> Option<WritingLine> {
    let mut clean = picture.grey.clone();
    let (from, to) = (picture.column(line.x), picture.column(line.right()));
    let rule = |y: f64| Line {
        vertical: false,
        at: picture.row(y),
        from,
        to,
    };
    // Its own rule; the rule of the line above shows at the upper edge of the cut.
    let fit = rules::fit(&clean, &[rule(line.bottom())]);
    erase_in_pieces(&mut clean, rule(line.bottom()), fit);
    erase_in_pieces(&mut clean, rule(line.y), fit);

    let baseline = picture.row(line.bottom()) + fit.shift as f64;
    let top = baseline - line.height * SCALE;
    let clear = 0.5 * SCALE;
    ink::darken_pale(
        &mut clean,
        std::iter::once([from, to, top + clear, baseline - clear]),
    );
    let strokes = ink::strokes(&clean, SPECK_MM2);
    let kept: Vec<&Stroke> = strokes
        .iter()
        .filter(|s| is_on_line(s, top, baseline, clean.width))
        .filter(|s| ![top, baseline].iter().any(|rule| is_left_of_rule(s, *rule)))
        .collect();
    let area: f64 = kept.iter().map(|s| s.area_mm2()).sum();
    if area < LEAST_INK_MM2 {
        return None;
    }
    let first = kept.iter().map(|s| s.columns.0).min()?;
    let last = kept.iter().map(|s| s.columns.1).max()?;
    let upper = kept.iter().map(|s| s.rows.0).min()?;
    let lower = kept.iter().map(|s| s.rows.1).max()?;

    // Tall and hanging strokes of one letter must not shrink the whole line: bound the height.
    let ink_height = ((lower - upper + 1) as f64).clamp(3.4 * SCALE, (line.height + 1.5) * SCALE);
    let pad = ink_height * 0.16;
    let height = (ink_height + 2.0 * pad).round() as usize;
    let start = (upper + lower) as f64 / 2.0 - height as f64 / 2.0;
    let side = (ink_height * 0.3) as usize;
    let width = last - first + 1 + 2 * side;
    let mut result = Grey::filled(width, height, 255);
    for stroke in kept {
        for at in &stroke.pixels {
            copy_with_edge(
                &clean,
                &mut result,
                *at as usize,
                first as isize - side as isize,
                start.round() as isize,
            );
        }
    }
    Some(WritingLine {
        picture: ink::strengthened(result),
        runs_over: first <= EDGE || last + EDGE + 1 >= clean.width,
    })
}

/// A long rule is not quite straight on a scan: it is settled anew every two centimetres.
fn erase_in_pieces(picture: &mut Grey, rule: Line, fit: rules::Fit) {
    let piece = 20.0 * SCALE;
    let mut from = rule.from;
    while from < rule.to {
        let part = Line {
            from,
            to: (from + piece).min(rule.to),
            ..rule
        };
        let own = rules::fit(picture, &[part]);
        rules::erase(picture, part, if own.seen { own } else { fit });
        from += piece;
    }
}

/// A stroke is on the line when its middle lies between the line above's tails and this line's own.
fn is_on_line(stroke: &Stroke, top: f64, baseline: f64, width: usize) -> bool {
    let inside = stroke.inside(
        width,
        (0.0, f64::MAX),
        (top + 0.8 * SCALE, baseline + 1.4 * SCALE),
    );
    let middle = stroke.centre.1;
    inside * 2 >= stroke.pixels.len()
        && middle > top + 0.2 * SCALE
        && middle < baseline + 1.6 * SCALE
}

/// A thin flat dash on a rule is what a black-and-white scan leaves of the rule where it steps by a pixel.
fn is_left_of_rule(stroke: &Stroke, rule: f64) -> bool {
    let thin = stroke.rows.1 - stroke.rows.0 < (0.4 * SCALE) as usize;
    thin && (stroke.centre.1 - rule).abs() < 0.7 * SCALE
}

/// Copies an ink pixel and its eight neighbours, which hold the stroke's soft edge.
fn copy_with_edge(from: &Grey, to: &mut Grey, at: usize, left: isize, top: isize) {
    let (x, y) = ((at % from.width) as isize, (at / from.width) as isize);
    for ny in y - 1..=y + 1 {
        for nx in x - 1..=x + 1 {
            let (tx, ty) = (nx - left, ny - top);
            let source =
                nx >= 0 && ny >= 0 && (nx as usize) < from.width && (ny as usize) < from.height;
            let target =
                tx >= 0 && ty >= 0 && (tx as usize) < to.width && (ty as usize) < to.height;
            if source && target {
                to.set(tx as usize, ty as usize, from.at(nx as usize, ny as usize));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of 40 mm with a pen stroke in the middle of its height between two places, in millimetres of the form.
    fn written(from: f64, to: f64) -> WritingLine {
        let rule = Zone {
            x: 20.0,
            y: 30.0,
            width: 40.0,
            height: 7.0,
        };
        let zone = zone_of(&rule);
        let width = (zone.width * SCALE) as usize;
        let mut picture = ZonePicture {
            grey: Grey::filled(width, (zone.height * SCALE) as usize, 255),
            left: zone.x,
            top: zone.y,
        };
        let (first, last) = (picture.column(from).max(0.0), picture.column(to));
        let middle = picture.row(33.5) as usize;
        for x in first as usize..(last as usize).min(width) {
            for y in middle - 12..middle + 12 {
                picture.grey.set(x, y, 0);
            }
        }
        line(&picture, &rule).expect("something is written")
    }

    #[test]
    fn writing_that_goes_on_beyond_its_line_is_noticed() {
        assert!(!written(25.0, 61.0).runs_over);
        assert!(written(25.0, 70.0).runs_over);
        assert!(written(10.0, 40.0).runs_over);
    }
}
