//! Comb cells read one by one: a row of cells, each with a probability per label, decoded under what is known.

use super::ctc::{Frames, Hypothesis};
use super::knowledge::{Knowledge, State};

/// No label in a cell is less probable than this: a single misread cell must not rule a text out.
const FLOOR: f64 = 1e-5;

/// A text begun: its labels, where the knowledge stands, probability and weight.
struct Begun {
    labels: Vec<u16>,
    state: State,
    score: f64,
}

/// The most probable texts of one label per cell that the knowledge accepts, best first; at most `width` are
/// followed. Exact when `width` is as large as the number of texts. `cells` holds one frame per used cell, whose index
/// 0 ("not a character") is not read.
pub fn search(cells: &Frames, width: usize, knowledge: &dyn Knowledge) -> Vec<Hypothesis> {
    let mut alive = vec![Begun {
        labels: Vec::new(),
        state: knowledge.start(),
        score: 0.0,
    }];
    for i in 0..cells.len() {
        let mut next = Vec::new();
        for begun in &alive {
            for (label, p) in cells.frame(i)[1..].iter().enumerate() {
                let label = label as u16;
                if let Some((state, weight)) = knowledge.step(begun.state, label) {
                    let mut labels = begun.labels.clone();
                    labels.push(label);
                    next.push(Begun {
                        labels,
                        state,
                        score: begun.score + (f64::from(*p).max(FLOOR) * weight).ln(),
                    });
                }
            }
        }
        next.sort_by(|a, b| b.score.total_cmp(&a.score));
        next.truncate(width);
        alive = next;
    }
    let mut found: Vec<Hypothesis> = alive
        .into_iter()
        .filter_map(|begun| {
            let end = knowledge.end(begun.state)?;
            Some(Hypothesis {
                labels: begun.labels,
                probability: begun.score.exp() * end,
            })
        })
        .collect();
    found.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    found
}

/// Natural logarithm of a text's probability by the cells alone; minus infinity when it has not one label per cell.
pub fn log_probability(cells: &Frames, text: &[u16]) -> f64 {
    least_and_all(cells, text).map_or(f64::NEG_INFINITY, |(_, all)| all.ln())
}

/// Probability of the least probable character of a text, and of all together; `None` when it has not one per cell.
pub fn least_and_all(cells: &Frames, text: &[u16]) -> Option<(f64, f64)> {
    if cells.len() != text.len() {
        return None;
    }
    let each = text
        .iter()
        .enumerate()
        .map(|(i, label)| f64::from(cells.frame(i)[usize::from(*label) + 1]).max(FLOOR));
    Some(each.fold((1.0, 1.0), |(least, all), p| (p.min(least), all * p)))
}

/// The smallest difference, over the cells, between the two best labels' probabilities; 1 for no cells.
pub fn worst_margin(cells: &Frames) -> f64 {
    (0..cells.len())
        .map(|i| {
            let mut best = [0.0f32; 2];
            for p in &cells.frame(i)[1..] {
                if *p > best[0] {
                    best = [*p, best[0]];
                } else if *p > best[1] {
                    best[1] = *p;
                }
            }
            f64::from(best[0] - best[1])
        })
        .fold(1.0, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handwriting::Labels;
    use crate::handwriting::knowledge::Positions;
    use crate::handwriting::knowledge::grammar::ByGrammar;
    use crate::handwriting::knowledge::names::{NameRole, Names};
    use crate::handwriting::knowledge::postcodes::Postcodes;
    use enrol::validation::{nhs_number::NhsNumber, postcode::Postcode};
    use proptest::prelude::*;

    const NAMES: &str = "ANO'-";
    const POSTCODES: &str = "AB1QVC";

    fn labels(alphabet: &str) -> Labels {
        Labels::new(alphabet, &alphabet.chars().collect::<Vec<_>>(), 0)
    }

    fn frames(stride: usize, raw: &[f32]) -> Frames {
        let values = raw.chunks(stride).flat_map(|c| {
            let sum: f32 = c.iter().sum();
            c.iter().map(move |v| v / sum).collect::<Vec<_>>()
        });
        Frames::new(stride, values.collect())
    }

    fn texts(labels: usize, length: usize) -> impl Iterator<Item = Vec<u16>> {
        (0..labels.pow(length as u32)).map(move |n| {
            (0..length)
                .map(|i| (n / labels.pow(i as u32) % labels) as u16)
                .collect()
        })
    }

    proptest! {
        #[test]
        fn weighted_search_equals_brute_force(raw in proptest::collection::vec(0.01f32..1.0, 6 * 4), gap in 1usize..4) {
            let own = labels(NAMES);
            let cells = frames(6, &raw);
            let mut used = vec![true; 5];
            used[gap] = false;
            for role in [NameRole::Surname, NameRole::WholeName] {
                let names = Names::new(role, &used, &own);
                let found = search(&cells, 10_000, &names);
                let mut possible = 0;
                for text in texts(5, 4) {
                    let weight = names.weight(&text);
                    possible += usize::from(weight > 0.0);
                    let expected = log_probability(&cells, &text).exp() * weight;
                    let ours = found.iter().find(|h| h.labels == text).map_or(0.0, |h| h.probability);
                    prop_assert!((ours - expected).abs() <= 1e-9 * expected);
                    prop_assert!(expected <= found[0].probability * (1.0 + 1e-9));
                }
                prop_assert_eq!(found.len(), possible);
            }
        }

        #[test]
        fn a_postcode_found_is_a_postcode(raw in proptest::collection::vec(0.01f32..1.0, 7 * 6), width in 1usize..50) {
            let own = labels(POSTCODES);
            let knowledge = ByGrammar::new(Postcodes { length: 6 }, &own).expect("short");
            for found in search(&frames(7, &raw), width, &knowledge) {
                prop_assert!(Postcode::parse(&own.text(&found.labels)).is_ok());
            }
        }

        #[test]
        fn digits_without_knowledge_are_each_cell_s_best(raw in proptest::collection::vec(0.01f32..1.0, 11 * 10)) {
            let own = labels("0123456789");
            let cells = frames(11, &raw);
            let best = search(&cells, 1, &Positions::any(10, &own)).remove(0).labels;
            for (i, label) in best.iter().enumerate() {
                let top = cells.frame(i)[1..].iter().copied().fold(0.0, f32::max);
                prop_assert_eq!(cells.frame(i)[usize::from(*label) + 1], top);
            }
            // Nothing turns an NHS number that fails its check into one that passes.
            let again = search(&cells, 40, &Positions::any(10, &own)).remove(0).labels;
            prop_assert_eq!(&best, &again);
            prop_assert_eq!(NhsNumber::parse(&own.text(&best)), NhsNumber::parse(&own.text(&again)));
        }

        #[test]
        fn a_wider_search_never_finds_less(raw in proptest::collection::vec(0.01f32..1.0, 6 * 4)) {
            let own = labels(NAMES);
            let cells = frames(6, &raw);
            let names = Names::new(NameRole::Surname, &[true; 4], &own);
            let full = search(&cells, 10_000, &names)[0].probability;
            for width in [1, 4, 16, 256] {
                let best = search(&cells, width, &names).first().map_or(0.0, |h| h.probability);
                prop_assert!(best <= full * (1.0 + 1e-9));
            }
        }
    }
}
