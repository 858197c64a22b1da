//! Tick boxes and signatures: ink is measured, not recognised. Marked, filled in, empty or unsure.

use enrol::forms::definition::{TickOption, Zone};

use crate::registration::PreparedPage;
use crate::registration::homography::Homography;
use crate::zones::ink;
use crate::zones::rules::{self, Line};
use crate::zones::{SCALE, cut};

/// What a box holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A clear mark.
    Ticked,
    /// Filled in all over: a mark to some, the crossing-out of a mark to others.
    Filled,
    /// Nothing.
    Empty,
    /// Something that may or may not be meant as a mark.
    Unsure,
}

/// What was measured of one box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoxReading {
    /// The answer.
    pub mark: Mark,
    /// Share of the inside that is ink, 0 to 1.
    pub ink: f64,
    /// How clear the answer is, 0 to 1.
    pub confidence: f64,
}

/// Up to this share of ink a box is empty: specks and the edge of its own border.
const EMPTY_BELOW: f64 = 0.012;
/// From this share on a box is ticked: a thin single stroke corner to corner covers about 10 %.
const TICKED_FROM: f64 = 0.045;
/// Beyond this a box is filled in.
const FILLED_FROM: f64 = 0.80;
/// The inside starts this far from the middle of the border.
const INSET_MM: f64 = 0.55;

/// Measures one box.
pub fn read_box(page: &PreparedPage, homography: &Homography, option: &TickOption) -> BoxReading {
    const MARGIN_MM: f64 = 1.2;
    let zone = option.zone;
    let picture = cut(page, homography, zone.grown(MARGIN_MM));
    let (left, right) = (picture.column(zone.x), picture.column(zone.right()));
    let (top, bottom) = (picture.row(zone.y), picture.row(zone.bottom()));
    let down = [left, right].map(|at| Line {
        vertical: true,
        at,
        from: top,
        to: bottom,
    });
    let across = [top, bottom].map(|at| Line {
        vertical: false,
        at,
        from: left,
        to: right,
    });
    // The printed border settles where the box really lies on this sheet.
    let (dx, dy) = (
        rules::fit(&picture.grey, &down).shift as f64,
        rules::fit(&picture.grey, &across).shift as f64,
    );
    let inset = INSET_MM * SCALE;
    let share = ink::share(
        &picture.grey,
        (left + dx + inset, right + dx - inset),
        (top + dy + inset, bottom + dy - inset),
    );
    judge(share)
}

/// Turns a share of ink into an answer.
pub fn judge(share: f64) -> BoxReading {
    let (mark, confidence) = if share < EMPTY_BELOW {
        (Mark::Empty, 1.0 - 0.5 * share / EMPTY_BELOW)
    } else if share >= FILLED_FROM {
        (Mark::Filled, 0.5)
    } else if share >= TICKED_FROM {
        (
            Mark::Ticked,
            (0.6 + 0.4 * (share - TICKED_FROM) / TICKED_FROM).min(1.0),
        )
    } else {
        (Mark::Unsure, 0.3)
    };
    BoxReading {
        mark,
        ink: share,
        confidence,
    }
}

/// Whether the person who filled in these boxes marks by filling: most marks on the page are filled boxes. Then a
/// filled box is as clear as a cross.
pub fn fills_boxes<'a>(boxes: impl Iterator<Item = &'a BoxReading>) -> bool {
    let (mut filled, mut crossed) = (0, 0);
    for reading in boxes {
        match reading.mark {
            Mark::Filled => filled += 1,
            Mark::Ticked => crossed += 1,
            Mark::Empty | Mark::Unsure => {}
        }
    }
    filled >= 3 && filled >= 2 * crossed
}

/// Whether a signature box is signed: `Some(true)`, `Some(false)`, or `None` when it cannot be told.
/// Returns the share of the writing's area as well, for the confidence.
pub fn read_signature(
    page: &PreparedPage,
    homography: &Homography,
    zone: Zone,
) -> (Option<bool>, f64) {
    // The frame itself lies on the edge; stay clear of it.
    let inside = zone.grown(-1.0);
    let picture = cut(page, homography, inside);
    let strokes = ink::strokes(&picture.grey, 0.1);
    let area: f64 = strokes.iter().map(ink::Stroke::area_mm2).sum();
    let from = strokes.iter().map(|s| s.columns.0).min().unwrap_or(0);
    let to = strokes.iter().map(|s| s.columns.1).max().unwrap_or(0);
    let width_mm = to.saturating_sub(from) as f64 / SCALE;
    let height_mm = {
        let first = strokes.iter().map(|s| s.rows.0).min().unwrap_or(0);
        let last = strokes.iter().map(|s| s.rows.1).max().unwrap_or(0);
        last.saturating_sub(first) as f64 / SCALE
    };
    if area < 0.8 {
        (Some(false), 0.95)
    } else if area > 4.0 && width_mm > 6.0 && height_mm > 1.5 {
        (Some(true), 0.95)
    } else {
        (None, 0.4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_who_fills_boxes_is_told_from_one_who_corrects() {
        let page = |shares: &[f64]| -> bool {
            fills_boxes(shares.iter().map(|s| judge(*s)).collect::<Vec<_>>().iter())
        };
        assert!(page(&[0.9, 0.0, 0.95, 0.9, 0.0]));
        assert!(!page(&[0.2, 0.9, 0.15, 0.2]));
        assert!(!page(&[0.9, 0.0]));
    }

    #[test]
    fn the_three_answers_follow_the_ink() {
        assert_eq!(judge(0.0).mark, Mark::Empty);
        assert_eq!(judge(0.03).mark, Mark::Unsure);
        assert_eq!(judge(0.15).mark, Mark::Ticked);
        assert_eq!(judge(0.95).mark, Mark::Filled);
        assert!(judge(0.15).confidence > judge(0.05).confidence);
    }
}
