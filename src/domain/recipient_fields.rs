//! Parts of a record that recipients are given or not.

use serde::{Deserialize, Serialize};

use super::household::leaf_of;

/// A part of a record.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum FieldGroup {
    /// Names, date of birth, what somebody is to the household.
    Identity,
    /// NHS numbers.
    NhsNumber,
    /// Telephone numbers and e-mail addresses.
    Contact,
    /// Where people live.
    Address,
    /// The children, with whatever of the other parts is given.
    Children,
    /// The centre, the form, languages, circumstances and whatever is in no other part.
    Household,
    /// Answers to what consent was asked for.
    Consents,
    /// UK GDPR Article 9: ethnic group, disability, health, pregnancy.
    Special,
}

impl FieldGroup {
    /// Every part.
    pub const ALL: [Self; 8] = [
        Self::Identity,
        Self::NhsNumber,
        Self::Contact,
        Self::Address,
        Self::Children,
        Self::Household,
        Self::Consents,
        Self::Special,
    ];

    /// The name in the database and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::NhsNumber => "nhs_number",
            Self::Contact => "contact",
            Self::Address => "address",
            Self::Children => "children",
            Self::Household => "household",
            Self::Consents => "consents",
            Self::Special => "special",
        }
    }

    /// What people read.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Identity => "Names and dates of birth",
            Self::NhsNumber => "NHS numbers",
            Self::Contact => "Telephone and e-mail",
            Self::Address => "Address",
            Self::Children => "Children",
            Self::Household => "Centre, language, circumstances",
            Self::Consents => "Consents",
            Self::Special => "Ethnic group, disability, health, pregnancy",
        }
    }

    /// The part of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.as_str() == name)
    }
}

/// The part that the ordinary answer called `name`, with or without its block, belongs to.
pub fn group_of(name: &str) -> FieldGroup {
    if name == "special" {
        return FieldGroup::Special;
    }
    if name.starts_with("consent.") {
        return FieldGroup::Consents;
    }
    let leaf = leaf_of(name);
    const IDENTITY: [&str; 9] = [
        "title",
        "name",
        "printed_name",
        "first_name",
        "middle_names",
        "surname",
        "known_as",
        "date_of_birth",
        "relationship",
    ];
    if IDENTITY.contains(&leaf) {
        return FieldGroup::Identity;
    }
    if leaf == "nhs_number" {
        return FieldGroup::NhsNumber;
    }
    let has = |words: &[&str]| leaf.split('_').any(|word| words.contains(&word));
    if has(&["phone", "mobile", "email"]) {
        FieldGroup::Contact
    } else if has(&[
        "address", "postcode", "town", "city", "county", "street", "uprn",
    ]) {
        FieldGroup::Address
    } else {
        FieldGroup::Household
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_of_the_registration_form_has_its_part() {
        for (name, group) in [
            ("primary_carer.first_name", FieldGroup::Identity),
            ("date_of_birth", FieldGroup::Identity),
            ("significant_person_1.name", FieldGroup::Identity),
            ("significant_person_1.relationship", FieldGroup::Identity),
            ("significant_person_1.phone", FieldGroup::Contact),
            ("declaration.printed_name", FieldGroup::Identity),
            ("child_1.nhs_number", FieldGroup::NhsNumber),
            ("home_phone", FieldGroup::Contact),
            ("mobile", FieldGroup::Contact),
            ("secondary_carer.email", FieldGroup::Contact),
            ("address", FieldGroup::Address),
            ("same_address", FieldGroup::Address),
            ("address_line_1", FieldGroup::Address),
            ("postcode", FieldGroup::Address),
            ("language", FieldGroup::Household),
            ("office.centre", FieldGroup::Household),
            ("household.home_circumstances", FieldGroup::Household),
            ("consent.email", FieldGroup::Consents),
            ("special", FieldGroup::Special),
        ] {
            assert_eq!(group_of(name), group, "{name}");
        }
    }

    #[test]
    fn names_lead_back_to_the_part() {
        for group in FieldGroup::ALL {
            assert_eq!(FieldGroup::parse(group.as_str()), Some(group));
        }
    }
}
