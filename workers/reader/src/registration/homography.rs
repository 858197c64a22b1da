//! The plane-to-plane mapping from form millimetres to page pixels.

use nalgebra::{Matrix3, SMatrix, SVector, SymmetricEigen, Vector3};

/// A point on the form in millimetres, or on the page in pixels.
pub type Point = [f64; 2];

/// A point of the form and where it was found on the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Form millimetres from the top left, y down.
    pub form: Point,
    /// Pixels of the decoded page, pixel centres at +0.5.
    pub page: Point,
    /// How far to trust it against the others; 1 for a corner mark.
    pub weight: f64,
}

/// A projective mapping from form millimetres to page pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Homography {
    matrix: Matrix3<f64>,
}

impl Homography {
    /// Leaves every point where it is.
    pub const IDENTITY: Self = Self {
        matrix: Matrix3::new(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
    };

    /// From nine numbers, row by row; `None` when it cannot be inverted.
    pub fn from_rows(rows: [f64; 9]) -> Option<Self> {
        let matrix = Matrix3::from_row_slice(&rows);
        (rows.iter().all(|v| v.is_finite()) && matrix.determinant().abs() > 1e-12)
            .then_some(Self { matrix })
    }

    /// From a matrix; `None` when it cannot be inverted.
    pub(super) fn from_matrix(matrix: Matrix3<f64>) -> Option<Self> {
        let m = matrix / matrix[(2, 2)];
        Self::from_rows(std::array::from_fn(|i| m[(i / 3, i % 3)]))
    }

    /// This mapping of what `first` makes of a point of the form.
    pub fn after(&self, first: &Self) -> Option<Self> {
        Self::from_matrix(self.matrix * first.matrix)
    }

    /// From the pixels of a picture turned clockwise by that many quarters to those of the picture itself, which is
    /// `width` by `height`.
    pub fn turning_back(quarters: u32, width: usize, height: usize) -> Self {
        let (w, h) = (width as f64, height as f64);
        let matrix = match quarters % 4 {
            1 => Matrix3::new(0.0, 1.0, 0.0, -1.0, 0.0, h, 0.0, 0.0, 1.0),
            2 => Matrix3::new(-1.0, 0.0, w, 0.0, -1.0, h, 0.0, 0.0, 1.0),
            3 => Matrix3::new(0.0, -1.0, w, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0),
            _ => return Self::IDENTITY,
        };
        Self { matrix }
    }

    /// The nine numbers, row by row, the last one 1.
    pub fn rows(&self) -> [f64; 9] {
        let m = self.matrix / self.matrix[(2, 2)];
        std::array::from_fn(|i| m[(i / 3, i % 3)])
    }

    /// Where a point of the form lies on the page.
    #[inline]
    pub fn to_page(&self, [x, y]: Point) -> Point {
        let p = self.matrix * Vector3::new(x, y, 1.0);
        [p.x / p.z, p.y / p.z]
    }

    /// The mapping from page pixels to form millimetres.
    pub fn inverse(&self) -> Option<Self> {
        self.matrix.try_inverse().map(|matrix| Self { matrix })
    }

    /// Pixels per millimetre around a point of the form: the root of the area a square millimetre covers.
    pub fn scale_at(&self, [x, y]: Point) -> f64 {
        let (o, a, b) = (
            self.to_page([x, y]),
            self.to_page([x + 1.0, y]),
            self.to_page([x, y + 1.0]),
        );
        let area = (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
        area.abs().sqrt()
    }

    /// The mapping that fits four or more pairs best; `None` for fewer or when they lie on a line.
    pub fn fit(pairs: &[Pair]) -> Option<Self> {
        if pairs.len() < 4 {
            return None;
        }
        let (form_norm, page_norm) = (
            normaliser(pairs, |p| p.form)?,
            normaliser(pairs, |p| p.page)?,
        );
        let mut normal = SMatrix::<f64, 9, 9>::zeros();
        for pair in pairs {
            let (f, p) = (form_norm.to_page(pair.form), page_norm.to_page(pair.page));
            let (x, y, u, v) = (f[0], f[1], p[0], p[1]);
            let first = SVector::<f64, 9>::from([x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, -u]);
            let second = SVector::<f64, 9>::from([0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y, -v]);
            normal += (first * first.transpose() + second * second.transpose()) * pair.weight;
        }
        let eigen = SymmetricEigen::new(normal);
        let mut order: Vec<usize> = (0..9).collect();
        order.sort_by(|a, b| eigen.eigenvalues[*a].total_cmp(&eigen.eigenvalues[*b]));
        // A second vanishing value: the points do not settle the mapping.
        if eigen.eigenvalues[order[1]] < 1e-9 * eigen.eigenvalues[order[8]] {
            return None;
        }
        let solution = eigen.eigenvectors.column(order[0]);
        let normalised = Matrix3::from_row_slice(solution.as_slice());
        let matrix = page_norm.matrix.try_inverse()? * normalised * form_norm.matrix;
        let matrix = matrix / matrix[(2, 2)];
        matrix
            .iter()
            .all(|v| v.is_finite())
            .then_some(Self { matrix })
            .filter(|h| h.matrix.determinant().abs() > 1e-12)
    }

    /// The affine mapping that fits three or more pairs best: all a flat scanner can do to a page.
    pub fn fit_affine(pairs: &[Pair]) -> Option<Self> {
        let mut normal = Matrix3::<f64>::zeros();
        let (mut right_x, mut right_y) = (Vector3::zeros(), Vector3::zeros());
        for pair in pairs {
            let p = Vector3::new(pair.form[0], pair.form[1], 1.0);
            normal += p * p.transpose() * pair.weight;
            right_x += p * (pair.page[0] * pair.weight);
            right_y += p * (pair.page[1] * pair.weight);
        }
        let inverse = normal.try_inverse()?;
        let (a, b) = (inverse * right_x, inverse * right_y);
        Self::from_rows([a.x, a.y, a.z, b.x, b.y, b.z, 0.0, 0.0, 1.0])
    }

    /// The similarity (shift, turn, one scale) that fits two or more pairs best: for a first guess.
    pub fn fit_similarity(pairs: &[Pair]) -> Option<Self> {
        let total: f64 = pairs.iter().map(|p| p.weight).sum();
        let mean = |get: fn(&Pair) -> Point| -> Point {
            std::array::from_fn(|i| pairs.iter().map(|p| get(p)[i] * p.weight).sum::<f64>() / total)
        };
        let (form, page) = (mean(|p| p.form), mean(|p| p.page));
        let (mut dot, mut cross, mut spread) = (0.0, 0.0, 0.0);
        for pair in pairs {
            let [x, y] = [pair.form[0] - form[0], pair.form[1] - form[1]];
            let [u, v] = [pair.page[0] - page[0], pair.page[1] - page[1]];
            dot += pair.weight * (x * u + y * v);
            cross += pair.weight * (x * v - y * u);
            spread += pair.weight * (x * x + y * y);
        }
        let (a, b) = (dot / spread, cross / spread);
        Self::from_rows([
            a,
            -b,
            page[0] - a * form[0] + b * form[1],
            b,
            a,
            page[1] - b * form[0] - a * form[1],
            0.0,
            0.0,
            1.0,
        ])
    }

    /// Root-mean-square distance of the pairs from this mapping, in millimetres on the form.
    pub fn residual_mm(&self, pairs: &[Pair]) -> f64 {
        let sum: f64 = pairs
            .iter()
            .map(|pair| {
                let p = self.to_page(pair.form);
                let scale = self.scale_at(pair.form).max(1e-6);
                ((p[0] - pair.page[0]).powi(2) + (p[1] - pair.page[1]).powi(2)) / (scale * scale)
            })
            .sum();
        (sum / pairs.len().max(1) as f64).sqrt()
    }
}

/// Moves the points' centre to the origin and their mean distance to the square root of 2, which keeps the fit stable.
fn normaliser(pairs: &[Pair], get: fn(&Pair) -> Point) -> Option<Homography> {
    let count = pairs.len() as f64;
    let mean: Point = std::array::from_fn(|i| pairs.iter().map(|p| get(p)[i]).sum::<f64>() / count);
    let distance = pairs
        .iter()
        .map(|p| (get(p)[0] - mean[0]).hypot(get(p)[1] - mean[1]))
        .sum::<f64>()
        / count;
    let scale = std::f64::consts::SQRT_2 / distance;
    Homography::from_rows([
        scale,
        0.0,
        -scale * mean[0],
        0.0,
        scale,
        -scale * mean[1],
        0.0,
        0.0,
        1.0,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs_of(h: &Homography, points: &[Point]) -> Vec<Pair> {
        points
            .iter()
            .map(|p| Pair {
                form: *p,
                page: h.to_page(*p),
                weight: 1.0,
            })
            .collect()
    }

    const CORNERS: [Point; 7] = [
        [10.0, 10.0],
        [200.0, 10.0],
        [10.0, 287.0],
        [200.0, 287.0],
        [180.0, 20.0],
        [195.0, 20.0],
        [180.0, 35.0],
    ];

    prop_compose! {
        fn mapping()(angle in -3.1..3.1f64, scale in 5.0..16.0f64, x in -500.0..3000.0f64, y in -500.0..3000.0f64,
                     stretch in 0.94..1.04f64, p in -6e-4..6e-4f64, q in -6e-4..6e-4f64) -> Homography {
            let (s, c) = angle.sin_cos();
            Homography::from_rows([scale * c, -scale * stretch * s, x, scale * s, scale * stretch * c, y, p, q, 1.0])
                .expect("a turn and a scale can be undone")
        }
    }

    proptest! {
        #[test]
        fn a_page_seen_from_any_side_is_recovered(h in mapping(), x in 0.0..210.0f64, y in 0.0..297.0f64) {
            let found = Homography::fit(&pairs_of(&h, &CORNERS)).expect("seven spread points settle it");
            let (a, b) = (h.to_page([x, y]), found.to_page([x, y]));
            prop_assert!((a[0] - b[0]).hypot(a[1] - b[1]) < 1e-3);
            let back = found.inverse().expect("it can be undone").to_page(b);
            prop_assert!((back[0] - x).hypot(back[1] - y) < 1e-6);
        }

        #[test]
        fn rows_round_trip(h in mapping()) {
            let again = Homography::from_rows(h.rows()).expect("same numbers");
            let (a, b) = (h.to_page([30.0, 200.0]), again.to_page([30.0, 200.0]));
            prop_assert!((a[0] - b[0]).abs() + (a[1] - b[1]).abs() < 1e-6);
        }
    }

    #[test]
    fn points_on_a_line_settle_nothing() {
        let h =
            Homography::from_rows([8.0, 0.0, 3.0, 0.0, 8.0, 5.0, 0.0, 0.0, 1.0]).expect("regular");
        let line: Vec<Point> = (0..6)
            .map(|i| [f64::from(i) * 10.0, f64::from(i) * 20.0])
            .collect();
        assert!(Homography::fit(&pairs_of(&h, &line)).is_none());
    }

    #[test]
    fn a_misplaced_mark_shows_in_the_residual() {
        let h =
            Homography::from_rows([8.0, 0.0, 3.0, 0.0, 8.0, 5.0, 0.0, 0.0, 1.0]).expect("regular");
        let mut pairs = pairs_of(&h, &CORNERS);
        assert!(Homography::fit(&pairs).expect("fits").residual_mm(&pairs) < 1e-6);
        pairs[3].page[0] += 40.0;
        assert!(Homography::fit(&pairs).expect("fits").residual_mm(&pairs) > 0.2);
    }

    #[test]
    fn affine_and_similarity_fit_what_they_can() {
        let h = Homography::from_rows([0.0, -8.0, 2000.0, 8.0, 0.0, 5.0, 0.0, 0.0, 1.0])
            .expect("regular");
        let pairs = pairs_of(&h, &CORNERS[..3]);
        for found in [
            Homography::fit_affine(&pairs),
            Homography::fit_similarity(&pairs),
        ] {
            let p = found.expect("fits").to_page([200.0, 287.0]);
            let q = h.to_page([200.0, 287.0]);
            assert!((p[0] - q[0]).hypot(p[1] - q[1]) < 1e-6);
        }
    }
}
