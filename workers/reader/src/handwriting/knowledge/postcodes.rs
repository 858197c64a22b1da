//! Postcodes by the shapes of BS 7666, those of existing postcode areas heavier.

use super::grammar::Grammar;

/// Postcodes of one length, without their space.
#[derive(Debug, Clone, Copy)]
pub struct Postcodes {
    /// 5 to 7 letters and digits.
    pub length: usize,
}

/// The 124 postcode areas of the United Kingdom and the Crown Dependencies.
const AREAS: &str = "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC \
EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG \
NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W \
WA WC WD WF WN WR WS WV YO ZE";
/// A postcode of a shape that exists in an area that does not.
const NO_SUCH_AREA: f64 = 0.02;
const DIGIT: &str = "0123456789";
const FIRST: &str = "ABCDEFGHIJKLMNOPRSTUWYZ";
const SECOND: &str = "ABCDEFGHKLMNOPQRSTUVWXY";
const INWARD: &str = "ABDEFGHJLNPQRSTUWXYZ";
/// The outward shapes; the letter after the digit has a set of its own.
const OUTWARD: [&[&str]; 6] = [
    &[FIRST, DIGIT],
    &[FIRST, DIGIT, DIGIT],
    &[FIRST, DIGIT, "ABCDEFGHJKPSTUW"],
    &[FIRST, SECOND, DIGIT],
    &[FIRST, SECOND, DIGIT, DIGIT],
    &[FIRST, SECOND, DIGIT, "ABEHMNPRVWXY"],
];

impl Grammar for Postcodes {
    fn weight(&self, prefix: &str) -> f64 {
        let inward = [DIGIT, INWARD, INWARD];
        let possible = OUTWARD.iter().any(|outward| {
            outward.len() + inward.len() == self.length
                && prefix
                    .chars()
                    .zip(outward.iter().chain(&inward))
                    .all(|(c, allowed)| allowed.contains(c))
        });
        if !possible || prefix.len() > self.length {
            return 0.0;
        }
        let letters = prefix.chars().take_while(char::is_ascii_uppercase).count();
        let begun = &prefix[..letters.min(2)];
        let complete = letters < prefix.len();
        let exists = AREAS.split(' ').any(|area| {
            if complete {
                area == begun
            } else {
                area.starts_with(begun)
            }
        });
        if exists { 1.0 } else { NO_SUCH_AREA }
    }

    fn length(&self) -> usize {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use enrol::validation::postcode::Postcode;
    use proptest::prelude::*;

    #[test]
    fn there_are_as_many_areas_as_the_post_office_has() {
        assert_eq!(AREAS.split(' ').count(), 124);
    }

    proptest! {
        #[test]
        fn it_takes_a_text_exactly_when_the_rules_do(text in "[A-Z][A-Z0-9]{4,6}") {
            let taken = Postcodes { length: text.len() }.weight(&text) > 0.0;
            prop_assert_eq!(taken, Postcode::parse(&text).is_ok() && text != "GIR0AA");
        }

        #[test]
        fn no_beginning_weighs_less_than_what_follows(text in "[A-Z]{1,2}[0-9][A-Z0-9][0-9][A-Z]{2}") {
            let postcodes = Postcodes { length: text.len() };
            let weights: Vec<f64> = (1..=text.len()).map(|n| postcodes.weight(&text[..n])).collect();
            prop_assert!(weights.windows(2).all(|pair| pair[0] >= pair[1]));
        }
    }
}
