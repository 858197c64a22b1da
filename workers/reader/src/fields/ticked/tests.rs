use enrol::forms::definition::FormDefinition;

use super::*;
use crate::ticks::strokes::BoxInk;
use crate::ticks::words::LabelInk;

fn form() -> FormDefinition {
    enrol::forms::load("registration").expect("the built-in form loads")
}

fn holding(mark: Mark, margin: f64) -> BoxReading {
    BoxReading {
        mark,
        spent: 0.2,
        margin,
        stray: false,
        ink: BoxInk {
            own: if mark == Mark::Empty { 0.0 } else { 0.2 },
            extent: if mark == Mark::Empty { 0.0 } else { 0.9 },
            ..BoxInk::default()
        },
        label: LabelInk::default(),
        effort: 1.0,
    }
}

fn group(boxes: Vec<BoxReading>) -> GroupReading {
    GroupReading {
        boxes,
        may_vanish: false,
        fills: false,
    }
}

fn settle_group(field: &Field, group: &GroupReading, policy: Policy) -> FieldReading {
    settle(field, propose(field, group), policy, None)
}

fn read(field: &str, boxes: Vec<BoxReading>, accept_consent: bool) -> FieldReading {
    let form = form();
    let field = form.field(field).expect("a field of the form");
    settle_group(field, &group(boxes), Policy { accept_consent })
}

const YES: Mark = Mark::Ticked;
const NO: Mark = Mark::Empty;

fn text(value: &str) -> Option<FieldValue> {
    Some(FieldValue::Text(value.to_owned()))
}

#[test]
fn consents_go_to_a_clerk_unless_allowed_and_unambiguous() {
    let clear = || vec![holding(YES, 1.0), holding(NO, 1.0)];
    let off = read("consent.email", clear(), false);
    assert_eq!((off.state, off.value), (FieldState::Review, text("yes")));
    let on = read("consent.email", clear(), true);
    assert_eq!((on.state, on.value), (FieldState::Accepted, text("yes")));

    let weak = vec![holding(YES, 0.6), holding(NO, 1.0)];
    let both = vec![holding(YES, 1.0), holding(YES, 1.0)];
    let touched = vec![
        holding(YES, 1.0),
        BoxReading {
            stray: true,
            ..holding(NO, 1.0)
        },
    ];
    let ringed = LabelInk {
        ring: 0.9,
        ..LabelInk::default()
    };
    let ringed = vec![
        holding(YES, 1.0),
        BoxReading {
            label: ringed,
            ..holding(NO, 1.0)
        },
    ];
    let filled = vec![holding(Mark::Filled, 0.5), holding(NO, 1.0)];
    for boxes in [weak, both, touched, ringed, filled] {
        assert_eq!(read("consent.email", boxes, true).state, FieldState::Review);
    }
}

#[test]
fn a_blank_is_never_no() {
    for allowed in [false, true] {
        let bare = read(
            "consent.email",
            vec![holding(NO, 1.0), holding(NO, 1.0)],
            allowed,
        );
        assert_eq!((bare.state, bare.value), (FieldState::Review, None));
    }
    let bare = read(
        "primary_carer.interpreter",
        vec![holding(NO, 1.0), holding(NO, 1.0)],
        false,
    );
    assert_eq!((bare.state, bare.value), (FieldState::Blank, None));
}

#[test]
fn what_has_to_be_answered_is_asked_for() {
    let bare = read("office.centre", vec![holding(NO, 1.0); 6], false);
    assert_eq!((bare.state, bare.value), (FieldState::Review, None));
}

#[test]
fn of_two_marks_the_one_struck_over_goes_but_a_clerk_looks() {
    let struck = BoxReading {
        spent: 0.6,
        ..holding(YES, 1.0)
    };
    let both = read(
        "primary_carer.interpreter",
        vec![struck, holding(YES, 1.0)],
        false,
    );
    assert_eq!((both.state, both.value), (FieldState::Review, text("no")));
    let alike = vec![holding(YES, 1.0), holding(YES, 1.0)];
    let both = read("primary_carer.interpreter", alike, false);
    assert_eq!((both.state, both.value), (FieldState::Review, None));
}

#[test]
fn where_marks_may_be_lost_only_a_single_choice_with_a_mark_is_sure() {
    let form = form();
    let lost = |field: &str, boxes| {
        let group = GroupReading {
            may_vanish: true,
            ..group(boxes)
        };
        settle_group(
            form.field(field).expect("a field"),
            &group,
            Policy::default(),
        )
        .state
    };
    let one = || vec![holding(YES, 1.0), holding(NO, 1.0)];
    assert_eq!(
        lost("primary_carer.interpreter", one()),
        FieldState::Accepted
    );
    assert_eq!(
        lost("primary_carer.interpreter", vec![holding(NO, 1.0); 2]),
        FieldState::Review
    );
    let mut some = vec![holding(NO, 1.0); 8];
    some[0] = holding(YES, 1.0);
    assert_eq!(
        lost("household.home_circumstances", some),
        FieldState::Review
    );
}

#[test]
fn words_are_proposed_and_never_accepted() {
    let ringed = LabelInk {
        ring: 0.95,
        ..LabelInk::default()
    };
    let struck = LabelInk {
        line: 0.95,
        beyond: 2,
        ..LabelInk::default()
    };
    let at = |label| BoxReading {
        label,
        ..holding(NO, 1.0)
    };
    let ring = read(
        "primary_carer.interpreter",
        vec![at(ringed), holding(NO, 1.0)],
        false,
    );
    assert_eq!((ring.state, ring.value), (FieldState::Review, text("yes")));
    let line = read(
        "primary_carer.interpreter",
        vec![at(struck), holding(NO, 1.0)],
        false,
    );
    assert_eq!((line.state, line.value), (FieldState::Review, text("no")));
}
