//! What is measured of the inside of one box.

use enrol::forms::definition::Zone;

use crate::raster::Grey;
use crate::zones::rules::{self, Line};
use crate::zones::{SCALE, ZonePicture, ink};

/// The inside starts this far from the middle of the border.
const INSET_MM: f64 = 0.55;
/// A pixel this much darker than paper may be a pale pencil: less than half of what counts as ink.
const PALE: u8 = 255 - 34;
/// Patches of ink smaller than this are specks and tell nothing of a mark's shape.
const SPECK_MM2: f64 = 0.06;

/// What was measured of one box.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BoxEvidence {
    /// Share of the inside that is ink, 0 to 1.
    pub ink: f64,
    /// How much of the inside's width and height the ink spans, 0 to 1, specks left out.
    pub span: (f64, f64),
    /// Share of the ink that lies in the middle of the box: the half of its width by the half of its height.
    pub central: f64,
    /// Share of the inside that is paler than ink and darker than the paper around the box.
    pub pale: f64,
    /// Mean darkness of the ink, 0 to 1.
    pub darkness: f64,
    /// Width of the pen's line, millimetres.
    pub pen_mm: f64,
    /// Length of line that the ink amounts to, in sides of the inside: 1.4 for a slash, 2.8 for a cross.
    pub length: f64,
}

/// Measures the box at `zone` (millimetres on the form, middle of the border) of a picture that shows it with some
/// paper around.
pub fn measure(picture: &ZonePicture, zone: Zone) -> BoxEvidence {
    let grey = &picture.grey;
    let (left, right) = (picture.column(zone.x), picture.column(zone.right()));
    let (top, bottom) = (picture.row(zone.y), picture.row(zone.bottom()));
    let line = |vertical, at, from, to| Line {
        vertical,
        at,
        from,
        to,
    };
    let down = [left, right].map(|at| line(true, at, top, bottom));
    let across = [top, bottom].map(|at| line(false, at, left, right));
    // The printed border settles where the box really lies on this sheet.
    let (dx, dy) = (
        rules::fit(grey, &down).shift as f64,
        rules::fit(grey, &across).shift as f64,
    );
    let inset = INSET_MM * SCALE;
    let clip = |v: f64, most: usize| (v.round().max(0.0) as usize).min(most);
    let (x0, x1) = (
        clip(left + dx + inset, grey.width),
        clip(right + dx - inset, grey.width),
    );
    let (y0, y1) = (
        clip(top + dy + inset, grey.height),
        clip(bottom + dy - inset, grey.height),
    );
    if x1 <= x0 || y1 <= y0 {
        return BoxEvidence::default();
    }
    of_inside(
        &grey.crop(x0, y0, x1 - x0, y1 - y0),
        paler_paper(grey, (x0, x1), (y0, y1)),
    )
}

/// Measures the inside of a box. `noise` is the share of pale pixels that plain paper of this sheet has.
pub fn of_inside(inside: &Grey, noise: f64) -> BoxEvidence {
    let (width, height) = (inside.width as f64, inside.height as f64);
    let all = width * height;
    let count = inside.pixels.iter().filter(|p| **p < ink::INK).count();
    let pale = inside.pixels.iter().filter(|p| **p < PALE).count() - count;
    let mut evidence = BoxEvidence {
        ink: count as f64 / all,
        pale: (pale as f64 / all - noise).max(0.0),
        ..BoxEvidence::default()
    };
    if count == 0 {
        return evidence;
    }
    (evidence.darkness, evidence.pen_mm) = ink::darkness_and_width(inside);
    let strokes = ink::strokes(inside, SPECK_MM2);
    if !strokes.is_empty() {
        let low = |pick: fn(&ink::Stroke) -> usize| strokes.iter().map(pick).min().unwrap_or(0);
        let high = |pick: fn(&ink::Stroke) -> usize| strokes.iter().map(pick).max().unwrap_or(0);
        evidence.span = (
            (high(|s| s.columns.1) + 1 - low(|s| s.columns.0)) as f64 / width,
            (high(|s| s.rows.1) + 1 - low(|s| s.rows.0)) as f64 / height,
        );
        let middle = |size: f64| (0.25 * size, 0.75 * size);
        let central: usize = strokes
            .iter()
            .map(|s| s.inside(inside.width, middle(width), middle(height)))
            .sum();
        evidence.central = central as f64 / count as f64;
    }
    let side_mm = (all.sqrt() / SCALE).max(0.1);
    // A line of ink is as long as its area divided by its width.
    evidence.length = evidence.ink * side_mm / evidence.pen_mm.max(0.1);
    evidence
}

