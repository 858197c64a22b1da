//! Writes characters into comb cells and along lines.

use enrol::forms::definition::Zone;
use rand::Rng;

use super::Hand;
use super::face::Shape;
use super::ink::{Ink, Point};

/// A page being written on: its ink layer and its scale.
pub struct Sheet<'a> {
    /// The layer of the pen in hand.
    pub ink: &'a mut Ink,
    /// Pixels per millimetre.
    pub scale: f32,
}

/// Where and how one character is set, in pixels.
struct Setting {
    baseline: Point,
    size: f32,
    squeeze: f32,
    slant: f32,
    tilt: f32,
}

/// Writes one character per cell, `' '` leaving a cell empty.
pub fn cells(
    sheet: &mut Sheet<'_>,
    hand: &Hand,
    cells: &[Zone],
    text: &str,
    random: &mut impl Rng,
) {
    for (cell, character) in cells.iter().zip(text.chars()) {
        let Some(shape) = hand.shape(character).filter(|_| character != ' ') else {
            continue;
        };
        let (width, height) = (
            cell.width as f32 * sheet.scale,
            cell.height as f32 * sheet.scale,
        );
        let size = hand.size * height * (1.0 + spread(random, hand.unevenness));
        let squeeze = (width * 0.78 / ((shape.right - shape.left).max(0.05) * size)).min(1.0);
        let middle = (cell.x as f32 + cell.width as f32 / 2.0) * sheet.scale
            + spread(random, hand.drift) * width;
        // Capitals stand on a line that leaves as much room above as below.
        let base = (cell.y as f32 + cell.height as f32 / 2.0) * sheet.scale
            + hand.size * height / 2.0
            + spread(random, hand.drift) * height;
        // A descender must not leave the cell: people lift the letter.
        let floor = (cell.y + cell.height) as f32 * sheet.scale - 0.06 * height;
        let lift = (base + shape.bottom * size - floor).max(0.0);
        let setting = Setting {
            baseline: (
                middle - (shape.left + shape.right) / 2.0 * size * squeeze,
                base - lift,
            ),
            size,
            squeeze,
            slant: hand.slant,
            tilt: spread(random, hand.tilt),
        };
        set(sheet, hand, &shape, &setting, random);
    }
}

/// Writes free text on ruled lines, breaking at spaces, and returns what did not fit.
/// Each zone is the room above one rule.
pub fn lines(
    sheet: &mut Sheet<'_>,
    hand: &Hand,
    lines: &[Zone],
    text: &str,
    random: &mut impl Rng,
) -> String {
    let mut rest: &str = text.trim();
    for line in lines {
        if rest.is_empty() {
            break;
        }
        let size = (hand.size * 0.72 * line.height as f32).min(3.6) * sheet.scale;
        let room = (line.width as f32 - 4.0) * sheet.scale;
        let cut = fitting(hand, rest, room / size);
        let (now, later) = rest.split_at(cut);
        write_line(sheet, hand, line, now.trim_end(), size, random);
        rest = later.trim_start();
    }
    rest.to_owned()
}

/// How many bytes of `text` fit `room` (in capital heights): up to a line break, else to the last space.
fn fitting(hand: &Hand, text: &str, room: f32) -> usize {
    let mut used = 0.0;
    let mut last_space = None;
    for (at, character) in text.char_indices() {
        if character == '\n' {
            return at + 1;
        }
        used += hand.shape(character).map_or(0.4, |s| s.advance);
        if character == ' ' {
            last_space = Some(at + 1);
        }
        if used > room {
            return last_space.unwrap_or(at);
        }
    }
    text.len()
}

fn write_line(
    sheet: &mut Sheet<'_>,
    hand: &Hand,
    line: &Zone,
    text: &str,
    size: f32,
    random: &mut impl Rng,
) {
    let slope = spread(random, hand.tilt * 0.15);
    let start = (line.x as f32 + random.random_range(1.0..2.0)) * sheet.scale;
    let base = (line.y + line.height) as f32 * sheet.scale
        - (0.12 + spread(random, 0.03)) * size
        - 0.25 * size;
    let mut pen = start;
    for character in text.chars() {
        let Some(shape) = hand.shape(character) else {
            continue;
        };
        let setting = Setting {
            baseline: (
                pen,
                base + (pen - start) * slope + spread(random, hand.drift) * 0.4 * size,
            ),
            size: size * (1.0 + spread(random, hand.unevenness)),
            squeeze: 1.0,
            slant: hand.slant,
            tilt: spread(random, hand.tilt * 0.6),
        };
        set(sheet, hand, &shape, &setting, random);
        pen += shape.advance * size * (1.0 + spread(random, 0.03));
    }
}

/// Puts one character down: shape, slant, turn, wobble, and the width of the pen.
fn set(sheet: &mut Sheet<'_>, hand: &Hand, shape: &Shape, at: &Setting, random: &mut impl Rng) {
    let wobble = Wobble::new(hand.wobble * at.size, random);
    let (sin, cos) = at.tilt.sin_cos();
    let outlines: Vec<Vec<Point>> = shape
        .outlines
        .iter()
        .map(|outline| {
            outline
                .iter()
                .map(|p| {
                    let (x, y) = (p.0 * at.squeeze - p.1 * at.slant, p.1);
                    let (x, y) = (x * cos - y * sin, x * sin + y * cos);
                    wobble.shift(
                        (at.baseline.0 + x * at.size, at.baseline.1 + y * at.size),
                        at.size,
                    )
                })
                .collect()
        })
        .collect();
    sheet.ink.fill(&outlines);
    let radius = hand.weight * sheet.scale * (1.0 + spread(random, 0.3));
    if radius > 0.05 {
        for outline in &outlines {
            let closed: Vec<(Point, f32)> = outline
                .iter()
                .chain(outline.first())
                .map(|p| (*p, radius))
                .collect();
            sheet.ink.stroke(&closed);
        }
    }
}

/// A slow shake of the hand, different for every character.
struct Wobble {
    depth: f32,
    phases: [f32; 4],
}

impl Wobble {
    fn new(depth: f32, random: &mut impl Rng) -> Self {
        Self {
            depth,
            phases: std::array::from_fn(|_| random.random_range(0.0..std::f32::consts::TAU)),
        }
    }

    fn shift(&self, p: Point, size: f32) -> Point {
        let wave = |v: f32, phase: f32, length: f32| (v / (size * length) * 6.0 + phase).sin();
        (
            p.0 + self.depth
                * (wave(p.1, self.phases[0], 1.3) + 0.6 * wave(p.0, self.phases[1], 0.8)),
            p.1 + self.depth
                * (wave(p.0, self.phases[2], 1.1) + 0.6 * wave(p.1, self.phases[3], 0.7)),
        )
    }
}

/// A random value around 0: most within half of `width`, none beyond it.
pub fn spread(random: &mut impl Rng, width: f32) -> f32 {
    (random.random::<f32>() + random.random::<f32>() - 1.0) * width
}
