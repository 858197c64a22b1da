//! From what was measured to an answer for each box. Rules of the group come later; here a box is judged by itself,
//! by the pen of its page and by how the same person marks other boxes.

use super::group::GroupInk;
use super::pen::PagePen;
use super::strokes::BoxInk;
use super::words::LabelInk;

/// What a box holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A clear mark.
    Ticked,
    /// Filled in or struck over and over: a mark to some, the crossing-out of a mark to others.
    Filled,
    /// Nothing.
    Empty,
    /// Something that may or may not be meant as a mark.
    Unsure,
}

/// The answer for one box and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoxReading {
    /// The answer.
    pub mark: Mark,
    /// All ink of the own strokes, inside and out, as a share of the inside: what was spent on this mark.
    pub spent: f64,
    /// How far the measurements are from where the answer would change, 0 to 1.
    pub margin: f64,
    /// Ink of a stroke that belongs elsewhere reaches into the box.
    pub stray: bool,
    /// What was measured in the box.
    pub ink: BoxInk,
    /// What was measured at its label.
    pub label: LabelInk,
    /// Ink inside against what a cross of this pen needs.
    pub effort: f64,
}

/// The answers for a group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupReading {
    /// In the order of the options.
    pub boxes: Vec<BoxReading>,
    /// Marks of this page's pens may have vanished in the capture.
    pub may_vanish: bool,
    /// This person marks by filling boxes in.
    pub fills: bool,
}

/// How a person marks boxes on a page.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PageStyle {
    filled: usize,
    crossed: usize,
}

/// Share of ink up to which a box is empty: specks and the remains of its own border.
const EMPTY_BELOW: f64 = 0.010;
/// From this share on a box may be ticked: a thin stroke corner to corner covers about 10 %.
const TICKED_FROM: f64 = 0.035;
/// A mark reaches over at least this part of the box.
const TICKED_EXTENT: f64 = 0.40;
/// A stray that reaches over this part of the box may be a mark after all.
const STRAY_EXTENT: f64 = 0.30;
/// Something paler than ink that reaches over this part of the box may be a faint mark.
const FAINT_EXTENT: f64 = 0.30;
/// With this share of its parts covered a box is filled.
const FILLED_FROM: f64 = 0.82;
/// More ink than this many crosses need is more than a mark needs.
const OVERSTRUCK: f64 = 1.7;

/// Ink inside a box against what a cross from corner to corner needs with strokes of `width_mm`; `side_mm` is the
/// inside's side. Two diagonals, less the square where they cross.
pub fn effort(own: f64, width_mm: f64, side_mm: f64) -> f64 {
    let (w, s) = (width_mm, side_mm.max(0.1));
    let cross = (2.0 * std::f64::consts::SQRT_2 * s * w - w * w) / (s * s);
    own / cross.clamp(0.05, 1.0)
}

fn judge_box(ink: BoxInk, label: LabelInk, pen: &PagePen) -> BoxReading {
    /// Inner side of a printed box.
    const SIDE_MM: f64 = 3.4;
    let effort = effort(ink.own, pen.width_mm(), SIDE_MM);
    let overstruck = effort > OVERSTRUCK && ink.spaces >= 5
        || ink.spaces >= 8
        || ink.crossings >= 6 && ink.spaces >= 6;
    let stray = ink.stray_extent >= STRAY_EXTENT;
    let (mark, margin) = if ink.filled >= FILLED_FROM || overstruck {
        (Mark::Filled, 0.5)
    } else if ink.own >= TICKED_FROM && ink.extent >= TICKED_EXTENT {
        let margin = (ink.own / 0.09).min(ink.extent / 0.75).min(1.0);
        (Mark::Ticked, margin)
    } else if ink.own >= EMPTY_BELOW || stray || ink.faint >= FAINT_EXTENT {
        (Mark::Unsure, 0.2)
    } else {
        let worst = (ink.own / EMPTY_BELOW)
            .max(ink.stray_extent / STRAY_EXTENT)
            .max(ink.faint / FAINT_EXTENT);
        (Mark::Empty, 1.0 - 0.5 * worst)
    };
    BoxReading {
        mark,
        spent: ink.own / (1.0 - ink.outside).max(0.05),
        margin,
        stray: ink.stray_extent > 0.1,
        ink,
        label,
        effort,
    }
}

/// Judges the boxes of a group one by one.
pub fn judge(group: &GroupInk, pen: &PagePen) -> Vec<BoxReading> {
    let both = group.boxes.iter().zip(&group.labels);
    both.map(|(ink, label)| judge_box(*ink, *label, pen))
        .collect()
}

impl PageStyle {
    /// Takes a group into account.
    pub fn add(&mut self, boxes: &[BoxReading]) {
        for reading in boxes {
            match reading.mark {
                Mark::Filled => self.filled += 1,
                Mark::Ticked => self.crossed += 1,
                Mark::Empty | Mark::Unsure => {}
            }
        }
    }

    /// Whether this person marks by filling boxes in: most marks on the page are filled boxes. Then a filled box is
    /// as clear as a cross.
    pub fn fills(&self) -> bool {
        self.filled >= 2 && self.filled >= 3 * self.crossed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_who_fills_boxes_is_told_from_one_who_corrects() {
        let fills = |filled, crossed| PageStyle { filled, crossed }.fills();
        assert!(fills(3, 1) && fills(2, 0));
        assert!(!fills(1, 3));
        assert!(!fills(1, 0));
    }

    #[test]
    fn a_cross_takes_the_effort_of_one_whatever_the_pen() {
        for width in [0.3, 0.5, 0.9] {
            let own = (2.0 * 3.4 * std::f64::consts::SQRT_2 * width - width * width) / (3.4 * 3.4);
            assert!((effort(own, width, 3.4) - 1.0).abs() < 1e-9);
        }
    }
}
