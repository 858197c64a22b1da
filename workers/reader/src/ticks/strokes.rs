//! Strokes in and around tick boxes: which box each belongs to, and what it measures there.

use enrol::forms::definition::{Field, Zone};

use super::pen::PagePen;
use super::printed::{Printed, whiten};
use super::shape::{Reach, crossings, faint, filled, spaces, width_mm};
use crate::raster::Grey;
use crate::zones::ink::{self, Stroke};
use crate::zones::rules::{self, Line};
use crate::zones::{SCALE, ZonePicture};

/// The inside of a box begins this far from the middle of its border, millimetres.
const INSET_MM: f64 = 0.5;
/// Pieces of ink smaller than this are left out, square millimetres.
const SPECK_MM2: f64 = 0.02;
/// From this share of its mass inside on, a stroke is the box's own.
const OWN_SHARE: f64 = 0.45;
/// A stroke with less of its mass inside may still be the box's own: a tick with a long tail. This much it needs...
const TAIL_SHARE: f64 = 0.2;
/// ...and inside it has to reach over this part of the box.
const TAIL_EXTENT: f64 = 0.55;

/// What was measured of one box.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BoxInk {
    /// Share of the inside covered by the box's own strokes, 0 to 1.
    pub own: f64,
    /// Longer side of what the own strokes reach over inside, share of the box.
    pub extent: f64,
    /// Shorter side of that.
    pub breadth: f64,
    /// Share of the own strokes' mass that lies outside the box, 0 to 1.
    pub outside: f64,
    /// Share of the parts of the inside that are more than half covered, 0 to 1.
    pub filled: f64,
    /// Spaces into which the own strokes part the inside: two by a tick, four by a cross, many where a mark was struck
    /// over; none where it is filled.
    pub spaces: usize,
    /// How often the own strokes cross the border.
    pub crossings: usize,
    /// Mean darkness of the own strokes inside, 0 to 1.
    pub darkness: f64,
    /// Width of the own strokes, millimetres; of a filled box the width of the filling.
    pub width_mm: f64,
    /// Share of the inside covered by strokes that belong elsewhere.
    pub stray: f64,
    /// Longer side of what those reach over inside, share of the box.
    pub stray_extent: f64,
    /// Longer side of what is paler than ink, share of the box, 0 to 1.
    pub faint: f64,
}

/// A group's picture taken apart.
pub struct Parts {
    /// Without anything printed: the boxes' borders, labels, lines and text around.
    pub clean: Grey,
    /// Strokes of `clean`.
    pub strokes: Vec<Stroke>,
    /// Where each box lies, in pixels: left, top, right, bottom of the middle of its border.
    pub boxes: Vec<[f64; 4]>,
    /// For each stroke the box it belongs to.
    pub owner: Vec<Option<usize>>,
    /// Shift of the boxes against the definition, pixels.
    pub shift: (f64, f64),
    /// How dark the printed borders are against the paper beside them, 0 to 130.
    pub border: f64,
}

impl Parts {
    /// Takes apart the picture of a group's zone.
    pub fn new(picture: &ZonePicture, field: &Field, printed: &Printed, pen: &PagePen) -> Self {
        let mut clean = picture.clone();
        let (shift, border, boxes) = erase_borders(&mut clean, field);
        printed.erase(&mut clean);
        let level = pen.ink_level();
        let strokes = ink::strokes_darker_than(&clean.grey, level, SPECK_MM2);
        let width = clean.grey.width;
        let owner = strokes.iter().map(|s| owner(s, width, &boxes)).collect();
        Self {
            clean: clean.grey,
            strokes,
            boxes,
            owner,
            shift,
            border,
        }
    }

