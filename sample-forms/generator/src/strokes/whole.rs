//! Recordings that lost strokes: an `A` of which only the first slanting line is there, an `F` that is one upright line.
//!
//! About four characters in a thousand of the data are such fragments, in all splits alike. Nobody has written
//! them, no one can read them, and a form made with one says that an `A` stands where a `1` is seen. The rule looks at the
//! pen's path only, so it does not favour any reader.

use super::path::{apart, length, longer_side};
use crate::hand::ink::Point;

/// Characters that are closed or nearly so: the pen has to turn about this far, degrees.
const ROUND: (&str, f32) = ("0OoQ8BbdaegqRPp69D", 180.0);
/// Characters whose line comes back to where it began, and how long it then is at least, times the longer side: an arc
/// is shorter, however much it turns at a hook.
const CLOSED: (&str, f32) = ("0OoQDB8", 1.8);
/// Characters drawn in one go like an `S`, first round one way and then the other: how far they turn each way at least,
/// and in all when it is one way only (two rings one on the other), degrees. One ring of two that were drawn is less.
const BOTH_WAYS: (&str, f32, f32) = ("8", 20.0, 600.0);
/// Characters with several corners.
const CORNERED: (&str, f32) = ("E4HKk", 150.0);
/// Characters that may be one straight line.
const STRAIGHT: &str = "1Iil";
/// Every other letter or digit bends at least this far, degrees.
const BENT: f32 = 50.0;
/// Length of the steps in which a path is followed, share of the character's longer side: less is a trembling hand.
const STEP: f32 = 0.15;

/// Whether what was recorded can be all of `character`. More than one stroke is believed; a single one has to turn as
/// far as the character makes a pen turn, to go there and back where the character is closed, and to turn both ways or
/// go round twice where there are two rings.
pub fn is_whole(character: char, strokes: &[Vec<Point>]) -> bool {
    let [only] = strokes else {
        return true;
    };
    let (left, right) = turns(only);
    let (_, each_way, in_all) = BOTH_WAYS;
    left + right >= least_turn(character)
        && (!CLOSED.0.contains(character) || length(only) / longer_side(only) >= CLOSED.1)
        && (!BOTH_WAYS.0.contains(character)
            || left.min(right) >= each_way
            || left + right >= in_all)
}

fn least_turn(character: char) -> f32 {
    let of = |(characters, degrees): (&str, f32)| characters.contains(character).then_some(degrees);
    if STRAIGHT.contains(character) || !character.is_alphanumeric() {
        return 0.0;
    }
    of(ROUND).or_else(|| of(CORNERED)).unwrap_or(BENT)
}

/// How far a pen line turns to the left and to the right, degrees.
fn turns(line: &[Point]) -> (f32, f32) {
    let steps = steps(line);
    let headings: Vec<f32> = steps
        .windows(2)
        .map(|pair| (pair[1].1 - pair[0].1).atan2(pair[1].0 - pair[0].0))
        .collect();
    let half = std::f32::consts::PI;
    headings
        .windows(2)
        .map(|pair| (pair[1] - pair[0] + half).rem_euclid(2.0 * half) - half)
        .fold((0.0, 0.0), |(left, right), by| {
            // y is down: a growing heading turns to the right.
            (
                left - by.to_degrees().min(0.0),
                right + by.to_degrees().max(0.0),
            )
        })
}

