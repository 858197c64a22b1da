//! Rough places of a page of which one corner mark is left, or a part of one, and no code: a sheet fed in so askew that its
//! other corners lie beyond the edge of the scan. How far it is turned shows in its printed lines; the size is that of the paper.

use std::f64::consts::FRAC_PI_2;

use enrol::forms::definition::FormDefinition;

use super::PreparedPage;
use super::by_print::middle_of;
use super::edge::{beyond_mm, corners_of_answers};
use super::homography::{Homography, Point};
use super::squares::{cut_squares, filled_squares};
use crate::paper::Ink;

/// Sheets are turned by no more than this off a quarter turn, degrees.
const MOST_TURN: f64 = 10.0;
/// Squares tried at most: it bounds the time spent on a page full of them.
const MOST_SQUARES: usize = 12;
/// Sizes tried, per cent of the size that the picture says: a printer may have shrunk the page or stretched it, and a
/// scanner may have made the picture so large that the turned sheet fits in.
const SIZES: std::ops::RangeInclusive<u8> = 91..=104;
/// By a rough place a corner of the answers may lie so far beyond the picture, millimetres. Whether it does is seen once the
/// page has been moved to its lines.
const BEYOND_MM: f64 = 20.0;

/// Rough places by each dark square that may be one of the four corner marks.
pub fn places(page: &PreparedPage, definition: &FormDefinition) -> Vec<Homography> {
    let turn = turn_of_lines(&page.ink);
    let factor = page.factor as f64;
    let per_mm = page.picture.width.max(page.picture.height) as f64 / definition.page.height_mm;
    let side_mm = definition.corner_marks[0].zone.width;
    let side = side_mm * per_mm / factor;
    let mut squares = cut_squares(&page.ink, side);
    squares.extend(filled_squares(&page.ink, side, 0.75, 1.25));
    let mut found = Vec::new();
    for square in squares.iter().take(MOST_SQUARES) {
        let at = square.centre.map(|v| v * factor);
        for mark in definition.corner_marks {
            let form = middle_of(mark.zone);
            for quarter in 0..4 {
                let turn = turn + f64::from(quarter) * FRAC_PI_2;
                let sizes = SIZES.filter_map(|per_cent| {
                    about(form, at, turn, f64::from(per_cent) / 100.0 * per_mm)
                });
                found.extend(sizes.filter(|place| is_mostly_on(page, place, definition)));
            }
        }
    }
    found
}

/// The page turned by `turn` (radians, clockwise) and at `scale` pixels per millimetre, with `form` at `page`.
fn about(form: Point, page: Point, turn: f64, scale: f64) -> Option<Homography> {
    let (s, c) = (scale * turn.sin(), scale * turn.cos());
    let across = page[0] - c * form[0] + s * form[1];
    let down = page[1] - s * form[0] - c * form[1];
    Homography::from_rows([c, -s, across, s, c, down, 0.0, 0.0, 1.0])
}

/// Whether three corners of the answers would lie on the picture and the fourth not far from it.
fn is_mostly_on(page: &PreparedPage, place: &Homography, definition: &FormDefinition) -> bool {
    let beyond = corners_of_answers(definition).map(|corner| beyond_mm(page, place, corner));
    beyond.iter().all(|mm| *mm < BEYOND_MM) && beyond.iter().filter(|mm| **mm < 0.0).count() >= 3
}

/// How far the lines of a picture are turned clockwise off level, radians; level and upright lines say the same. The
/// turn at which the ink, looked at along it, falls into the fewest rows.
fn turn_of_lines(ink: &Ink) -> f64 {
    const MOST_POINTS: usize = 30_000;
    let dark: Vec<usize> = (0..ink.dark.len()).filter(|at| ink.dark[*at]).collect();
    let points: Vec<(f64, f64)> = dark
        .iter()
        .step_by(dark.len() / MOST_POINTS + 1)
        .map(|at| ((at % ink.width) as f64, (at / ink.width) as f64))
        .collect();
    let rows = ink.width + ink.height;
    let gathered = |degrees: f64| -> u64 {
        let (s, c) = degrees.to_radians().sin_cos();
        let mut counts = vec![0u64; 2 * rows];
        for (x, y) in &points {
            counts[(y * c - x * s + rows as f64) as usize] += 1;
        }
        counts.iter().map(|n| n * n).sum()
    };
    let best = |from: f64, to: f64, step: f64| -> f64 {
        let steps = ((to - from) / step).round() as u32;
        (0..=steps)
            .map(|i| from + f64::from(i) * step)
            .max_by_key(|degrees| gathered(*degrees))
            .unwrap_or(0.0)
    };
    let rough = best(-MOST_TURN, MOST_TURN, 0.25);
    best(rough - 0.25, rough + 0.25, 0.05).to_radians()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_how_far_a_page_is_turned() {
        for degrees in [-7.3f64, 0.0, 4.1] {
            let (width, height) = (400, 500);
            let mut dark = vec![false; width * height];
            let (s, c) = degrees.to_radians().sin_cos();
            for line in 0..6 {
                for along in 0..300 {
                    let (x, y) = (f64::from(along), f64::from(60 * line));
                    let (u, v) = (70.0 + x * c - y * s, 80.0 + x * s + y * c);
                    dark[v as usize * width + u as usize] = true;
                }
            }
            let ink = Ink {
                width,
                height,
                dark,
            };
            let found = turn_of_lines(&ink).to_degrees();
            assert!((found - degrees).abs() < 0.2, "{found} for {degrees}");
        }
        let nothing = Ink {
            width: 10,
            height: 10,
            dark: vec![false; 100],
        };
        assert!(turn_of_lines(&nothing).abs() <= MOST_TURN.to_radians() + 0.01);
    }

    #[test]
    fn the_mark_lies_where_it_was_seen() {
        let place = about([200.0, 10.0], [900.0, 80.0], 0.1, 4.0).expect("regular");
        let [x, y] = place.to_page([200.0, 10.0]);
        assert!((x - 900.0).abs() < 1e-9 && (y - 80.0).abs() < 1e-9);
        assert!((place.scale_at([50.0, 50.0]) - 4.0).abs() < 1e-6);
    }
}
