//! Telling a typed form from a handwritten one.

use crate::zones::SCALE;
use crate::zones::comb::Comb;

/// A page is judged by at least this many characters.
const ENOUGH: usize = 12;
/// A typewriter's letters stand on their line to within this.
const STEADY_MM: f64 = 0.13;

/// Whether the combs of a page were typed: capitals and figures then share one height and one line, to a degree no
/// hand does.
pub fn is_typed<'a>(combs: impl Iterator<Item = &'a Comb>) -> bool {
    let (mut heights, mut feet) = (Vec::new(), Vec::new());
    for comb in combs {
        if comb.shapes.len() < 3 {
            continue;
        }
        let middle = median(comb.shapes.iter().map(|s| s.1).collect());
        // Hyphens and apostrophes are low or high by nature.
        let tall: Vec<f64> = comb
            .shapes
            .iter()
            .map(|s| s.0)
            .filter(|h| *h > 1.4 * SCALE)
            .collect();
        heights.extend(tall);
        feet.extend(
            comb.shapes
                .iter()
                .filter(|s| s.0 > 1.4 * SCALE)
                .map(|s| (s.1 - middle).abs()),
        );
    }
    if heights.len() < ENOUGH {
        return false;
    }
    let usual = median(heights.clone());
    let height_spread = upper_quarter(heights.iter().map(|h| (h - usual).abs()).collect());
    let foot_spread = upper_quarter(feet);
    height_spread <= STEADY_MM * SCALE && foot_spread <= STEADY_MM * SCALE
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The value that a quarter exceed.
fn upper_quarter(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() * 3 / 4).copied().unwrap_or(0.0)
}
