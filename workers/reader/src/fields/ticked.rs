//! From the boxes of a group to the field's value, state and reasons: the rules of the group.
//!
//! A blank group stays blank: it never means "no". A word that was ringed or struck out is never accepted without a
//! clerk, nor is a group in which anything speaks against its reading; what was probably meant is proposed.

use enrol::domain::field::{FieldKind, FieldState, FieldValue};
use enrol::domain::reading::FieldReading;
use enrol::forms::definition::Field;

use super::verdict::reading;
use crate::ticks::{BoxReading, GroupReading, Mark, SignatureInk};

/// Beside a clean mark one that took this many times its ink was probably struck out.
const STRUCK_OVER: f64 = 1.3;
/// A consent needs marks and empty boxes at least this clear.
const CONSENT_MARGIN: f64 = 0.8;

/// What the configuration allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether an unambiguous consent is accepted without a clerk.
    pub accept_consent: bool,
}

/// What a group's boxes come to.
struct Choice {
    /// Indices of the options that were chosen, as far as it can be told.
    chosen: Vec<usize>,
    /// What speaks against it.
    reasons: Vec<String>,
}

/// Tick boxes.
pub fn of_boxes(field: &Field, group: &GroupReading, policy: Policy) -> FieldReading {
    let Choice {
        chosen,
        mut reasons,
    } = choose(field, group);
    let option = |i: &usize| field.options[*i].value.clone();
    let value = match (field.kind, chosen.as_slice()) {
        (_, []) => None,
        (FieldKind::OneOf, [one]) => Some(FieldValue::Text(option(one))),
        (FieldKind::OneOf, _) => None,
        (_, several) => Some(FieldValue::Choices(several.iter().map(option).collect())),
    };
    let mut result = FieldReading {
        confidence: confidence(group, &chosen),
        value,
        ..reading(field)
    };
    if !reasons.is_empty() {
        result.confidence = result.confidence.min(0.5);
    }
    if field.rules.consent.is_some() {
        let clear = reasons.is_empty() && is_unambiguous(group, &chosen);
        if clear && policy.accept_consent {
            result.state = FieldState::Accepted;
            return result;
        }
        if reasons.is_empty() && !clear && !chosen.is_empty() {
            reasons.push("The mark is not clear enough for a consent.".to_owned());
        }
        reasons.push("Consent is always confirmed by a person.".to_owned());
    } else if reasons.is_empty() {
        result.state = if chosen.is_empty() {
            FieldState::Blank
        } else {
            FieldState::Accepted
        };
    }
    result.reasons = reasons;
    result
}

fn choose(field: &Field, group: &GroupReading) -> Choice {
    let boxes = &group.boxes;
    let with = |wanted: fn(&BoxReading) -> bool| -> Vec<usize> {
        (0..boxes.len()).filter(|i| wanted(&boxes[*i])).collect()
    };
    let ticked = with(|b| b.mark == Mark::Ticked);
    let filled = with(|b| b.mark == Mark::Filled);
    let unsure = with(|b| b.mark == Mark::Unsure);
    let circled = with(|b| b.label.is_circled());
    let struck = with(|b| b.label.is_struck());
    let mut reasons = Vec::new();
    let mut say = |text: &str| reasons.push(text.to_owned());

    // Filled boxes beside crossed ones are corrections; alone they are marks.
    let mut chosen = match (ticked.is_empty(), group.fills) {
        (true, _) => filled.clone(),
        (false, true) => with(|b| matches!(b.mark, Mark::Ticked | Mark::Filled)),
        (false, false) => ticked.clone(),
    };
    if !filled.is_empty() && !group.fills {
        say("A box is filled in, which may be a mark or a correction.");
    }
    match unsure.len() {
        0 => {}
        1 => say("A box holds something that may or may not be a mark."),
        n => say(&format!(
            "{n} boxes hold something that may or may not be a mark."
        )),
    }
    let one = field.kind == FieldKind::OneOf;
    if one && chosen.len() > 1 {
        say(&format!(
            "{} boxes are marked where one is expected.",
            chosen.len()
        ));
        chosen = less_struck_over(boxes, &chosen).map_or(chosen, |kept| vec![kept]);
    }
    if !circled.is_empty() {
        say("A word is ringed.");
    }
    if !struck.is_empty() {
        say("A word is struck out.");
    }
    if chosen.is_empty() || !one {
        for i in circled.iter().filter(|i| !struck.contains(i)) {
            if !chosen.contains(i) {
                chosen.push(*i);
            }
        }
    }
    if chosen.is_empty() && one && boxes.len() == 2 && struck.len() == 1 {
        // Delete as appropriate: what was left standing is meant.
        chosen.push(1 - struck[0]);
    }
    if chosen.is_empty() || !one {
        chosen.extend(unsure.iter().filter(|i| probable(&boxes[**i])));
    }
    chosen.sort_unstable();
    chosen.dedup();
    if one && chosen.len() > 1 {
        chosen = Vec::new();
    }
    if boxes.iter().any(|b| b.mark == Mark::Ticked && b.stray) {
        say("A stroke from elsewhere runs into a marked box.");
    }
    if group.may_vanish && (chosen.is_empty() || !one) {
        say("The pen was too pale for this scan: marks may be missing. Look at the paper.");
    }
    if chosen.is_empty() && reasons.is_empty() && field.rules.required {
        reasons.push("This has to be answered, but no box is marked.".to_owned());
    }
    Choice { chosen, reasons }
}

