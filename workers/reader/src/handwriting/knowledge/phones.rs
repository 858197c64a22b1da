//! Telephone numbers of the United Kingdom by their first digits and length (Ofcom's National Telephone Numbering
//! Plan); every other row of digits stays possible.

use super::grammar::Grammar;

/// Numbers of one length.
#[derive(Debug, Clone, Copy)]
pub struct Phones {
    /// Characters.
    pub length: usize,
    /// The field asks for a mobile number.
    pub mobile: bool,
}

/// First digits, possible lengths, weight in a field for any number and in one for a mobile number.
const RANGES: [(&str, &[usize], f64, f64); 12] = [
    ("071", &[11], 0.3, 0.6),
    ("073", &[11], 0.5, 1.0),
    ("074", &[11], 0.5, 1.0),
    ("075", &[11], 0.5, 1.0),
    ("077", &[11], 0.5, 1.0),
    ("078", &[11], 0.5, 1.0),
    ("079", &[11], 0.5, 1.0),
    ("01", &[10, 11], 1.0, 0.1),
    ("02", &[11], 1.0, 0.1),
    ("03", &[11], 0.05, 0.02),
    ("08", &[10, 11], 0.05, 0.02),
    ("00", &[10, 11, 12, 13, 14, 15, 16], 0.05, 0.05),
];
/// A mobile number without its first 0, and a number with its country.
const SHORTER: [(&str, &[usize], f64); 2] = [("7", &[10], 0.2), ("+", &[11, 12, 13, 14, 15], 0.2)];
/// Any other row of digits.
const UNKNOWN: f64 = 0.001;

impl Grammar for Phones {
    fn weight(&self, prefix: &str) -> f64 {
        let meets = |range: &str| prefix.starts_with(range) || range.starts_with(prefix);
        let usual = RANGES.iter().map(|(range, lengths, any, mobile)| {
            (*range, *lengths, if self.mobile { *mobile } else { *any })
        });
        usual
            .chain(SHORTER)
            .filter(|(range, lengths, _)| meets(range) && lengths.contains(&self.length))
            .map(|(_, _, weight)| weight)
            .fold(UNKNOWN, f64::max)
    }

    fn length(&self) -> usize {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_row_of_digits_is_impossible_and_a_longer_beginning_never_weighs_more(text in "[0-9]{11}", mobile: bool) {
            let phones = Phones { length: 11, mobile };
            let mut before = f64::MAX;
            for end in 1..=11 {
                let weight = phones.weight(&text[..end]);
                prop_assert!(weight >= UNKNOWN && weight <= before);
                before = weight;
            }
        }

        #[test]
        fn mobile_numbers_are_expected_where_they_are_asked_for(rest in "7[345789][0-9]{8}") {
            let phones = Phones { length: 11, mobile: true };
            let (own, other) = (phones.weight(&format!("0{rest}")), phones.weight(&format!("9{rest}")));
            prop_assert_eq!(own, 1.0);
            prop_assert!(other < 0.01);
        }
    }
}
