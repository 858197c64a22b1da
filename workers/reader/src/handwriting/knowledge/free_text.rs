//! Free lines: words of letters among digits and signs, which words depending on what the line is for.

use serde::Serialize;

use super::words::{Begun, Vocabulary, Words};
use super::{Knowledge, State};
use crate::handwriting::alphabet::Labels;

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum TextRole {
    /// A language, or some.
    Languages,
    /// A town or village.
    Town,
    /// House and street, or what comes before them.
    Address,
    /// What somebody is to a child.
    Family,
    /// Anything.
    Anything,
}

/// The automaton of a free line. Nothing is impossible on it.
pub struct FreeText {
    characters: Vec<u8>,
    words: &'static Vocabulary,
    habits: Habits,
    is_address: bool,
}

/// Numbers of one role.
#[derive(Debug, Clone, Copy)]
struct Habits {
    /// How far what is known is trusted against the ink.
    strength: f64,
    /// What a letter costs on average, given back so that long texts do not lose against short ones (natural logarithm).
    per_letter: f64,
    /// Weight of a digit, in the currency of a letter with its cost given back.
    digit: f64,
    /// Weight of a space between words.
    space: f64,
    /// Weight of a comma, a full stop and the like. The line network drops them, so it leans against that.
    sign: f64,
}

/// Weight of other signs, in the same currency.
const RARE_SIGN: f64 = 0.02;

/// Where on a line: at its beginning or after a space or sign, ...
const APART: u128 = 0;
/// ... in a word, ...
const IN_WORD: u128 = 1;
/// ... in a number, ...
const IN_NUMBER: u128 = 2;
/// ... or at a space after a number ...
const AFTER_NUMBER: u128 = 3;
/// ... or after a word, ...
const AFTER_WORD: u128 = 4;
/// ... or in the letter of a house number.
const IN_SUFFIX: u128 = 5;

impl TextRole {
    /// The words that stand on such a line.
    pub fn words(self) -> Words {
        match self {
            Self::Languages => Words::Languages,
            Self::Town => Words::Towns,
            Self::Address => Words::Addresses,
            Self::Family => Words::Family,
            Self::Anything => Words::Free,
        }
    }

    /// Chosen on forms of development writers.
    fn habits(self) -> Habits {
        match self {
            Self::Languages => Habits::of_few_words(1.3, 0.6),
            Self::Town => Habits::of_few_words(1.2, 0.9),
            Self::Family => Habits::of_few_words(1.0, 0.8),
            Self::Address => Habits {
                strength: 0.8,
                per_letter: 1.7,
                digit: 0.5,
                space: 1.0,
                sign: 3.0,
            },
            Self::Anything => Habits {
                strength: 0.7,
                per_letter: 1.9,
                digit: 0.3,
                space: 1.0,
                sign: 3.0,
            },
        }
    }
}

impl Habits {
    /// Of a line that holds one or two words of a list, and hardly ever anything else.
    const fn of_few_words(strength: f64, per_letter: f64) -> Self {
        Self {
            strength,
            per_letter,
            digit: 0.0005,
            space: 0.2,
            sign: 0.2,
        }
    }
}

impl FreeText {
    /// Lines of a role over an alphabet.
    pub fn new(role: TextRole, labels: &Labels) -> Self {
        Self {
            characters: labels.bytes(),
            words: role.words().vocabulary(),
            habits: role.habits(),
            is_address: role == TextRole::Address,
        }
    }

    fn in_word(state: State) -> Option<Begun> {
        (state.at == IN_WORD).then_some(Begun {
            node: state.word,
            context: state.context,
            listed: state.share,
        })
    }

    /// The weight of `character` after what stands at `place` of an address: `12 High Street`, `Flat 3, 12a High Street`.
    fn in_address(place: u128, character: u8) -> f64 {
        match (place, character) {
            // A second number without a comma before it, or one after or in a word.
            (AFTER_NUMBER | AFTER_WORD, b'0'..=b'9') => 0.05,
            (IN_WORD, b'0'..=b'9') => 0.02,
            // 12a, seldom 12k and hardly ever 12ab.
            (IN_NUMBER, b'A'..=b'D' | b'a'..=b'd') => 0.2,
            (IN_NUMBER, b'A'..=b'Z' | b'a'..=b'z') => 0.05,
            (IN_SUFFIX, b'A'..=b'Z' | b'a'..=b'z') => 0.02,
            (IN_SUFFIX, b'0'..=b'9') => 0.01,
            (IN_NUMBER, b',') => 2.0,
            (IN_NUMBER, b'.') => 0.05,
            // What looks like a full stop is mostly a comma: Luton Road, Bedford.
            (_, b'.') => 0.04,
            (_, sign) if !sign.is_ascii_alphanumeric() && !b" ,-/'".contains(&sign) => 0.1,
            _ => 1.0,
        }
    }

