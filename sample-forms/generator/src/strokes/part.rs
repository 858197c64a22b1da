//! Recordings that are one stroke of a character which the same person otherwise wrote with several: the bow of a `P`, an
//! arm of a `Y`.
//!
//! [`super::whole`] knows a lost stroke by how far a pen turns; a bow turns far enough. Here a person's own writing tells:
//! who draws a `P` as an upright and a bow has not written one that is the same bow and nothing else. Like that rule this
//! one looks at the pen's path only.

use std::collections::BTreeMap;

use super::Trace;
use super::path::{apart, extent, length, longer_side};
use crate::hand::ink::Point;

/// Characters of which nobody leaves a stroke off. Not the 7, the Z and the 0, which are crossed or not, nor the 5 and
/// others whose second stroke may be drawn on from the first.
const OF_SEVERAL: &str = "ABDEFHKMNPQRTXYbdfhkmnpqtxy4";
/// Points at which two paths are compared.
const POINTS: usize = 16;
/// How far apart they are on average at most, share of the longer side.
const ALIKE: f32 = 0.11;
/// A smaller stroke is a slip of the pen, share of the character's longer side.
const SPECK: f32 = 0.08;
/// What is missing is at least this share of the whole pen line.
const LEAST_MISSING: f32 = 0.2;
/// The stroke that is left is at least so large in the whole, share of the longer side. A smaller one belongs to a record
/// of two characters side by side.
const LEAST_SIZE: f32 = 0.4;

/// Takes away the recordings of one person that are part of a character only.
pub fn leave_out(characters: &mut BTreeMap<char, Vec<Trace>>) {
    for (character, traces) in characters.iter_mut() {
        if OF_SEVERAL.contains(*character) {
            let is_part: Vec<bool> = traces
                .iter()
                .map(|one| traces.iter().any(|other| is_part(one, other)))
                .collect();
            let mut is_part = is_part.into_iter();
            traces.retain(|_| is_part.next() == Some(false));
        }
    }
    characters.retain(|_, traces| !traces.is_empty());
}

/// Whether `one` is a single stroke of `other`.
fn is_part(one: &Trace, other: &Trace) -> bool {
    let [only] = strokes(one)[..] else {
        return false;
    };
    let whole = strokes(other);
    let all: f32 = whole.iter().map(|stroke| length(stroke)).sum();
    whole.len() > 1
        && whole.iter().any(|stroke| {
            1.0 - length(stroke) / all >= LEAST_MISSING
                && longer_side(stroke) >= LEAST_SIZE * other.width.max(other.height)
                && are_alike(only, stroke)
        })
}

/// The strokes of a character without dots and specks.
fn strokes(trace: &Trace) -> Vec<&[Point]> {
    let least = SPECK * trace.width.max(trace.height);
    let strokes = trace.strokes.iter().map(Vec::as_slice);
    let is_stroke = |line: &&[Point]| line.len() > 1 && longer_side(line) > least;
    strokes.filter(is_stroke).collect()
}

/// Whether two pen lines have the same shape, whatever their size and place and wherever the pen began.
fn are_alike(one: &[Point], other: &[Point]) -> bool {
    let (one, mut other) = (outline(one), outline(other));
    let between = |other: &[Point]| {
        let each = one.iter().zip(other);
        each.map(|(a, b)| apart(*a, *b)).sum::<f32>() / POINTS as f32
    };
    let forwards = between(&other);
    other.reverse();
    forwards.min(between(&other)) < ALIKE
}

