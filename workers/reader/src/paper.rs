//! How bright the paper is across a page, and what is darker than it.

use crate::raster::Grey;

/// Brightness of the paper in a grid of tiles, so that shadows and grey paper do not count as ink.
#[derive(Debug, Clone)]
pub struct Paper {
    tile: usize,
    columns: usize,
    rows: usize,
    /// Shade of the paper per tile.
    level: Vec<f32>,
    /// Median shade of paper over the page, 0 to 255.
    pub median: u8,
    /// Shade of the darkest hundredth of the page: how black its black is.
    pub black: u8,
}

/// Which pixels of a picture are ink.
#[derive(Debug, Clone)]
pub struct Ink {
    /// Pixels per row.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
    /// True where there is ink, row by row.
    pub dark: Vec<bool>,
}

impl Paper {
    /// Measures the paper of `picture` in tiles of `tile` pixels.
    pub fn measure(picture: &Grey, tile: usize) -> Self {
        let tile = tile.max(4);
        let (columns, rows) = (picture.width.div_ceil(tile), picture.height.div_ceil(tile));
        let mut level = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            for column in 0..columns {
                level.push(bright_level(picture, column * tile, row * tile, tile));
            }
        }
        let mut paper = Self {
            tile,
            columns,
            rows,
            level,
            median: 0,
            black: 0,
        };
        paper.fill_dark_tiles();
        let mut sorted = paper.level.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        paper.median = sorted[sorted.len() / 2] as u8;
        paper.black = darkest(picture);
        paper
    }

    /// A tile covered by a mark, a shadowed edge or the scanner's lid takes the brightness of the tiles around it,
    /// as far as it is much darker than they are.
    fn fill_dark_tiles(&mut self) {
        let before = self.level.clone();
        for row in 0..self.rows {
            for column in 0..self.columns {
                let mut around: Vec<f32> = Vec::with_capacity(25);
                for r in row.saturating_sub(2)..(row + 3).min(self.rows) {
                    for c in column.saturating_sub(2)..(column + 3).min(self.columns) {
                        around.push(before[r * self.columns + c]);
                    }
                }
                around.sort_unstable_by(f32::total_cmp);
                let usual = around[around.len() * 2 / 3];
                let own = &mut self.level[row * self.columns + column];
                if *own < usual * 0.85 {
                    *own = usual;
                }
            }
        }
    }

    /// Brightness of the paper at a point of the measured picture.
    #[inline]
    pub fn at(&self, x: f64, y: f64) -> f32 {
        let clamp =
            |v: f64, n: usize| (v / self.tile as f64 - 0.5).clamp(0.0, n as f64 - 1.0) as f32;
        let (x, y) = (clamp(x, self.columns), clamp(y, self.rows));
        let (c, r) = (x as usize, y as usize);
        let (c1, r1) = ((c + 1).min(self.columns - 1), (r + 1).min(self.rows - 1));
        let (fx, fy) = (x - c as f32, y - r as f32);
        let upper =
            self.level[r * self.columns + c] * (1.0 - fx) + self.level[r * self.columns + c1] * fx;
        let lower = self.level[r1 * self.columns + c] * (1.0 - fx)
            + self.level[r1 * self.columns + c1] * fx;
        upper * (1.0 - fy) + lower * fy
    }

    /// The pixels of the measured picture that are nearer to the page's black than to its paper.
    pub fn ink(&self, picture: &Grey) -> Ink {
        let mut dark = Vec::with_capacity(picture.pixels.len());
        for y in 0..picture.height {
            let row = picture.row(y);
            for (block, part) in row.chunks(self.tile).enumerate() {
                // One brightness per block of a row is fine enough and saves an interpolation per pixel.
                let paper = self.at(
                    (block * self.tile) as f64 + part.len() as f64 / 2.0,
                    y as f64,
                );
                let black = f32::from(self.black).min(paper * 0.6);
                let threshold = (black + (paper - black) * 0.5) as u8;
                dark.extend(part.iter().map(|p| *p < threshold));
            }
        }
        Ink {
            width: picture.width,
            height: picture.height,
            dark,
        }
    }
}

/// The shade that a quarter of a tile's pixels exceed.
fn bright_level(picture: &Grey, x: usize, y: usize, tile: usize) -> f32 {
    let mut counts = [0u32; 256];
    let mut total = 0;
    for row in y..(y + tile).min(picture.height) {
        for shade in &picture.row(row)[x..(x + tile).min(picture.width)] {
            counts[usize::from(*shade)] += 1;
            total += 1;
        }
    }
    let mut above = 0;
    for shade in (0..256).rev() {
        above += counts[shade];
        if above * 4 >= total {
            return shade as f32;
        }
    }
    0.0
}

fn darkest(picture: &Grey) -> u8 {
    let mut counts = [0usize; 256];
    for shade in &picture.pixels {
        counts[usize::from(*shade)] += 1;
    }
    let mut below = 0;
    for (shade, count) in counts.iter().enumerate() {
        below += count;
        if below * 100 >= picture.pixels.len() {
            return shade as u8;
        }
    }
    255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shadow_is_not_ink() {
        let mut page = Grey::filled(200, 100, 0);
        for y in 0..100 {
            for x in 0..200 {
                page.set(x, y, (120 + x / 2) as u8);
            }
        }
        for x in (10..190).step_by(20) {
            for y in 40..60 {
                page.set(x, y, 30);
                page.set(x + 1, y, 30);
            }
        }
        let ink = Paper::measure(&page, 20).ink(&page);
        assert_eq!(ink.dark.iter().filter(|d| **d).count(), 9 * 2 * 20);
        assert!(ink.dark[50 * 200 + 10]);
    }
}
