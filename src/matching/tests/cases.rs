//! People as they come.

use chrono::NaiveDate;

use super::{carer, child};
use crate::matching::{
    Comparison, Kind, Level, Namesakes, Parameters, Safeguard, Trait, Traits, Verdict, compare,
};

fn verdict(a: &Traits, b: &Traits) -> Verdict {
    let parameters = Parameters::bundled();
    parameters.verdict(&compare(parameters, a, b, None))
}

fn comparison(a: &Traits, b: &Traits) -> Comparison {
    compare(Parameters::bundled(), a, b, None)
}

fn level(a: &Traits, b: &Traits, compared: Trait) -> Option<Level> {
    let reasons = comparison(a, b).reasons;
    reasons
        .iter()
        .find(|reason| reason.compared == compared)
        .map(|reason| reason.level)
}

#[test]
fn the_same_form_again_is_the_same_person() {
    assert_eq!(verdict(&carer(), &carer()), Verdict::Same);
    assert_eq!(verdict(&child(), &child()), Verdict::Same);
}

#[test]
fn twins_are_two_people() {
    let ava = child();
    for (name, number) in [
        ("Eva", None),
        ("Ava-Rose", None),
        ("Noah", None),
        ("Ada", None),
    ] {
        let twin = Traits {
            first_name: name.to_owned(),
            nhs_number: number,
            ..child()
        };
        if name != "Ava-Rose" {
            assert_ne!(verdict(&ava, &twin), Verdict::Same, "{name}");
        }
    }
    // Two numbers handed out one after the other; and one of them read with a digit wrong.
    for (first, second) in [("9990000018", "9990000026"), ("9990000018", "9990000019")] {
        let numbered = |name: &str, number: &str| Traits {
            first_name: name.to_owned(),
            nhs_number: Some(number.to_owned()),
            ..child()
        };
        let (ava, eva) = (numbered("Ava", first), numbered("Eva", second));
        assert_ne!(verdict(&ava, &eva), Verdict::Same);
    }
    // The mother wrote one number in both rows.
    let numbered = |name: &str| Traits {
        first_name: name.to_owned(),
        nhs_number: Some("9990000018".to_owned()),
        ..child()
    };
    assert_eq!(verdict(&numbered("Ava"), &numbered("Eva")), Verdict::Unsure);
}

#[test]
fn brothers_who_are_all_called_muhammad_are_told_apart_by_the_second_name() {
    let named = |first: &str, second: Option<&str>| Traits {
        first_name: first.to_owned(),
        middle_names: second.map(str::to_owned),
        ..child()
    };
    let ali = named("Muhammad", Some("Ali"));
    assert_ne!(
        verdict(&ali, &named("Mohammed", Some("Yusuf"))),
        Verdict::Same
    );
    assert_ne!(verdict(&ali, &named("Muhammad Yusuf", None)), Verdict::Same);
    assert_eq!(verdict(&ali, &named("Muhammad Ali", None)), Verdict::Same);
}

#[test]
fn a_new_baby_joins_the_household_and_is_nobody_on_it() {
    let baby = Traits {
        first_name: "Noah".to_owned(),
        date_of_birth: NaiveDate::from_ymd_opt(2026, 8, 2),
        ..child()
    };
    assert_eq!(verdict(&child(), &baby), Verdict::Different);
}

#[test]
fn a_child_is_never_its_parent() {
    let junior = Traits {
        kind: Kind::Child,
        ..carer()
    };
    assert_eq!(verdict(&carer(), &junior), Verdict::Different);
    assert_eq!(
        comparison(&carer(), &junior).safeguard,
        Some(Safeguard::AnotherKind)
    );
}

#[test]
fn a_grandfather_of_the_same_name_is_not_his_son() {
    let john = |year| Traits {
        first_name: "John".to_owned(),
        middle_names: None,
        date_of_birth: NaiveDate::from_ymd_opt(year, 4, 7),
        nhs_number: None,
        email: None,
        gender: Some("male".to_owned()),
        ..carer()
    };
    assert_ne!(verdict(&john(1991), &john(1962)), Verdict::Same);
}

#[test]
fn a_couple_and_sisters_in_law_share_a_home_and_are_two() {
    let partner = Traits {
        first_name: "Daniel".to_owned(),
        middle_names: None,
        date_of_birth: NaiveDate::from_ymd_opt(1989, 11, 23),
        nhs_number: None,
        gender: Some("male".to_owned()),
        ..carer()
    };
    let sister_in_law = Traits {
        first_name: "Emma".to_owned(),
        gender: Some("female".to_owned()),
        ..partner.clone()
    };
    assert_eq!(verdict(&carer(), &partner), Verdict::Different);
    assert_eq!(verdict(&carer(), &sister_in_law), Verdict::Different);
}