/// Points of a line that lie at least a step apart.
fn steps(line: &[Point]) -> Vec<Point> {
    let Some((first, rest)) = line.split_first() else {
        return Vec::new();
    };
    let step = STEP * longer_side(line);
    let mut found = vec![*first];
    for point in rest {
        if apart(*point, found[found.len() - 1]) >= step {
            found.push(*point);
        }
    }
    if let Some(end) = rest.last()
        && apart(*end, found[found.len() - 1]) > step / 2.0
    {
        found.push(*end);
    }
    found
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use proptest::prelude::*;

    use super::*;

    fn turned(line: &[Point]) -> f32 {
        let (left, right) = turns(line);
        left + right
    }

    fn circle(turns: f32) -> Vec<Point> {
        (0..=24)
            .map(|i| {
                let angle = turns * std::f32::consts::TAU * i as f32 / 24.0;
                (100.0 + 100.0 * angle.cos(), 100.0 + 100.0 * angle.sin())
            })
            .collect()
    }

    #[test]
    fn fragments_are_told_from_characters() {
        let upright = vec![vec![(50.0, 0.0), (52.0, 90.0), (49.0, 200.0)]];
        let corner = vec![vec![(0.0, 0.0), (0.0, 200.0), (120.0, 200.0)]];
        for character in "AFTKHEB4td".chars() {
            assert!(!is_whole(character, &upright), "{character}");
        }
        for character in "1Il-/".chars() {
            assert!(is_whole(character, &upright), "{character}");
        }
        assert!(is_whole('L', &corner) && is_whole('7', &corner));
        assert!(!is_whole('E', &corner) && !is_whole('4', &corner));
        assert!(is_whole('0', &[circle(1.0)]) && is_whole('D', &[circle(0.9)]));
        assert!(!is_whole('D', &[circle(0.3)]));
    }

    #[test]
    fn an_arc_with_a_hook_is_no_zero() {
        let hooked: Vec<Point> = [
            (50.0, 45.0),
            (90.0, 0.0),
            (30.0, 60.0),
            (10.0, 120.0),
            (0.0, 180.0),
            (10.0, 255.0),
        ]
        .to_vec();
        assert!(
            turned(&hooked) > 180.0,
            "the turn alone does not give it away"
        );
        let hooked = [hooked];
        assert!(!is_whole('0', &hooked) && !is_whole('D', &hooked));
        let narrow: Vec<Point> = circle(1.0).iter().map(|p| (p.0 * 0.2, p.1)).collect();
        assert!(
            is_whole('0', &[narrow]),
            "a narrow zero goes there and back"
        );
    }

    #[test]
    fn one_of_two_rings_is_no_eight() {
        let ring = circle(1.1);
        assert!(!is_whole('8', from_ref(&ring)) && is_whole('0', from_ref(&ring)));
        // Down round one ring and, the other way, round the one below it.
        let around = |turns: f32, of: f32, across: f32, down: f32| {
            (0..=16).map(move |i| {
                let angle = (of + turns * i as f32 / 16.0) * std::f32::consts::TAU;
                (across + 50.0 * angle.cos(), down + 50.0 * angle.sin())
            })
        };
        let both_ways = around(-0.75, 0.0, 50.0, 50.0).chain(around(0.95, 0.75, 50.0, 150.0));
        assert!(is_whole('8', &[both_ways.collect()]));
        let one_way = around(-1.0, 0.25, 50.0, 50.0).chain(around(-1.0, 0.75, 50.0, 150.0));
        assert!(
            is_whole('8', &[one_way.collect()]),
            "two rings, one on the other"
        );
    }

    #[test]
    fn several_strokes_are_believed() {
        let line = vec![(0.0, 0.0), (0.0, 100.0)];
        assert!(is_whole('F', &[line.clone(), line]));
    }

    proptest! {
        #[test]
        fn size_and_place_do_not_matter(
            turns in 0.0f32..1.5, scale in 0.1f32..20.0, right in -50.0f32..50.0)
        {
            // Where the turn is as good as what is asked for, rounding decides.
            prop_assume!((turned(&circle(turns)) - 180.0).abs() > 20.0);
            let moved = circle(turns).iter().map(|p| (p.0 * scale + right, p.1 * scale)).collect();
            prop_assert_eq!(is_whole('0', &[circle(turns)]), is_whole('0', &[moved]));
        }

        #[test]
        fn any_path_is_judged(
            points in proptest::collection::vec((-300.0f32..300.0, -300.0f32..300.0), 0..40),
            character in any::<char>())
        {
            prop_assert!(turned(&points) >= 0.0);
            is_whole(character, &[points]);
        }
    }
}
