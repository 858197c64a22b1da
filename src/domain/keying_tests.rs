//! Which answers are the same, and what is shown.

use proptest::prelude::*;

use super::*;

const KINDS: [FieldKind; 10] = [
    FieldKind::Name,
    FieldKind::Date,
    FieldKind::Postcode,
    FieldKind::Phone,
    FieldKind::NhsNumber,
    FieldKind::Email,
    FieldKind::Text,
    FieldKind::OneOf,
    FieldKind::AnyOf,
    FieldKind::Signature,
];

fn text(value: &str) -> Settled {
    Settled::Value(FieldValue::Text(value.into()))
}

fn answers() -> impl Strategy<Value = Settled> {
    prop_oneof![
        Just(Settled::Blank),
        Just(Settled::Unreadable),
        "[a-zA-Z '\u{2019}\u{2013}İß-]{0,8}".prop_map(|t| text(&t)),
        prop::collection::vec("[a-c]", 0..4).prop_map(|c| Settled::Value(FieldValue::Choices(c))),
        any::<bool>().prop_map(|signed| Settled::Value(FieldValue::Signed(signed))),
    ]
}

#[test]
fn what_two_people_may_write_differently() {
    for (kind, one, other, same) in [
        (FieldKind::Name, "O\u{2019}NEIL", "O'Neil", true),
        (FieldKind::Name, "Ann  Marie", "ANN MARIE", true),
        (FieldKind::Name, "Anne", "Ann", false),
        (FieldKind::Postcode, "mk40 1aa", "MK401AA", true),
        (FieldKind::NhsNumber, "999 000 0018", "9990000018", true),
        (FieldKind::NhsNumber, "9990000018", "9990000026", false),
        (
            FieldKind::Email,
            "Grace@example.org",
            "grace@example.org",
            true,
        ),
        (FieldKind::Text, "Elm Road 4\u{2013}6", "elm road 4-6", true),
        (FieldKind::OneOf, "yes", "Yes", false),
    ] {
        assert_eq!(
            same_answer(kind, &text(one), &text(other)),
            same,
            "{kind:?}"
        );
    }
    assert!(!same_answer(
        FieldKind::Name,
        &Settled::Blank,
        &Settled::Unreadable
    ));
    assert!(!same_answer(FieldKind::Name, &Settled::Blank, &text("x")));
}

proptest! {
    #[test]
    fn comparing_is_an_equivalence(one in answers(), other in answers(), kind in prop::sample::select(&KINDS)) {
        prop_assert!(same_answer(kind, &one, &one));
        prop_assert_eq!(same_answer(kind, &one, &other), same_answer(kind, &other, &one));
        // Each answer is the same as its canonical spelling, which is final.
        let canonical_one = canonical(kind, &one);
        prop_assert!(same_answer(kind, &one, &canonical_one));
        prop_assert_eq!(canonical(kind, &canonical_one), canonical_one);
    }

    #[test]
    fn capitals_and_spaces_make_no_difference_to_a_name(name in "[a-z]{1,6} [a-z]{1,6}") {
        let shouted = format!(" {} ", name.to_uppercase().replace(' ', "   "));
        prop_assert!(same_answer(FieldKind::Name, &text(&name), &text(&shouted)));
    }

    #[test]
    fn more_confidence_never_hides_a_value(low in 0.0..1.0, more in 0.0..1.0, kind in prop::sample::select(&KINDS)) {
        let rules = Keying::default();
        if presentation(kind, low, &rules) == Presentation::Confirm {
            prop_assert_eq!(presentation(kind, f64::max(low, more), &rules), Presentation::Confirm);
        }
    }
}

#[test]
fn a_kind_may_have_a_threshold_of_its_own() {
    let mut rules = Keying {
        blind_below: 0.5,
        ..Keying::default()
    };
    assert_eq!(
        presentation(FieldKind::NhsNumber, 0.6, &rules),
        Presentation::Confirm
    );
    rules.blind_below_by_kind.insert(FieldKind::NhsNumber, 0.9);
    assert_eq!(
        presentation(FieldKind::NhsNumber, 0.6, &rules),
        Presentation::Blind
    );
    assert_eq!(
        presentation(FieldKind::Name, 0.6, &rules),
        Presentation::Confirm
    );
    assert_eq!(
        presentation(FieldKind::Name, f64::NAN, &rules),
        Presentation::Blind
    );
    assert_eq!(
        presentation(FieldKind::OneOf, 0.0, &rules),
        Presentation::Confirm
    );
}