#[test]
fn a_married_name_is_seen_through() {
    let married = Traits {
        surname: "Okonkwo".to_owned(),
        address_line: Some("2 Marigold Way".to_owned()),
        postcode: Some("ZZ7 3QQ".to_owned()),
        ..carer()
    };
    assert_eq!(verdict(&carer(), &married), Verdict::Same);
    let without_contact = Traits {
        nhs_number: None,
        phones: Vec::new(),
        email: None,
        ..married
    };
    assert_ne!(verdict(&carer(), &without_contact), Verdict::Same);
}

#[test]
fn names_in_all_their_forms() {
    let called = |first: &str| Traits {
        first_name: first.to_owned(),
        ..carer()
    };
    for (name, expected) in [
        ("Kate", Level::Variant),
        ("CATHERINE", Level::Variant),
        ("Kath\u{e9}rine", Level::Equal),
        ("Katherinne", Level::Misspelt),
        ("K", Level::Part),
        ("Louise", Level::Part),
        ("Margaret", Level::Different),
    ] {
        assert_eq!(
            level(&carer(), &called(name), Trait::FirstName),
            Some(expected),
            "{name}"
        );
    }
    let known_as = Traits {
        first_name: "Louise".to_owned(),
        known_as: Some("Kate".to_owned()),
        ..carer()
    };
    assert_eq!(
        level(&carer(), &known_as, Trait::FirstName),
        Some(Level::Variant)
    );
    assert_eq!(
        level(
            &child(),
            &Traits {
                first_name: "Baby".to_owned(),
                ..child()
            },
            Trait::FirstName
        ),
        None
    );
}

#[test]
fn transliterations_are_the_same_person() {
    let named = |first: &str, last: &str| Traits {
        first_name: first.to_owned(),
        surname: last.to_owned(),
        middle_names: None,
        nhs_number: None,
        ..carer()
    };
    let (a, b) = (named("Mohammed", "Hussain"), named("Muhammad", "Hussein"));
    assert_eq!(verdict(&a, &b), Verdict::Same);
}

#[test]
fn names_that_changed_places_are_found() {
    let swapped = Traits {
        first_name: "Hartwell".to_owned(),
        surname: "Katherine".to_owned(),
        ..carer()
    };
    assert_eq!(
        level(&carer(), &swapped, Trait::FirstName),
        Some(Level::Swapped)
    );
    assert_eq!(level(&carer(), &swapped, Trait::Surname), None);
    assert_eq!(verdict(&carer(), &swapped), Verdict::Same);
}

#[test]
fn dates_that_are_wrong_need_a_clerk_or_a_number() {
    for date in [(1991, 7, 4), (1997, 4, 7)] {
        let dated = Traits {
            date_of_birth: NaiveDate::from_ymd_opt(date.0, date.1, date.2),
            ..carer()
        };
        assert_eq!(verdict(&carer(), &dated), Verdict::Same);
        let without_number = Traits {
            nhs_number: None,
            ..dated
        };
        assert_eq!(verdict(&carer(), &without_number), Verdict::Unsure);
    }
}

#[test]
fn two_numbers_are_never_settled_as_one_person() {
    let other = Traits {
        nhs_number: Some("9990123454".to_owned()),
        ..carer()
    };
    assert_eq!(
        comparison(&carer(), &other).safeguard,
        Some(Safeguard::TwoNumbers)
    );
    assert_ne!(verdict(&carer(), &other), Verdict::Same);
}

#[test]
fn a_rare_surname_says_more_than_a_common_one() {
    // What a household shares counts once: only of people who share no home does a surname say more.
    let named = |surname: &str| Traits {
        surname: surname.to_owned(),
        nhs_number: None,
        phones: Vec::new(),
        email: None,
        address_line: None,
        postcode: None,
        ..carer()
    };
    let weight = |surname| comparison(&named(surname), &named(surname)).weight;
    assert!(weight("Thornbury") > weight("Smith") + 2.0);
}

#[test]
fn names_that_many_on_the_register_bear_say_less() {
    let moved = Traits {
        phones: Vec::new(),
        email: None,
        address_line: None,
        postcode: None,
        nhs_number: None,
        ..carer()
    };
    let among = |bearing| {
        let namesakes = Namesakes {
            bearing,
            of: 50_000,
        };
        compare(Parameters::bundled(), &moved, &moved, Some(namesakes)).weight
    };
    assert!(among(1) > among(10) + 3.0 && among(10) > among(100));
}

#[test]
fn reasons_are_words_without_values() {
    let other = Traits {
        date_of_birth: NaiveDate::from_ymd_opt(1991, 7, 4),
        ..carer()
    };
    let reasons = comparison(&carer(), &other).reasons;
    let words: Vec<String> = reasons.iter().map(super::super::Reason::words).collect();
    assert!(words.contains(&"date of birth: day and month swapped".to_owned()));
    for text in words.iter().chain([&format!("{:?}", carer())]) {
        assert!(
            !text.contains("artwell") && !text.contains("1991"),
            "{text}"
        );
    }
}
