//! Fitting a calibration to cases: probabilities out of folds by writer, thresholds proved on them.

use std::collections::BTreeSet;

use super::curve::Judged;
use super::logistic::Logistic;
use super::table::{Calibration, FORMAT, GroupCalibration, Rung, TARGETS};
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

/// Fits every group that has enough cases.
pub fn fit(cases: &[Case], model: &str) -> (Calibration, Vec<GroupFit>) {
    let fits: Vec<GroupFit> = RiskGroup::ALL
        .into_iter()
        .filter_map(|group| {
            let own: Vec<&Case> = cases.iter().filter(|c| c.group == group).collect();
            fit_group(group, &own)
        })
        .collect();
    let calibration = Calibration {
        format: FORMAT,
        model: model.to_owned(),
        groups: fits.iter().map(|f| f.calibration.clone()).collect(),
    };
    (calibration, fits)
}

/// Fits one group; `None` where there are too few cases.
pub fn fit_group(group: RiskGroup, cases: &[&Case]) -> Option<GroupFit> {
    if cases.len() < FEWEST {
        return None;
    }
    let probabilities = out_of_folds(
        cases,
        &|chosen: &[usize]| fit_on(&chosen.iter().map(|i| cases[*i]).collect::<Vec<_>>()),
        |model, i| model.probability(&cases[i].features),
    )?;
    let writers = writers(cases);
    let eligible: Vec<Judged> = cases
        .iter()
        .zip(&probabilities)
        .filter(|(c, _)| c.eligible)
        .map(|(c, p)| (*p, c.right))
        .collect();
    let rungs = TARGETS.map(|target| Rung {
        target,
        proof: prove(&eligible, target),
    });
    Some(GroupFit {
        calibration: GroupCalibration {
            group,
            features: group.features().iter().map(|f| (*f).to_owned()).collect(),
            model: fit_on(cases)?,
            rungs: rungs.to_vec(),
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

/// Who wrote the cases, in ascending order.
fn writers(cases: &[&Case]) -> Vec<u64> {
    let all: BTreeSet<u64> = cases.iter().map(|c| c.writer).collect();
    all.into_iter().collect()
}

/// The probability of each case by a model that has seen none of its writer's cases. `fit` fits the cases of these
/// indices, `probability` judges the case of one; `None` where a fold cannot be fitted.
pub fn out_of_folds<M>(
    cases: &[&Case],
    fit: &dyn Fn(&[usize]) -> Option<M>,
    probability: impl Fn(&M, usize) -> f64,
) -> Option<Vec<f64>> {
    let writers = writers(cases);
    // Writers are dealt in turn: a fit never judges a hand that it has seen.
    let fold_of = |i: usize| writers.binary_search(&cases[i].writer).unwrap_or(0) % FOLDS;
    let mut probabilities = vec![0.0; cases.len()];
    for fold in 0..FOLDS.min(writers.len()) {
        let (own, seen): (Vec<usize>, Vec<usize>) =
            (0..cases.len()).partition(|i| fold_of(*i) == fold);
        let model = fit(&seen)?;
        for i in own {
            probabilities[i] = probability(&model, i);
        }
    }
    Some(probabilities)
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

    /// `count` cases whose first signal tells how likely they are to be right, in a fixed pattern.
    fn cases(count: u64, wrong_every: u64) -> Vec<Case> {
        (0..count)
            .map(|i| {
                let doubtful = i % 10 == 0;
                Case {
                    group: RiskGroup::Key,
                    kind: FieldKind::Name,
                    writer: i % 7,
                    capture: None,
                    features: signal(if doubtful { 0.0 } else { 1.0 }),
                    eligible: true,
                    right: !(doubtful && i % wrong_every == 0),
                }
            })
            .collect()
    }

    fn signal(first: f64) -> Vec<f64> {
        let mut features = vec![0.0; RiskGroup::Key.features().len()];
        features[0] = first;
        features
    }

    fn enough(
        calibration: &Calibration,
        group: RiskGroup,
        first: f64,
        target: f64,
    ) -> Option<bool> {
        let judgement = calibration.judge(group, &signal(first), target)?;
        Some(judgement.enough)
    }

    #[test]
    fn only_the_undoubtful_are_accepted() {
        let (calibration, _) = fit(&cases(8000, 20), "w");
        let judge = |group, first| enough(&calibration, group, first, 0.0014);
        assert_eq!(judge(RiskGroup::Key, 1.0), Some(true));
        assert_eq!(judge(RiskGroup::Key, 0.0), Some(false));
        assert_eq!(judge(RiskGroup::Text, 1.0), None);
    }

    #[test]
    fn too_little_evidence_means_review() {
        let (calibration, _) = fit(&cases(1000, 20), "w");
        let judge = |target| enough(&calibration, RiskGroup::Key, 1.0, target);
        assert_eq!(judge(0.0014), Some(false));
        assert_eq!(judge(0.01), Some(true), "a looser promise needs less");
        assert_eq!(judge(0.000_1), Some(false), "no promise is that strict");
    }

    #[test]
    fn a_calibration_is_for_its_own_weights_and_signals() {
        let (mut calibration, _) = fit(&cases(1000, 20), "w");
        let json = |c: &Calibration| serde_json::to_string(c).expect("plain data");
        let text = json(&calibration);
        assert_eq!(Calibration::parse(&text, "w").expect("same"), calibration);
        assert!(Calibration::parse(&text, "v").is_err());
        assert!(Calibration::parse("{}", "w").is_err());
        calibration.groups[0].features[0] = "other".to_owned();
        assert!(Calibration::parse(&json(&calibration), "w").is_err());
    }
}
