//! What is known of a field before it is read, as a weighted automaton over its alphabet.
//!
//! The decoders walk it letter by letter, so that knowledge steers the search instead of mending its result. The
//! weight of a text is the product of its steps and of its end; the steps so far are the best estimate of what the
//! whole text will weigh, so that a search does not drop what turns out to be likely.

pub mod dates;
pub mod free_text;
pub mod grammar;
pub mod names;
pub mod phones;
pub mod postcodes;
pub mod words;

use super::alphabet::Labels;

/// A state of an automaton. What its parts mean is the automaton's own business.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct State {
    /// A position, or the text so far.
    pub at: u128,
    /// Where in a word list.
    pub word: u64,
    /// The last letters.
    pub context: u32,
    /// A number that goes along with the text so far.
    pub share: f64,
}

/// A weighted automaton over labels.
pub trait Knowledge {
    /// The state before the first character.
    fn start(&self) -> State;

    /// The state after `label` and the weight of that step (1 for neutral); `None` when it cannot follow.
    fn step(&self, state: State, label: u16) -> Option<(State, f64)>;

    /// The weight of a text's end here (1 for neutral); `None` when no text may end here.
    fn end(&self, state: State) -> Option<f64>;

    /// True for the automaton that allows everything.
    fn is_anything(&self) -> bool {
        false
    }

    /// Weight of a whole text; 0 when it is not accepted.
    fn weight(&self, labels: &[u16]) -> f64 {
        let mut state = self.start();
        let mut weight = 1.0;
        for label in labels {
            match self.step(state, *label) {
                Some((next, step)) => {
                    state = next;
                    weight *= step;
                }
                None => return 0.0,
            }
        }
        self.end(state).map_or(0.0, |end| weight * end)
    }
}

/// Nothing is known.
#[derive(Debug, Clone, Copy)]
pub struct Anything;

impl Knowledge for Anything {
    fn start(&self) -> State {
        State::default()
    }

    fn step(&self, state: State, _: u16) -> Option<(State, f64)> {
        Some((state, 1.0))
    }

    fn end(&self, _: State) -> Option<f64> {
        Some(1.0)
    }

    fn is_anything(&self) -> bool {
        true
    }
}

/// A fixed number of characters, each from its own set: one character per used comb cell.
#[derive(Debug, Clone)]
pub struct Positions {
    /// For each position, whether each label may stand there.
    allowed: Vec<Vec<bool>>,
}

impl Positions {
    /// `patterns[i]` holds the characters that may stand at position `i`; an empty one means any of the alphabet.
    pub fn new<S: AsRef<str>>(patterns: &[S], labels: &Labels) -> Self {
        let allowed = patterns
            .iter()
            .map(|pattern| {
                let pattern = pattern.as_ref();
                (0..labels.len() as u16)
                    .map(|l| pattern.is_empty() || pattern.contains(labels.character(l)))
                    .collect()
            })
            .collect();
        Self { allowed }
    }

    /// `count` characters of the alphabet.
    pub fn any(count: usize, labels: &Labels) -> Self {
        Self::new(&vec![""; count], labels)
    }
}

impl Knowledge for Positions {
    fn start(&self) -> State {
        State::default()
    }

    fn step(&self, mut state: State, label: u16) -> Option<(State, f64)> {
        let set = self.allowed.get(state.at as usize)?;
        state.at += 1;
        set.get(usize::from(label))
            .copied()
            .unwrap_or(false)
            .then_some((state, 1.0))
    }

    fn end(&self, state: State) -> Option<f64> {
        (state.at as usize == self.allowed.len()).then_some(1.0)
    }
}
