//! Filled dark squares: corner marks and the middles of a QR code's finder patterns.

use super::homography::Point;
use crate::paper::Ink;
use crate::raster::Grey;

/// A dark patch that may be a corner mark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patch {
    /// Centre of its dark pixels, in pixels of the picture searched.
    pub centre: Point,
    /// Side of a square of the same area, in pixels.
    pub side: f64,
}

/// All patches whose area fits a filled square of `side` pixels, turned by any angle and not torn.
///
/// `shrink` and `grow` bound the side of what is found as shares of `side`.
pub fn filled_squares(ink: &Ink, side: f64, shrink: f64, grow: f64) -> Vec<Patch> {
    patches(ink, side * grow, |patch| patch.is_square(side * shrink))
}

/// Squares of `side` pixels of which the edge of the picture cuts off up to half, with the centre of what is left.
pub fn cut_squares(ink: &Ink, side: f64) -> Vec<Patch> {
    patches(ink, side, |patch| patch.is_part_of_square(side))
}

/// Dark patches no larger than a square of `largest` pixels a side.
fn patches(ink: &Ink, largest: f64, is_wanted: impl Fn(&Moments) -> bool) -> Vec<Patch> {
    let (width, height) = (ink.width, ink.height);
    let mut seen = vec![false; width * height];
    let mut stack = Vec::new();
    let mut found = Vec::new();
    let largest = (largest * largest) as usize;
    for start in 0..width * height {
        if seen[start] || !ink.dark[start] {
            continue;
        }
        seen[start] = true;
        stack.push(start);
        let mut patch = Moments::default();
        while let Some(at) = stack.pop() {
            let (x, y) = (at % width, at / width);
            patch.add(x, y);
            patch.at_edge |= x == 0 || y == 0 || x + 1 == width || y + 1 == height;
            let mut visit = |next: usize| {
                if ink.dark[next] && !seen[next] {
                    seen[next] = true;
                    stack.push(next);
                }
            };
            if x > 0 {
                visit(at - 1);
            }
            if x + 1 < width {
                visit(at + 1);
            }
            if y > 0 {
                visit(at - width);
            }
            if y + 1 < height {
                visit(at + width);
            }
        }
        if patch.count <= largest && is_wanted(&patch) {
            found.push(Patch {
                centre: patch.centre(),
                side: (patch.count as f64).sqrt(),
            });
        }
    }
    found
}

/// Sums over the pixels of one patch.
#[derive(Default)]
struct Moments {
    count: usize,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
    /// Whether the patch reaches the edge of the picture.
    at_edge: bool,
}

impl Moments {
    fn add(&mut self, x: usize, y: usize) {
        let (x, y) = (x as f64 + 0.5, y as f64 + 0.5);
        self.count += 1;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.yy += y * y;
        self.xy += x * y;
    }

    fn centre(&self) -> Point {
        [self.x / self.count as f64, self.y / self.count as f64]
    }

    /// A full square's spread is its area / 12 in every direction; holes, tails and bars spread further.
    fn is_square(&self, smallest_side: f64) -> bool {
        let n = self.count as f64;
        if n < smallest_side * smallest_side || self.count < 16 {
            return false;
        }
        let even = n / 12.0;
        let (long, short) = self.spreads();
        long < even * 1.45 && short > even * 0.62 && long * short < even * even * 1.3
    }

    /// A filled rectangle at the edge, as long as the square and at least about half as wide.
    fn is_part_of_square(&self, side: f64) -> bool {
        let even = self.count as f64 / 12.0;
        let (long, short) = self.spreads();
        let length = (12.0 * long).sqrt() / side;
        self.at_edge
            && (0.8..1.2).contains(&length)
            && short > long * 0.16
            && long * short < even * even * 1.3
    }

    /// Variances along the longest and the shortest extent.
    fn spreads(&self) -> (f64, f64) {
        let n = self.count.max(1) as f64;
        let [x, y] = self.centre();
        let (vx, vy, c) = (
            self.xx / n - x * x,
            self.yy / n - y * y,
            self.xy / n - x * y,
        );
        let (half_sum, half_gap) = ((vx + vy) / 2.0, (((vx - vy) / 2.0).powi(2) + c * c).sqrt());
        (half_sum + half_gap, half_sum - half_gap)
    }
}

