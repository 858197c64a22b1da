//! A telephone held over a sheet on a table: perspective, a shadow, lamp light, and the table around.

use rand::Rng;

use super::noise::{Unevenness, gaussian};
use super::scanner::blur;
use super::{Capture, Mode, Picture};

/// Photographs a sheet; the picture is `width` by `height` pixels, taller than wide.
pub fn photograph(sheet: &Picture, width: usize, height: usize, random: &mut impl Rng) -> Capture {
    let corners = corners(width as f32, height as f32, random);
    let to_sheet = homography(
        corners,
        [
            (0.0, 0.0),
            (sheet.width as f32, 0.0),
            (sheet.width as f32, sheet.height as f32),
            (0.0, sheet.height as f32),
        ],
    );
    let wood = Unevenness::new(60, 5, random);
    let room = Unevenness::new(2, 2, random);
    let shadow_edge = random.random_range(0.55..0.75f32);
    let mut seen = Vec::with_capacity(width * height);
    for row in 0..height {
        for column in 0..width {
            let (u, v) = (column as f32 / width as f32, row as f32 / height as f32);
            let mut sum = [0.0; 3];
            for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                let (x, y) = project(&to_sheet, column as f32 + dx, row as f32 + dy);
                let print = sheet.sample(x, y, [-1.0; 3]);
                let colour = if print[0] < 0.0 {
                    let grain = 1.0 + 0.12 * wood.at(u + 0.02 * (v * 9.0).sin(), v);
                    [124.0 * grain, 92.0 * grain, 66.0 * grain]
                } else {
                    [print[0] * 0.93, print[1] * 0.91, print[2] * 0.84]
                };
                for (total, part) in sum.iter_mut().zip(colour) {
                    *total += part / 4.0;
                }
            }
            // Light from the top left; the photographer's own shadow across the lower right corner.
            let edge = (u * 0.62 + v * 0.55 - shadow_edge) / 0.12;
            let shadow = 1.0 - 0.24 / (1.0 + (-edge * 4.0).exp());
            let light = (1.04 - 0.14 * (u * 0.6 + v * 0.8) + 0.03 * room.at(u, v)) * shadow;
            seen.push(sum.map(|c| c * light));
        }
    }
    blur(&mut seen, width, height, 0.7);
    let mut pixels = Vec::with_capacity(width * height * 3);
    for colour in seen {
        let grain = 1.6 * gaussian(random);
        pixels.extend(colour.map(|c| (c + grain).clamp(0.0, 255.0) as u8));
    }
    Capture {
        width,
        height,
        mode: Mode::Colour,
        pixels,
        dpi: None,
    }
}

/// Where the sheet's corners come to lie in the photograph, clockwise from the top left.
fn corners(width: f32, height: f32, random: &mut impl Rng) -> [(f32, f32); 4] {
    // A4 fills the frame; the far edge is a little shorter, the whole slightly turned.
    let lean = random.random_range(0.02..0.05);
    let turn: f32 = random.random_range(-0.03..0.03);
    let plain = [
        (0.06 + lean, 0.06),
        (0.94 - lean, 0.07),
        (0.965, 0.95),
        (0.035, 0.94),
    ];
    plain.map(|(x, y)| {
        let (x, y) = (
            x + random.random_range(-0.008..0.008),
            y + random.random_range(-0.008..0.008),
        );
        let (dx, dy) = ((x - 0.5) * width, (y - 0.5) * height);
        let (sin, cos) = turn.sin_cos();
        (
            width / 2.0 + dx * cos - dy * sin,
            height / 2.0 + dx * sin + dy * cos,
        )
    })
}

/// The perspective map (row-major 3x3, last element 1) that takes four points to four others.
pub fn homography(from: [(f32, f32); 4], to: [(f32, f32); 4]) -> [f64; 9] {
    let mut matrix = nalgebra::SMatrix::<f64, 8, 8>::zeros();
    let mut right = nalgebra::SVector::<f64, 8>::zeros();
    for (i, ((x, y), (u, v))) in from.into_iter().zip(to).enumerate() {
        let (x, y, u, v) = (f64::from(x), f64::from(y), f64::from(u), f64::from(v));
        matrix.set_row(2 * i, &[x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y].into());
        matrix.set_row(
            2 * i + 1,
            &[0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y].into(),
        );
        right[2 * i] = u;
        right[2 * i + 1] = v;
    }
    let solved = matrix
        .lu()
        .solve(&right)
        .expect("four corners of a sheet are never on one line");
    std::array::from_fn(|i| if i < 8 { solved[i] } else { 1.0 })
}

/// Applies a perspective map.
pub fn project(map: &[f64; 9], x: f32, y: f32) -> (f32, f32) {
    let (x, y) = (f64::from(x), f64::from(y));
    let w = map[6] * x + map[7] * y + map[8];
    (
        ((map[0] * x + map[1] * y + map[2]) / w) as f32,
        ((map[3] * x + map[4] * y + map[5]) / w) as f32,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_homography_takes_the_corners_where_they_belong() {
        let from = [(10.0, 12.0), (90.0, 8.0), (97.0, 130.0), (3.0, 128.0)];
        let to = [(0.0, 0.0), (210.0, 0.0), (210.0, 297.0), (0.0, 297.0)];
        let map = homography(from, to);
        for (f, t) in from.into_iter().zip(to) {
            let (x, y) = project(&map, f.0, f.1);
            assert!((x - t.0).abs() < 0.01 && (y - t.1).abs() < 0.01);
        }
    }
}
