//! Free lines: words of letters among digits and signs.

use super::words::{Begun, Vocabulary, Words};
use super::{Knowledge, State};
use crate::handwriting::alphabet::Labels;

/// The automaton of a free line. Nothing is impossible on it.
pub struct FreeText {
    characters: Vec<u8>,
    words: &'static Vocabulary,
    strength: f64,
}

/// How far words are trusted against the ink. This and the weight of signs were chosen on the sample scans.
const STRENGTH: f64 = 0.4;
/// What a letter of English costs on average, given back so that long texts do not lose against short ones
/// (natural logarithm).
const PER_LETTER: f64 = 1.8;
/// Weights of what stands between words, in the same currency as a letter with its cost given back.
const SPACE: f64 = 1.0;
const DIGIT: f64 = 0.3;
/// The line network drops commas and apostrophes, so their weight leans against that.
const USUAL_SIGN: f64 = 3.0;
const RARE_SIGN: f64 = 0.02;

impl FreeText {
    /// Lines over an alphabet.
    pub fn new(labels: &Labels) -> Self {
        Self {
            characters: labels.bytes(),
            words: Words::Free.vocabulary(),
            strength: STRENGTH,
        }
    }

    fn in_word(state: State) -> Option<Begun> {
        (state.at == 1).then_some(Begun {
            node: state.word,
            context: state.context,
            listed: state.share,
        })
    }
}

impl Knowledge for FreeText {
    fn start(&self) -> State {
        State::default()
    }

    fn step(&self, state: State, label: u16) -> Option<(State, f64)> {
        let character = self.characters.get(usize::from(label)).copied()?;
        let before = Self::in_word(state);
        if character.is_ascii_alphabetic() {
            let begun = before.unwrap_or_else(|| self.words.begin());
            let (begun, weight) = self.words.step(begun, character)?;
            let next = State {
                at: 1,
                word: begun.node,
                context: begun.context,
                share: begun.listed,
            };
            return Some((next, (weight * PER_LETTER.exp()).powf(self.strength)));
        }
        let ended = before.map_or(1.0, |begun| self.words.end(begun));
        let own = match character {
            b' ' => SPACE,
            b'0'..=b'9' => DIGIT,
            b',' | b'.' | b'-' | b'/' | b'\'' => USUAL_SIGN,
            _ => RARE_SIGN,
        };
        Some((State::default(), (ended * own).powf(self.strength)))
    }

    fn end(&self, state: State) -> Option<f64> {
        let ended = Self::in_word(state).map_or(1.0, |begun| self.words.end(begun));
        Some(ended.powf(self.strength))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALPHABET: &str =
        " ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'-.,/@_+&():;#!?\"*=%";

    fn weight(text: &str) -> f64 {
        let classes: Vec<char> = ALPHABET.chars().collect();
        let labels = Labels::new(ALPHABET, &classes, 0);
        let text: Vec<u16> = text.chars().filter_map(|c| labels.label(c)).collect();
        FreeText::new(&labels).weight(&text)
    }

    #[test]
    fn words_beat_what_looks_like_them() {
        assert!(weight("Peanut allergy") > weight("Peanul allergy"));
        assert!(weight("14 Station Road") > weight("14 Stalion Road"));
        assert!(weight("mild asthma, uses inhaler") > weight("mild asthma, vses inhaler"));
    }

    proptest! {
        #[test]
        fn nothing_is_impossible(text in "[ A-Za-z0-9'.,/@-]{0,30}") {
            prop_assert!(weight(&text) > 0.0);
        }
    }
}
