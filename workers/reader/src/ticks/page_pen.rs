//! How the pen of one page shows up in its scan: whether a mark could have vanished.

use super::mark::{BoxReading, Mark};

/// The marks of a page, taken together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PagePen {
    /// Whether this person marks by filling boxes in.
    pub fills_boxes: bool,
    /// Clear marks on the page.
    pub marks: usize,
    /// Smallest share of ink of those.
    pub least_ink: f64,
    /// Mean darkness of the ink of those, 0 to 1.
    pub darkness: f64,
    /// Mean width of the pen's line, millimetres.
    pub pen_mm: f64,
    /// Boxes that may or may not be marked.
    pub doubtful: usize,
}

/// Clear marks with less ink than this come from a pen that breaks up.
const BROKEN_BELOW: f64 = 0.075;

impl PagePen {
    /// Of all boxes of a page.
    pub fn of<'a>(boxes: impl Iterator<Item = &'a BoxReading> + Clone) -> Self {
        let clear: Vec<&BoxReading> = boxes
            .clone()
            .filter(|b| matches!(b.mark, Mark::Ticked | Mark::Filled))
            .collect();
        let count = clear.len().max(1) as f64;
        let mean =
            |pick: fn(&BoxReading) -> f64| clear.iter().map(|b| pick(b)).sum::<f64>() / count;
        Self {
            fills_boxes: super::mark::fills_boxes(boxes.clone()),
            marks: clear.len(),
            least_ink: clear.iter().map(|b| b.evidence.ink).fold(1.0, f64::min),
            darkness: mean(|b| b.evidence.darkness),
            pen_mm: mean(|b| b.evidence.pen_mm),
            doubtful: boxes.filter(|b| matches!(b.mark, Mark::Unsure(_))).count(),
        }
    }

    /// Whether marks of this pen break up in this scan, so that an empty box may be one whose mark is gone.
    pub fn breaks_up(&self) -> bool {
        (self.marks > 0 && self.least_ink < BROKEN_BELOW) || self.doubtful > self.marks
    }
}
