//! NHS numbers: ten digits, the last of which checks the others.

/// An NHS number that passes its check, as ten digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NhsNumber(String);

/// Why a text is no NHS number. Somebody has to look at the form again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NhsNumberError {
    /// Too few or too many digits.
    #[error("an NHS number has 10 digits; this one has {found}")]
    Length {
        /// Digits found.
        found: usize,
    },
    /// Something that is neither a digit nor a separator.
    #[error("an NHS number has digits only")]
    NotADigit,
    /// The last digit does not fit the others.
    #[error("the check digit does not fit: at least one digit of this NHS number is wrong")]
    CheckDigit,
}

impl NhsNumber {
    /// Checks an NHS number. Spaces, hyphens and dots between the digits are ignored.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NhsNumberError> {
        let digits: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '\u{2013}'))
            .collect();
        if !digits.chars().all(|c| c.is_ascii_digit()) {
            return Err(NhsNumberError::NotADigit);
        }
        if digits.len() != 10 {
            return Err(NhsNumberError::Length {
                found: digits.len(),
            });
        }
        let given = u32::from(digits.as_bytes()[9] - b'0');
        if check_digit(&digits[..9]) != Some(given) {
            return Err(NhsNumberError::CheckDigit);
        }
        Ok(Self(digits))
    }

    /// The ten digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ten digits, by value.
    pub fn into_string(self) -> String {
        self.0
    }

    /// The way people read it: `999 000 0018`.
    pub fn grouped(&self) -> String {
        format!("{} {} {}", &self.0[..3], &self.0[3..6], &self.0[6..])
    }
}

/// The digit that follows nine others; `None` when no number begins with these nine (remainder 1 would need a "10").
pub fn check_digit(first_nine: &str) -> Option<u32> {
    let weighted = first_nine
        .bytes()
        .zip((2..=10).rev())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight);
    match 11 - weighted.sum::<u32>() % 11 {
        11 => Some(0),
        10 => None,
        digit => Some(digit),
    }
}

impl std::fmt::Debug for NhsNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NhsNumber(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn knows_the_published_test_numbers() {
        for number in [
            "9000000009",
            "9000000025",
            "9111231130",
            "999 000 0018",
            "999-012-3454",
            "9999999905",
        ] {
            assert!(NhsNumber::parse(number).is_ok());
        }
        // Two published examples that fail on purpose or by mistake.
        for number in ["9000000000", "9991234567", "9912003890"] {
            assert_eq!(NhsNumber::parse(number), Err(NhsNumberError::CheckDigit));
        }
        assert_eq!(
            NhsNumber::parse("999000001"),
            Err(NhsNumberError::Length { found: 9 })
        );
        assert_eq!(
            NhsNumber::parse("99900000I8"),
            Err(NhsNumberError::NotADigit)
        );
    }

    proptest! {
        #[test]
        fn detects_every_single_wrong_digit(stem in "[0-9]{9}", at in 0_usize..10, by in 1_u8..10) {
            let Some(check) = check_digit(&stem) else { return Ok(()) };
            let number = format!("{stem}{check}");
            prop_assert!(NhsNumber::parse(&number).is_ok());
            let mut wrong = number.into_bytes();
            wrong[at] = b'0' + (wrong[at] - b'0' + by) % 10;
            let wrong = String::from_utf8(wrong).expect("digits");
            prop_assert_eq!(NhsNumber::parse(&wrong), Err(NhsNumberError::CheckDigit));
        }

        #[test]
        fn detects_every_swap_of_two_different_digits(stem in "[0-9]{9}", a in 0_usize..10, b in 0_usize..10) {
            let Some(check) = check_digit(&stem) else { return Ok(()) };
            let mut digits = format!("{stem}{check}").into_bytes();
            prop_assume!(digits[a] != digits[b]);
            digits.swap(a, b);
            let swapped = String::from_utf8(digits).expect("digits");
            prop_assert_eq!(NhsNumber::parse(&swapped), Err(NhsNumberError::CheckDigit));
        }

        #[test]
        fn never_shows_the_value(text in "\\PC{0,20}") {
            if let Err(error) = NhsNumber::parse(&text) {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                prop_assert!(digits.len() < 4 || !error.to_string().contains(&digits));
            }
        }
    }
}
