//! Telling a typed form from a handwritten one.

use enrol::domain::field::FieldKind;

use super::signals::Signals;
use crate::zones::SCALE;
use crate::zones::comb::Comb;

/// A page is judged by at least this many characters.
const ENOUGH: usize = 12;
/// A typewriter's letters stand on their line to within this.
const STEADY_MM: f64 = 0.13;

/// Whether the combs of a page look typed: capitals and figures then share one height and one line, to a degree that hardly
/// any hand does.
pub fn looks_typed<'a>(combs: impl Iterator<Item = &'a Comb>) -> bool {
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

/// Fewer combs say nothing about how well Tesseract reads a page.
const FEW: usize = 3;

/// Whether a page that looks typed is the work of a neat hand after all: Tesseract, which reads type, reads less than a
/// third of its combs as the networks do. (Of 41 handwritten pages that looked typed, 54 of 201 fields were read alike.)
pub fn is_neat_hand<'a>(page: impl Iterator<Item = &'a Signals>) -> bool {
    let combs = page.filter(|s| s.kind != FieldKind::Text);
    let agreed: Vec<bool> = combs.filter_map(|s| s.print_agreed).collect();
    let alike = agreed.iter().filter(|a| **a).count();
    agreed.len() >= FEW && 3 * alike < agreed.len()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn page(agreed: &[bool]) -> Vec<Signals> {
        let comb = |agreed: &bool| Signals {
            print_agreed: Some(*agreed),
            ..Signals::of_nothing(FieldKind::Name)
        };
        agreed.iter().map(comb).collect()
    }

    #[test]
    fn tesseract_tells_a_neat_hand_from_type() {
        let neat = |agreed: &[bool]| is_neat_hand(page(agreed).iter());
        assert!(neat(&[false, false, true, false]));
        assert!(!neat(&[true, false, true]));
        assert!(!neat(&[false, false]), "two fields say nothing");
        assert!(!is_neat_hand([Signals::of_nothing(FieldKind::Name)].iter()));
    }
}
