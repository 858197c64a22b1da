//! From what was measured of a box to what it holds.

use super::evidence::BoxEvidence;
use super::words::WordMark;

/// What a box holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A clear mark.
    Ticked,
    /// Filled in or scribbled over: a mark to some, the crossing-out of a mark to others.
    Filled,
    /// Nothing.
    Empty,
    /// Something that may or may not be meant as a mark.
    Unsure(Doubt),
}

/// What is odd about a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Too little ink for a mark, too much for dirt.
    Little,
    /// So pale that it may be pencil or a shadow.
    Pale,
    /// Ink at the rim only: the tail of a mark that belongs elsewhere.
    AtRim,
    /// A line straight across or down, as if something were struck out.
    Line,
}

/// What was measured and found of one box and the words beside it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoxReading {
    /// The answer.
    pub mark: Mark,
    /// What it was found from.
    pub evidence: BoxEvidence,
    /// What was done to the words.
    pub words: WordMark,
    /// How clear the answer is, 0 to 1; not calibrated.
    pub clearness: f64,
}

/// Up to this share of ink a box is empty: specks and the edge of its own border.
pub const EMPTY_BELOW: f64 = 0.012;
/// From this share on a box is ticked: a thin single stroke corner to corner covers about 10 %.
pub const TICKED_FROM: f64 = 0.045;
/// Beyond this a box is filled in.
const FILLED_FROM: f64 = 0.80;
/// More line than this is neither tick nor cross, in sides of the box: two crosses over each other have 5.6.
const SCRIBBLED_FROM: f64 = 4.2;
/// And it covers at least this share.
const SCRIBBLE_COVERS: f64 = 0.45;
/// This share of pale pixels is more than the paper's own.
const PALE_FROM: f64 = 0.05;
/// A mark has at least this share of its ink in the middle of the box.
const CENTRAL_FROM: f64 = 0.08;
/// A mark that spans less than this share of the box's height (or width) is a line across (or down).
const FLAT_BELOW: f64 = 0.3;

impl BoxReading {
    /// Judges what was measured.
    pub fn new(evidence: BoxEvidence, words: WordMark) -> Self {
        let (mark, clearness) = judge(&evidence);
        Self {
            mark,
            evidence,
            words,
            clearness,
        }
    }
}

fn judge(e: &BoxEvidence) -> (Mark, f64) {
    if e.ink < EMPTY_BELOW {
        if e.pale >= PALE_FROM {
            return (Mark::Unsure(Doubt::Pale), 0.3);
        }
        return (Mark::Empty, 1.0 - 0.5 * e.ink / EMPTY_BELOW);
    }
    if e.ink >= FILLED_FROM || (e.length >= SCRIBBLED_FROM && e.ink >= SCRIBBLE_COVERS) {
        return (Mark::Filled, 0.5);
    }
    if e.central < CENTRAL_FROM {
        return (Mark::Unsure(Doubt::AtRim), 0.3);
    }
    if e.ink < TICKED_FROM {
        return (Mark::Unsure(Doubt::Little), 0.3);
    }
    if e.span.0.min(e.span.1) < FLAT_BELOW {
        return (Mark::Unsure(Doubt::Line), 0.3);
    }
    (
        Mark::Ticked,
        (0.6 + 0.4 * (e.ink - TICKED_FROM) / TICKED_FROM).min(1.0),
    )
}

/// Whether the person who filled in these boxes marks by filling: most marks on the page are filled boxes. Then a
/// filled box is as clear as a cross.
pub fn fills_boxes<'a>(boxes: impl Iterator<Item = &'a BoxReading>) -> bool {
    let (mut filled, mut crossed) = (0, 0);
    for reading in boxes {
        match reading.mark {
            Mark::Filled => filled += 1,
            Mark::Ticked => crossed += 1,
            Mark::Empty | Mark::Unsure(_) => {}
        }
    }
    filled >= 3 && filled >= 2 * crossed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A box with this much ink, spread as that of a mark is.
    fn with_ink(ink: f64) -> BoxEvidence {
        BoxEvidence {
            ink,
            span: (0.9, 0.9),
            central: 0.4,
            pen_mm: 0.4,
            length: 1.5,
            ..BoxEvidence::default()
        }
    }

    fn mark(evidence: BoxEvidence) -> Mark {
        BoxReading::new(evidence, WordMark::None).mark
    }

    #[test]
    fn a_person_who_fills_boxes_is_told_from_one_who_corrects() {
        let page = |shares: &[f64]| -> bool {
            let boxes: Vec<BoxReading> = shares
                .iter()
                .map(|s| BoxReading::new(with_ink(*s), WordMark::None))
                .collect();
            fills_boxes(boxes.iter())
        };
        assert!(page(&[0.9, 0.0, 0.95, 0.9, 0.0]));
        assert!(!page(&[0.2, 0.9, 0.15, 0.2]));
        assert!(!page(&[0.9, 0.0]));
    }

    #[test]
    fn answers_follow_the_ink_and_its_shape() {
        let tick = with_ink(0.15);
        assert_eq!(mark(with_ink(0.0)), Mark::Empty);
        assert_eq!(mark(with_ink(0.03)), Mark::Unsure(Doubt::Little));
        assert_eq!(mark(tick), Mark::Ticked);
        assert_eq!(mark(with_ink(0.95)), Mark::Filled);
        let scribble = BoxEvidence {
            length: 5.0,
            ..with_ink(0.6)
        };
        assert_eq!(mark(scribble), Mark::Filled);
        let tail = BoxEvidence {
            central: 0.0,
            ..tick
        };
        assert_eq!(mark(tail), Mark::Unsure(Doubt::AtRim));
        let line = BoxEvidence {
            span: (1.0, 0.15),
            ..tick
        };
        assert_eq!(mark(line), Mark::Unsure(Doubt::Line));
        let pencil = BoxEvidence {
            pale: 0.1,
            ..with_ink(0.0)
        };
        assert_eq!(mark(pencil), Mark::Unsure(Doubt::Pale));
    }
}
