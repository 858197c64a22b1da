//! Surnames: double ones, particles, endings by gender, other spellings.

use super::{
    Level, folding,
    names::{self, LISTS},
};

/// Words that many surnames have in common.
const PARTICLES: [&str; 22] = [
    "de", "da", "do", "dos", "di", "del", "la", "le", "van", "von", "der", "den", "al", "el",
    "bin", "binti", "ibn", "abu", "mac", "mc", "o", "st",
];

/// Endings of surnames in which the languages of Poland, Lithuania, Russia and Bulgaria show gender, the longest first.
const ENDINGS: [(&str, &str); 8] = [
    ("ska", "ski"),
    ("cka", "cki"),
    ("dzka", "dzki"),
    ("aite", "as"),
    ("yte", "as"),
    ("iene", "as"),
    ("ova", "ov"),
    ("eva", "ev"),
];

/// A surname, ready to compare.
#[derive(Clone, Default)]
pub struct Surname {
    /// All of it in one word.
    pub whole: String,
    /// Its words without particles.
    pub parts: Vec<String>,
    /// Share of people with this surname.
    pub share: Option<f64>,
    masculine: String,
    letters: usize,
}

impl Surname {
    /// Takes the name apart.
    pub fn new(text: &str) -> Self {
        let words = folding::words(text);
        let whole = words.concat();
        let parts = words
            .into_iter()
            .filter(|word| !PARTICLES.contains(&word.as_str()))
            .collect();
        Self {
            share: names::share(&LISTS.surnames, &whole),
            masculine: masculine(&whole),
            letters: whole.chars().count(),
            whole,
            parts,
        }
    }

    /// How two agree; `None` when one is not known.
    pub fn agreement(&self, other: &Self) -> Option<Level> {
        if self.whole.is_empty() || other.whole.is_empty() {
            return None;
        }
        let level = if self.whole == other.whole {
            Level::Equal
        } else if self.masculine == other.masculine
            || names::are_variants(&self.whole, &other.whole)
        {
            Level::Variant
        } else if self.letters.min(other.letters) >= 4
            && folding::one_letter_off(&self.whole, &other.whole)
        {
            Level::Misspelt
        } else if self
            .parts
            .iter()
            .any(|part| part.chars().count() > 1 && other.parts.contains(part))
        {
            Level::Part
        } else {
            Level::Different
        };
        Some(level)
    }
}

/// The form without an ending of gender, and `mac` as `mc`.
fn masculine(whole: &str) -> String {
    let short = match whole.strip_prefix("mac") {
        Some(rest) if rest.len() > 3 => format!("mc{rest}"),
        _ => whole.to_owned(),
    };
    for (feminine, masculine) in ENDINGS {
        if let Some(stem) = short.strip_suffix(feminine)
            && stem.chars().count() >= 3
        {
            return format!("{stem}{masculine}");
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_double_names_particles_and_endings() {
        let agreement = |a, b| Surname::new(a).agreement(&Surname::new(b));
        for (a, b, level) in [
            ("O'Neil", "ONEIL", Level::Equal),
            ("Al-Hassan", "alhassan", Level::Equal),
            ("MacDonald", "McDonald", Level::Variant),
            ("Kowalski", "Kowalska", Level::Variant),
            ("Petrauskas", "Petrauskiene", Level::Variant),
            ("Hussain", "Hussein", Level::Variant),
            ("Hartwell", "Hartwel", Level::Misspelt),
            ("Smith-Jones", "Jones", Level::Part),
            ("de Souza", "de Lima", Level::Different),
            ("Khan", "Kaur", Level::Different),
        ] {
            assert_eq!(agreement(a, b), Some(level), "{a} {b}");
            assert_eq!(agreement(b, a), Some(level), "{b} {a}");
        }
        assert_eq!(agreement("", "Khan"), None);
    }
}
