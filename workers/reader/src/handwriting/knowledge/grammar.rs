//! Short texts with a grammar: dates, postcodes, telephone numbers.

use super::{Knowledge, State};
use crate::handwriting::alphabet::Labels;

/// Weighs the beginnings of short texts.
pub trait Grammar {
    /// The weight of the heaviest whole text that begins with `prefix`; 0 when there is none. For a whole text its
    /// own weight.
    fn weight(&self, prefix: &str) -> f64;

    /// Number of characters of a whole text.
    fn length(&self) -> usize;
}

/// The automaton of a grammar. Its steps multiply to the weight of the text.
#[derive(Debug, Clone)]
pub struct ByGrammar<G> {
    grammar: G,
    /// The character of each label, 0 where it is not ASCII.
    characters: Vec<u8>,
}

/// Texts up to this length fit a state.
pub const LONGEST: usize = 16;

impl<G: Grammar> ByGrammar<G> {
    /// `None` when the texts are longer than [`LONGEST`].
    pub fn new(grammar: G, labels: &Labels) -> Option<Self> {
        (grammar.length() <= LONGEST).then(|| Self {
            grammar,
            characters: labels.bytes(),
        })
    }
}

impl<G: Grammar> Knowledge for ByGrammar<G> {
    fn start(&self) -> State {
        State {
            share: 1.0,
            ..State::default()
        }
    }

    fn step(&self, state: State, label: u16) -> Option<(State, f64)> {
        let added = self
            .characters
            .get(usize::from(label))
            .copied()
            .filter(|b| *b != 0)?;
        // The text so far, its first character in the highest byte used.
        let at = state.at << 8 | u128::from(added);
        let bytes = at.to_be_bytes();
        let begins = bytes.iter().position(|b| *b != 0)?;
        let prefix = std::str::from_utf8(&bytes[begins..]).ok()?;
        if prefix.len() > self.grammar.length() {
            return None;
        }
        let weight = self.grammar.weight(prefix);
        (weight > 0.0).then(|| {
            let next = State {
                at,
                share: weight,
                ..state
            };
            (next, weight / state.share)
        })
    }

    fn end(&self, state: State) -> Option<f64> {
        let length = 16 - state.at.leading_zeros() as usize / 8;
        (length == self.grammar.length() && length > 0).then_some(1.0)
    }
}
