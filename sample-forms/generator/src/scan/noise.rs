//! Random fields: quick near-Gaussian noise, and slow unevenness.

use rand::Rng;

/// Noise with mean 0 and standard deviation 1 (four bytes added up: no tails beyond 3.5).
pub fn gaussian(random: &mut impl Rng) -> f32 {
    let sum: u32 = random
        .random::<u32>()
        .to_le_bytes()
        .iter()
        .map(|b| u32::from(*b))
        .sum();
    (sum as f32 - 510.0) / 147.8
}

/// A smooth random surface over the unit square, values from -1 to 1.
pub struct Unevenness {
    columns: usize,
    rows: usize,
    grid: Vec<f32>,
}

impl Unevenness {
    /// A surface with `columns` by `rows` bumps.
    pub fn new(columns: usize, rows: usize, random: &mut impl Rng) -> Self {
        let grid = (0..(columns + 1) * (rows + 1))
            .map(|_| random.random_range(-1.0..1.0))
            .collect();
        Self {
            columns,
            rows,
            grid,
        }
    }

    /// The value at a point of the unit square.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (
            x.clamp(0.0, 0.9999) * self.columns as f32,
            y.clamp(0.0, 0.9999) * self.rows as f32,
        );
        let (column, row) = (x as usize, y as usize);
        let ease = |t: f32| t * t * (3.0 - 2.0 * t);
        let (fx, fy) = (ease(x - column as f32), ease(y - row as f32));
        let value = |c: usize, r: usize| self.grid[r * (self.columns + 1) + c];
        let top = value(column, row) * (1.0 - fx) + value(column + 1, row) * fx;
        let bottom = value(column, row + 1) * (1.0 - fx) + value(column + 1, row + 1) * fx;
        top * (1.0 - fy) + bottom * fy
    }
}
