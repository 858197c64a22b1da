//! Refitting a calibration to what clerks settled: the same hands that fill in this council's forms.
//!
//! Settled fields are no fair sample. What the reader accepted was not looked at, unless it was drawn for checking; so
//! they tell how honest the probabilities are, and whether a promise is broken, long before they prove one.

use super::Case;
use super::fit::{fit_group, out_of_folds};
use super::logistic::{self, Logistic};
use super::table::{GroupCalibration, default_target};
use super::threshold::{Proof, lower_bound};

/// Fewer cases than this change nothing.
const FEWEST: usize = 200;
/// Penalty on the two numbers of a rescaling, after standardising.
const RIDGE: f64 = 1.0;

/// What was done to a group's calibration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Too few cases, or all were right or all wrong.
    TooFew,
    /// It was honest already.
    Kept,
    /// Its probabilities were stretched and shifted; what is accepted is the same.
    Rescaled,
    /// It was fitted anew, and proves its promise by itself.
    Refitted,
}

/// A group's calibration before and after.
#[derive(Debug, Clone)]
pub struct GroupRefit {
    /// For use.
    pub calibration: GroupCalibration,
    /// What was done.
    pub change: Change,
    /// Promises given up because the cases contradict them.
    pub dropped: Vec<f64>,
    /// Each case with the probability that the old calibration gives it.
    pub before: Vec<(Case, f64)>,
    /// Each case with the probability of a new one that has not seen its hand.
    pub after: Vec<(Case, f64)>,
}

/// Refits `old` to cases of its group.
pub fn refit(old: &GroupCalibration, cases: &[&Case]) -> GroupRefit {
    let judged = |probabilities: &[f64]| -> Vec<(Case, f64)> {
        let pairs = cases.iter().zip(probabilities);
        pairs.map(|(c, p)| ((*c).clone(), *p)).collect()
    };
    let before: Vec<f64> = cases
        .iter()
        .map(|c| old.model.probability(&c.features))
        .collect();
    let right = cases.iter().filter(|c| c.right).count();
    let mut result = GroupRefit {
        calibration: old.clone(),
        change: Change::TooFew,
        dropped: Vec::new(),
        before: judged(&before),
        after: judged(&before),
    };
    for rung in &mut result.calibration.rungs {
        if rung
            .proof
            .is_some_and(|p| is_broken(cases, &before, p, rung.target))
        {
            rung.proof = None;
            result.dropped.push(rung.target);
        }
    }
    if cases.len() < FEWEST || right == 0 || right == cases.len() {
        return result;
    }
    result.change = Change::Kept;
    if let Some((scale, probabilities)) = rescaled(&old.model, cases)
        && loss(cases, &probabilities) < loss(cases, &before)
    {
        let moved = |proof: Proof| Proof {
            threshold: rescale(scale, proof.threshold),
            ..proof
        };
        for rung in &mut result.calibration.rungs {
            rung.proof = rung.proof.map(moved);
        }
        result.calibration.model = old.model.rescaled(scale.0, scale.1);
        result.after = judged(&probabilities);
        result.change = Change::Rescaled;
    }
    let target = default_target(old.group);
    if let Some(anew) = fit_group(old.group, cases)
        && let Some(proof) = anew.calibration.rung(target).and_then(|r| r.proof)
    {
        let probabilities: Vec<f64> = anew.judged.iter().map(|(_, p)| *p).collect();
        let old_proof = old.rung(target).and_then(|r| r.proof);
        let accepted_before =
            old_proof.map_or(0, |p| accepted(cases, &before, p.threshold).count());
        if proof.accepted >= accepted_before as u64
            && loss(cases, &probabilities) < loss(cases, &before)
        {
            result.calibration = anew.calibration;
            result.after = anew.judged;
            result.change = Change::Refitted;
            result.dropped.clear();
        }
    }
    result
}

/// Whether more of what the promise accepts was wrong than luck explains.
fn is_broken(cases: &[&Case], probabilities: &[f64], proof: Proof, target: f64) -> bool {
    let (mut all, mut wrong) = (0, 0);
    for case in accepted(cases, probabilities, proof.threshold) {
        all += 1;
        wrong += u64::from(!case.right);
    }
    lower_bound(wrong, all) > target
}

/// The cases that a threshold accepts.
fn accepted<'a>(
    cases: &'a [&Case],
    probabilities: &'a [f64],
    threshold: f64,
) -> impl Iterator<Item = &'a Case> {
    let pairs = cases.iter().zip(probabilities);
    pairs.filter_map(move |(c, p)| (c.eligible && *p >= threshold).then_some(*c))
}

