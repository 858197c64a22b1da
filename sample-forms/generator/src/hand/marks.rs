//! Marks drawn with a pen: ticks, crosses, filled boxes, crossings-out and signatures.

use enrol::forms::definition::Zone;
use rand::Rng;

use super::TickStyle;
use super::curve;
use super::ink::Point;
use super::writing::{Sheet, spread};

/// A pen as marks are drawn with it.
#[derive(Debug, Clone, Copy)]
pub struct Marker {
    /// How boxes are marked.
    pub tick: TickStyle,
    /// Half the width of its line, millimetres: most ballpoints draw 0.4 to 0.6 mm.
    pub radius: f32,
}

/// The strokes of a mark in a box whose corners are (0, 0) and (1, 1).
pub fn tick_strokes(style: TickStyle, random: &mut impl Rng) -> Vec<Vec<Point>> {
    let mut at =
        |x: f32, y: f32, loose: f32| (x + spread(random, loose), y + spread(random, loose));
    match style {
        TickStyle::Tick => vec![vec![
            at(0.14, 0.52, 0.1),
            at(0.3, 0.72, 0.06),
            at(0.42, 0.88, 0.08),
            at(0.66, 0.42, 0.08),
            at(1.06, -0.12, 0.2),
        ]],
        TickStyle::Cross => vec![
            vec![at(0.1, 0.1, 0.1), at(0.52, 0.5, 0.06), at(0.92, 0.92, 0.12)],
            vec![
                at(0.92, 0.08, 0.12),
                at(0.48, 0.52, 0.06),
                at(0.08, 0.94, 0.1),
            ],
        ],
        TickStyle::Slash => vec![vec![
            at(0.08, 0.95, 0.1),
            at(0.5, 0.5, 0.08),
            at(0.98, 0.02, 0.12),
        ]],
        TickStyle::Fill => vec![
            (0..13)
                .map(|i| {
                    at(
                        0.12 + 0.062 * i as f32,
                        if i % 2 == 0 { 0.14 } else { 0.86 },
                        0.08,
                    )
                })
                .collect(),
        ],
        // A typewriter has no pen.
        TickStyle::Typed => Vec::new(),
    }
}

/// Marks a tick box the way this hand does.
pub fn tick(sheet: &mut Sheet<'_>, marker: Marker, zone: &Zone, random: &mut impl Rng) {
    let strokes = tick_strokes(marker.tick, random);
    for stroke in strokes {
        let place = |p: Point| {
            (
                (zone.x as f32 + p.0 * zone.width as f32) * sheet.scale,
                (zone.y as f32 + p.1 * zone.height as f32) * sheet.scale,
            )
        };
        let points: Vec<Point> = stroke.into_iter().map(place).collect();
        draw(
            sheet,
            &points,
            marker.radius,
            marker.tick != TickStyle::Fill,
            random,
        );
    }
}

/// Strikes something out with two wavy lines.
pub fn strike_out(sheet: &mut Sheet<'_>, marker: Marker, zone: &Zone, random: &mut impl Rng) {
    for level in [0.42, 0.62] {
        let points: Vec<Point> = (0..=8)
            .map(|i| {
                let x = zone.x as f32 + zone.width as f32 * i as f32 / 8.0;
                let y = zone.y as f32 + zone.height as f32 * (level + spread(random, 0.1));
                (x * sheet.scale, y * sheet.scale)
            })
            .collect();
        draw(sheet, &points, marker.radius, true, random);
    }
}

/// A signature: a large initial, a run of loops that dies away, and often a line below.
pub fn signature(sheet: &mut Sheet<'_>, marker: Marker, zone: &Zone, random: &mut impl Rng) {
    let height = (zone.height as f32 * 0.62).min(11.0);
    let width = (zone.width as f32 * 0.62).min(52.0) * random.random_range(0.75..1.0);
    let left = zone.x as f32 + zone.width as f32 * 0.08 + random.random_range(0.0..4.0);
    let base = zone.y as f32 + zone.height as f32 * 0.7;
    let mut points: Vec<Point> = Vec::new();
    let mut put =
        |x: f32, y: f32| points.push(((left + x) * sheet.scale, (base - y) * sheet.scale));
    // The initial: up, down, round, and away.
    put(
        width * random.random_range(-0.02..0.05),
        height * random.random_range(0.1..0.6),
    );
    put(
        width * random.random_range(0.03..0.1),
        height * random.random_range(0.85..1.1),
    );
    put(
        width * random.random_range(0.02..0.14),
        -height * random.random_range(0.05..0.3),
    );
    if random.random_bool(0.6) {
        put(
            width * random.random_range(-0.05..0.03),
            height * random.random_range(0.0..0.4),
        );
    }
    put(width * 0.16, height * random.random_range(0.3..0.8));
    let loops = random.random_range(7..12);
    for i in 0..loops {
        let share = i as f32 / loops as f32;
        let x = width * (0.18 + 0.72 * share);
        let tall = if random.random_bool(0.25) { 0.75 } else { 0.34 };
        let y = height * tall * (1.0 - 0.5 * share) * random.random_range(0.7..1.2);
        put(x, y);
        put(x + width * 0.035, -height * random.random_range(0.0..0.12));
        if random.random_bool(0.35) {
            put(x - width * 0.015, height * 0.05);
        }
    }
    put(width, height * random.random_range(0.0..0.25));
    draw(sheet, &points, marker.radius, true, random);
    if random.random_bool(0.6) {
        let line: Vec<Point> = [(0.9, -0.28), (0.45, -0.36), (0.1, -0.3), (0.6, -0.42)]
            .iter()
            .map(|p| {
                (
                    (left + p.0 * width) * sheet.scale,
                    (base - p.1 * height) * sheet.scale,
                )
            })
            .collect();
        draw(sheet, &line, marker.radius * 0.85, true, random);
    }
}

/// Draws through the points, smoothly if asked.
fn draw(sheet: &mut Sheet<'_>, points: &[Point], radius: f32, smooth: bool, random: &mut impl Rng) {
    sheet
        .ink
        .stroke(&pressed(points, radius * sheet.scale, smooth, random));
}

/// The pen's way through the points, smoothly if asked, with half its width: it presses more in the middle of a stroke
/// than at its ends. All in one unit.
pub fn pressed(
    points: &[Point],
    radius: f32,
    smooth: bool,
    random: &mut impl Rng,
) -> Vec<(Point, f32)> {
    let path = if smooth {
        catmull_rom(points)
    } else {
        points.to_vec()
    };
    let last = path.len().max(2) as f32 - 1.0;
    let press = random.random_range(0.85..1.1);
    path.into_iter()
        .enumerate()
        .map(|(i, p)| {
            let along = i as f32 / last;
            let ends = (along.min(1.0 - along) * 8.0).min(1.0);
            (p, radius * press * (0.65 + 0.35 * ends))
        })
        .collect()
}

/// A smooth curve through all points, eight steps from each to the next.
fn catmull_rom(points: &[Point]) -> Vec<Point> {
    curve::through(points, |_, _| 8)
}
