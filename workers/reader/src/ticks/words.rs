//! Words beside boxes: people ring the one they mean, or strike out those they do not.

use enrol::forms::definition::{TickOption, Zone};

use crate::zones::{SCALE, ZonePicture, ink};

/// What was done to the words of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WordMark {
    /// Nothing.
    #[default]
    None,
    /// A ring around them.
    Ringed,
    /// A line through them.
    StruckOut,
}

/// Paper around the words that is looked at too, millimetres.
const AROUND_MM: f64 = 2.2;
/// Letters stay this near to where they are printed, millimetres.
const SLACK_MM: f64 = 0.7;
/// A pen line over or around words spans at least this share of their width.
const SPANS: f64 = 0.6;
/// And at least this much: a letter that runs into its neighbour does not.
const SPANS_MM: f64 = 4.0;

/// The part of the form to look at.
pub fn zone_of(option: &TickOption) -> Zone {
    option.words.grown(AROUND_MM)
}

/// Looks for one patch of ink that spans the words and reaches beyond where they are printed.
pub fn read(picture: &ZonePicture, option: &TickOption) -> WordMark {
    let words = option.words;
    // Descenders hang below the area from the top of the capitals to the last base line.
    let below = 0.9;
    let slack = SLACK_MM * SCALE;
    let (left, right) = (
        picture.column(words.x) - slack,
        picture.column(words.right()) + slack,
    );
    let (top, bottom) = (
        picture.row(words.y) - slack,
        picture.row(words.bottom() + below) + slack,
    );
    let wide = (SPANS * words.width).max(SPANS_MM) * SCALE;
    let mut found = WordMark::None;
    // A ring may be drawn in two strokes: what lies above and what lies below are looked at together.
    let (mut above, mut under) = (0.0f64, 0.0f64);
    for stroke in ink::strokes(&picture.grey, 0.4) {
        let (from, to) = (stroke.columns.0 as f64, stroke.columns.1 as f64 + 1.0);
        let (first, last) = (stroke.rows.0 as f64, stroke.rows.1 as f64 + 1.0);
        let span = to.min(right) - from.max(left);
        let (over, beneath) = (first < top, last > bottom);
        if span >= wide {
            if over && beneath {
                return WordMark::Ringed;
            }
            if from < left || to > right {
                found = WordMark::StruckOut;
            }
        }
        if over && last < bottom && first + slack < top {
            above = above.max(span);
        }
        if beneath && first > top && last > bottom + slack {
            under = under.max(span);
        }
    }
    if above >= wide && under >= wide {
        return WordMark::Ringed;
    }
    found
}
