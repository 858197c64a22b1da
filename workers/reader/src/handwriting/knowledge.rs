//! What is known of a field before it is read, as an automaton over its alphabet.
//!
//! The decoder walks it letter by letter, so that knowledge steers the search instead of mending its result.

use super::alphabet::Labels;

/// A state of an automaton. What the number means is the automaton's own business.
pub type State = u32;

/// A weighted automaton over labels.
pub trait Knowledge {
    /// The state before the first character.
    fn start(&self) -> State;

    /// The state after `label` and the weight of that step (1 for neutral); `None` when it cannot follow.
    fn step(&self, state: State, label: u16) -> Option<(State, f64)>;

    /// Whether a text may end here.
    fn accepts(&self, state: State) -> bool;

    /// True for the automaton that allows everything.
    fn is_anything(&self) -> bool {
        false
    }
}

/// Nothing is known.
#[derive(Debug, Clone, Copy)]
pub struct Anything;

impl Knowledge for Anything {
    fn start(&self) -> State {
        0
    }

    fn step(&self, _: State, _: u16) -> Option<(State, f64)> {
        Some((0, 1.0))
    }

    fn accepts(&self, _: State) -> bool {
        true
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
        0
    }

    fn step(&self, state: State, label: u16) -> Option<(State, f64)> {
        let set = self.allowed.get(state as usize)?;
        set.get(usize::from(label))
            .copied()
            .unwrap_or(false)
            .then_some((state + 1, 1.0))
    }

    fn accepts(&self, state: State) -> bool {
        state as usize == self.allowed.len()
    }
}

/// One of several patterns; which one is settled by the text itself.
#[derive(Debug, Clone)]
pub struct Alternatives(Vec<Positions>);

/// The state holds the position in its lower bits and, above, one bit for each pattern that still fits.
const POSITION: State = 1 << 12;

impl Alternatives {
    /// At most 16 patterns; more are left out.
    pub fn new(mut patterns: Vec<Positions>) -> Self {
        patterns.truncate(16);
        Self(patterns)
    }
}

impl Knowledge for Alternatives {
    fn start(&self) -> State {
        ((1 << self.0.len()) - 1) * POSITION
    }

    fn step(&self, state: State, label: u16) -> Option<(State, f64)> {
        let (possible, position) = (state / POSITION, state % POSITION);
        let mut left = 0;
        for (i, pattern) in self.0.iter().enumerate() {
            if possible & (1 << i) != 0 && pattern.step(position, label).is_some() {
                left |= 1 << i;
            }
        }
        (left != 0).then_some((left * POSITION + position + 1, 1.0))
    }

    fn accepts(&self, state: State) -> bool {
        let (possible, position) = (state / POSITION, state % POSITION);
        self.0
            .iter()
            .enumerate()
            .any(|(i, pattern)| possible & (1 << i) != 0 && pattern.accepts(position))
    }
}
