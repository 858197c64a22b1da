//! Measures of a pen's path.

use crate::hand::ink::Point;

/// Distance of two points.
pub fn apart(a: Point, b: Point) -> f32 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// Length of a line.
pub fn length(line: &[Point]) -> f32 {
    line.windows(2).map(|pair| apart(pair[0], pair[1])).sum()
}

/// Least and greatest of one coordinate.
pub fn extent(line: &[Point], pick: fn(&Point) -> f32) -> (f32, f32) {
    let all = || line.iter().map(pick);
    (
        all().fold(f32::MAX, f32::min),
        all().fold(f32::MIN, f32::max),
    )
}

/// The longer side of the box around a line, at least 1.
pub fn longer_side(line: &[Point]) -> f32 {
    let of = |pick: fn(&Point) -> f32| {
        let (least, most) = extent(line, pick);
        most - least
    };
    of(|p| p.0).max(of(|p| p.1)).max(1.0)
}
