//! What happens to a sheet between the pen and the scanner: copying, stamping, tearing, smudging.

use enrol::forms::definition::{FormDefinition, Zone};
use rand::Rng;

use super::capture::SHEET_SCALE;
use super::condition::Condition;
use super::plane::{Noise, Plane};

/// One photocopy: softer, harder in contrast, with dust.
pub fn photocopy(plane: &mut Plane, noise: &Noise, random: &mut impl Rng) {
    plane.blur(random.random_range(0.7..1.2));
    let middle = random.random_range(128.0..178.0f32);
    let slope = random.random_range(2.0..3.6f32);
    let table: [u8; 256] =
        std::array::from_fn(|i| ((i as f32 - middle) * slope + middle).clamp(6.0, 253.0) as u8);
    plane.tone(&table);
    let start = random.random::<u32>() as usize;
    for (i, shade) in plane.pixels.iter_mut().enumerate() {
        // Toner covers unevenly.
        let grain = noise.at(start.wrapping_add(i.wrapping_mul(3))) * 6.0;
        *shade = (f32::from(*shade) + grain).clamp(0.0, 255.0) as u8;
    }
    let area = plane.width as f32 * plane.height as f32 / (SHEET_SCALE * SHEET_SCALE);
    let specks = (area / 900.0 * random.random_range(0.3..1.6)) as usize;
    for _ in 0..specks {
        let x = random.random_range(0.0..plane.width as f32);
        let y = random.random_range(0.0..plane.height as f32);
        let radius = random.random_range(0.04..0.16) * SHEET_SCALE;
        disc(plane, (x, y), radius, 60.0);
    }
}

fn disc(plane: &mut Plane, (cx, cy): (f32, f32), radius: f32, shade: f32) {
    plane.within(
        [
            cx - radius - 1.0,
            cy - radius - 1.0,
            cx + radius + 2.0,
            cy + radius + 2.0,
        ],
        |x, y, below| {
            let cover = (radius + 0.5 - (x - cx).hypot(y - cy)).clamp(0.0, 1.0);
            below + (shade.min(below) - below) * cover
        },
    );
}

/// What a condition does to the paper of one page, before it is captured. Every plane gets the same.
pub fn wear(
    condition: Condition,
    definition: &FormDefinition,
    sheet: &mut [Plane],
    random: &mut impl Rng,
) {
    match condition {
        Condition::Corner => {
            // On half of the pages two corners suffer.
            let first = random.random_range(0..4);
            let count = if random.random_bool(0.3) { 2 } else { 1 };
            for index in 0..count {
                let zone = definition.corner_marks[(first + index * 2) % 4].zone;
                corner(sheet, &zone, definition, random);
            }
        }
        Condition::SmudgedCode => smudge(sheet, &definition.qr_zone, random),
        _ => {}
    }
}

fn corner(sheet: &mut [Plane], mark: &Zone, definition: &FormDefinition, random: &mut impl Rng) {
    let px = |v: f64| v as f32 * SHEET_SCALE;
    let (cx, cy) = (
        px(mark.x + mark.width / 2.0),
        px(mark.y + mark.height / 2.0),
    );
    match random.random_range(0..4) {
        0 => {
            // A date stamp: a ring with bars, partly over the mark.
            let (dx, dy) = (
                random.random_range(-9.0..9.0f32),
                random.random_range(-9.0..9.0f32),
            );
            let (x0, y0) = (cx + dx * SHEET_SCALE, cy + dy * SHEET_SCALE);
            let radius = random.random_range(9.0..15.0) * SHEET_SCALE;
            let shade = random.random_range(50.0..120.0f32);
            let line = 0.7 * SHEET_SCALE;
            for plane in sheet.iter_mut() {
                plane.within(
                    [
                        x0 - radius - line,
                        y0 - radius - line,
                        x0 + radius + line,
                        y0 + radius + line,
                    ],
                    |x, y, below| {
                        let far = (x - x0).hypot(y - y0);
                        let ring = (far - radius).abs() < line / 2.0
                            || (far - radius * 0.8).abs() < line / 3.0;
                        let bars = far < radius * 0.75
                            && ((y - y0) / SHEET_SCALE).rem_euclid(3.4) < 1.9
                            && ((x - x0) / SHEET_SCALE).rem_euclid(2.2) < 1.3;
                        if ring || bars {
                            below + (shade.min(below) - below) * 0.8
                        } else {
                            below
                        }
                    },
                );
            }
        }
        1 => {
            // A staple with its shadow.
            let turn: f32 = random.random_range(-0.8..0.8);
            let (sin, cos) = turn.sin_cos();
            let reach = 8.0 * SHEET_SCALE;
            for plane in sheet.iter_mut() {
                plane.within(
                    [cx - reach, cy - reach, cx + reach, cy + reach],
                    |x, y, below| {
                        let (dx, dy) = ((x - cx) / SHEET_SCALE, (y - cy) / SHEET_SCALE);
                        let (along, across) = (dx * cos + dy * sin, -dx * sin + dy * cos);
                        if along.abs() < 6.0 && across.abs() < 0.3 {
                            170.0
                        } else if along.abs() < 6.2 && (0.3..0.9).contains(&across) {
                            below * 0.45
                        } else {
                            below
                        }
                    },
                );
            }
        }
        kind => {
            // The corner is torn or folded off: what lies beyond the tear is not paper.
            let left = mark.x < definition.page.width_mm / 2.0;
            let upper = mark.y < definition.page.height_mm / 2.0;
            let depth = random.random_range(14.0..30.0f32);
            let lean = random.random_range(0.7..1.4f32);
            let ragged = if kind == 2 { 0.5 } else { 0.0 };
            for plane in sheet.iter_mut() {
                let (w, h) = (plane.width as f32, plane.height as f32);
                let reach = depth * 1.6 * SHEET_SCALE;
                let (x0, x1) = if left { (0.0, reach) } else { (w - reach, w) };
                let (y0, y1) = if upper { (0.0, reach) } else { (h - reach, h) };
                plane.within([x0, y0, x1, y1], |x, y, below| {
                    let across = if left { x } else { w - x } / SHEET_SCALE;
                    let down = if upper { y } else { h - y } / SHEET_SCALE;
                    let tear = ragged * ((across * 2.1).sin() + 0.5 * (across * 5.3).sin());
                    let beyond = depth - across * lean - down / lean + tear;
                    if beyond > 0.0 {
                        235.0
                    } else if beyond > -0.35 {
                        below * 0.75
                    } else {
                        below
                    }
                });
            }
        }
    }
}

/// Wet ink drawn across the code by a thumb.
fn smudge(sheet: &mut [Plane], code: &Zone, random: &mut impl Rng) {
    let px = |v: f64| v as f32 * SHEET_SCALE;
    let length = random.random_range(0.6..3.5f32) * SHEET_SCALE;
    let from = random.random_range(0.0..0.6) * code.height;
    let to = from + random.random_range(0.25..0.8) * code.height;
    let stain = random.random_range(0.0..0.35f32);
    for plane in sheet.iter_mut() {
        let before = plane.clone();
        let area = [
            px(code.x - 1.0),
            px(code.y + from),
            px(code.x + code.width + 3.0),
            px(code.y + to.min(code.height)),
        ];
        plane.within(area, |x, y, _| {
            let steps = 12;
            let sum: f32 = (0..steps)
                .map(|i| {
                    let back = length * i as f32 / steps as f32;
                    before.sample(x - back, y - back * 0.2).unwrap_or(255.0)
                })
                .sum();
            let mean = sum / steps as f32;
            mean + (90.0 - mean).min(0.0) * stain
        });
    }
}