    /// What the box with this index holds.
    pub fn of_box(&self, index: usize) -> BoxInk {
        let place = self.boxes[index];
        let inside = inner(place);
        let side = (inside[2] - inside[0]).max(1.0);
        let area = side * (inside[3] - inside[1]).max(1.0);
        let mut own = Reach::default();
        let mut stray = Reach::default();
        let (mut total, mut darkness) = (0usize, 0.0);
        let (x0, y0) = (place[0].max(0.0) as usize, place[1].max(0.0) as usize);
        let (x1, y1) = (
            (place[2].max(0.0) as usize + 1).min(self.clean.width),
            (place[3].max(0.0) as usize + 1).min(self.clean.height),
        );
        let (columns, rows) = (x1.saturating_sub(x0), y1.saturating_sub(y0));
        let mut cover = vec![false; columns * rows];
        for (stroke, owner) in self.strokes.iter().zip(&self.owner) {
            if !touches(stroke, place) {
                continue;
            }
            let is_own = *owner == Some(index);
            if is_own {
                total += stroke.pixels.len();
            }
            for at in &stroke.pixels {
                let (x, y) = (
                    *at as usize % self.clean.width,
                    *at as usize / self.clean.width,
                );
                if is_own && (x0..x1).contains(&x) && (y0..y1).contains(&y) {
                    cover[(y - y0) * columns + x - x0] = true;
                }
                if !within(inside, x, y) {
                    continue;
                }
                if is_own {
                    own.add(x, y);
                    darkness += f64::from(255 - self.clean.at(x, y)) / 255.0;
                } else {
                    stray.add(x, y);
                }
            }
        }
        let bounds = |v: f64| (v / side).min(1.0);
        BoxInk {
            own: own.count as f64 / area,
            extent: bounds(own.longer()),
            breadth: bounds(own.shorter()),
            outside: 1.0 - own.count.min(total) as f64 / total.max(1) as f64,
            filled: filled(&self.clean, inside, &cover, (x0, y0, columns)),
            spaces: spaces(&cover, columns, inside, (x0, y0)),
            crossings: crossings(&cover, columns, rows),
            darkness: darkness / own.count.max(1) as f64,
            width_mm: width_mm(&cover, columns, rows),
            stray: stray.count as f64 / area,
            stray_extent: bounds(stray.longer()),
            faint: bounds(faint(&self.clean, inside)),
        }
    }
}

/// Settles where the boxes really lie by their printed borders and takes those out. Returns the shift in pixels, how
/// dark the borders are, and the boxes' places.
fn erase_borders(picture: &mut ZonePicture, field: &Field) -> ((f64, f64), f64, Vec<[f64; 4]>) {
    let place = |zone: &Zone| {
        [
            picture.column(zone.x),
            picture.row(zone.y),
            picture.column(zone.right()),
            picture.row(zone.bottom()),
        ]
    };
    let places: Vec<[f64; 4]> = field.options.iter().map(|o| place(&o.zone)).collect();
    let line = |vertical: bool, at: f64, from: f64, to: f64| Line {
        vertical,
        at,
        from,
        to,
    };
    let down = |p: &[f64; 4]| [p[0], p[2]].map(|at| line(true, at, p[1], p[3]));
    let across = |p: &[f64; 4]| [p[1], p[3]].map(|at| line(false, at, p[0], p[2]));
    let all = |sides: &dyn Fn(&[f64; 4]) -> [Line; 2]| -> Vec<Line> {
        places.iter().flat_map(sides).collect()
    };
    let common = (
        rules::fit(&picture.grey, &all(&down)),
        rules::fit(&picture.grey, &all(&across)),
    );
    let mut boxes = Vec::with_capacity(places.len());
    for p in &places {
        // One box may lie a little off the others; a bold mark must not draw its border to itself.
        let near = |own: rules::Fit, all: rules::Fit| {
            if own.seen && (own.shift - all.shift).abs() <= 2 {
                own
            } else {
                all
            }
        };
        let fits = (
            near(rules::fit(&picture.grey, &down(p)), common.0),
            near(rules::fit(&picture.grey, &across(p)), common.1),
        );
        for side in down(p) {
            rules::erase(&mut picture.grey, side, fits.0);
        }
        for side in across(p) {
            rules::erase(&mut picture.grey, side, fits.1);
        }
        let (dx, dy) = (fits.0.shift as f64, fits.1.shift as f64);
        boxes.push([p[0] + dx, p[1] + dy, p[2] + dx, p[3] + dy]);
    }
    (
        (common.0.shift as f64, common.1.shift as f64),
        common.0.depth.min(common.1.depth),
        boxes,
    )
}

/// The inside of a box, clear of its border.
fn inner(place: [f64; 4]) -> [f64; 4] {
    let inset = INSET_MM * SCALE;
    [
        place[0] + inset,
        place[1] + inset,
        place[2] - inset,
        place[3] - inset,
    ]
}

fn within(area: [f64; 4], x: usize, y: usize) -> bool {
    let (x, y) = (x as f64 + 0.5, y as f64 + 0.5);
    x >= area[0] && x < area[2] && y >= area[1] && y < area[3]
}

fn touches(stroke: &Stroke, place: [f64; 4]) -> bool {
    (stroke.columns.1 as f64) >= place[0]
        && (stroke.columns.0 as f64) <= place[2]
        && (stroke.rows.1 as f64) >= place[1]
        && (stroke.rows.0 as f64) <= place[3]
}