    fn sign(&self, character: u8) -> f64 {
        match character {
            b' ' => self.habits.space,
            b'0'..=b'9' => self.habits.digit,
            b',' | b'.' | b'-' | b'/' | b'\'' => self.habits.sign,
            b'A'..=b'Z' | b'a'..=b'z' => 1.0,
            _ => RARE_SIGN,
        }
    }
}

impl Knowledge for FreeText {
    fn start(&self) -> State {
        State::default()
    }

    fn step(&self, state: State, label: u16) -> Option<(State, f64)> {
        let character = self.characters.get(usize::from(label)).copied()?;
        let before = Self::in_word(state);
        let place = if self.is_address {
            Self::in_address(state.at, character)
        } else {
            1.0
        };
        let is_suffix = self.is_address && matches!(state.at, IN_NUMBER | IN_SUFFIX);
        let goes_on = match before {
            // Weaver's Close: one word where the list has it so, else two.
            Some(begun) if character == b'\'' => self
                .words
                .step(begun, character)
                .filter(|(next, _)| next.listed > 0.5),
            _ if character.is_ascii_alphabetic() && !is_suffix => {
                let begun = before.unwrap_or_else(|| self.words.begin());
                Some(self.words.step(begun, character)?)
            }
            _ => None,
        };
        if let Some((begun, weight)) = goes_on {
            let next = State {
                at: IN_WORD,
                word: begun.node,
                context: begun.context,
                share: begun.listed,
            };
            let own = weight * self.habits.per_letter.exp() * place;
            return Some((next, own.powf(self.habits.strength)));
        }
        let ended = before.map_or(1.0, |begun| self.words.end(begun));
        let at = match (state.at, character) {
            (_, b'0'..=b'9') => IN_NUMBER,
            (IN_NUMBER | IN_SUFFIX, b' ') => AFTER_NUMBER,
            (IN_WORD, b' ') => AFTER_WORD,
            (_, letter) if letter.is_ascii_alphabetic() => IN_SUFFIX,
            _ => APART,
        };
        let next = State {
            at,
            ..State::default()
        };
        let own = ended * self.sign(character) * place;
        Some((next, own.powf(self.habits.strength)))
    }

    fn end(&self, state: State) -> Option<f64> {
        let ended = Self::in_word(state).map_or(1.0, |begun| self.words.end(begun));
        Some(ended.powf(self.habits.strength))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALPHABET: &str =
        " ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'-.,/@_+&():;#!?\"*=%";

    fn weight(text: &str) -> f64 {
        weight_as(TextRole::Anything, text)
    }

    fn weight_as(role: TextRole, text: &str) -> f64 {
        let classes: Vec<char> = ALPHABET.chars().collect();
        let labels = Labels::new(ALPHABET, &classes, 0);
        let text: Vec<u16> = text.chars().filter_map(|c| labels.label(c)).collect();
        FreeText::new(role, &labels).weight(&text)
    }

    #[test]
    fn words_beat_what_looks_like_them() {
        assert!(weight("Peanut allergy") > weight("Peanul allergy"));
        assert!(weight("14 Station Road") > weight("14 Stalion Road"));
        assert!(weight("mild asthma, uses inhaler") > weight("mild asthma, vses inhaler"));
    }

    #[test]
    fn a_line_is_read_as_what_it_is_for() {
        assert!(
            weight_as(TextRole::Languages, "Italian") > weight_as(TextRole::Languages, "Halian")
        );
        assert!(weight_as(TextRole::Town, "London") > weight_as(TextRole::Town, "1 ondon"));
        let address = |text| weight_as(TextRole::Address, text);
        assert!(address("65 Lapwing Lane") > address("65 1 apwing Lane"));
        assert!(address("Flat 5, 18 Mill Lane") > address("Flat 5. 18 Mill Lane"));
        assert!(address("5 Mill Lane, Luton") > 10.0 * address("5 Mill Lane. Luton"));
        assert!(address("Flat 12, 5 Mill Lane") > 5.0 * address("Flat (2, 5 Mill Lane"));
        assert!(4.0 * address("15a Mill Lane") > address("150 Mill Lane"));
        assert!(address("15a Mill Lane") > address("15k Mill Lane"));
        assert!(address("9 Weaver's Close") > 0.1 * address("9 Weavers Close"));
    }

    proptest! {
        #[test]
        fn nothing_is_impossible(text in "[ A-Za-z0-9'.,/@-]{0,30}") {
            for role in [TextRole::Languages, TextRole::Town, TextRole::Address, TextRole::Family, TextRole::Anything] {
                prop_assert!(weight_as(role, &text) > 0.0);
            }
        }
    }
}
