//! Smooth curves through points.

use super::ink::Point;

/// The Catmull-Rom curve through all points. `pieces` says into how many steps the way from one point to the next is
/// cut. Fewer than three points come back as they are.
pub fn through(points: &[Point], pieces: impl Fn(Point, Point) -> usize) -> Vec<Point> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let last = points.len() as isize - 1;
    let at = |i: isize| points[i.clamp(0, last) as usize];
    let mut path = Vec::with_capacity(points.len() * 8);
    for i in 0..last {
        let (p0, p1, p2, p3) = (at(i - 1), at(i), at(i + 1), at(i + 2));
        let pieces = pieces(p1, p2);
        for piece in 0..pieces {
            let t = piece as f32 / pieces as f32;
            let blend = |a: f32, b: f32, c: f32, d: f32| {
                0.5 * (2.0 * b
                    + (c - a) * t
                    + (2.0 * a - 5.0 * b + 4.0 * c - d) * t * t
                    + (3.0 * b - a - 3.0 * c + d) * t * t * t)
            };
            path.push((blend(p0.0, p1.0, p2.0, p3.0), blend(p0.1, p1.1, p2.1, p3.1)));
        }
    }
    path.push(at(last));
    path
}
