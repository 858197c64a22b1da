//! How many checked cases prove an error rate, and how often to draw one.

use statrs::distribution::{Binomial, DiscreteCDF};

/// Confidence with which a target is proved, one-sided.
pub const CONFIDENCE: f64 = 0.95;
/// More cases than anybody keys again; where more are needed the target is out of reach.
const MOST_CASES: u64 = 1_000_000;
/// Standard normal deviate of a two-sided 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// The fewest cases that, with `wrong` of them wrong, prove an error rate of at most `target`: those for which the upper
/// bound of Clopper and Pearson (Biometrika 26, 1934) does not exceed it, that is P(X <= wrong) <= 5 % for X binomial
/// with rate `target`. With none wrong it is ln 0.05 / ln(1 - target), the "rule of three" (Hanley and Lippman-Hand,
/// JAMA 249, 1983): 2,139 cases for 0.14 %, 998 for 0.3 %. `None` when the target cannot be proved.
pub fn cases_to_prove(target: f64, wrong: u64) -> Option<u64> {
    if !(target > 0.0 && target < 1.0) {
        return None;
    }
    let proves = |cases: u64| {
        cases > wrong
            && Binomial::new(target, cases).is_ok_and(|x| x.cdf(wrong) <= 1.0 - CONFIDENCE)
    };
    if !proves(MOST_CASES) {
        return None;
    }
    let (mut too_few, mut enough) = (wrong, MOST_CASES);
    while enough - too_few > 1 {
        let between = too_few + (enough - too_few) / 2;
        if proves(between) {
            enough = between;
        } else {
            too_few = between;
        }
    }
    Some(enough)
}

/// What is known of the fields of one kind from one source over the sampling period.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Drawn {
    /// Drawn so far.
    pub drawn: u64,
    /// Found wrong so far.
    pub wrong: u64,
    /// How many were settled, estimated as the sum of 1 / chance over those drawn (Horvitz and Thompson, JASA 47, 1952).
    pub settled: f64,
}

/// Limits of the share that is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Drawn whatever is known already: a rate may change.
    pub floor: f64,
    /// The most that people can be asked to key again; 0 switches sampling off.
    pub most: f64,
}

/// The chance with which the next field is drawn, so that the cases still missing come in over one sampling period.
pub fn share(target: f64, known: Drawn, limits: Limits) -> f64 {
    let most = limits.most.clamp(0.0, 1.0);
    let floor = limits.floor.clamp(0.0, most);
    let missing = match cases_to_prove(target, known.wrong) {
        Some(cases) => cases.saturating_sub(known.drawn),
        // Out of reach: the floor keeps watching.
        None => 0,
    };
    if missing == 0 {
        return floor;
    }
    #[expect(clippy::cast_precision_loss, reason = "at most a million")]
    let wanted = missing as f64 / known.settled.max(1.0);
    wanted.clamp(floor, most)
}

/// Wilson's 95 % interval for `wrong` out of `cases` (J. Am. Stat. Assoc. 22, 1927); `None` without cases.
pub fn wilson(wrong: u64, cases: u64) -> Option<(f64, f64)> {
    if cases == 0 || wrong > cases {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of fields")]
    let (n, share) = (cases as f64, wrong as f64 / cases as f64);
    let spread = Z * Z / n;
    let centre = share + spread / 2.0;
    let half = Z * (share * (1.0 - share) / n + spread / (4.0 * n)).sqrt();
    let low = if wrong == 0 {
        0.0
    } else {
        (centre - half) / (1.0 + spread)
    };
    let high = if wrong == cases {
        1.0
    } else {
        (centre + half) / (1.0 + spread)
    };
    Some((low, high))
}

#[cfg(test)]
#[path = "sampling_tests.rs"]
mod tests;
