//! Grey pictures in memory: 0 is black, 255 is white, pixel centres lie at +0.5.

/// An 8-bit grey picture, row by row from the top left.
#[derive(Clone, PartialEq, Eq)]
pub struct Grey {
    /// Pixels per row.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
    /// `width * height` values.
    pub pixels: Vec<u8>,
}

impl Grey {
    /// A picture of one shade.
    pub fn filled(width: usize, height: usize, shade: u8) -> Self {
        Self {
            width,
            height,
            pixels: vec![shade; width * height],
        }
    }

    /// A picture over existing pixels; `None` when their number does not fit.
    pub fn from_pixels(width: usize, height: usize, pixels: Vec<u8>) -> Option<Self> {
        (width > 0 && height > 0 && pixels.len() == width.checked_mul(height)?).then_some(Self {
            width,
            height,
            pixels,
        })
    }

    /// The pixel in column `x` and row `y`.
    #[inline]
    pub fn at(&self, x: usize, y: usize) -> u8 {
        self.pixels[y * self.width + x]
    }

    /// Changes the pixel in column `x` and row `y`.
    #[inline]
    pub fn set(&mut self, x: usize, y: usize, shade: u8) {
        self.pixels[y * self.width + x] = shade;
    }

    /// One row.
    pub fn row(&self, y: usize) -> &[u8] {
        &self.pixels[y * self.width..(y + 1) * self.width]
    }

    /// The shade at a point, interpolated between the four nearest pixel centres; `outside` beyond the edge.
    #[inline]
    pub fn sample(&self, x: f64, y: f64, outside: u8) -> u8 {
        self.look(x as f32, y as f32, outside)
    }

    /// As [`Self::sample`], of a point in single precision, for loops over many points.
    #[inline]
    pub fn look(&self, x: f32, y: f32, outside: u8) -> u8 {
        let (x, y) = (x - 0.5, y - 0.5);
        // Where x is not negative the cast rounds down. `floor` would be a call on processors of the common subset.
        let (left, top) = (x as i32, y as i32);
        if !(x >= 0.0 && y >= 0.0)
            || left as usize + 1 >= self.width
            || top as usize + 1 >= self.height
        {
            return outside;
        }
        let (fx, fy) = (x - left as f32, y - top as f32);
        let at = top as usize * self.width + left as usize;
        let (a, b) = (f32::from(self.pixels[at]), f32::from(self.pixels[at + 1]));
        let (c, d) = (
            f32::from(self.pixels[at + self.width]),
            f32::from(self.pixels[at + self.width + 1]),
        );
        let upper = a + (b - a) * fx;
        let lower = c + (d - c) * fx;
        (upper + (lower - upper) * fy + 0.5) as u8
    }

    /// Whether there are pixels on all sides of a point, with one to spare.
    pub fn is_within(&self, (x, y): (f32, f32)) -> bool {
        x >= 1.5 && y >= 1.5 && x + 2.5 < self.width as f32 && y + 2.5 < self.height as f32
    }