/// [`POINTS`] points at equal distances along a line, in a box of side 1 around the origin.
fn outline(line: &[Point]) -> Vec<Point> {
    let mut along = vec![0.0];
    for pair in line.windows(2) {
        along.push(along[along.len() - 1] + apart(pair[0], pair[1]));
    }
    let all = along[along.len() - 1];
    let side = longer_side(line);
    let middle = |pick: fn(&Point) -> f32| {
        let (least, most) = extent(line, pick);
        f32::midpoint(least, most)
    };
    let (across, down) = (middle(|p| p.0), middle(|p| p.1));
    (0..POINTS)
        .map(|i| {
            let at = all * i as f32 / (POINTS - 1) as f32;
            let next = along.partition_point(|a| *a < at).clamp(1, line.len() - 1);
            let step = (along[next] - along[next - 1]).max(f32::MIN_POSITIVE);
            let part = ((at - along[next - 1]) / step).clamp(0.0, 1.0);
            let (from, to) = (line[next - 1], line[next]);
            let between = |a: f32, b: f32| a + (b - a) * part;
            (
                (between(from.0, to.0) - across) / side,
                (between(from.1, to.1) - down) / side,
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::trace;
    use super::*;

    fn bow() -> Vec<Point> {
        (0..=12)
            .map(|i| {
                let angle = std::f32::consts::PI * (i as f32 / 12.0 - 0.5);
                (60.0 * angle.cos(), 50.0 + 50.0 * angle.sin())
            })
            .collect()
    }

    fn upright() -> Vec<Point> {
        vec![(0.0, 0.0), (1.0, 60.0), (0.0, 200.0)]
    }

    fn left(character: char, records: Vec<Vec<Vec<Point>>>) -> usize {
        let traces = records.into_iter().filter_map(|strokes| trace(1, strokes));
        let mut characters = BTreeMap::from([(character, traces.collect())]);
        leave_out(&mut characters);
        characters.get(&character).map_or(0, Vec::len)
    }

    #[test]
    fn a_stroke_of_what_the_same_person_wrote_with_two_is_no_character() {
        let whole = || vec![upright(), bow()];
        assert_eq!(left('P', vec![whole(), vec![bow()]]), 1);
        assert_eq!(left('P', vec![vec![upright()], whole(), whole()]), 2);
        // In one go, and a person who never used two strokes.
        let one_go = [upright(), bow()].concat();
        assert_eq!(left('P', vec![whole(), vec![one_go]]), 2);
        assert_eq!(left('P', vec![vec![bow()], vec![bow()]]), 2);
        // A dot is no stroke, and so no part.
        assert_eq!(left('P', vec![whole(), vec![vec![(3.0, 3.0)]]]), 2);
    }

    #[test]
    fn a_seven_need_not_be_crossed() {
        let seven = vec![(0.0, 0.0), (100.0, 0.0), (40.0, 200.0)];
        let bar = vec![(30.0, 100.0), (90.0, 100.0)];
        assert_eq!(left('7', vec![vec![seven.clone(), bar], vec![seven]]), 2);
    }

    #[test]
    fn one_of_two_characters_side_by_side_is_whole() {
        let letter = |across: f32| -> Vec<Point> {
            bow()
                .iter()
                .map(|p| (p.0 * 0.3 + across, p.1 * 0.3))
                .collect()
        };
        assert_eq!(
            left('b', vec![vec![letter(0.0), letter(200.0)], vec![bow()]]),
            2
        );
    }

    proptest! {
        #[test]
        fn size_place_and_direction_do_not_matter(
            scale in 0.2f32..5.0, across in -50.0f32..50.0, backwards in any::<bool>())
        {
            let mut moved: Vec<Point> =
                bow().iter().map(|p| (p.0 * scale + across, p.1 * scale)).collect();
            if backwards {
                moved.reverse();
            }
            prop_assert!(are_alike(&bow(), &moved) && !are_alike(&upright(), &moved));
        }

        #[test]
        fn any_records_are_judged(records in proptest::collection::vec(
            proptest::collection::vec(
                proptest::collection::vec((-300.0f32..300.0, -300.0f32..300.0), 1..9), 1..4), 1..5))
        {
            let all = records.len();
            prop_assert!(left('K', records) <= all);
        }
    }
}
