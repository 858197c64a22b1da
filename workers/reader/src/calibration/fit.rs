//! Fitting a calibration to cases: probabilities out of folds by writer, thresholds proved on them.

use std::collections::BTreeSet;

use super::curve::Judged;
use super::logistic::Logistic;
use super::table::{Calibration, FORMAT, GroupCalibration};
use super::threshold::prove;
use super::{Case, RiskGroup};

/// Folds into which the writers are dealt.
const FOLDS: usize = 5;
/// Penalty on squared standardised weights, per fit.
const RIDGE: f64 = 1.0;
/// Fewer cases than this are not fitted.
const FEWEST: usize = 50;

/// What a fit found out about one group.
#[derive(Debug, Clone)]
pub struct GroupFit {
    /// For use.
    pub calibration: GroupCalibration,
    /// The probability given to each case by a fit that saw none of its writer's cases, in the order of the cases.
    pub judged: Vec<(Case, f64)>,
}

impl GroupFit {
    /// Probability and outcome of all cases.
    pub fn outcomes(&self) -> Vec<Judged> {
        self.judged.iter().map(|(c, p)| (*p, c.right)).collect()
    }
}

/// Fits every group that has enough cases. `target` gives the error rate promised to a group.
pub fn fit(
    cases: &[Case],
    target: impl Fn(RiskGroup) -> f64,
    model: &str,
    features: &[&str],
) -> (Calibration, Vec<GroupFit>) {
    let fits: Vec<GroupFit> = RiskGroup::ALL
        .into_iter()
        .filter_map(|group| {
            let own: Vec<&Case> = cases.iter().filter(|c| c.group == group).collect();
            fit_group(group, &own, target(group))
        })
        .collect();
    let calibration = Calibration {
        format: FORMAT,
        model: model.to_owned(),
        features: features.iter().map(|f| (*f).to_owned()).collect(),
        groups: fits.iter().map(|f| f.calibration.clone()).collect(),
    };
    (calibration, fits)
}

fn fit_group(group: RiskGroup, cases: &[&Case], target: f64) -> Option<GroupFit> {
    if cases.len() < FEWEST {
        return None;
    }
    let writers: Vec<u32> = cases
        .iter()
        .map(|c| c.writer)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    // Writers are dealt in turn: a fit never judges a hand that it has seen.
    let fold_of = |case: &Case| writers.binary_search(&case.writer).unwrap_or(0) % FOLDS;
    let mut probabilities = vec![0.0; cases.len()];
    for fold in 0..FOLDS.min(writers.len()) {
        let seen: Vec<&Case> = cases
            .iter()
            .copied()
            .filter(|c| fold_of(c) != fold)
            .collect();
        let fitted = fit_on(&seen)?;
        for (case, probability) in cases.iter().zip(&mut probabilities) {
            if fold_of(case) == fold {
                *probability = fitted.probability(&case.features);
            }
        }
    }
    let eligible: Vec<Judged> = cases
        .iter()
        .zip(&probabilities)
        .filter(|(c, _)| c.eligible)
        .map(|(c, p)| (*p, c.right))
        .collect();
    Some(GroupFit {
        calibration: GroupCalibration {
            group,
            target,
            model: fit_on(cases)?,
            proof: prove(&eligible, target),
            cases: cases.len() as u64,
            writers: writers.len() as u64,
        },
        judged: cases
            .iter()
            .map(|c| (*c).clone())
            .zip(probabilities)
            .collect(),
    })
}

fn fit_on(cases: &[&Case]) -> Option<Logistic> {
    let rows: Vec<&[f64]> = cases.iter().map(|c| c.features.as_slice()).collect();
    let right: Vec<bool> = cases.iter().map(|c| c.right).collect();
    Logistic::fit(&rows, &right, RIDGE)
}

#[cfg(test)]
mod tests {
    use enrol::domain::field::FieldKind;

    use super::*;

    /// `count` cases whose signal tells how likely they are to be right, in a fixed pattern.
    fn cases(count: u32, wrong_every: u32) -> Vec<Case> {
        (0..count)
            .map(|i| {
                let doubtful = i % 10 == 0;
                Case {
                    group: RiskGroup::Key,
                    kind: FieldKind::Name,
                    writer: i % 7,
                    capture: None,
                    features: vec![if doubtful { 0.0 } else { 1.0 }],
                    eligible: true,
                    right: !(doubtful && i % wrong_every == 0),
                }
            })
            .collect()
    }

    #[test]
    fn only_the_undoubtful_are_accepted() {
        let (calibration, _) = fit(&cases(8000, 20), |_| 0.0014, "w", &["signal"]);
        assert!(
            calibration
                .judge(RiskGroup::Key, &[1.0])
                .is_some_and(|j| j.1)
        );
        assert!(
            calibration
                .judge(RiskGroup::Key, &[0.0])
                .is_some_and(|j| !j.1)
        );
        assert_eq!(calibration.judge(RiskGroup::Text, &[1.0]), None);
    }

    #[test]
    fn too_little_evidence_means_review() {
        let (calibration, _) = fit(&cases(1000, 20), |_| 0.0014, "w", &["signal"]);
        assert!(
            calibration
                .judge(RiskGroup::Key, &[1.0])
                .is_some_and(|j| !j.1)
        );
    }

    #[test]
    fn a_calibration_is_for_its_own_weights_and_signals() {
        let (calibration, _) = fit(&cases(1000, 20), |_| 0.0014, "w", &["signal"]);
        let json = serde_json::to_string(&calibration).expect("plain data");
        assert_eq!(
            Calibration::parse(&json, "w", &["signal"]).expect("same"),
            calibration
        );
        assert!(Calibration::parse(&json, "v", &["signal"]).is_err());
        assert!(Calibration::parse(&json, "w", &["other"]).is_err());
        assert!(Calibration::parse("{}", "w", &["signal"]).is_err());
    }
}
