//! What is printed on a form besides the places to fill in: shapes with resolved positions in millimetres.

use super::definition::{FormDefinition, TickOption, Zone};
use super::layout;
use super::metrics::{self, Weight};

/// One printed shape on one page.
#[derive(Debug, Clone, PartialEq)]
pub struct Artwork {
    /// Page of the form, from 1.
    pub page: u32,
    /// What is drawn.
    pub shape: Shape,
}

/// A shape.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// One line of text.
    Text(TextLine),
    /// A rectangle, filled, outlined or both.
    Rect {
        /// Where.
        zone: Zone,
        /// Its inside; `None` leaves the paper white.
        fill: Option<Ink>,
        /// Outline width in millimetres and its colour.
        stroke: Option<(f64, Ink)>,
    },
    /// A straight line from one point to another, with its width, in millimetres.
    Line {
        /// Start `(x, y)`.
        from: (f64, f64),
        /// End `(x, y)`.
        to: (f64, f64),
        /// Width.
        width: f64,
        /// Colour.
        ink: Ink,
    },
}

/// One line of text, already broken and placed.
#[derive(Debug, Clone, PartialEq)]
pub struct TextLine {
    /// Left end of the baseline, millimetres.
    pub x: f64,
    /// Height of the baseline, millimetres from the top of the page.
    pub baseline: f64,
    /// Type size in points.
    pub size_pt: f64,
    /// Regular or bold.
    pub weight: Weight,
    /// Colour.
    pub ink: Ink,
    /// The words.
    pub text: String,
}

impl TextLine {
    /// The area the letters cover, from ascender to descender.
    pub fn bounds(&self) -> Zone {
        let em = self.size_pt * metrics::MM_PER_POINT;
        Zone {
            x: self.x,
            y: self.baseline - 0.73 * em,
            width: metrics::width_mm(&self.text, self.size_pt, self.weight),
            height: 0.94 * em,
        }
    }
}

impl FormDefinition {
    /// The area that the printed label of `option` covers, which stands to the right of its box; `page` is from 1.
    pub fn option_label(&self, page: u32, option: &TickOption) -> Option<Zone> {
        let tick = &option.zone;
        let beside = |line: &Zone| {
            (line.x - tick.right() - layout::LABEL_GAP).abs() < 0.2
                && line.y < tick.bottom() + 1.0
                && line.bottom() > tick.y - 1.0
        };
        let lines = self
            .artwork
            .iter()
            .filter(|a| a.page == page)
            .filter_map(|a| match &a.shape {
                Shape::Text(line) => Some(line.bounds()),
                _ => None,
            });
        lines.filter(beside).reduce(|a, b| a.union(&b))
    }
}

/// An opaque colour, red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ink(pub [u8; 3]);

impl Ink {
    /// Black.
    pub const BLACK: Self = Self([0, 0, 0]);
    /// Paper.
    pub const WHITE: Self = Self([255, 255, 255]);
    /// Section bands and the title: dark enough to survive a black-and-white scan as solid black.
    pub const BAND: Self = Self([18, 67, 95]);
    /// Office-use bands.
    pub const OFFICE: Self = Self([84, 88, 90]);
    /// Hints and small print.
    pub const SOFT: Self = Self([70, 70, 70]);
    /// Combs, boxes and writing lines: light enough for ink to stand out, dark enough to be found again.
    pub const GUIDE: Self = Self([140, 140, 140]);
    /// Frames round blocks.
    pub const FRAME: Self = Self([165, 172, 176]);
}