/// Share of pale pixels of the paper around a box, ink and what lies beside it left out.
fn paler_paper(grey: &Grey, columns: (usize, usize), rows: (usize, usize)) -> f64 {
    let out = (2.0 * INSET_MM * SCALE) as usize;
    let (mut pale, mut all) = (0usize, 0usize);
    for y in 0..grey.height {
        for x in 0..grey.width {
            let beside =
                x + out < columns.0 || x > columns.1 + out || y + out < rows.0 || y > rows.1 + out;
            let near_ink = || {
                (y.saturating_sub(2)..(y + 3).min(grey.height)).any(|v| {
                    grey.row(v)[x.saturating_sub(2)..(x + 3).min(grey.width)]
                        .iter()
                        .any(|p| *p < ink::INK)
                })
            };
            if beside && !near_ink() {
                all += 1;
                pale += usize::from(grey.at(x, y) < PALE);
            }
        }
    }
    if all < 100 {
        return 0.0;
    }
    pale as f64 / all as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Point = (f64, f64);

    /// The inside of a box of 3.4 mm with straight lines of a pen of `pen` pixels drawn into it.
    fn inside(lines: &[(Point, Point)], pen: f64, shade: u8) -> Grey {
        let side = 34usize;
        let mut grey = Grey {
            width: side,
            height: side,
            pixels: vec![255; side * side],
        };
        for y in 0..side {
            for x in 0..side {
                let p = (x as f64 + 0.5, y as f64 + 0.5);
                let near = lines.iter().any(|(a, b)| {
                    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
                    let t = (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / (dx * dx + dy * dy))
                        .clamp(0.0, 1.0);
                    (p.0 - a.0 - t * dx).hypot(p.1 - a.1 - t * dy) <= pen / 2.0
                });
                if near {
                    grey.pixels[y * side + x] = shade;
                }
            }
        }
        grey
    }

    #[test]
    fn length_and_span_tell_a_slash_from_a_cross() {
        let slash = [((2.0, 32.0), (32.0, 2.0))];
        let cross = [slash[0], ((2.0, 2.0), (32.0, 32.0))];
        let (one, two) = (
            of_inside(&inside(&slash, 4.0, 20), 0.0),
            of_inside(&inside(&cross, 4.0, 20), 0.0),
        );
        assert!((0.9..1.6).contains(&one.length), "{one:?}");
        assert!((1.8..3.2).contains(&two.length), "{two:?}");
        assert!(one.span.0 > 0.9 && one.span.1 > 0.9 && one.central > 0.3);
    }

    #[test]
    fn a_tail_at_the_rim_does_not_reach_the_middle() {
        let tail = of_inside(&inside(&[((26.0, 34.0), (34.0, 24.0))], 4.0, 20), 0.0);
        assert!(tail.ink > 0.02 && tail.central < 0.05, "{tail:?}");
    }

    #[test]
    fn pencil_is_pale_and_paper_noise_is_not() {
        let pencil = of_inside(&inside(&[((2.0, 32.0), (32.0, 2.0))], 4.0, 200), 0.0);
        assert!(pencil.ink < 1e-9 && pencil.pale > 0.08, "{pencil:?}");
        assert!(of_inside(&inside(&[((2.0, 32.0), (32.0, 2.0))], 4.0, 200), 0.5).pale < 1e-9);
    }

    proptest! {
        #[test]
        fn everything_measured_stays_in_its_range(
            lines in proptest::collection::vec(((0.0f64..34.0, 0.0f64..34.0), (0.0f64..34.0, 0.0f64..34.0)), 0..6),
            pen in 1.0f64..9.0, shade in 0u8..=255)
        {
            let found = of_inside(&inside(&lines, pen, shade), 0.01);
            for share in [found.ink, found.span.0, found.span.1, found.central, found.pale, found.darkness] {
                prop_assert!((0.0..=1.0).contains(&share), "{:?}", found);
            }
            prop_assert!(found.length.is_finite() && found.length >= 0.0);
        }
    }
}
