//! How good confidences are: how well they sort right from wrong, how honest they are, and what accepting costs.

use serde::Serialize;

/// A probability and whether the field was right.
pub type Judged = (f64, bool);

/// Area under the receiver operating characteristic: the chance that a right field is given a higher confidence than
/// a wrong one (ties count half). `None` where all are right or all wrong.
pub fn auroc(cases: &[Judged]) -> Option<f64> {
    let mut sorted = cases.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut rank_sum, mut at) = (0.0, 0);
    while at < sorted.len() {
        let tied = sorted[at..]
            .iter()
            .take_while(|c| c.0 <= sorted[at].0)
            .count();
        // Ranks from 1; tied cases share their mean rank.
        let rank = at as f64 + (tied as f64 + 1.0) / 2.0;
        let right = sorted[at..at + tied].iter().filter(|c| c.1).count();
        rank_sum += rank * right as f64;
        at += tied;
    }
    let right = cases.iter().filter(|c| c.1).count() as f64;
    let wrong = cases.len() as f64 - right;
    (right > 0.0 && wrong > 0.0).then(|| (rank_sum - right * (right + 1.0) / 2.0) / (right * wrong))
}

/// One bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Lower edge of the confidence.
    pub from: f64,
    /// Cases in it.
    pub cases: u64,
    /// Mean confidence.
    pub confidence: f64,
    /// Share that was right.
    pub right: f64,
}

/// Bins of equal width; empty ones are left out.
pub fn bins(cases: &[Judged], count: usize) -> Vec<Bin> {
    let mut sums = vec![(0u64, 0.0f64, 0u64); count];
    for (p, right) in cases {
        let bin = &mut sums[((p * count as f64) as usize).min(count - 1)];
        bin.0 += 1;
        bin.1 += p;
        bin.2 += u64::from(*right);
    }
    sums.iter()
        .enumerate()
        .filter(|(_, s)| s.0 > 0)
        .map(|(i, (cases, sum, right))| Bin {
            from: i as f64 / count as f64,
            cases: *cases,
            confidence: sum / *cases as f64,
            right: *right as f64 / *cases as f64,
        })
        .collect()
}

/// Expected calibration error over bins of equal width (Naeini, Cooper and Hauskrecht, AAAI 2015).
pub fn expected_calibration_error(cases: &[Judged], count: usize) -> f64 {
    let bins = bins(cases, count);
    let all = cases.len().max(1) as f64;
    bins.iter()
        .map(|b| b.cases as f64 / all * (b.confidence - b.right).abs())
        .sum()
}

/// One point of a risk-coverage curve: accepting this share of the fields, this share of the accepted is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RiskAtCoverage {
    /// Share accepted, 0 to 1.
    pub coverage: f64,
    /// Share of the accepted that is wrong.
    pub risk: f64,
    /// Lowest confidence accepted.
    pub threshold: f64,
}

/// The curve at `points` coverages, from few to all.
pub fn risk_coverage(cases: &[Judged], points: usize) -> Vec<RiskAtCoverage> {
    let mut sorted = cases.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut curve = Vec::new();
    let (mut taken, mut wrong) = (0usize, 0usize);
    for point in 1..=points {
        let upto = (sorted.len() * point).div_ceil(points);
        for case in &sorted[taken..upto] {
            wrong += usize::from(!case.1);
        }
        taken = upto;
        if let Some(last) = taken.checked_sub(1).and_then(|i| sorted.get(i)) {
            curve.push(RiskAtCoverage {
                coverage: taken as f64 / sorted.len() as f64,
                risk: wrong as f64 / taken as f64,
                threshold: last.0,
            });
        }
    }
    curve
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sorting_right_from_wrong_is_one_and_a_coin_is_a_half() {
        assert_eq!(auroc(&[(0.9, true), (0.8, true), (0.1, false)]), Some(1.0));
        assert_eq!(auroc(&[(0.5, true), (0.5, false)]), Some(0.5));
        assert_eq!(auroc(&[(0.1, true), (0.9, false)]), Some(0.0));
        assert_eq!(auroc(&[(0.1, true)]), None);
    }

    #[test]
    fn honest_confidences_have_no_calibration_error() {
        let cases: Vec<Judged> = (0..100).map(|i| (0.75, i % 4 != 0)).collect();
        assert!(expected_calibration_error(&cases, 10) < 1e-12);
        let boasting: Vec<Judged> = (0..100).map(|i| (1.0, i % 4 != 0)).collect();
        assert!((expected_calibration_error(&boasting, 10) - 0.25).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn auroc_equals_the_share_of_pairs_in_order(
            cases in proptest::collection::vec((0u8..6, any::<bool>()), 2..40))
        {
            let cases: Vec<Judged> = cases.iter().map(|c| (f64::from(c.0) / 6.0, c.1)).collect();
            let (mut pairs, mut ordered) = (0.0, 0.0);
            for right in cases.iter().filter(|c| c.1) {
                for wrong in cases.iter().filter(|c| !c.1) {
                    pairs += 1.0;
                    ordered += if right.0 > wrong.0 { 1.0 } else if right.0 < wrong.0 { 0.0 } else { 0.5 };
                }
            }
            match auroc(&cases) {
                Some(area) => prop_assert!((area - ordered / pairs).abs() < 1e-9),
                None => prop_assert!(pairs < 0.5),
            }
        }

        #[test]
        fn a_curve_ends_with_the_error_rate_of_all(
            cases in proptest::collection::vec((0.0f64..1.0, any::<bool>()), 1..200))
        {
            let curve = risk_coverage(&cases, 20);
            let wrong = cases.iter().filter(|c| !c.1).count() as f64 / cases.len() as f64;
            let last = curve.last().expect("a point");
            prop_assert!((last.coverage - 1.0).abs() < 1e-12 && (last.risk - wrong).abs() < 1e-12);
            prop_assert!(curve.windows(2).all(|w| w[0].coverage <= w[1].coverage));
        }
    }
}
