//! The threshold above which fields are accepted, proved rather than guessed.

use serde::{Deserialize, Serialize};
use statrs::function::beta::beta_reg;

/// Confidence of the proof: the chance that a promise is broken by luck of the cases is at most one minus this.
pub const CONFIDENCE: f64 = 0.975;

/// A threshold and the cases that stand behind it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// Fields at least this probable are accepted.
    pub threshold: f64,
    /// Cases accepted at it.
    pub accepted: u64,
    /// Of those, how many were wrong.
    pub wrong: u64,
    /// Upper bound of the error rate among them.
    pub bound: f64,
}

/// Upper bound of an error rate of which `wrong` errors were seen in `cases` (Clopper and Pearson, Biometrika 26,
/// 1934: exact, one-sided at [`CONFIDENCE`]). Without cases it is 1.
pub fn upper_bound(wrong: u64, cases: u64) -> f64 {
    if cases == 0 || wrong >= cases {
        return 1.0;
    }
    // The rate at which so few errors would be seen with probability 1 - CONFIDENCE only: a quantile of the beta
    // distribution, found by halving. (The crate's own quantile function does not end for such skewed ones.)
    let (a, b) = ((wrong + 1) as f64, (cases - wrong) as f64);
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if beta_reg(a, b, middle) < CONFIDENCE {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Lower bound of the same kind: the error rate is above it with [`CONFIDENCE`].
pub fn lower_bound(wrong: u64, cases: u64) -> f64 {
    if wrong == 0 {
        return 0.0;
    }
    1.0 - upper_bound(cases - wrong, cases)
}

/// Number of steps in which the threshold is lowered.
const STEPS: usize = 200;

/// Errors that the strictest threshold tried can bear. With none, a single slip of a writer would forbid everything.
const BEARABLE: u64 = 2;

/// The fewest cases with which `wrong` errors still prove `target`.
fn cases_needed(wrong: u64, target: f64) -> u64 {
    let (mut low, mut high) = (wrong, 1u64 << 24);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if upper_bound(wrong, middle) <= target {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// The lowest threshold whose error rate is proved to be at most `target`; `None` where there is too little evidence.
///
/// `cases` are probabilities with whether the field was right, of fields that may be accepted. Thresholds are tried
/// from the strictest down, one step at a time, and the first that fails ends the search: tests in an order fixed
/// beforehand need no correction for their number (fixed sequence testing; Angelopoulos and others, Learn then Test,
/// 2021). The strictest threshold tried accepts as many cases as prove the target with two errors among them, or, where
/// there are not that many, with none.
pub fn prove(cases: &[(f64, bool)], target: f64) -> Option<Proof> {
    let mut sorted = cases.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let all = sorted.len();
    let strictest = [BEARABLE, 0]
        .map(|wrong| usize::try_from(cases_needed(wrong, target)).unwrap_or(usize::MAX))
        .into_iter()
        .find(|needed| *needed <= all)?;
    let stride = ((all - strictest) / STEPS).max(1);
    let mut best = None;
    let mut wanted = strictest;
    loop {
        // Equal probabilities are accepted together.
        let threshold = sorted[wanted - 1].0;
        let accepted = sorted.partition_point(|c| c.0 >= threshold);
        let wrong = sorted[..accepted].iter().filter(|c| !c.1).count() as u64;
        let bound = upper_bound(wrong, accepted as u64);
        if bound > target {
            return best;
        }
        best = Some(Proof {
            threshold,
            accepted: accepted as u64,
            wrong,
            bound,
        });
        if accepted == all {
            return best;
        }
        wanted = (accepted + stride).min(all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bounds_are_those_of_the_tables() {
        // No error in n cases: 1 - 0.025^(1/n).
        for n in [10u64, 1000, 2750] {
            let exact = 1.0 - 0.025f64.powf(1.0 / n as f64);
            assert!((upper_bound(0, n) - exact).abs() < 1e-6, "{n}");
        }
        // Clopper and Pearson's own chart: 2 of 20 has the upper limit 0.317.
        assert!((upper_bound(2, 20) - 0.317).abs() < 1e-3);
        assert!(upper_bound(0, 2750) < 0.0014);
        assert!((upper_bound(0, 0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_few_cases_prove_nothing() {
        let cases = vec![(0.999, true); 500];
        assert_eq!(prove(&cases, 0.0014), None);
        let cases = vec![(0.999, true); 3000];
        assert!(prove(&cases, 0.0014).is_some_and(|p| p.accepted == 3000));
    }

    #[test]
    fn errors_at_the_top_forbid_acceptance() {
        let mut cases: Vec<(f64, bool)> = (0..4000)
            .map(|i| (1.0 - f64::from(i) * 1e-4, true))
            .collect();
        for case in cases.iter_mut().take(100) {
            case.1 = false;
        }
        assert_eq!(prove(&cases, 0.003), None);
    }

    proptest! {
        #[test]
        fn what_is_proved_holds_on_the_cases(
            cases in proptest::collection::vec((0.0f64..1.0, proptest::bool::weighted(0.97)), 0..3000),
            target in 0.002f64..0.2)
        {
            if let Some(proof) = prove(&cases, target) {
                let taken: Vec<_> = cases.iter().filter(|c| c.0 >= proof.threshold).collect();
                prop_assert_eq!(taken.len() as u64, proof.accepted);
                prop_assert_eq!(taken.iter().filter(|c| !c.1).count() as u64, proof.wrong);
                prop_assert!(proof.bound <= target);
                prop_assert!(proof.wrong as f64 / proof.accepted as f64 <= target);
            }
        }
    }
}
