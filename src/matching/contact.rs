//! Numbers, dates and addresses: how two of each agree.

use chrono::{Datelike, NaiveDate};

use super::{Level, folding};
use crate::validation::nhs_number::NhsNumber;

/// Words of an address that are written in more than one way.
const STREET_WORDS: [(&str, &str); 22] = [
    ("rd", "road"),
    ("st", "street"),
    ("str", "street"),
    ("ave", "avenue"),
    ("av", "avenue"),
    ("cl", "close"),
    ("dr", "drive"),
    ("ln", "lane"),
    ("cres", "crescent"),
    ("cr", "crescent"),
    ("ct", "court"),
    ("crt", "court"),
    ("gdns", "gardens"),
    ("gdn", "gardens"),
    ("pl", "place"),
    ("ter", "terrace"),
    ("terr", "terrace"),
    ("tce", "terrace"),
    ("sq", "square"),
    ("wy", "way"),
    ("apt", "flat"),
    ("apartment", "flat"),
];

/// An NHS number, and whether it passes its check. Two numbers that both pass differ by two digits at least, because the
/// check finds every single wrong digit and every swap: if they differ, neither is a slip of the other.
#[derive(Clone)]
pub struct Number {
    digits: String,
    pub passes: bool,
}

impl Number {
    /// Takes digits; `None` when there are none.
    pub fn new(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        (!digits.is_empty()).then(|| Self {
            passes: NhsNumber::parse(&digits).is_ok(),
            digits,
        })
    }

    /// How two agree; `None` when one of them is broken beyond a slip and says nothing.
    pub fn agreement(&self, other: &Self) -> Option<Level> {
        if self.digits == other.digits {
            return Some(Level::Equal);
        }
        if self.passes && other.passes {
            return Some(Level::Different);
        }
        if folding::one_letter_off(&self.digits, &other.digits) {
            return Some(Level::OneOff);
        }
        None
    }

    /// The digits.
    pub fn digits(&self) -> &str {
        &self.digits
    }
}

/// How two dates of birth agree.
pub fn dates(a: NaiveDate, b: NaiveDate) -> Level {
    if a == b {
        return Level::Equal;
    }
    if a.year() == b.year() && a.day() == b.month() && a.month() == b.day() {
        return Level::Swapped;
    }
    let written = |date: NaiveDate| date.format("%d%m%Y").to_string();
    if folding::one_letter_off(&written(a), &written(b)) {
        return Level::OneOff;
    }
    let same = [
        a.day() == b.day(),
        a.month() == b.month(),
        a.year() == b.year(),
    ];
    if same.iter().filter(|same| **same).count() == 2 {
        Level::TwoOfThree
    } else {
        Level::Different
    }
}

/// How two lists of telephone numbers agree; `None` when one is empty.
pub fn phones(a: &[String], b: &[String]) -> Option<Level> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let any = |agrees: fn(&str, &str) -> bool| a.iter().any(|a| b.iter().any(|b| agrees(a, b)));
    Some(if any(|a, b| a == b) {
        Level::Equal
    } else if any(folding::one_letter_off) {
        Level::OneOff
    } else {
        Level::Different
    })
}

/// How two folded e-mail addresses agree.
pub fn emails(a: &str, b: &str) -> Level {
    if a == b {
        Level::Equal
    } else if a.len().min(b.len()) > 8 && folding::one_letter_off(a, b) {
        Level::OneOff
    } else {
        Level::Different
    }
}

/// An address, ready to compare.
#[derive(Clone, Default)]
pub struct Address {
    /// Words of house and street, sorted; empty when not known.
    words: Vec<String>,
    numbers: Vec<String>,
    street: String,
    /// Postcode in capitals without space.
    pub postcode: Option<String>,
}

impl Address {
    /// Takes an address apart.
    pub fn new(line: Option<&str>, postcode: Option<&str>) -> Self {
        let mut words: Vec<String> = folding::words(line.unwrap_or_default())
            .into_iter()
            .map(|word| {
                STREET_WORDS
                    .iter()
                    .find(|(short, _)| *short == word)
                    .map_or(word, |(_, long)| (*long).to_owned())
            })
            .filter(|word| word != "flat" && word != "the")
            .collect();
        words.sort();
        words.dedup();
        let (numbers, street): (Vec<String>, Vec<String>) = words
            .iter()
            .cloned()
            .partition(|word| word.starts_with(|c: char| c.is_numeric()));
        Self {
            words,
            numbers,
            street: street.concat(),
            postcode: postcode
                .map(|code| folding::words(code).concat().to_uppercase())
                .filter(|code| !code.is_empty()),
        }
    }

    /// The numbers in it: house, flat.
    pub fn numbers(&self) -> &[String] {
        &self.numbers
    }

    /// How two agree; `None` when nothing of them can be compared.
    pub fn agreement(&self, other: &Self) -> Option<Level> {
        let lines = (!self.words.is_empty() && !other.words.is_empty()).then(|| {
            self.words == other.words
                || (self.numbers == other.numbers
                    && folding::one_letter_off(&self.street, &other.street))
        });
        let codes = match (&self.postcode, &other.postcode) {
            (Some(a), Some(b)) => Some(a == b || folding::one_letter_off(a, b)),
            _ => None,
        };
        match (lines, codes) {
            (None, None) => None,
            (Some(true), Some(true) | None) => Some(Level::Equal),
            (Some(true), Some(false)) => Some(Level::Line),
            (_, Some(true)) => Some(Level::Postcode),
            _ => Some(Level::Different),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_all_their_disguises() {
        let date = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a date");
        let born = date(1991, 4, 7);
        assert_eq!(dates(born, date(1991, 7, 4)), Level::Swapped);
        assert_eq!(dates(born, date(1997, 4, 7)), Level::OneOff);
        assert_eq!(dates(born, date(1919, 4, 7)), Level::OneOff);
        assert_eq!(dates(born, date(1991, 4, 28)), Level::TwoOfThree);
        assert_eq!(dates(born, date(1985, 4, 17)), Level::Different);
    }

    #[test]
    fn a_number_that_passes_is_no_slip_of_another_that_passes() {
        let number = |text| Number::new(text).expect("digits");
        let agreement = |a, b| number(a).agreement(&number(b));
        assert_eq!(agreement("999 000 0018", "9990000018"), Some(Level::Equal));
        assert_eq!(
            agreement("9990000018", "9990123454"),
            Some(Level::Different)
        );
        assert_eq!(agreement("9990000018", "9990000019"), Some(Level::OneOff));
        assert_eq!(agreement("9990000018", "9990000081"), Some(Level::OneOff));
        assert_eq!(agreement("9990000018", "1234567890"), None);
    }

    #[test]
    fn addresses_as_people_write_them() {
        let address = |line, code| Address::new(Some(line), Some(code));
        let home = address("Flat 3, 14 Kestrel Road", "ZZ1 1AA");
        let agreement = |line, code| home.agreement(&address(line, code));
        assert_eq!(
            agreement("14 kestrel rd apt 3", "zz11aa"),
            Some(Level::Equal)
        );
        assert_eq!(agreement("3/14 Kestrell Rd", "ZZ1 1AA"), Some(Level::Equal));
        assert_eq!(
            agreement("15 Kestrel Road", "ZZ1 1AA"),
            Some(Level::Postcode)
        );
        assert_eq!(
            agreement("Flat 3 14 Kestrel Road", "ZZ9 9BB"),
            Some(Level::Line)
        );
        assert_eq!(
            agreement("2 Marigold Way", "ZZ9 9BB"),
            Some(Level::Different)
        );
    }
}