/// Refines the centre of a dark patch of about `side` pixels to a fraction of a pixel, from the grey values around
/// `near`; `None` when there is nothing dark in the middle or it runs out of the window.
pub fn refined_centre(page: &Grey, near: Point, side: f64) -> Option<Point> {
    let half = (side * 0.9).max(4.0);
    let (left, top) = (
        (near[0] - half).floor().max(0.0) as usize,
        (near[1] - half).floor().max(0.0) as usize,
    );
    let right = ((near[0] + half).ceil() as usize).min(page.width);
    let bottom = ((near[1] + half).ceil() as usize).min(page.height);
    if left + 3 >= right || top + 3 >= bottom {
        return None;
    }
    let window = page.crop(left, top, right - left, bottom - top);
    let mut sorted = window.pixels.clone();
    sorted.sort_unstable();
    let dark = f64::from(sorted[sorted.len() / 10]);
    let light = f64::from(sorted[sorted.len() * 9 / 10]);
    if light - dark < 40.0 {
        return None;
    }
    let threshold = ((dark + light) / 2.0) as u8;
    // Only what hangs together with the middle: noise and neighbours do not pull the centre.
    let inside = connected_to(
        &window,
        [near[0] - left as f64, near[1] - top as f64],
        threshold,
    )?;
    let (mut sum, mut x_sum, mut y_sum) = (0.0, 0.0, 0.0);
    for y in 0..window.height {
        for x in 0..window.width {
            let touches = inside[y * window.width + x]
                || (x > 0 && inside[y * window.width + x - 1])
                || (x + 1 < window.width && inside[y * window.width + x + 1])
                || (y > 0 && inside[(y - 1) * window.width + x])
                || (y + 1 < window.height && inside[(y + 1) * window.width + x]);
            if touches {
                let weight =
                    ((light - f64::from(window.at(x, y))) / (light - dark)).clamp(0.0, 1.0);
                sum += weight;
                x_sum += weight * (x as f64 + 0.5);
                y_sum += weight * (y as f64 + 0.5);
            }
        }
    }
    let area_ratio = sum / (side * side);
    (0.5..1.6)
        .contains(&area_ratio)
        .then(|| [left as f64 + x_sum / sum, top as f64 + y_sum / sum])
}

/// The dark pixels connected to the one nearest the given point.
fn connected_to(window: &Grey, [x, y]: Point, threshold: u8) -> Option<Vec<bool>> {
    let start = (0..window.pixels.len())
        .filter(|i| window.pixels[*i] <= threshold)
        .min_by_key(|i| {
            let (dx, dy) = (
                (i % window.width) as f64 + 0.5 - x,
                (i / window.width) as f64 + 0.5 - y,
            );
            (dx * dx + dy * dy) as u64
        })?;
    let mut inside = vec![false; window.pixels.len()];
    let mut stack = vec![start];
    inside[start] = true;
    while let Some(at) = stack.pop() {
        let (x, y) = (at % window.width, at / window.width);
        let neighbours = [
            (x > 0).then(|| at - 1),
            (x + 1 < window.width).then_some(at + 1),
            (y > 0).then(|| at - window.width),
            (y + 1 < window.height).then_some(at + window.width),
        ];
        for next in neighbours.into_iter().flatten() {
            if !inside[next] && window.pixels[next] <= threshold {
                inside[next] = true;
                stack.push(next);
            }
        }
    }
    Some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::Paper;

    fn page_with_square(cx: f64, cy: f64, side: f64, angle: f64) -> Grey {
        let mut page = Grey::filled(120, 100, 240);
        let (s, c) = angle.sin_cos();
        for y in 0..100 {
            for x in 0..120 {
                // 4x4 samples per pixel give the soft edge of a scan.
                let hits = (0..16)
                    .filter(|k| {
                        let dx = x as f64 + (f64::from(k % 4) + 0.5) / 4.0 - cx;
                        let dy = y as f64 + (f64::from(k / 4) + 0.5) / 4.0 - cy;
                        (dx * c + dy * s).abs() < side / 2.0 && (dy * c - dx * s).abs() < side / 2.0
                    })
                    .count();
                page.set(x, y, (240 - hits * 210 / 16) as u8);
            }
        }
        page
    }

    #[test]
    fn a_turned_square_is_found_to_a_tenth_of_a_pixel() {
        for (cx, cy, angle) in [(60.0, 50.0, 0.0), (58.3, 47.7, 0.3), (61.9, 52.2, 0.78)] {
            let page = page_with_square(cx, cy, 22.0, angle);
            let ink = Paper::measure(&page, 12).ink(&page);
            let patches = filled_squares(&ink, 22.0, 0.7, 1.4);
            assert_eq!(patches.len(), 1);
            let centre = refined_centre(&page, patches[0].centre, 22.0).expect("a clear square");
            assert!((centre[0] - cx).hypot(centre[1] - cy) < 0.1, "{centre:?}");
        }
    }

    #[test]
    fn bars_and_rings_are_not_squares() {
        let mut page = Grey::filled(120, 100, 240);
        for y in 20..80 {
            for x in 20..90 {
                let ring = !(24..76).contains(&y) || !(24..86).contains(&x);
                let bar = (40..48).contains(&y) && (30..80).contains(&x);
                if ring || bar {
                    page.set(x, y, 20);
                }
            }
        }
        let ink = Paper::measure(&page, 12).ink(&page);
        assert!(filled_squares(&ink, 20.0, 0.5, 2.0).is_empty());
    }
}
