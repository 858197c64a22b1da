//! Telephone numbers, as people in the United Kingdom write them.
//!
//! Ofcom's numbers for drama (07700 900000 to 900999, 020 7946 0000 to 0999, 01632 960000 to 960999) are ordinary
//! numbers here: they are what tests and examples use.

/// A telephone number as digits: a United Kingdom one with its leading 0, a foreign one with 00 and its country.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

/// Why a text is no telephone number. Somebody has to look at the form again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Something that does not belong into a number.
    #[error("a telephone number has digits only")]
    NotADigit,
    /// Too few or too many digits.
    #[error(
        "a United Kingdom telephone number has 10 or 11 digits, a mobile number 11; this one has {found}"
    )]
    Length {
        /// Digits found, the leading 0 counted.
        found: usize,
    },
    /// A foreign number of impossible length.
    #[error("a number with a country code has 8 to 15 digits after the 00 or +")]
    ForeignLength,
    /// No such range.
    #[error(
        "no United Kingdom telephone number begins like this; it begins with 01, 02, 03, 07 or 08"
    )]
    Range,
    /// Premium rate.
    #[error("this is a premium-rate number; ask the family for another")]
    Premium,
}

impl Phone {
    /// Checks a telephone number. Spaces, hyphens, dots and brackets are ignored, +44, 0044 and (0) understood.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let kept = text.trim().chars().filter(|c| {
            !c.is_whitespace() && !matches!(c, '-' | '.' | '/' | '(' | ')' | '\u{2013}')
        });
        let compact: String = kept.collect();
        let (international, digits) = match compact
            .strip_prefix('+')
            .or_else(|| compact.strip_prefix("00"))
        {
            Some(rest) => (true, rest),
            None => (false, compact.as_str()),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PhoneError::NotADigit);
        }
        match (international, digits.strip_prefix("44")) {
            (true, Some(national)) => Self::national(national),
            (true, None) => Self::foreign(digits),
            (false, _) => Self::national(digits),
        }
    }

    fn national(digits: &str) -> Result<Self, PhoneError> {
        let digits = format!("0{}", digits.strip_prefix('0').unwrap_or(digits));
        match digits.as_bytes().get(1) {
            Some(b'9') => return Err(PhoneError::Premium),
            Some(b'1' | b'2' | b'3' | b'7' | b'8') => {}
            _ => return Err(PhoneError::Range),
        }
        let least = match digits.as_bytes()[1] {
            b'1' | b'8' => 10,
            _ => 11,
        };
        if !(least..=11).contains(&digits.len()) {
            return Err(PhoneError::Length {
                found: digits.len(),
            });
        }
        Ok(Self(digits))
    }

    fn foreign(digits: &str) -> Result<Self, PhoneError> {
        if digits.starts_with('0') || !(8..=15).contains(&digits.len()) {
            return Err(PhoneError::ForeignLength);
        }
        Ok(Self(format!("00{digits}")))
    }

    /// Whether texts can be sent to it: a mobile number, not a personal (070) or pager (076) number. The Isle of Man's
    /// 07624 is mobile. Of a foreign number this is not known, and the answer is no.
    pub fn is_mobile(&self) -> bool {
        let number = self.0.as_str();
        number.starts_with("07")
            && !number.starts_with("070")
            && (!number.starts_with("076") || number.starts_with("07624"))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits, by value.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Phone(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_numbers_as_people_write_them() {
        let pairs = [
            ("07700 900123", "07700900123"),
            ("+44 (0)7700 900123", "07700900123"),
            ("0044 7700-900123", "07700900123"),
            ("7700 900123", "07700900123"),
            ("020 7946 0018", "02079460018"),
            ("(01632) 960 001", "01632960001"),
            ("+353 1 234 5678", "0035312345678"),
        ];
        for (typed, kept) in pairs {
            assert_eq!(
                Phone::parse(typed).map(Phone::into_string).as_deref(),
                Ok(kept)
            );
        }
        assert_eq!(
            Phone::parse("0770090012"),
            Err(PhoneError::Length { found: 10 })
        );
        assert_eq!(Phone::parse("0909 8790123"), Err(PhoneError::Premium));
        assert_eq!(Phone::parse("0440 8790123"), Err(PhoneError::Range));
        assert_eq!(Phone::parse("O7700 900123"), Err(PhoneError::NotADigit));
    }

    proptest! {
        #[test]
        fn the_drama_ranges_pass(last in 0_u32..1000) {
            for (start, mobile) in [("07700900", true), ("02079460", false), ("01632960", false)] {
                let phone = Phone::parse(&format!("{start}{last:03}"));
                prop_assert_eq!(phone.map(|p| p.is_mobile()), Ok(mobile));
            }
        }

        #[test]
        fn accepts_what_it_made_itself(text in "[+0-9 ()-]{0,18}") {
            if let Ok(phone) = Phone::parse(&text) {
                prop_assert_eq!(Phone::parse(phone.as_str()), Ok(phone));
            }
        }
    }
}
