//! Logistic regression with a ridge penalty, fitted by Newton's method (iteratively reweighted least squares:
//! Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd edition, section 4.4.1).

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

/// Weights over standardised features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    /// Mean of each feature.
    pub means: Vec<f64>,
    /// Standard deviation of each feature; 1 where it never varied.
    pub scales: Vec<f64>,
    /// Log-odds at the mean of all features.
    pub intercept: f64,
    /// Change of the log-odds per standard deviation.
    pub weights: Vec<f64>,
}

const STEPS: usize = 50;
const CONVERGED: f64 = 1e-8;
/// Log-odds are not believed beyond this: about one error in three million.
const FURTHEST: f64 = 15.0;

impl Logistic {
    /// Fits `right` on `rows` (one row of features per case). `ridge` is the penalty on each squared weight; it keeps
    /// the weights finite where the cases can be told apart perfectly.
    ///
    /// `None` when there is no case, or rows differ in length.
    pub fn fit(rows: &[&[f64]], right: &[bool], ridge: f64) -> Option<Self> {
        let count = rows.len();
        let width = rows.first()?.len();
        if right.len() != count || rows.iter().any(|r| r.len() != width) {
            return None;
        }
        let n = count as f64;
        let means: Vec<f64> = (0..width)
            .map(|j| rows.iter().map(|r| r[j]).sum::<f64>() / n)
            .collect();
        let scales: Vec<f64> = (0..width)
            .map(|j| {
                let variance = rows.iter().map(|r| (r[j] - means[j]).powi(2)).sum::<f64>() / n;
                if variance > 1e-12 {
                    variance.sqrt()
                } else {
                    1.0
                }
            })
            .collect();
        let standard: Vec<Vec<f64>> = rows
            .iter()
            .map(|r| {
                std::iter::once(1.0)
                    .chain((0..width).map(|j| (r[j] - means[j]) / scales[j]))
                    .collect()
            })
            .collect();
        let share = right.iter().filter(|r| **r).count() as f64;
        let mut beta = DVector::zeros(width + 1);
        beta[0] = ((share + 0.5) / (n - share + 0.5)).ln();
        for _ in 0..STEPS {
            let mut gradient = DVector::zeros(width + 1);
            let mut curvature = DMatrix::zeros(width + 1, width + 1);
            for (row, right) in standard.iter().zip(right) {
                let p = probability(row.iter().zip(beta.iter()).map(|(x, b)| x * b).sum());
                let missing = f64::from(u8::from(*right)) - p;
                let weight = (p * (1.0 - p)).max(1e-9);
                for (i, xi) in row.iter().enumerate() {
                    gradient[i] += missing * xi;
                    for (j, xj) in row.iter().enumerate().take(i + 1) {
                        curvature[(i, j)] += weight * xi * xj;
                    }
                }
            }
            for i in 0..=width {
                for j in 0..i {
                    curvature[(j, i)] = curvature[(i, j)];
                }
                if i > 0 {
                    gradient[i] -= ridge * beta[i];
                    curvature[(i, i)] += ridge;
                }
                curvature[(i, i)] += 1e-9;
            }
            let step: DVector<f64> = curvature.cholesky()?.solve(&gradient);
            // Where the classes are nearly separate, a full step overshoots: it is halved until it gains.
            let now = gain(&standard, right, &beta, ridge);
            let share = (0..30)
                .map(|halvings| 0.5f64.powi(halvings))
                .find(|share| gain(&standard, right, &(&beta + &step * *share), ridge) > now);
            let Some(share) = share else { break };
            beta += &step * share;
            if step.amax() * share < CONVERGED {
                break;
            }
        }
        Some(Self {
            means,
            scales,
            intercept: beta[0],
            weights: beta.iter().skip(1).copied().collect(),
        })
    }

    /// Probability, 0 to 1, that a case with these features is right.
    pub fn probability(&self, features: &[f64]) -> f64 {
        probability(self.log_odds(features))
    }

    /// Natural log-odds that it is right.
    pub fn log_odds(&self, features: &[f64]) -> f64 {
        let sum: f64 = features
            .iter()
            .zip(&self.means)
            .zip(&self.scales)
            .zip(&self.weights)
            .map(|(((x, mean), scale), weight)| (x - mean) / scale * weight)
            .sum();
        self.intercept + sum
    }

    /// The same with log-odds `intercept + slope * old`.
    pub fn rescaled(&self, intercept: f64, slope: f64) -> Self {
        Self {
            intercept: intercept + slope * self.intercept,
            weights: self.weights.iter().map(|w| slope * w).collect(),
            ..self.clone()
        }
    }
}

/// Penalised log-likelihood, which the fit makes as large as it can.
fn gain(rows: &[Vec<f64>], right: &[bool], beta: &DVector<f64>, ridge: f64) -> f64 {
    let likelihood: f64 = rows
        .iter()
        .zip(right)
        .map(|(row, right)| {
            let odds: f64 = row.iter().zip(beta.iter()).map(|(x, b)| x * b).sum();
            let signed = if *right { odds } else { -odds };
            // ln of the logistic function, without overflow.
            signed.min(0.0) - (-signed.abs()).exp().ln_1p()
        })
        .sum();
    let penalty: f64 = beta.iter().skip(1).map(|b| b * b).sum();
    likelihood - 0.5 * ridge * penalty
}

/// The probability of natural log-odds.
pub fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds.clamp(-FURTHEST, FURTHEST)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_finds_the_odds_of_a_single_signal() {
        // 80 of 100 right where the signal is 1, 20 of 100 where it is 0: the log-odds differ by 2 ln 4.
        let rows: Vec<[f64; 1]> = (0..200).map(|i| [f64::from(i / 100)]).collect();
        let right: Vec<bool> = (0..200)
            .map(|i| if i < 100 { i < 20 } else { i < 180 })
            .collect();
        let rows: Vec<&[f64]> = rows.iter().map(|r| r.as_slice()).collect();
        let fitted = Logistic::fit(&rows, &right, 1e-9).expect("cases");
        assert!((fitted.probability(&[0.0]) - 0.2).abs() < 1e-6);
        assert!((fitted.probability(&[1.0]) - 0.8).abs() < 1e-6);
    }

    #[test]
    fn perfectly_separate_cases_stay_finite() {
        let rows: Vec<[f64; 1]> = (0..40).map(|i| [f64::from(i)]).collect();
        let right: Vec<bool> = (0..40).map(|i| i >= 20).collect();
        let rows: Vec<&[f64]> = rows.iter().map(|r| r.as_slice()).collect();
        let fitted = Logistic::fit(&rows, &right, 1.0).expect("cases");
        assert!(fitted.weights[0].is_finite() && fitted.probability(&[39.0]) > 0.9);
    }

    proptest! {
        #[test]
        fn the_mean_probability_is_the_share_that_was_right(
            cases in proptest::collection::vec((-3.0f64..3.0, any::<bool>()), 20..120))
        {
            let rows: Vec<[f64; 1]> = cases.iter().map(|c| [c.0]).collect();
            let right: Vec<bool> = cases.iter().map(|c| c.1).collect();
            let rows: Vec<&[f64]> = rows.iter().map(|r| r.as_slice()).collect();
            let share = right.iter().filter(|r| **r).count() as f64 / right.len() as f64;
            prop_assume!(share > 0.05 && share < 0.95);
            let fitted = Logistic::fit(&rows, &right, 1e-3).expect("cases");
            let mean = rows.iter().map(|r| fitted.probability(r)).sum::<f64>() / rows.len() as f64;
            prop_assert!((mean - share).abs() < 1e-3);
        }
    }
}
