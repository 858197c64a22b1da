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

/// Writing this pale is still told from paper, but only where no line was printed.
const PALE: u8 = 255 - 55;
/// Less pale writing than this is dirt, square millimetres.
const LEAST_PALE_MM2: f64 = 0.6;
/// Of ordinary writing at least this share is darker than [`INK`]; the rest is its soft edge.
const DARK_SHARE: f64 = 0.6;
/// What pale writing is darkened to, as far as that does not more than double it.
const DARKENED: f32 = 130.0;

/// Darkens a picture whose writing is so pale that [`INK`] would miss most of it: pencil on a washed-out scan. `parts`
/// are where writing is looked for, as left, right, top and bottom in pixels, clear of printed lines.
pub fn darken_pale(picture: &mut Grey, parts: impl Iterator<Item = [f64; 4]>) {
    let clamp = |v: f64, n: usize| (v.round().max(0.0) as usize).min(n);
    let mut counts = [0usize; PALE as usize];
    for [left, right, top, bottom] in parts {
        let columns = clamp(left, picture.width)..clamp(right, picture.width);
        for y in clamp(top, picture.height)..clamp(bottom, picture.height) {
            for shade in picture.row(y).get(columns.clone()).unwrap_or_default() {
                if *shade < PALE {
                    counts[usize::from(*shade)] += 1;
                }
            }
        }
    }
    let all: usize = counts.iter().sum();
    let dark: usize = counts[..usize::from(INK)].iter().sum();
    if (all as f64) < LEAST_PALE_MM2 * SCALE * SCALE || dark as f64 >= DARK_SHARE * all as f64 {
        return;
    }
    let mut below = 0;
    let middle = counts.iter().position(|count| {
        below += count;
        2 * below >= all
    });
    let level = 255.0 - middle.unwrap_or_default() as f32;
    let gain = (DARKENED / level).clamp(1.0, 2.0);
    darken(picture, gain);
}

/// Makes all that is not white darker by a factor.
fn darken(picture: &mut Grey, gain: f32) {
    for p in &mut picture.pixels {
        *p = (255.0 - (255.0 - f32::from(*p)) * gain).max(0.0) as u8;
    }
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
        darken(&mut picture, gain);
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Upright strokes of a shade with a soft edge on either side, of a shade between it and paper.
    fn written(shade: u8, strokes: usize) -> Grey {
        let mut picture = Grey::filled(300, 60, 252);
        for x in (0..strokes).map(|i| 20 + 30 * i) {
            for y in 15..45 {
                picture.set(x, y, shade / 2 + 126);
                picture.set(x + 1, y, shade);
                picture.set(x + 2, y, shade);
                picture.set(x + 3, y, shade / 2 + 126);
            }
        }
        picture
    }

    fn darkened(mut picture: Grey) -> Grey {
        darken_pale(&mut picture, std::iter::once([0.0, 300.0, 0.0, 60.0]));
        picture
    }

    #[test]
    fn pencil_on_a_washed_out_scan_becomes_ink() {
        let pale = written(178, 5);
        assert!(strokes(&pale, 0.06).is_empty());
        let darkened = darkened(pale);
        assert_eq!(strokes(&darkened, 0.06).len(), 5);
        assert!(darkened.at(0, 0) > 245, "paper stays white");
    }

    #[test]
    fn ordinary_writing_and_dirt_stay_as_they_are() {
        for picture in [written(60, 5), written(110, 5), written(178, 0)] {
            assert!(darkened(picture.clone()) == picture);
        }
        let mut dirt = Grey::filled(300, 60, 252);
        for x in 40..46 {
            for y in 30..36 {
                dirt.set(x, y, 185);
            }
        }
        assert!(darkened(dirt.clone()) == dirt);
    }
}
