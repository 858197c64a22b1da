//! Named cases, properties, and the accuracy on a small town.

mod accuracy;
mod cases;
mod properties;

use chrono::NaiveDate;

use super::{Kind, Traits};

/// A carer with everything known.
fn carer() -> Traits {
    Traits {
        kind: Kind::Carer,
        first_name: "Katherine".to_owned(),
        middle_names: Some("Louise".to_owned()),
        surname: "Hartwell".to_owned(),
        known_as: None,
        date_of_birth: NaiveDate::from_ymd_opt(1991, 4, 7),
        nhs_number: Some("9990000018".to_owned()),
        phones: vec!["07700900123".to_owned()],
        email: Some("k.hartwell@example.org".to_owned()),
        address_line: Some("14 Kestrel Road".to_owned()),
        postcode: Some("ZZ1 1AA".to_owned()),
        gender: Some("female".to_owned()),
    }
}

/// A child of the same household.
fn child() -> Traits {
    Traits {
        kind: Kind::Child,
        first_name: "Ava".to_owned(),
        middle_names: None,
        date_of_birth: NaiveDate::from_ymd_opt(2024, 5, 17),
        nhs_number: None,
        ..carer()
    }
}
