//! What is compared and how it can agree.

use serde::{Deserialize, Serialize};

/// A trait that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trait {
    /// NHS number.
    NhsNumber,
    /// First names, with what the person is called.
    FirstName,
    /// Surname.
    Surname,
    /// Date of birth.
    DateOfBirth,
    /// House, street and postcode together: they move together.
    Address,
    /// Telephone numbers.
    Phone,
    /// E-mail address.
    Email,
    /// Gender.
    Gender,
}

/// How a trait agrees. Which levels a trait has, [`Trait::levels`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Equal, spelling apart.
    Equal,
    /// Another form of the name: a short form, what the person is called, another transliteration.
    Variant,
    /// One letter off, and not both are names of their own.
    Misspelt,
    /// First name and surname changed places; day and month changed places.
    Swapped,
    /// An initial, or one of several names.
    Part,
    /// Much alike, and likely another: `Ava` and `Eva`, two brothers called Muhammad.
    Similar,
    /// One digit or letter off.
    OneOff,
    /// Two of day, month and year.
    TwoOfThree,
    /// House and street, in another postcode.
    Line,
    /// The postcode, at another house.
    Postcode,
    /// They differ.
    Different,
}

impl Trait {
    /// All traits, in the order in which a clerk reads them.
    pub const ALL: [Self; 8] = [
        Self::NhsNumber,
        Self::FirstName,
        Self::Surname,
        Self::DateOfBirth,
        Self::Address,
        Self::Phone,
        Self::Email,
        Self::Gender,
    ];

    /// The levels of this trait, the best first.
    pub fn levels(self) -> &'static [Level] {
        use Level::{
            Different, Equal, Line, Misspelt, OneOff, Part, Postcode, Similar, Swapped, TwoOfThree,
            Variant,
        };
        match self {
            Self::FirstName => &[Equal, Swapped, Variant, Misspelt, Part, Similar, Different],
            Self::Surname => &[Equal, Variant, Misspelt, Part, Different],
            Self::DateOfBirth => &[Equal, Swapped, OneOff, TwoOfThree, Different],
            Self::Address => &[Equal, Line, Postcode, Different],
            Self::NhsNumber | Self::Phone | Self::Email => &[Equal, OneOff, Different],
            Self::Gender => &[Equal, Different],
        }
    }

    /// The name used in the file of parameters.
    pub fn key(self) -> &'static str {
        match self {
            Self::NhsNumber => "nhs_number",
            Self::FirstName => "first_name",
            Self::Surname => "surname",
            Self::DateOfBirth => "date_of_birth",
            Self::Address => "address",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Gender => "gender",
        }
    }

    /// Words for a clerk.
    pub fn words(self) -> &'static str {
        match self {
            Self::NhsNumber => "NHS number",
            Self::FirstName => "first name",
            Self::Surname => "surname",
            Self::DateOfBirth => "date of birth",
            Self::Address => "address",
            Self::Phone => "telephone number",
            Self::Email => "e-mail address",
            Self::Gender => "gender",
        }
    }
}

impl Level {
    /// The name used in the file of parameters.
    pub fn key(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Variant => "variant",
            Self::Misspelt => "misspelt",
            Self::Swapped => "swapped",
            Self::Part => "part",
            Self::Similar => "similar",
            Self::OneOff => "one_off",
            Self::TwoOfThree => "two_of_three",
            Self::Line => "line",
            Self::Postcode => "postcode",
            Self::Different => "different",
        }
    }

    /// Words for a clerk, to stand after the trait's.
    pub fn words(self) -> &'static str {
        match self {
            Self::Equal => "the same",
            Self::Variant => "another form of the same name",
            Self::Misspelt => "one letter off",
            Self::Swapped => "changed places",
            Self::Part => "a part of it is the same",
            Self::Similar => "alike, but perhaps another name",
            Self::OneOff => "one digit or letter off",
            Self::TwoOfThree => "two of day, month and year are the same",
            Self::Line => "same house and street, another postcode",
            Self::Postcode => "same postcode, another house",
            Self::Different => "not the same",
        }
    }
}
