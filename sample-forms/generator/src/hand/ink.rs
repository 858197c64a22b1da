//! A layer of ink on a page: how much of each pixel one pen covers.

/// A point in pixels, x to the right and y down.
pub type Point = (f32, f32);

/// Vertical sub-scanlines per pixel row when a shape is filled.
const SUBROWS: usize = 4;

/// Ink coverage of one pen over one page, 0 (bare) to 255 (covered).
pub struct Ink {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Row-major coverage.
    pub cover: Vec<u8>,
}

impl Ink {
    /// A bare layer.
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            cover: vec![0; width * height],
        }
    }

    /// Fills closed outlines by the non-zero rule; ink never adds up beyond full cover.
    pub fn fill(&mut self, outlines: &[Vec<Point>]) {
        let Some((x0, y0, x1, y1)) = self.bounds(outlines.iter().flatten(), 1.0) else {
            return;
        };
        let mut row = vec![0f32; x1 - x0 + 1];
        let mut crossings: Vec<(f32, i32)> = Vec::new();
        for y in y0..y1 {
            row.fill(0.0);
            for sub in 0..SUBROWS {
                let level = y as f32 + (sub as f32 + 0.5) / SUBROWS as f32;
                crossings_at(outlines, level, &mut crossings);
                let mut winding = 0;
                for pair in crossings.windows(2) {
                    winding += pair[0].1;
                    if winding != 0 {
                        add_span(&mut row, pair[0].0 - x0 as f32, pair[1].0 - x0 as f32);
                    }
                }
            }
            for (x, share) in row.iter().enumerate() {
                self.cover_pixel(x0 + x, y, share / SUBROWS as f32);
            }
        }
    }

    /// Draws a pen line through `points`, each with its own radius in pixels.
    pub fn stroke(&mut self, points: &[(Point, f32)]) {
        for pair in points.windows(2) {
            let ((a, ra), (b, rb)) = (pair[0], pair[1]);
            let reach = ra.max(rb) + 1.0;
            let Some((x0, y0, x1, y1)) = self.bounds([a, b].iter(), reach) else {
                continue;
            };
            let along = (b.0 - a.0, b.1 - a.1);
            let length2 = (along.0 * along.0 + along.1 * along.1).max(1e-6);
            for y in y0..y1 {
                for x in x0..x1 {
                    let p = (x as f32 + 0.5 - a.0, y as f32 + 0.5 - a.1);
                    let t = ((p.0 * along.0 + p.1 * along.1) / length2).clamp(0.0, 1.0);
                    let (dx, dy) = (p.0 - along.0 * t, p.1 - along.1 * t);
                    let distance = (dx * dx + dy * dy).sqrt();
                    self.cover_pixel(x, y, ra + (rb - ra) * t + 0.5 - distance);
                }
            }
        }
    }

    fn cover_pixel(&mut self, x: usize, y: usize, share: f32) {
        if x < self.width && share > 0.0 {
            let cell = &mut self.cover[y * self.width + x];
            *cell = (*cell).max((share.min(1.0) * 255.0) as u8);
        }
    }

    /// Pixel bounds of some points with a margin, clipped to the page; `None` when off the page.
    fn bounds<'a>(
        &self,
        points: impl Iterator<Item = &'a Point>,
        margin: f32,
    ) -> Option<(usize, usize, usize, usize)> {
        let (mut x0, mut y0, mut x1, mut y1) = (f32::MAX, f32::MAX, f32::MIN, f32::MIN);
        for p in points {
            (x0, y0) = (x0.min(p.0), y0.min(p.1));
            (x1, y1) = (x1.max(p.0), y1.max(p.1));
        }
        let clip = |v: f32, limit: usize| v.clamp(0.0, limit as f32) as usize;
        let (x0, y0) = (
            clip(x0 - margin, self.width),
            clip(y0 - margin, self.height),
        );
        let (x1, y1) = (
            clip((x1 + margin).ceil(), self.width),
            clip((y1 + margin).ceil(), self.height),
        );
        (x0 < x1 && y0 < y1).then_some((x0, y0, x1, y1))
    }
}

/// Where the outlines cross a horizontal line, from left to right, with their direction.
fn crossings_at(outlines: &[Vec<Point>], level: f32, crossings: &mut Vec<(f32, i32)>) {
    crossings.clear();
    for outline in outlines {
        for (i, a) in outline.iter().enumerate() {
            let b = &outline[(i + 1) % outline.len()];
            if (a.1 <= level) != (b.1 <= level) {
                let x = a.0 + (level - a.1) / (b.1 - a.1) * (b.0 - a.0);
                crossings.push((x, if a.1 < b.1 { 1 } else { -1 }));
            }
        }
    }
    crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
}

/// Adds the share of each pixel between two abscissae.
fn add_span(row: &mut [f32], from: f32, to: f32) {
    let (from, to) = (from.max(0.0), to.min(row.len() as f32));
    for (x, share) in row
        .iter_mut()
        .enumerate()
        .skip(from as usize)
        .take((to - from).max(0.0) as usize + 2)
    {
        *share += (to.min(x as f32 + 1.0) - from.max(x as f32)).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_is_filled_and_a_hole_left_open() {
        let square = |a: f32, b: f32| vec![(a, a), (b, a), (b, b), (a, b)];
        let mut hole = square(4.0, 6.0);
        hole.reverse();
        let mut ink = Ink::new(10, 10);
        ink.fill(&[square(2.0, 8.0), hole]);
        assert_eq!(ink.cover[3 * 10 + 3], 255);
        assert_eq!(ink.cover[5 * 10 + 5], 0);
        assert_eq!(ink.cover[10 + 1], 0);
    }

    #[test]
    fn a_stroke_covers_its_middle_and_stays_on_the_page() {
        let mut ink = Ink::new(20, 20);
        ink.stroke(&[((-5.0, 10.0), 2.0), ((30.0, 10.0), 2.0)]);
        assert_eq!(ink.cover[10 * 20 + 10], 255);
        assert_eq!(ink.cover[2 * 20 + 10], 0);
    }
}
