//! What holds for any two people.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::carer;
use crate::matching::{Kind, Parameters, Traits, Verdict, compare};

fn weight(a: &Traits, b: &Traits) -> f64 {
    compare(Parameters::bundled(), a, b, None).weight
}

/// A choice of few values, so that people often agree.
fn one_of(values: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop::sample::select(values).prop_map(str::to_owned))
}

prop_compose! {
    fn people(kind: Kind)(
        first in prop::sample::select(vec!["Kate", "Catherine", "Ava", "Eva", "Mohammed Ali", "Muhammad", "K", "Baby", "Ali"]),
        last in prop::sample::select(vec!["Smith", "Smyth", "Hartwell-Smith", "Ali", "Kate", "Thornbury"]),
        middle in one_of(&["Louise", "Hassan"]),
        known_as in one_of(&["Kit", "Eva"]),
        (year, month, day) in (1990_i32..1993, 1_u32..13, 1_u32..13),
        dated in any::<bool>(),
        nhs_number in one_of(&["9990000018", "9990000019", "9990123454"]),
        phones in prop::collection::vec(prop::sample::select(vec!["07700900123", "07700900124", "01632960001"]), 0..3),
        email in one_of(&["a.smith@example.org", "a.smyth@example.org", "kate@example.org"]),
        line in one_of(&["14 Kestrel Road", "14 Kestrel Rd", "3 Mill Lane"]),
        code in one_of(&["ZZ1 1AA", "ZZ1 1AB", "ZZ9 4QQ"]),
        gender in one_of(&["female", "male"]),
    ) -> Traits {
        Traits {
            kind,
            first_name: first.to_owned(),
            middle_names: middle,
            surname: last.to_owned(),
            known_as,
            date_of_birth: NaiveDate::from_ymd_opt(year, month, day).filter(|_| dated),
            nhs_number,
            phones: phones.into_iter().map(str::to_owned).collect(),
            email,
            address_line: line,
            postcode: code,
            gender,
        }
    }
}

fn any_kind() -> impl Strategy<Value = (Traits, Traits)> {
    prop::sample::select(vec![Kind::Carer, Kind::Child])
        .prop_flat_map(|kind| (people(kind), people(kind)))
}

proptest! {
    #[test]
    fn comparing_is_symmetric((a, b) in any_kind()) {
        let parameters = Parameters::bundled();
        let (one, other) = (compare(parameters, &a, &b, None), compare(parameters, &b, &a, None));
        prop_assert!((one.weight - other.weight).abs() < 1e-9);
        prop_assert_eq!(one.safeguard, other.safeguard);
        prop_assert_eq!(parameters.verdict(&one), parameters.verdict(&other));
        prop_assert!((0.0..=1.0).contains(&one.probability));
    }

    #[test]
    fn more_agreement_never_weighs_less((a, b) in any_kind()) {
        let before = weight(&a, &b);
        let alike = [
            Traits { date_of_birth: a.date_of_birth.or(b.date_of_birth), ..b.clone() },
            Traits { nhs_number: a.nhs_number.clone().or(b.nhs_number.clone()), ..b.clone() },
            Traits { email: a.email.clone().or(b.email.clone()), ..b.clone() },
            Traits { gender: a.gender.clone().or(b.gender.clone()), ..b.clone() },
            Traits { phones: [a.phones.clone(), b.phones.clone()].concat(), ..b.clone() },
        ];
        for (number, alike) in alike.iter().enumerate() {
            prop_assert!(weight(&a, alike) >= before - 1e-9, "trait {number}");
        }
        if a.address_line.is_some() && a.postcode.is_some() {
            let home = Traits { address_line: a.address_line.clone(), postcode: a.postcode.clone(), ..b.clone() };
            prop_assert!(weight(&a, &home) >= before - 1e-9, "address");
        }
        let named = Traits {
            first_name: a.first_name.clone(),
            middle_names: a.middle_names.clone(),
            known_as: a.known_as.clone(),
            surname: a.surname.clone(),
            ..b.clone()
        };
        prop_assert!(weight(&a, &named) >= before - 1e-9 || a.first_name == "Baby", "names");
    }

    #[test]
    fn two_numbers_weigh_against_one_person((a, b) in any_kind()) {
        let without = Traits { nhs_number: None, ..b.clone() };
        let a = Traits { nhs_number: Some("9990000018".to_owned()), ..a };
        let b = Traits { nhs_number: Some("9990123454".to_owned()), ..b };
        prop_assert!(weight(&a, &b) < weight(&a, &without));
    }

    #[test]
    fn nobody_is_settled_without_a_name_and_an_anchor((a, b) in any_kind()) {
        let parameters = Parameters::bundled();
        if parameters.verdict(&compare(parameters, &a, &b, None)) == Verdict::Same {
            prop_assert!(
                (a.date_of_birth.is_some() && a.date_of_birth == b.date_of_birth)
                    || (a.nhs_number.is_some() && a.nhs_number == b.nhs_number)
            );
            prop_assert!(a.first_name != "Baby" && b.first_name != "Baby");
        }
    }

    #[test]
    fn any_text_is_taken(first in "\\PC{0,20}", last in ".{0,20}", other in "\\PC{0,40}") {
        let odd = Traits {
            first_name: first,
            surname: last,
            known_as: Some(other.clone()),
            nhs_number: Some(other.clone()),
            phones: vec![other.clone()],
            email: Some(other.clone()),
            address_line: Some(other.clone()),
            postcode: Some(other.clone()),
            gender: Some(other),
            ..carer()
        };
        prop_assert!(weight(&odd, &carer()).is_finite());
        prop_assert!(weight(&odd, &odd).is_finite());
        let _ = crate::matching::SearchKeys::of(&odd);
    }
}
