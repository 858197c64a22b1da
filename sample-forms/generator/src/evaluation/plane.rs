//! One channel of a picture, and the few operations that whole pages go through by the hundred.

use rand::Rng;

use crate::hand::ink::Ink;
use crate::scan::noise::{Unevenness, gaussian};

/// One channel, 0 (dark) to 255 (light), row by row, pixel centres at +0.5.
#[derive(Clone)]
pub struct Plane {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width * height` values.
    pub pixels: Vec<u8>,
}

impl Plane {
    /// A plane of one shade.
    #[cfg(test)]
    pub fn filled(width: usize, height: usize, shade: u8) -> Self {
        Self {
            width,
            height,
            pixels: vec![shade; width * height],
        }
    }

    /// The value at a point, interpolated; `None` beyond the edge.
    #[inline]
    pub fn sample(&self, x: f32, y: f32) -> Option<f32> {
        let (x, y) = (x - 0.5, y - 0.5);
        if !(x >= 0.0 && y >= 0.0) {
            return None;
        }
        let (column, row) = (x as usize, y as usize);
        if column + 1 >= self.width || row + 1 >= self.height {
            return None;
        }
        let (fx, fy) = (x - column as f32, y - row as f32);
        let at = row * self.width + column;
        let upper = &self.pixels[at..at + 2];
        let lower = &self.pixels[at + self.width..at + self.width + 2];
        let (a, b) = (f32::from(upper[0]), f32::from(upper[1]));
        let (c, d) = (f32::from(lower[0]), f32::from(lower[1]));
        let (top, bottom) = (a + (b - a) * fx, c + (d - c) * fx);
        Some(top + (bottom - top) * fy)
    }

    /// Blurs with a Gaussian of `sigma` pixels, in whole numbers: weights of 256 parts in all.
    pub fn blur(&mut self, sigma: f32) {
        if sigma < 0.25 {
            return;
        }
        let reach = ((sigma * 2.6).ceil() as usize).clamp(1, 12);
        let weights = weights(sigma, reach);
        let (width, height) = (self.width, self.height);
        let mut sums = vec![0u16; width];
        let mut padded = vec![0u8; width + 2 * reach];
        for row in self.pixels.chunks_exact_mut(width) {
            padded[reach..reach + width].copy_from_slice(row);
            padded[..reach].fill(row[0]);
            padded[reach + width..].fill(row[width - 1]);
            sums.fill(128);
            for (k, weight) in weights.iter().enumerate() {
                for (sum, shade) in sums.iter_mut().zip(&padded[k..k + width]) {
                    *sum = sum.saturating_add(weight * u16::from(*shade));
                }
            }
            for (shade, sum) in row.iter_mut().zip(&sums) {
                *shade = (sum >> 8) as u8;
            }
        }
        // Rows already replaced are kept aside as long as rows below need them.
        let mut before: Vec<Vec<u8>> = vec![self.pixels[..width].to_vec(); reach];
        for y in 0..height {
            sums.fill(128);
            for (k, weight) in weights.iter().enumerate() {
                let row: &[u8] = if k < reach {
                    &before[(y + k) % reach]
                } else {
                    let from = (y + k - reach).min(height - 1) * width;
                    &self.pixels[from..from + width]
                };
                for (sum, shade) in sums.iter_mut().zip(row) {
                    *sum = sum.saturating_add(weight * u16::from(*shade));
                }
            }
            let own = &mut self.pixels[y * width..(y + 1) * width];
            before[y % reach].copy_from_slice(own);
            for (shade, sum) in own.iter_mut().zip(&sums) {
                *shade = (sum >> 8) as u8;
            }
        }
    }

    /// Changes every pixel by a table.
    pub fn tone(&mut self, table: &[u8; 256]) {
        for shade in &mut self.pixels {
            *shade = table[usize::from(*shade)];
        }
    }

    /// Lays ink of one shade over the plane; it never lightens what is below.
    pub fn write_over(&mut self, ink: &Ink, shade: f32, density: f32, grain: f32, noise: &Noise) {
        let slow = &noise.flow;
        for (y, (row, covers)) in self
            .pixels
            .chunks_exact_mut(self.width)
            .zip(ink.cover.chunks_exact(ink.width))
            .enumerate()
        {
            for (x, (pixel, cover)) in row.iter_mut().zip(covers).enumerate() {
                if *cover == 0 {
                    continue;
                }
                let (u, v) = ((x % 2480) as f32 / 2480.0, (y % 3508) as f32 / 3508.0);
                let fine = noise
                    .at(y.wrapping_mul(2_477).wrapping_add(x))
                    .abs()
                    .min(1.5);
                let flow = 1.0 - grain * (0.35 + 0.35 * slow.at(u, v) + 0.3 * fine);
                let share = (f32::from(*cover) / 255.0 * density * flow).clamp(0.0, 1.0);
                let below = f32::from(*pixel);
                *pixel = (below + (shade.min(below) - below) * share) as u8;
            }
        }
    }

    /// Changes the pixels of a rectangle: `change` gets the place in pixels and the value.
    pub fn within(&mut self, [x0, y0, x1, y1]: [f32; 4], change: impl Fn(f32, f32, f32) -> f32) {
        let clip = |v: f32, most: usize| (v.max(0.0) as usize).min(most);
        let (x0, x1) = (clip(x0, self.width), clip(x1, self.width));
        let (y0, y1) = (clip(y0, self.height), clip(y1, self.height));
        for y in y0..y1 {
            for x in x0..x1 {
                let pixel = &mut self.pixels[y * self.width + x];
                *pixel = change(x as f32 + 0.5, y as f32 + 0.5, f32::from(*pixel)).clamp(0.0, 255.0)
                    as u8;
            }
        }
    }
}

fn weights(sigma: f32, reach: usize) -> Vec<u16> {
    let raw: Vec<f32> = (0..=2 * reach)
        .map(|i| {
            let d = i as f32 - reach as f32;
            (-d * d / (2.0 * sigma * sigma)).exp()
        })
        .collect();
    let total: f32 = raw.iter().sum();
    let mut whole: Vec<u16> = raw
        .iter()
        .map(|w| (w / total * 256.0).round() as u16)
        .collect();
    // 255 at most in all, so that a white page with the rounding half added still fits 16 bits.
    let others: u16 = whole.iter().sum::<u16>() - whole[reach];
    whole[reach] = 256 - others;
    whole
}

/// Noise drawn once and looked up ever after: drawing it for every pixel of every page would cost most of the time.
pub struct Noise {
    values: Vec<f32>,
    /// Slow unevenness of the flow of ink.
    flow: Unevenness,
}

impl Noise {
    /// Draws the table.
    pub fn new(random: &mut impl Rng) -> Self {
        Self {
            values: (0..1 << 16).map(|_| gaussian(random)).collect(),
            flow: Unevenness::new(60, 80, random),
        }
    }

    /// A value of standard deviation 1.
    #[inline]
    pub fn at(&self, index: usize) -> f32 {
        self.values[index & 0xffff]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn blurring_keeps_a_plain_sheet_and_the_mean(shade: u8, sigma in 0.3f32..4.0) {
            let mut plain = Plane::filled(40, 30, shade);
            plain.blur(sigma);
            prop_assert!(plain.pixels.iter().all(|p| p.abs_diff(shade) <= 1));
            let mut dot = Plane::filled(61, 61, 255);
            dot.within([29.0, 29.0, 32.0, 32.0], |_, _, _| 0.0);
            dot.blur(sigma);
            let lost: i64 = dot.pixels.iter().map(|p| 255 - i64::from(*p)).sum();
            prop_assert!((lost - 9 * 255).abs() < 9 * 255 / 4 + 600, "{lost}");
            prop_assert_eq!(dot.pixels[30 * 61 + 25], dot.pixels[25 * 61 + 30]);
        }
    }
}
