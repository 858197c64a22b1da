//! Names of people. Whatever people call themselves is a name; only what cannot be one is refused.

use super::collapse;

/// A name with single spaces, otherwise as written.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name(String);

/// Why a text is no name. Somebody has to look at the form again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing a person could be called.
    #[error("there is no letter in this name")]
    NoLetter,
    /// Longer than names get.
    #[error("this name is longer than {LONGEST} characters")]
    Length,
    /// Control characters.
    #[error("this name holds characters that cannot be shown; type it again")]
    Unprintable,
}

/// Longest name kept, in characters.
const LONGEST: usize = 100;

impl Name {
    /// Checks a name. Typographic apostrophes become plain ones, so that one name is spelt one way.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let name = collapse(text).replace(['\u{2018}', '\u{2019}', '\u{2bc}'], "'");
        if name.chars().any(char::is_control) {
            return Err(NameError::Unprintable);
        }
        if name.chars().count() > LONGEST {
            return Err(NameError::Length);
        }
        if !name.chars().any(char::is_alphabetic) {
            return Err(NameError::NoLetter);
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, by value.
    pub fn into_string(self) -> String {
        self.0
    }

    /// A guess at the usual spelling of a name written in capitals: `O'NEIL-SMITH` as `O'Neil-Smith`. To be offered to
    /// a clerk, never applied unseen: nobody can tell `MACDONALD` from `MACEY`. A name with small letters stays.
    pub fn proposed_case(&self) -> String {
        if self.0.chars().any(char::is_lowercase) {
            return self.0.clone();
        }
        let mut begins = true;
        let letters = self.0.chars().flat_map(|c| {
            let shown: Vec<char> = if begins {
                c.to_uppercase().collect()
            } else {
                c.to_lowercase().collect()
            };
            begins = !c.is_alphabetic();
            shown
        });
        letters.collect()
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Name(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_what_people_are_called() {
        for name in [
            "Anna",
            "O'Neil-Smith",
            "Zo\u{eb}",
            "X \u{c6} A-12",
            "J.",
            "\u{5f20}\u{4f1f}",
        ] {
            assert_eq!(
                Name::parse(name).map(Name::into_string).as_deref(),
                Ok(name)
            );
        }
        assert_eq!(
            Name::parse("  de   Souza ")
                .map(Name::into_string)
                .as_deref(),
            Ok("de Souza")
        );
        assert_eq!(Name::parse("12 - 3"), Err(NameError::NoLetter));
        assert_eq!(Name::parse(&"a".repeat(101)), Err(NameError::Length));
    }

    #[test]
    fn offers_a_spelling_for_capitals_only() {
        let offer = |text| Name::parse(text).expect("a name").proposed_case();
        assert_eq!(offer("O'NEIL-SMITH"), "O'Neil-Smith");
        assert_eq!(offer("ANNA MARIA"), "Anna Maria");
        assert_eq!(offer("McDonald"), "McDonald");
    }

    proptest! {
        #[test]
        fn accepts_what_it_made_itself(text in "\\PC{0,30}") {
            if let Ok(name) = Name::parse(&text) {
                prop_assert_eq!(Name::parse(name.as_str()), Ok(name));
            }
        }
    }
}