/// Intercept and slope that turn the old log-odds into better ones (Platt, Advances in Large Margin Classifiers, 1999),
/// and the probabilities of the cases out of folds by hand. `None` where better cases would become worse ones.
fn rescaled(old: &Logistic, cases: &[&Case]) -> Option<((f64, f64), Vec<f64>)> {
    let rows: Vec<[f64; 1]> = cases.iter().map(|c| [old.log_odds(&c.features)]).collect();
    let fit = |chosen: &[usize]| {
        let rows: Vec<&[f64]> = chosen.iter().map(|i| rows[*i].as_slice()).collect();
        let right: Vec<bool> = chosen.iter().map(|i| cases[*i].right).collect();
        Logistic::fit(&rows, &right, RIDGE)
    };
    let probabilities = out_of_folds(cases, &fit, |model, i| model.probability(&rows[i]))?;
    let all = fit(&(0..cases.len()).collect::<Vec<_>>())?;
    let slope = all.weights[0] / all.scales[0];
    let intercept = all.intercept - slope * all.means[0];
    (slope > 0.0).then_some(((intercept, slope), probabilities))
}

fn rescale((intercept, slope): (f64, f64), probability: f64) -> f64 {
    let old = (probability / (1.0 - probability)).ln();
    logistic::probability(intercept + slope * old)
}

/// Mean negative logarithm of the probability given to what happened.
fn loss(cases: &[&Case], probabilities: &[f64]) -> f64 {
    let surprise =
        |(case, p): (&&Case, &f64)| -if case.right { *p } else { 1.0 - p }.max(1e-12).ln();
    let all = cases.iter().zip(probabilities).map(surprise);
    all.sum::<f64>() / cases.len().max(1) as f64
}

/// Refits every group of `old` that has cases.
pub fn refit_all(old: &[GroupCalibration], cases: &[Case]) -> Vec<GroupRefit> {
    old.iter()
        .map(|group| {
            let own: Vec<&Case> = cases.iter().filter(|c| c.group == group.group).collect();
            refit(group, &own)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use enrol::domain::field::FieldKind;

    use super::*;
    use crate::calibration::RiskGroup;
    use crate::calibration::curve::Judged;
    use crate::calibration::fit::fit;

    /// Cases with a log-odds signal `x`; whether each is right follows `honest(x)` in a fixed pattern.
    fn cases(count: u64, honest: impl Fn(f64) -> f64) -> Vec<Case> {
        (0..count)
            .map(|i| {
                let x = (i % 97) as f64 / 12.0 - 3.0;
                let mut features = vec![0.0; RiskGroup::Comb.features().len()];
                features[0] = x;
                let share = 1.0 / (1.0 + (-honest(x)).exp());
                // A low-discrepancy sequence in place of a coin.
                let coin = (i as f64 * 0.754_877_666_246_693) % 1.0;
                Case {
                    group: RiskGroup::Comb,
                    kind: FieldKind::Phone,
                    writer: i % 31,
                    capture: None,
                    features,
                    eligible: true,
                    right: coin < share,
                }
            })
            .collect()
    }

    fn shipped() -> GroupCalibration {
        let (calibration, _) = fit(&cases(20_000, |x| 1.0 + 2.0 * x), "w");
        calibration.groups[0].clone()
    }

    fn refitted(cases: &[Case]) -> GroupRefit {
        refit(&shipped(), &cases.iter().collect::<Vec<_>>())
    }

    #[test]
    fn few_cases_change_nothing() {
        let result = refitted(&cases(100, |x| x - 2.0));
        assert_eq!(result.change, Change::TooFew);
        assert_eq!(result.calibration.model, shipped().model);
    }

    #[test]
    fn boasting_is_put_right() {
        let harder = cases(1_500, |x| 2.0 * x - 0.5);
        let result = refitted(&harder);
        assert_eq!(result.change, Change::Rescaled);
        let outcomes = |judged: &[(Case, f64)]| -> Vec<Judged> {
            judged.iter().map(|(c, p)| (*p, c.right)).collect()
        };
        let error =
            |judged| crate::calibration::curve::expected_calibration_error(&outcomes(judged), 15);
        assert!(error(&result.after) < 0.5 * error(&result.before));
        // What is accepted stays the same: the threshold moves with the probabilities.
        let old = shipped();
        for (before, after) in old.rungs.iter().zip(&result.calibration.rungs) {
            if let (Some(before), Some(after)) = (before.proof, after.proof) {
                for case in &harder {
                    let was = old.model.probability(&case.features) >= before.threshold;
                    let is = result.calibration.model.probability(&case.features)
                        >= after.threshold * (1.0 - 1e-9);
                    assert!(!was || is);
                }
            }
        }
    }

    #[test]
    fn a_broken_promise_is_given_up() {
        let worse = cases(3_000, |_| 0.0);
        let result = refitted(&worse);
        let proved: Vec<f64> = shipped()
            .rungs
            .iter()
            .filter(|r| r.proof.is_some())
            .map(|r| r.target)
            .collect();
        assert!(
            !proved.is_empty(),
            "the promise that is broken has to be there"
        );
        assert_eq!(result.dropped, proved);
        assert!(result.calibration.rungs.iter().all(|r| r.proof.is_none()));
    }
}
