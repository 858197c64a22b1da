//! A person's traits, folded and taken apart once, so that many comparisons cost little.

use chrono::NaiveDate;

use super::{
    Kind, Level, Traits,
    contact::{self, Address, Number},
    folding,
    given_name::GivenName,
    names,
    pattern::Pattern,
    surname::Surname,
};

/// A person, ready to be compared.
#[derive(Clone)]
pub struct Prepared {
    pub(super) kind: Kind,
    pub(super) given: GivenName,
    pub(super) surname: Surname,
    pub(super) date_of_birth: Option<NaiveDate>,
    pub(super) nhs_number: Option<Number>,
    pub(super) phones: Vec<String>,
    pub(super) email: Option<String>,
    pub(super) address: Address,
    pub(super) gender: Option<String>,
}

impl Prepared {
    /// Folds the traits.
    pub fn new(traits: &Traits) -> Self {
        let text = |value: &Option<String>| {
            value
                .as_ref()
                .map(|text| text.trim().to_lowercase())
                .filter(|text| !text.is_empty())
        };
        Self {
            kind: traits.kind,
            given: GivenName::new(
                traits.kind,
                &traits.first_name,
                traits.middle_names.as_deref(),
                traits.known_as.as_deref(),
            ),
            surname: Surname::new(&traits.surname),
            date_of_birth: traits.date_of_birth,
            nhs_number: traits.nhs_number.as_deref().and_then(Number::new),
            phones: traits
                .phones
                .iter()
                .map(|phone| phone.chars().filter(char::is_ascii_digit).collect())
                .filter(|phone: &String| !phone.is_empty())
                .collect(),
            email: text(&traits.email),
            address: Address::new(traits.address_line.as_deref(), traits.postcode.as_deref()),
            gender: text(&traits.gender),
        }
    }

    /// How this person and another agree.
    pub(super) fn pattern(&self, other: &Self) -> Pattern {
        let both = |a: &Option<String>, b: &Option<String>, how: fn(&str, &str) -> Level| {
            Some(how(a.as_deref()?, b.as_deref()?))
        };
        let mut first = self.given.agreement(&other.given);
        let mut surname = self.surname.agreement(&other.surname);
        if self.names_are_swapped(other, first, surname) {
            (first, surname) = (Some(Level::Swapped), None);
        }
        let nhs_number = match (&self.nhs_number, &other.nhs_number) {
            (Some(a), Some(b)) => a.agreement(b),
            _ => None,
        };
        let date_of_birth = match (self.date_of_birth, other.date_of_birth) {
            (Some(a), Some(b)) => Some(contact::dates(a, b)),
            _ => None,
        };
        Pattern([
            nhs_number,
            first,
            surname,
            date_of_birth,
            self.address.agreement(&other.address),
            contact::phones(&self.phones, &other.phones),
            both(&self.email, &other.email, contact::emails),
            both(&self.gender, &other.gender, equal),
        ])
    }

    /// The surname where the first name belongs, and the other way round.
    fn names_are_swapped(&self, other: &Self, first: Option<Level>, last: Option<Level>) -> bool {
        let apart = |level| matches!(level, Some(Level::Different | Level::Similar | Level::Part));
        let crossed = |given: &GivenName, surname: &Surname| {
            !given.whole.is_empty()
                && (given.whole == surname.whole
                    || names::are_variants(&given.whole, &surname.whole)
                    || (given.whole.chars().count() >= 5
                        && folding::one_letter_off(&given.whole, &surname.whole)))
        };
        apart(first)
            && apart(last)
            && crossed(&self.given, &other.surname)
            && crossed(&other.given, &self.surname)
    }

    /// The larger share of people who bear one of the two first names; `None` when no list knows them.
    pub(super) fn first_name_share(&self, other: &Self) -> Option<f64> {
        larger(self.given.share, other.given.share)
    }

    /// The larger share of people who bear one of the two surnames.
    pub(super) fn surname_share(&self, other: &Self) -> Option<f64> {
        larger(self.surname.share, other.surname.share)
    }
}

fn larger(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

fn equal(a: &str, b: &str) -> Level {
    if a == b {
        Level::Equal
    } else {
        Level::Different
    }
}