/// Of several marked boxes the one that was not struck over afterwards, if there is just one.
fn less_struck_over(boxes: &[BoxReading], marked: &[usize]) -> Option<usize> {
    let spent = |i: &usize| boxes[*i].spent;
    let cleanest = *marked.iter().min_by(|a, b| spent(a).total_cmp(&spent(b)))?;
    let mut rest = marked.iter().filter(|i| **i != cleanest);
    rest.all(|i| spent(i) > STRUCK_OVER * spent(&cleanest))
        .then_some(cleanest)
}

/// Whether an unsure box rather holds a mark than not: broken or faint, but its own and of some size.
fn probable(reading: &BoxReading) -> bool {
    reading.ink.own >= 0.012 && reading.ink.extent >= 0.3 || reading.ink.faint >= 0.5
}

fn confidence(group: &GroupReading, chosen: &[usize]) -> f64 {
    let clear = |(i, b): (usize, &BoxReading)| match b.mark {
        Mark::Filled if group.fills => 0.9,
        Mark::Ticked => 0.6 + 0.4 * b.margin,
        _ if chosen.contains(&i) => b.margin.min(0.5),
        _ => b.margin,
    };
    group
        .boxes
        .iter()
        .enumerate()
        .map(clear)
        .fold(1.0, f64::min)
}

/// One clean mark of one's own, all other boxes bare, nothing at the words, nothing lost: what a consent needs.
fn is_unambiguous(group: &GroupReading, chosen: &[usize]) -> bool {
    let clean = |(i, b): (usize, &BoxReading)| {
        let clear = match (chosen.contains(&i), b.mark) {
            (true, Mark::Filled) => group.fills,
            (true, Mark::Ticked) => b.margin >= CONSENT_MARGIN && b.ink.spaces <= 6,
            (false, Mark::Empty) => b.margin >= CONSENT_MARGIN,
            _ => false,
        };
        clear && !b.stray && !b.label.is_touched()
    };
    chosen.len() == 1 && !group.may_vanish && group.boxes.iter().enumerate().all(clean)
}

/// A signature box.
pub fn of_signature(field: &Field, found: &SignatureInk) -> FieldReading {
    let mut result = FieldReading {
        confidence: found.confidence,
        value: found.signed.map(FieldValue::Signed),
        ..reading(field)
    };
    result.reasons.push(
        match found.signed {
            Some(true) => "A signature is always confirmed by a person.",
            Some(false) => "No signature was found: please look.",
            None => "It cannot be told whether this is signed.",
        }
        .to_owned(),
    );
    result
}

#[cfg(test)]
mod tests {
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

    fn read(field: &str, boxes: Vec<BoxReading>, accept_consent: bool) -> FieldReading {
        let form = form();
        let field = form.field(field).expect("a field of the form");
        of_boxes(field, &group(boxes), Policy { accept_consent })
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
            of_boxes(
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
}
