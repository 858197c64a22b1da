//! What was measured of a group of tick boxes as numbers, from which a probability that it was read rightly can be
//! fitted. No answer is in it.

use serde::Serialize;

use super::judge::{GroupReading, Mark};
use super::pen::PagePen;

/// Names of [`TickSignals::features`], in order. A change of these needs a new calibration.
pub const NAMES: [&str; 21] = [
    "marked",
    "none_marked",
    "several_marked",
    "filled",
    "unsure",
    "weakest_mark",
    "weakest_extent",
    "nearest_empty",
    "stray",
    "outside",
    "spaces",
    "effort",
    "faint",
    "darkness",
    "ring",
    "struck",
    "crumbs",
    "no_greys",
    "border",
    "may_vanish",
    "options",
];

/// The signals of one tick field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TickSignals {
    /// Boxes that are ticked or filled.
    pub marked: usize,
    /// Boxes that are filled or struck over.
    pub filled: usize,
    /// Boxes that are neither marked nor empty.
    pub unsure: usize,
    /// Smallest margin of a marked box, 0 to 1; 0 where none is marked.
    pub weakest_mark: f64,
    /// Smallest extent of a marked box, share of the box; 0 where none is marked.
    pub weakest_extent: f64,
    /// Smallest margin of an empty box, 0 to 1; 1 where none is empty.
    pub nearest_empty: f64,
    /// Largest extent of strokes that belong elsewhere within a box, share of the box.
    pub stray: f64,
    /// Largest share of a marked box's strokes outside it.
    pub outside: f64,
    /// Most spaces into which strokes part the inside of one box.
    pub spaces: usize,
    /// Most ink in a box against what a cross needs.
    pub effort: f64,
    /// Largest extent of something paler than ink in a box that is not marked.
    pub faint: f64,
    /// Mean darkness of the palest mark, 0 to 1; that of the page's pen where none is marked.
    pub darkness: f64,
    /// Largest share of directions in which ink surrounds a label.
    pub ring: f64,
    /// Largest share of ink on a line through a label, where it runs on beyond it.
    pub struck: f64,
    /// Share of the page's ink in crumbs.
    pub crumbs: f64,
    /// Share of paper that is not quite white.
    pub greys: f64,
    /// Whether the capture keeps no pale greys.
    pub no_greys: bool,
    /// How dark the printed borders of the page's boxes came out, 0 to 130.
    pub border: f64,
    /// Whether marks of this page's pens may have vanished.
    pub may_vanish: bool,
    /// Number of boxes.
    pub options: usize,
    /// Whether the rules of the group let this be accepted at all.
    pub eligible: bool,
}

impl TickSignals {
    /// Gathers them from a group's answers.
    pub fn new(group: &GroupReading, pen: &PagePen, eligible: bool) -> Self {
        let boxes = &group.boxes;
        let of = |mark: Mark| boxes.iter().filter(move |b| b.mark == mark);
        let marked = || of(Mark::Ticked).chain(of(Mark::Filled));
        let least = |values: &mut dyn Iterator<Item = f64>, none: f64| {
            values.reduce(f64::min).unwrap_or(none)
        };
        let most = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
        Self {
            marked: marked().count(),
            filled: of(Mark::Filled).count(),
            unsure: of(Mark::Unsure).count(),
            weakest_mark: least(&mut marked().map(|b| b.margin), 0.0),
            weakest_extent: least(&mut marked().map(|b| b.ink.extent), 0.0),
            nearest_empty: least(&mut of(Mark::Empty).map(|b| b.margin), 1.0),
            stray: most(&mut boxes.iter().map(|b| b.ink.stray_extent)),
            outside: most(&mut marked().map(|b| b.ink.outside)),
            spaces: boxes.iter().map(|b| b.ink.spaces).max().unwrap_or(0),
            effort: most(&mut boxes.iter().map(|b| b.effort)),
            faint: most(
                &mut boxes
                    .iter()
                    .filter(|b| matches!(b.mark, Mark::Empty | Mark::Unsure))
                    .map(|b| b.ink.faint),
            ),
            darkness: least(&mut marked().map(|b| b.ink.darkness), pen.darkness()),
            ring: most(&mut boxes.iter().map(|b| b.label.ring)),
            struck: most(&mut boxes.iter().map(|b| {
                if b.label.beyond > 0 {
                    b.label.line
                } else {
                    0.0
                }
            })),
            crumbs: pen.crumbs(),
            greys: pen.greys(),
            no_greys: pen.keeps_no_greys(),
            border: pen.border().unwrap_or(0.0),
            may_vanish: group.may_vanish,
            options: boxes.len(),
            eligible,
        }
    }

    /// As numbers, in the order of [`NAMES`].
    pub fn features(&self) -> Vec<f64> {
        let flag = |is: bool| f64::from(u8::from(is));
        let all: [f64; NAMES.len()] = [
            self.marked.min(4) as f64,
            flag(self.marked == 0),
            flag(self.marked > 1),
            self.filled.min(4) as f64,
            self.unsure.min(4) as f64,
            self.weakest_mark,
            self.weakest_extent,
            self.nearest_empty,
            self.stray,
            self.outside,
            self.spaces.min(10) as f64,
            self.effort.min(4.0),
            self.faint,
            self.darkness,
            self.ring,
            self.struck,
            self.crumbs,
            flag(self.no_greys),
            self.border / 130.0,
            flag(self.may_vanish),
            (self.options.max(1) as f64).ln(),
        ];
        all.to_vec()
    }
}
