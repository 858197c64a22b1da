//! From the boxes of a group to the field's value, state and reasons: the rules of the group.
//!
//! A blank group stays blank: it never means "no". A word that was ringed or struck out is never accepted without a
//! clerk, nor is a group in which anything speaks against its reading; what was probably meant is proposed.

use enrol::domain::calibration::FieldSignals;
use enrol::domain::field::{FieldKind, FieldState, FieldValue};
use enrol::domain::reading::FieldReading;
use enrol::forms::definition::Field;

use super::texts::Networks;
use super::verdict::reading;
use crate::calibration::{Judgement, RiskGroup};
use crate::ticks::{BoxReading, GroupReading, Mark, PagePen, SignatureInk, TickSignals};

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

/// Boxes that nothing speaks against are accepted by rule where no calibration of ticks is in force, and by the
/// probability proved for the field's target error rate where one is.
pub fn of_boxes(
    networks: &Networks,
    field: &Field,
    group: &GroupReading,
    pen: &PagePen,
    policy: Policy,
) -> (FieldReading, TickSignals) {
    let proposal = propose(field, group);
    let signals = TickSignals::new(group, pen, proposal.is_clear(field));
    let features = signals.features();
    let judgement = networks.judge(field, RiskGroup::Tick, &features);
    let kept = FieldSignals {
        group: RiskGroup::Tick.name(),
        features,
        eligible: signals.eligible,
        drawn: false,
    };
    let reading = FieldReading {
        signals: Some(kept),
        ..settle(field, proposal, policy, judgement)
    };
    (reading, signals)
}

/// What a group's boxes come to.
struct Choice {
    /// Indices of the options that were chosen, as far as it can be told.
    chosen: Vec<usize>,
    /// What speaks against it.
    reasons: Vec<String>,
}

/// What a group's boxes come to as a value.
struct Proposal {
    value: Option<FieldValue>,
    /// What speaks against it.
    reasons: Vec<String>,
    /// Whether it is as clear as a consent has to be.
    unambiguous: bool,
    /// 0 to 1, where no calibration says better.
    confidence: f64,
}

impl Proposal {
    /// Whether it may be accepted at all.
    fn is_clear(&self, field: &Field) -> bool {
        self.reasons.is_empty() && (field.rules.consent.is_none() || self.unambiguous)
    }
}

fn propose(field: &Field, group: &GroupReading) -> Proposal {
    let Choice { chosen, reasons } = choose(field, group);
    let option = |i: &usize| field.options[*i].value.clone();
    let value = match (field.kind, chosen.as_slice()) {
        (_, []) => None,
        (FieldKind::OneOf, [one]) => Some(FieldValue::Text(option(one))),
        (FieldKind::OneOf, _) => None,
        (_, several) => Some(FieldValue::Choices(several.iter().map(option).collect())),
    };
    let clear = confidence(group, &chosen);
    Proposal {
        value,
        confidence: if reasons.is_empty() {
            clear
        } else {
            clear.min(0.5)
        },
        unambiguous: is_unambiguous(group, &chosen),
        reasons,
    }
}

fn settle(
    field: &Field,
    proposal: Proposal,
    policy: Policy,
    judgement: Option<Judgement>,
) -> FieldReading {
    let clear = proposal.is_clear(field);
    let Proposal {
        value,
        mut reasons,
        confidence,
        ..
    } = proposal;
    if reasons.is_empty() && judgement.is_some_and(|j| !j.enough) {
        reasons.push(
            if value.is_none() {
                "Nothing is marked, but a pale mark may have been lost in this scan."
            } else {
                "Probably right, but not clear enough to go unseen."
            }
            .to_owned(),
        );
    }
    if field.rules.consent.is_some() {
        if reasons.is_empty() && !clear && value.is_some() {
            reasons.push("The mark is not clear enough for a consent.".to_owned());
        }
        if !(reasons.is_empty() && clear && policy.accept_consent) {
            reasons.push("Consent is always confirmed by a person.".to_owned());
        }
    }
    let state = match (reasons.is_empty(), &value) {
        (false, _) => FieldState::Review,
        (true, None) => FieldState::Blank,
        (true, Some(_)) => FieldState::Accepted,
    };
    FieldReading {
        confidence: judgement.map_or(confidence, |j| j.probability),
        value,
        state,
        reasons,
        ..reading(field)
    }
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
mod tests;
