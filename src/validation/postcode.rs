//! United Kingdom postcodes, by the shape rules of BS 7666. Whether a code exists is not checked.

/// A postcode in capitals with one space before the last three characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Postcode(String);

/// Why a text is no postcode. Somebody has to look at the form again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostcodeError {
    /// Too few or too many letters and digits.
    #[error("a postcode has 5 to 7 letters and digits; this one has {found}")]
    Length {
        /// Letters and digits found.
        found: usize,
    },
    /// The last three characters.
    #[error("the end of a postcode is a digit and two letters, never C, I, K, M, O or V")]
    Inward,
    /// What comes before them.
    #[error(
        "the beginning of this postcode has no shape that a postcode can have, such as A9, AA9, A99 or AA9A"
    )]
    Outward,
}

impl Postcode {
    /// Checks a postcode in any case, with or without spaces, hyphens, dots or brackets.
    ///
    /// # Errors
    /// Which part of it is wrong.
    pub fn parse(text: &str) -> Result<Self, PostcodeError> {
        let kept = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '(' | ')'));
        let code: String = kept.flat_map(char::to_uppercase).collect();
        let found = code.chars().count();
        if !(5..=7).contains(&found) || !code.is_ascii() {
            return Err(PostcodeError::Length { found });
        }
        let (outward, inward) = code.split_at(code.len() - 3);
        if !is_inward(inward.as_bytes()) {
            return Err(PostcodeError::Inward);
        }
        if !is_outward(outward.as_bytes()) && code != "GIR0AA" {
            return Err(PostcodeError::Outward);
        }
        Ok(Self(format!("{outward} {inward}")))
    }

    /// `MK40 1AB`
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `MK40 1AB`, by value.
    pub fn into_string(self) -> String {
        self.0
    }
}

fn is_inward(part: &[u8]) -> bool {
    let letter = |b: u8| b.is_ascii_uppercase() && !b"CIKMOV".contains(&b);
    matches!(part, [digit, first, second] if digit.is_ascii_digit() && letter(*first) && letter(*second))
}

fn is_outward(part: &[u8]) -> bool {
    let first = |b: u8| b.is_ascii_uppercase() && !b"QVX".contains(&b);
    let second = |b: u8| b.is_ascii_uppercase() && !b"IJZ".contains(&b);
    let digit = |b: u8| b.is_ascii_digit();
    match *part {
        [a, n] => first(a) && digit(n),
        [a, n, m] if digit(n) => first(a) && (digit(m) || b"ABCDEFGHJKPSTUW".contains(&m)),
        [a, b, n] => first(a) && second(b) && digit(n),
        [a, b, n, m] => {
            first(a) && second(b) && digit(n) && (digit(m) || b"ABEHMNPRVWXY".contains(&m))
        }
        _ => false,
    }
}

impl std::fmt::Debug for Postcode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Postcode(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn knows_the_six_shapes_and_the_exception() {
        let pairs = [
            ("m1 1ae", "M1 1AE"),
            ("B338TH", "B33 8TH"),
            ("cr2-6xh", "CR2 6XH"),
            ("DN55 1PT", "DN55 1PT"),
            ("w1p 1hq", "W1P 1HQ"),
            ("EC1A 1BB", "EC1A 1BB"),
            ("gir 0aa", "GIR 0AA"),
            ("(MK40) 1 AB", "MK40 1AB"),
        ];
        for (typed, kept) in pairs {
            assert_eq!(
                Postcode::parse(typed).map(Postcode::into_string).as_deref(),
                Ok(kept)
            );
        }
        assert_eq!(Postcode::parse("MK40 1"), Err(PostcodeError::Inward));
        assert_eq!(Postcode::parse("MK40 1CB"), Err(PostcodeError::Inward));
        assert_eq!(Postcode::parse("QK40 1AB"), Err(PostcodeError::Outward));
        assert_eq!(
            Postcode::parse("M1"),
            Err(PostcodeError::Length { found: 2 })
        );
    }

    proptest! {
        #[test]
        fn accepts_what_it_made_itself(text in "[a-zA-Z0-9 -]{0,10}") {
            if let Ok(code) = Postcode::parse(&text) {
                prop_assert_eq!(Postcode::parse(code.as_str()), Ok(code));
            }
        }

        #[test]
        fn takes_any_text(text in "\\PC{0,12}") {
            let _ = Postcode::parse(&text);
        }
    }
}
