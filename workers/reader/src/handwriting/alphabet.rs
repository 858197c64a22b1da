//! The characters a field may hold, and which outputs of the network count as each.

use super::ctc::Frames;
use super::recogniser::Scores;

/// A field's alphabet over the network's classes. Several classes may stand for one character: in a field of
/// capitals `a` is read as `A`, in a field of digits `O` is read as `0`.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    characters: Vec<char>,
    /// For each class of the network, the label it counts for.
    label_of: Vec<Option<u16>>,
    blank: usize,
}

/// Letters people write where a digit belongs, or the network mistakes for one.
const DIGIT_TWINS: [(char, &str); 7] = [
    ('0', "OoDQ"),
    ('1', "IlLi"),
    ('2', "Zz"),
    ('5', "Ss"),
    ('6', "Gb"),
    ('8', "B"),
    ('9', "gq"),
];

impl Labels {
    /// The alphabet `characters` over a network with `classes` (blank excluded, in class order from 1).
    pub fn new(characters: &str, classes: &[char], blank: usize) -> Self {
        let mut own: Vec<char> = Vec::new();
        for c in characters.chars() {
            if !own.contains(&c) && classes.contains(&c) {
                own.push(c);
            }
        }
        Self::over(own, classes, blank)
    }

    /// The same labels over another network's classes.
    pub fn over_classes(&self, classes: &[char], blank: usize) -> Self {
        Self::over(self.characters.clone(), classes, blank)
    }

    fn over(own: Vec<char>, classes: &[char], blank: usize) -> Self {
        let has_letters = own.iter().any(|c| c.is_alphabetic());
        let has_digits = own.iter().any(char::is_ascii_digit);
        let label_of = (0..=classes.len())
            .map(|class| {
                if class == blank {
                    return None;
                }
                let written = classes[class - usize::from(class > blank)];
                own.iter()
                    .position(|c| *c == written)
                    .or_else(|| own.iter().position(|c| same_letter(*c, written)))
                    .or_else(|| {
                        let twin = match (has_letters, has_digits) {
                            (false, true) => DIGIT_TWINS
                                .iter()
                                .find(|(_, l)| l.contains(written))
                                .map(|(d, _)| *d),
                            (true, false) => DIGIT_TWINS
                                .iter()
                                .find(|(d, _)| *d == written)
                                .and_then(|(_, l)| l.chars().next()),
                            _ => None,
                        }?;
                        own.iter().position(|c| *c == twin || same_letter(*c, twin))
                    })
                    .map(|label| label as u16)
            })
            .collect();
        Self {
            characters: own,
            label_of,
            blank,
        }
    }

    /// Number of characters.
    pub fn len(&self) -> usize {
        self.characters.len()
    }

    /// Whether no character is left.
    pub fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    /// The character of a label.
    pub fn character(&self, label: u16) -> char {
        self.characters[usize::from(label)]
    }

    /// The label of a character.
    pub fn label(&self, character: char) -> Option<u16> {
        self.characters
            .iter()
            .position(|c| *c == character)
            .map(|i| i as u16)
    }

    /// Each label's character as ASCII, 0 where it is none.
    pub fn bytes(&self) -> Vec<u8> {
        self.characters
            .iter()
            .map(|c| u8::try_from(*c).ok().filter(u8::is_ascii).unwrap_or(0))
            .collect()
    }

    /// The text of a row of labels.
    pub fn text(&self, labels: &[u16]) -> String {
        labels.iter().map(|l| self.character(*l)).collect()
    }

    /// Probabilities over this alphabet and the blank, frame by frame: classes outside it are left out and the rest
    /// made to sum to one.
    pub fn frames(&self, scores: &Scores) -> Frames {
        let stride = self.len() + 1;
        let mut values = Vec::with_capacity(scores.frames() * stride);
        for frame in 0..scores.frames() {
            let logits = scores.frame(frame);
            let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let at = values.len();
            values.resize(at + stride, 0f32);
            let row = &mut values[at..];
            for (class, logit) in logits.iter().enumerate() {
                let mass = (logit - top).exp();
                if class == self.blank {
                    row[0] += mass;
                } else if let Some(label) = self.label_of.get(class).copied().flatten() {
                    row[usize::from(label) + 1] += mass;
                }
            }
            let sum: f32 = row.iter().sum();
            if sum > 0.0 {
                row.iter_mut().for_each(|v| *v /= sum);
            } else {
                row[0] = 1.0;
            }
        }
        Frames::new(stride, values)
    }
}

fn same_letter(a: char, b: char) -> bool {
    a.is_ascii_alphabetic() && a.eq_ignore_ascii_case(&b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CLASSES: &str =
        " ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'-.,/@_+&():;#!?\"*=%";

    fn labels(characters: &str) -> Labels {
        Labels::new(characters, &CLASSES.chars().collect::<Vec<_>>(), 0)
    }

    fn class(c: char) -> usize {
        CLASSES
            .chars()
            .position(|x| x == c)
            .expect("in the alphabet")
            + 1
    }

    #[test]
    fn case_and_look_alikes_count_for_the_field_s_own_character() {
        let capitals = labels("ABCDEFGHIJKLMNOPQRSTUVWXYZ'- ");
        assert_eq!(capitals.label_of[class('a')], capitals.label('A'));
        assert_eq!(capitals.label_of[class('0')], capitals.label('O'));
        let digits = labels("0123456789");
        assert_eq!(digits.label_of[class('O')], digits.label('0'));
        assert_eq!(digits.label_of[class('@')], None);
        let both = labels("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        assert_eq!(both.label_of[class('O')], both.label('O'));
        assert_eq!(both.label_of[class('0')], both.label('0'));
    }

    proptest! {
        #[test]
        fn a_restricted_alphabet_never_says_anything_else(values in proptest::collection::vec(-9.0f32..9.0, 84 * 12)) {
            let scores = Scores::new(84, values);
            for characters in ["0123456789", "ABCXYZ'- ", "@", "abc.@"] {
                let labels = labels(characters);
                let frames = labels.frames(&scores);
                for hypothesis in super::super::ctc::beam(&frames, 8, &super::super::knowledge::Anything) {
                    prop_assert!(labels.text(&hypothesis.labels).chars().all(|c| characters.contains(c)));
                }
                for frame in 0..frames.len() {
                    prop_assert!((frames.frame(frame).iter().sum::<f32>() - 1.0).abs() < 1e-4);
                }
            }
        }
    }
}
