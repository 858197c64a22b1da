//! How well the rest of a page could be read. One hand wrote it: where its other combs read badly, a reading that looks
//! clear is believed less.

use serde::Serialize;

use super::signals::Signals;

/// What the other combs of a page say about the hand. Means over them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Hand {
    /// Share that cells and line read alike, 0 to 1.
    pub agreed: f64,
    /// Share whose rules take the text, 0 to 1.
    pub valid: f64,
    /// Natural logarithm of the text's probability by the cells, per character.
    pub by_cells: f64,
    /// The same by the line.
    pub by_line: f64,
}

/// No text is taken for less probable than this (natural logarithm, per character).
const LEAST: f64 = -20.0;

impl Hand {
    fn of_one(signals: &Signals) -> Option<Self> {
        let per_character = |share: f64| (share.ln() / signals.characters.max(1) as f64).max(LEAST);
        let share = |is: bool| f64::from(u8::from(is));
        Some(Self {
            agreed: share(signals.agreed?),
            valid: share(signals.valid),
            by_cells: per_character(signals.support.map_or(0.0, |s| s.together.1)),
            by_line: per_character(signals.apart.map_or(0.0, |a| a.all_by_line)),
        })
    }

    /// What the others say about the hand of each field of a page; `None` where no other comb was read both ways.
    pub fn of_the_others(page: &[Option<&Signals>]) -> Vec<Option<Self>> {
        let each: Vec<Option<Self>> = page
            .iter()
            .map(|signals| signals.and_then(Self::of_one))
            .collect();
        (0..each.len())
            .map(|own| {
                let others = each.iter().enumerate().filter(|(at, _)| *at != own);
                mean(others.filter_map(|(_, hand)| *hand))
            })
            .collect()
    }
}

fn mean(hands: impl Iterator<Item = Hand>) -> Option<Hand> {
    let (mut sum, mut count) = ([0.0; 4], 0.0);
    for hand in hands {
        let own = [hand.agreed, hand.valid, hand.by_cells, hand.by_line];
        for (sum, own) in sum.iter_mut().zip(own) {
            *sum += own;
        }
        count += 1.0;
    }
    let [agreed, valid, by_cells, by_line] = sum.map(|sum| sum / count);
    (count > 0.0).then_some(Hand {
        agreed,
        valid,
        by_cells,
        by_line,
    })
}

#[cfg(test)]
mod tests {
    use enrol::domain::field::FieldKind;

    use super::*;
    use crate::handwriting::ReadApart;

    fn comb(agreed: bool, all_by_line: f64) -> Signals {
        Signals {
            agreed: Some(agreed),
            apart: Some(ReadApart {
                by_cells: Some(0.9),
                by_line: 0.9,
                all_by_line,
            }),
            characters: 2,
            ..Signals::of_nothing(FieldKind::Name)
        }
    }

    #[test]
    fn a_comb_is_not_judged_by_itself() {
        let page = [comb(true, 1.0), comb(false, (-4.0f64).exp())];
        let line = Signals::of_nothing(FieldKind::Text);
        let hands = Hand::of_the_others(&[Some(&page[0]), None, Some(&page[1]), Some(&line)]);
        let [first, _, second, of_line] = hands[..] else {
            panic!("one for each field");
        };
        let (first, second) = (first.expect("another"), second.expect("another"));
        assert_eq!((first.agreed, first.by_line), (0.0, -2.0));
        assert_eq!((second.agreed, second.by_line), (1.0, 0.0));
        assert_eq!(of_line.expect("two others").agreed, 0.5);
        assert_eq!(Hand::of_the_others(&[Some(&page[0])]), [None]);
    }
}
