//! Ink in a zone picture: connected patches and how much of them there is.

use crate::raster::Grey;
use crate::zones::SCALE;

/// A pixel darker than this on white paper is ink.
pub const INK: u8 = 255 - 85;

/// A patch of connected ink.
#[derive(Debug, Clone, PartialEq)]
pub struct Stroke {
    /// Pixels, as indices into the picture.
    pub pixels: Vec<u32>,
    /// First and last column.
    pub columns: (usize, usize),
    /// First and last row.
    pub rows: (usize, usize),
    /// Mean column and row.
    pub centre: (f64, f64),
}

impl Stroke {
    /// Square millimetres.
    pub fn area_mm2(&self) -> f64 {
        self.pixels.len() as f64 / (SCALE * SCALE)
    }

    /// Its share of pixels within a part of the picture, given by column and row ranges.
    pub fn inside(&self, width: usize, columns: (f64, f64), rows: (f64, f64)) -> usize {
        self.pixels
            .iter()
            .filter(|at| {
                let (x, y) = (
                    f64::from(**at % width as u32) + 0.5,
                    f64::from(**at / width as u32) + 0.5,
                );
                x >= columns.0 && x < columns.1 && y >= rows.0 && y < rows.1
            })
            .count()
    }
}

/// All patches of ink larger than a speck of `smallest_mm2`, joined across corners.
pub fn strokes(picture: &Grey, smallest_mm2: f64) -> Vec<Stroke> {
    strokes_darker_than(picture, INK, smallest_mm2)
}

/// As [`strokes`], of the pixels darker than `level` instead of [`INK`].
pub fn strokes_darker_than(picture: &Grey, level: u8, smallest_mm2: f64) -> Vec<Stroke> {
    let (width, height) = (picture.width, picture.height);
    let smallest = ((smallest_mm2 * SCALE * SCALE) as usize).max(1);
    let mut seen = vec![false; picture.pixels.len()];
    let mut stack: Vec<usize> = Vec::new();
    let mut found = Vec::new();
    for start in 0..picture.pixels.len() {
        // Paper first: most of a picture is paper, and `seen` is then hardly touched.
        if picture.pixels[start] >= level || seen[start] {
            continue;
        }
        seen[start] = true;
        stack.push(start);
        let mut pixels = Vec::new();
        let (mut columns, mut rows) = ((width, 0), (height, 0));
        let (mut x_sum, mut y_sum) = (0usize, 0usize);
        while let Some(at) = stack.pop() {
            let (x, y) = (at % width, at / width);
            pixels.push(at as u32);
            columns = (columns.0.min(x), columns.1.max(x));
            rows = (rows.0.min(y), rows.1.max(y));
            x_sum += x;
            y_sum += y;
            for ny in y.saturating_sub(1)..(y + 2).min(height) {
                for nx in x.saturating_sub(1)..(x + 2).min(width) {
                    let next = ny * width + nx;
                    if picture.pixels[next] < level && !seen[next] {
                        seen[next] = true;
                        stack.push(next);
                    }
                }
            }
        }
        if pixels.len() >= smallest {
            let count = pixels.len() as f64;
            found.push(Stroke {
                columns,
                rows,
                centre: (x_sum as f64 / count, y_sum as f64 / count),
                pixels,
            });
        }
    }
    found
}

/// Share of ink pixels in a part of the picture, 0 to 1.
pub fn share(picture: &Grey, columns: (f64, f64), rows: (f64, f64)) -> f64 {
    let clamp = |v: f64, n: usize| (v.round().max(0.0) as usize).min(n);
    let (x0, x1) = (
        clamp(columns.0, picture.width),
        clamp(columns.1, picture.width),
    );
    let (y0, y1) = (clamp(rows.0, picture.height), clamp(rows.1, picture.height));
    if x1 <= x0 || y1 <= y0 {
        return 0.0;
    }
    let dark: usize = (y0..y1)
        .map(|y| picture.row(y)[x0..x1].iter().filter(|p| **p < INK).count())
        .sum();
    dark as f64 / ((x1 - x0) * (y1 - y0)) as f64
}

/// Darkness and stroke width of a piece of writing on white paper at [`SCALE`]: 0 to 1, and millimetres.
pub fn darkness_and_width(picture: &Grey) -> (f64, f64) {
    let (mut dark, mut darkness, mut edge) = (0usize, 0u64, 0usize);
    for y in 0..picture.height {
        for x in 0..picture.width {
            let shade = picture.at(x, y);
            if shade >= INK {
                continue;
            }
            dark += 1;
            darkness += u64::from(255 - shade);
            let paper_beside = x == 0
                || y == 0
                || x + 1 == picture.width
                || y + 1 == picture.height
                || picture.at(x - 1, y) >= INK
                || picture.at(x + 1, y) >= INK
                || picture.at(x, y - 1) >= INK
                || picture.at(x, y + 1) >= INK;
            edge += usize::from(paper_beside);
        }
    }
    if dark == 0 {
        return (0.0, 0.0);
    }
    let contrast = darkness as f64 / dark as f64 / 255.0;
    // A long stroke has two edges.
    (contrast, 2.0 * dark as f64 / edge.max(1) as f64 / SCALE)
}

/// Darkens faint ink: stretches so that the darker half of the ink pixels comes near black.
pub fn strengthened(mut picture: Grey) -> Grey {
    let mut ink: Vec<u8> = picture
        .pixels
        .iter()
        .copied()
        .filter(|p| *p < INK)
        .collect();
    if ink.len() < 12 {
        return picture;
    }
    let middle = ink.len() / 2;
    let level = f32::from(255 - *ink.select_nth_unstable(middle).1);
    let gain = (220.0 / level).clamp(1.0, 2.5);
    if gain > 1.02 {
        for p in &mut picture.pixels {
            *p = (255.0 - (255.0 - f32::from(*p)) * gain).max(0.0) as u8;
        }
    }
    picture
}
