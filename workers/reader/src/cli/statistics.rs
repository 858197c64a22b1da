//! How sure a share is: Wilson's interval over cases, and a bootstrap over writers.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// Draws of the bootstrap.
const DRAWS: usize = 2_000;
/// The seed is fixed: the same cases give the same interval.
const SEED: u64 = 12;

/// A share with its 95 % intervals, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// Cases in which it holds.
    pub count: usize,
    /// All cases.
    pub of: usize,
    /// `count / of`; null when there are no cases.
    pub share: Option<f64>,
    /// Wilson's interval, which takes cases as independent.
    pub wilson: Option<(f64, f64)>,
    /// Percentiles over writers drawn with replacement: cases of one writer are not independent.
    pub writers: Option<(f64, f64)>,
}

impl Share {
    /// The share over writers, each given as (cases in which it holds, all cases).
    pub fn over(writers: &[(usize, usize)]) -> Self {
        let count = writers.iter().map(|w| w.0).sum();
        let of = writers.iter().map(|w| w.1).sum();
        Self {
            count,
            of,
            share: (of > 0).then(|| count as f64 / of as f64),
            wilson: wilson(count, of),
            writers: bootstrap(writers),
        }
    }
}

/// Wilson's 95 % interval for `count` out of `of` (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927); `None` without cases.
pub fn wilson(count: usize, of: usize) -> Option<(f64, f64)> {
    const Z: f64 = 1.959_963_984_540_054;
    if of == 0 {
        return None;
    }
    let (n, p) = (of as f64, count as f64 / of as f64);
    let centre = p + Z * Z / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    Some((
        ((centre - spread) / scale).max(0.0),
        ((centre + spread) / scale).min(1.0),
    ))
}

/// 95 % interval of the share over writers drawn with replacement; `None` for fewer than two writers with cases.
pub fn bootstrap(writers: &[(usize, usize)]) -> Option<(f64, f64)> {
    let writers: Vec<(usize, usize)> = writers.iter().copied().filter(|w| w.1 > 0).collect();
    if writers.len() < 2 {
        return None;
    }
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut shares: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let (mut count, mut of) = (0, 0);
            for _ in 0..writers.len() {
                let drawn = writers[random.random_range(0..writers.len())];
                count += drawn.0;
                of += drawn.1;
            }
            count as f64 / of as f64
        })
        .collect();
    shares.sort_unstable_by(f64::total_cmp);
    Some((shares[DRAWS / 40], shares[DRAWS - 1 - DRAWS / 40]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_bounds() {
        // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        for (count, of, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let (a, b) = wilson(count, of).expect("cases");
            assert!(
                (a - low).abs() < 6e-5 && (b - high).abs() < 6e-5,
                "{count}/{of}: {a} {b}"
            );
        }
        assert_eq!(wilson(0, 0), None);
        assert_eq!(bootstrap(&[(3, 4)]), None);
    }

    proptest! {
        #[test]
        fn intervals_hold_their_share_and_repeat(
            writers in prop::collection::vec((0usize..40, 0usize..40), 2..12)
        ) {
            let writers: Vec<(usize, usize)> =
                writers.into_iter().map(|(a, b)| (a.min(b), b)).collect();
            let share = Share::over(&writers);
            prop_assert_eq!(share, Share::over(&writers));
            if let (Some(p), Some((low, high))) = (share.share, share.wilson) {
                prop_assert!(low <= p + 1e-9 && p <= high + 1e-9);
            }
            if let Some((low, high)) = share.writers {
                prop_assert!((0.0..=1.0).contains(&low) && low <= high && high <= 1.0);
                let own = writers.iter().filter(|w| w.1 > 0).map(|w| w.0 as f64 / w.1 as f64);
                let (least, most) = own.fold((1.0f64, 0.0f64), |m, p| (m.0.min(p), m.1.max(p)));
                prop_assert!(least - 1e-9 <= low && high <= most + 1e-9);
            }
        }
    }
}
