//! Names in combs: words of letters and apostrophes, parted by cells left empty and by hyphens.

use super::words::{Begun, Vocabulary, Words};
use super::{Knowledge, State};
use crate::handwriting::alphabet::Labels;

/// What a field of names holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRole {
    /// A surname, of one or more words.
    Surname,
    /// First names of a grown-up.
    CarersFirstNames,
    /// First names of a small child.
    ChildrensFirstNames,
    /// First names and then a surname of a grown-up.
    WholeName,
}

/// The automaton of names with a given number of characters and given gaps.
pub struct Names {
    role: NameRole,
    /// For each character, whether a cell was left empty before it.
    gaps: Vec<bool>,
    characters: Vec<u8>,
    strength: f64,
}

/// Share of words in names that go on after a hyphen.
const HYPHEN: f64 = 0.01;
/// How far names are trusted against the ink: 1 would be right if shares of lists were those of families here. At 0.6
/// MEI was read as MER on the sample scans.
const STRENGTH: f64 = 0.3;

impl Names {
    /// Names of as many characters as `used` has used cells.
    pub fn new(role: NameRole, used: &[bool], labels: &Labels) -> Self {
        let mut gaps = Vec::new();
        let mut gap = false;
        for used in used {
            if *used {
                gaps.push(gap && !gaps.is_empty());
                gap = false;
            } else {
                gap = true;
            }
        }
        Self {
            role,
            gaps,
            characters: labels.bytes(),
            strength: STRENGTH,
        }
    }

    /// The words expected in the word that holds the character at `position`.
    fn words(&self, position: usize) -> &'static Vocabulary {
        let words = match self.role {
            NameRole::Surname => Words::Surnames,
            NameRole::CarersFirstNames => Words::CarersFirstNames,
            NameRole::ChildrensFirstNames => Words::ChildrensFirstNames,
            NameRole::WholeName => {
                let last = self.gaps.iter().rposition(|gap| *gap);
                if last.is_some_and(|last| position >= last) {
                    Words::Surnames
                } else {
                    Words::CarersFirstNames
                }
            }
        };
        words.vocabulary()
    }

    fn begun(state: State) -> Begun {
        Begun {
            node: state.word,
            context: state.context,
            listed: state.share,
        }
    }

    fn state(at: u128, begun: Begun) -> State {
        State {
            at,
            word: begun.node,
            context: begun.context,
            share: begun.listed,
        }
    }
}

impl Knowledge for Names {
    fn start(&self) -> State {
        Self::state(0, self.words(0).begin())
    }

    fn step(&self, state: State, label: u16) -> Option<(State, f64)> {
        let position = state.at as usize;
        let gap = *self.gaps.get(position)?;
        let character = self.characters.get(usize::from(label)).copied()?;
        let mut begun = Self::begun(state);
        let mut weight = 1.0;
        if gap {
            weight *= self.words(position - 1).end(begun);
            begun = self.words(position).begin();
        }
        if character == b'-' {
            weight *= HYPHEN * self.words(position).end(begun);
            begun = self.words(position).begin();
        } else {
            let (next, step) = self.words(position).step(begun, character)?;
            weight *= step;
            begun = next;
        }
        Some((Self::state(state.at + 1, begun), weight.powf(self.strength)))
    }

    fn end(&self, state: State) -> Option<f64> {
        let position = state.at as usize;
        (position == self.gaps.len() && position > 0).then(|| {
            let end = self.words(position - 1).end(Self::begun(state));
            end.powf(self.strength)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-'";

    fn weight(role: NameRole, text: &str) -> f64 {
        let classes: Vec<char> = ALPHABET.chars().collect();
        let labels = Labels::new(ALPHABET, &classes, 0);
        let used: Vec<bool> = text.chars().map(|c| c != ' ').collect();
        let characters: Vec<u16> = text.chars().filter_map(|c| labels.label(c)).collect();
        Names::new(role, &used, &labels).weight(&characters)
    }

    #[test]
    fn words_part_at_gaps_and_hyphens() {
        let carer = |text| weight(NameRole::CarersFirstNames, text);
        assert!(carer("ANNA MARIA") > carer("ANNAM ARIA"));
        let surname = |text| weight(NameRole::Surname, text);
        assert!(surname("SMITH-JONES") > surname("SMITHIJONES"));
        assert!(surname("O'CONNOR") > surname("OXCONNOR"));
        let whole = |text| weight(NameRole::WholeName, text);
        assert!(whole("SUSAN SMITH") > whole("SMITH SUSAN"));
    }

    proptest! {
        #[test]
        fn every_name_of_letters_stays_readable(text in "[A-Z]([A-Z']{0,8}[A-Z])?([ -][A-Z]{2,7}){0,2}") {
            for role in [NameRole::Surname, NameRole::CarersFirstNames, NameRole::ChildrensFirstNames, NameRole::WholeName] {
                prop_assert!(weight(role, &text) > 0.0);
            }
        }
    }
}