/// The box a stroke belongs to: the one that holds most of it, if that is enough of the whole stroke. The tail of a
/// tick leaves its box, but the tick's body reaches over the inside of it; what only dips into a box is a stray.
pub fn owner(stroke: &Stroke, width: usize, boxes: &[[f64; 4]]) -> Option<usize> {
    let mut best: Option<(usize, Reach)> = None;
    for (index, place) in boxes.iter().enumerate() {
        if !touches(stroke, *place) {
            continue;
        }
        let inside = inner(*place);
        let mut reach = Reach::default();
        for at in &stroke.pixels {
            let (x, y) = (*at as usize % width, *at as usize / width);
            if within(inside, x, y) {
                reach.add(x, y);
            }
        }
        if reach.count > 0 && best.as_ref().is_none_or(|(_, b)| reach.count > b.count) {
            best = Some((index, reach));
        }
    }
    let (index, reach) = best?;
    // The border's own band belongs to the box: ink there speaks neither for it nor against it.
    let place = boxes[index];
    let slack = INSET_MM * SCALE;
    let outer = [
        place[0] - slack,
        place[1] - slack,
        place[2] + slack,
        place[3] + slack,
    ];
    let around = stroke
        .pixels
        .iter()
        .filter(|at| !within(outer, **at as usize % width, **at as usize / width))
        .count();
    let share = reach.count as f64 / (reach.count + around) as f64;
    let side = (place[2] - place[0]).max(1.0);
    let tail = share >= TAIL_SHARE && reach.longer() / side >= TAIL_EXTENT;
    (share >= OWN_SHARE || tail).then_some(index)
}

impl Parts {
    /// Takes out the boxes with all that belongs to them: what is left is drawn elsewhere.
    pub fn take_out_marks(&mut self) {
        for (stroke, owner) in self.strokes.iter().zip(&self.owner) {
            if owner.is_some() {
                for at in &stroke.pixels {
                    self.clean.pixels[*at as usize] = 255;
                }
            }
        }
        for place in &self.boxes {
            whiten(&mut self.clean, (place[0], place[2]), (place[1], place[3]));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WIDTH: usize = 200;
    /// Two boxes of the form's size, one above the other.
    const BOXES: [[f64; 4]; 2] = [[60.0, 90.0, 104.0, 134.0], [60.0, 24.0, 104.0, 68.0]];

    /// A line three pixels wide.
    fn stroke(points: &[(f64, f64)]) -> Stroke {
        let mut picture = Grey::filled(WIDTH, 200, 255);
        for pair in points.windows(2) {
            let steps = 300;
            for i in 0..=steps {
                let t = f64::from(i) / f64::from(steps);
                let x = pair[0].0 + (pair[1].0 - pair[0].0) * t;
                let y = pair[0].1 + (pair[1].1 - pair[0].1) * t;
                for (dx, dy) in [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1)] {
                    picture.set((x as isize + dx) as usize, (y as isize + dy) as usize, 0);
                }
            }
        }
        ink::strokes(&picture, 0.0).remove(0)
    }

    proptest! {
        #[test]
        fn what_lies_inside_is_the_boxs_own(a in (66.0..98.0f64, 96.0..128.0f64), b in (66.0..98.0f64, 96.0..128.0f64)) {
            prop_assume!((a.0 - b.0).abs() + (a.1 - b.1).abs() > 8.0);
            prop_assert_eq!(owner(&stroke(&[a, b]), WIDTH, &BOXES), Some(0));
        }

        #[test]
        fn what_only_dips_in_is_a_stray(x in 66.0..98.0f64, lean in -30.0..30.0f64, deep in 5.0..14.0f64) {
            let from = (x + lean, 190.0);
            prop_assert_eq!(owner(&stroke(&[from, (x, 134.0 - deep)]), WIDTH, &BOXES), None);
        }

        #[test]
        fn a_tick_with_a_tail_is_its_own_boxs(tail in 1.1..1.9f64, up in 0.2..1.0f64) {
            let side = 44.0;
            let at = |x: f64, y: f64| (60.0 + x * side, 90.0 + y * side);
            let tick = stroke(&[at(0.12, 0.5), at(0.4, 0.9), at(tail, -up)]);
            prop_assert_eq!(owner(&tick, WIDTH, &BOXES), Some(0));
        }

        #[test]
        fn what_is_nowhere_near_belongs_to_no_box(x in 120.0..190.0f64, y in 10.0..180.0f64) {
            prop_assert_eq!(owner(&stroke(&[(x, y), (x + 5.0, y + 5.0)]), WIDTH, &BOXES), None);
        }
    }
}