    /// The part from (`x`, `y`), clipped to the picture.
    pub fn crop(&self, x: usize, y: usize, width: usize, height: usize) -> Self {
        let (x, y) = (x.min(self.width), y.min(self.height));
        let (width, height) = (width.min(self.width - x), height.min(self.height - y));
        let mut pixels = Vec::with_capacity(width * height);
        for row in y..y + height {
            pixels.extend_from_slice(&self.row(row)[x..x + width]);
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    /// Turned clockwise by that many quarters.
    pub fn turned(&self, quarters: u32) -> Self {
        let (w, h) = (self.width, self.height);
        let (width, height) = if quarters.is_multiple_of(2) {
            (w, h)
        } else {
            (h, w)
        };
        let mut pixels = Vec::with_capacity(w * h);
        for y in 0..height {
            for x in 0..width {
                pixels.push(match quarters % 4 {
                    1 => self.at(y, h - 1 - x),
                    2 => self.at(w - 1 - x, h - 1 - y),
                    3 => self.at(w - 1 - y, x),
                    _ => self.at(x, y),
                });
            }
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    /// Averages blocks of `factor` by `factor` pixels; a rest at the right or bottom edge is dropped.
    pub fn reduced(&self, factor: usize) -> Self {
        if factor <= 1 {
            return self.clone();
        }
        let (width, height) = ((self.width / factor).max(1), (self.height / factor).max(1));
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0u32; width];
        let area = (factor * factor) as u32;
        for block in 0..height {
            sums.fill(0);
            for row in block * factor..((block + 1) * factor).min(self.height) {
                for (sum, part) in sums.iter_mut().zip(self.row(row).chunks_exact(factor)) {
                    *sum += part.iter().map(|p| u32::from(*p)).sum::<u32>();
                }
            }
            pixels.extend(sums.iter().map(|sum| (sum / area) as u8));
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    /// Resizes by averaging the area under each new pixel (shrinking) or interpolating (growing).
    pub fn resized(&self, width: usize, height: usize) -> Self {
        let columns = spans(self.width, width);
        let rows = spans(self.height, height);
        // Columns first, into floats, so that each source pixel is read once.
        let mut narrow = vec![0f32; width * self.height];
        for y in 0..self.height {
            let row = self.row(y);
            for (x, span) in columns.iter().enumerate() {
                narrow[y * width + x] = span.average(|i| f32::from(row[i]));
            }
        }
        let mut pixels = vec![0u8; width * height];
        for (y, span) in rows.iter().enumerate() {
            for x in 0..width {
                pixels[y * width + x] = (span.average(|i| narrow[i * width + x]) + 0.5) as u8;
            }
        }
        Self {
            width,
            height,
            pixels,
        }
    }
}

impl std::fmt::Debug for Grey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Grey({}x{})", self.width, self.height)
    }
}

/// The source positions under one target position, with the weight of the first and the last.
struct Span {
    first: usize,
    last: usize,
    first_weight: f32,
    last_weight: f32,
}

impl Span {
    fn average(&self, value: impl Fn(usize) -> f32) -> f32 {
        if self.first == self.last {
            return value(self.first);
        }
        let mut sum = value(self.first) * self.first_weight + value(self.last) * self.last_weight;
        for i in self.first + 1..self.last {
            sum += value(i);
        }
        sum / (self.first_weight + self.last_weight + (self.last - self.first - 1) as f32)
    }
}

fn spans(from: usize, to: usize) -> Vec<Span> {
    let ratio = from as f32 / to as f32;
    (0..to)
        .map(|i| {
            if ratio >= 1.0 {
                let (start, end) = (i as f32 * ratio, ((i + 1) as f32 * ratio).min(from as f32));
                let first = (start as usize).min(from - 1);
                let last = ((end.ceil() as usize).max(first + 1) - 1).min(from - 1);
                Span {
                    first,
                    last,
                    first_weight: first as f32 + 1.0 - start,
                    last_weight: (end - last as f32).max(1e-3),
                }
            } else {
                let centre = ((i as f32 + 0.5) * ratio - 0.5).clamp(0.0, from as f32 - 1.0);
                let first = centre as usize;
                let last = (first + 1).min(from - 1);
                let part = centre - first as f32;
                Span {
                    first,
                    last,
                    first_weight: 1.0 - part,
                    last_weight: part,
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(width: usize, height: usize) -> Grey {
        let pixels = (0..width * height)
            .map(|i| (10 * (i % width)) as u8)
            .collect();
        Grey {
            width,
            height,
            pixels,
        }
    }

    #[test]
    fn sampling_at_a_pixel_centre_gives_the_pixel() {
        let page = ramp(10, 4);
        assert_eq!(page.sample(3.5, 1.5, 255), 30);
        assert_eq!(page.sample(4.0, 1.5, 255), 35);
        assert_eq!(page.sample(-3.0, 1.5, 255), 255);
    }

    #[test]
    fn resizing_keeps_a_flat_picture_flat() {
        for (w, h) in [(3, 2), (10, 4), (7, 9), (25, 13)] {
            assert!(
                Grey::filled(10, 4, 77)
                    .resized(w, h)
                    .pixels
                    .iter()
                    .all(|p| *p == 77)
            );
        }
    }

    #[test]
    fn shrinking_averages() {
        let small = ramp(10, 4).resized(5, 2);
        assert_eq!(small.row(0), [5, 25, 45, 65, 85]);
        assert_eq!(small, ramp(10, 4).reduced(2));
    }
}
