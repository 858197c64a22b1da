//! When a clerk has to look, whatever the weight says. To take two people for one is the harm that cannot be undone
//! quietly; one person kept twice costs a merge.

use serde::{Deserialize, Serialize};

use super::{Kind, Level, Prepared, Trait, pattern::Pattern};

/// Why two sets of traits must not be settled as one person without a clerk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Safeguard {
    /// Carer and child.
    AnotherKind,
    /// First name and date of birth are both another: two people who live together share all the rest.
    AnotherPerson,
    /// The first name says nothing or something else: siblings and twins share all the rest.
    FirstName,
    /// The surname is another, and nothing that one person alone has is the same.
    Surname,
    /// Neither NHS number nor date of birth is the same.
    NoAnchor,
    /// Two NHS numbers that are both well formed.
    TwoNumbers,
    /// The genders differ, and no NHS number is the same.
    Gender,
}

impl Safeguard {
    /// Whether it says that these are two people, so that nobody need be asked.
    pub(super) fn settles(self) -> bool {
        matches!(self, Self::AnotherKind | Self::AnotherPerson)
    }

    /// Words for a clerk.
    pub fn words(self) -> &'static str {
        match self {
            Self::AnotherKind => "One is a carer, the other a child.",
            Self::AnotherPerson => "Neither the first name nor the date of birth is the same.",
            Self::FirstName => {
                "The first names are not certainly the same: twins and siblings share all the rest."
            }
            Self::Surname => "The surnames are not the same.",
            Self::NoAnchor => "Neither the NHS number nor the date of birth is the same.",
            Self::TwoNumbers => "The NHS numbers are two different ones.",
            Self::Gender => "The genders are not the same.",
        }
    }

    /// The first safeguard that applies.
    pub(super) fn of(a: &Prepared, b: &Prepared, pattern: &Pattern) -> Option<Self> {
        use Level::{Different, Equal, Misspelt, Part, Swapped, Variant};
        if a.kind != b.kind {
            return Some(Self::AnotherKind);
        }
        if pattern.is(Trait::NhsNumber, &[Different]) {
            return Some(Self::TwoNumbers);
        }
        let same_number = pattern.is(Trait::NhsNumber, &[Equal])
            && a.nhs_number.as_ref().is_some_and(|number| number.passes);
        let same_birth = pattern.is(Trait::DateOfBirth, &[Equal]);
        if !same_number
            && pattern.is(Trait::FirstName, &[Different])
            && pattern.is(Trait::DateOfBirth, &[Different])
        {
            return Some(Self::AnotherPerson);
        }
        if !same_number && !same_birth {
            return Some(Self::NoAnchor);
        }
        // A child one letter off may be its own twin; an adult's twin has long had a form of their own.
        let slip_is_enough = same_number || a.kind == Kind::Carer;
        let first = pattern.is(Trait::FirstName, &[Equal, Variant, Swapped])
            || (slip_is_enough && pattern.is(Trait::FirstName, &[Misspelt]));
        if !first {
            return Some(Self::FirstName);
        }
        let surname = pattern.is(Trait::Surname, &[Equal, Variant, Misspelt, Part])
            || pattern.is(Trait::FirstName, &[Swapped]);
        let own_contact = pattern.is(Trait::FirstName, &[Equal, Variant])
            && same_birth
            && (same_number
                || pattern.is(Trait::Phone, &[Equal])
                || pattern.is(Trait::Email, &[Equal]));
        if !surname && !own_contact {
            return Some(Self::Surname);
        }
        if pattern.is(Trait::Gender, &[Different]) && !same_number {
            return Some(Self::Gender);
        }
        None
    }
}
