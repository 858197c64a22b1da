//! Sets one person's characters and words into comb cells and along ruled lines, in millimetres of the form.

use enrol::forms::definition::Zone;
use rand::Rng;
use rand::seq::IndexedRandom as _;

use super::manner::Manner;
use super::{Penman, Trace, letter};
use crate::hand::ink::Point;
use crate::hand::writing::spread;

/// A pen line on the form.
#[derive(Debug, Clone, PartialEq)]
pub struct PenLine {
    /// Whose hand drew it.
    pub writer: i32,
    /// Points in millimetres from the top left of the page, each with half the width of the line there.
    pub points: Vec<(Point, f32)>,
}

/// Distance of the points of a smoothed line, millimetres.
const STEP: f32 = 0.22;
/// Room kept free at both ends of a ruled line, millimetres.
const MARGIN: f32 = 1.5;

/// Writes one character per cell, `' '` leaving a cell empty. `None` when the writer lacks a character or the cells
/// do not suffice.
pub fn cells(
    penman: &Penman,
    manner: &Manner,
    cells: &[Zone],
    text: &str,
    random: &mut impl Rng,
) -> Option<Vec<PenLine>> {
    let mut characters: Vec<char> = text.chars().collect();
    if characters.len() > cells.len() || !penman.can_spell(text) {
        return None;
    }
    let struck = slip(penman, manner, &mut characters, cells.len(), random);
    let mut lines = Vec::new();
    for (index, (cell, character)) in cells.iter().zip(&characters).enumerate() {
        if *character == ' ' {
            continue;
        }
        let trace = penman.characters.get(character)?.choose(random)?;
        let (width, height) = (cell.width as f32, cell.height as f32);
        let capital = manner.in_cell * height * (1.0 + spread(random, manner.unevenness));
        let (mut across, down) = letter::scale(trace, &character.to_string(), capital);
        across *= 1.0 + spread(random, manner.unevenness);
        let room = width * manner.widest * (1.0 + spread(random, 0.08));
        across = across.min(room / trace.width.max(1.0));
        let (above, below) = letter::reach_of(trace, *character);
        // Capitals stand on a line with as much room above as below; tails are lifted half of the way into the cell.
        let base = cell.y as f32
            + height / 2.0
            + manner.in_cell * height / 2.0
            + spread(random, manner.drift) * height;
        let floor = (cell.y as f32 + height) - 0.05 * height;
        let lift = 0.6 * (base + below * capital - floor).max(0.0);
        let ink_height = trace.height * down;
        let centre = base - lift - (above - below) * capital / 2.0;
        let left = cell.x as f32 + width / 2.0 - trace.width * across / 2.0
            + spread(random, manner.drift) * width;
        let at = Setting {
            left,
            top: centre - ink_height / 2.0,
            across,
            down,
            turn: spread(random, manner.tilt),
        };
        lines.extend(set(trace, &at, manner, random));
        lines.extend(dot(trace, *character, &at, capital, manner, random));
        if struck == Some(index) {
            lines.push(strike(penman.writer, cell, manner, random));
        }
    }
    Some(lines)
}

/// Rarely a wrong character comes first, to be struck out; the right one follows in the next cell. Returns where.
fn slip(
    penman: &Penman,
    manner: &Manner,
    characters: &mut Vec<char>,
    room: usize,
    random: &mut impl Rng,
) -> Option<usize> {
    let used = characters.iter().rposition(|c| *c != ' ')? + 1;
    if used >= room || !random.random_bool(f64::from(manner.corrections)) {
        return None;
    }
    let index = random.random_range(0..used);
    let alike = |c: char| c.is_ascii_digit() == characters[index].is_ascii_digit();
    let wrong = *penman
        .characters
        .keys()
        .filter(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        .filter(|c| alike(**c) && **c != characters[index])
        .collect::<Vec<_>>()
        .choose(random)?;
    characters.insert(index, *wrong);
    characters.truncate(room);
    Some(index)
}

/// A line through a cell.
fn strike(writer: i32, cell: &Zone, manner: &Manner, random: &mut impl Rng) -> PenLine {
    let (x, y) = (cell.x as f32, cell.y as f32);
    let (width, height) = (cell.width as f32, cell.height as f32);
    let points = [0.05, 0.35, 0.65, 0.98]
        .map(|along: f32| {
            let level = 0.78 - 0.55 * along + spread(random, 0.12);
            (x + along * width, y + level * height)
        })
        .to_vec();
    pressed(writer, &letter::smooth(&points, STEP), manner, random)
}

/// Writes free text on ruled lines, each zone being the room above one rule, and returns the pen lines of each rule
/// with the words on it. `None` when the writer cannot write a word of it, or the lines do not suffice.
pub fn lines(
    penman: &Penman,
    manner: &Manner,
    zones: &[Zone],
    text: &str,
    random: &mut impl Rng,
) -> Option<Vec<(Vec<PenLine>, String)>> {
    let mut words = text.split(' ').filter(|w| !w.is_empty()).peekable();
    let mut result = Vec::new();
    for zone in zones {
        let mut capital = manner.on_line.min(0.5 * zone.height as f32);
        let room = zone.width as f32 - 2.0 * MARGIN;
        // A last word that is too long is written smaller, as people do.
        let mut line: Vec<(f32, Vec<Placed<'_>>)> = Vec::new();
        let mut used = 0.0;
        let mut own: Vec<&str> = Vec::new();
        while let Some(word) = words.peek() {
            let (width, placed) = word_traces(penman, manner, word, capital, random)?;
            let gap = if own.is_empty() { 0.0 } else { 0.7 * capital };
            if used + gap + width > room {
                if own.is_empty() {
                    capital *= room / (used + gap + width) * 0.98;
                    let (_, placed) = word_traces(penman, manner, word, capital, random)?;
                    line.push((0.0, placed));
                    own.push(word);
                    words.next();
                }
                break;
            }
            used += gap + width;
            line.push((gap, placed));
            own.push(word);
            words.next();
        }
        let start = zone.x as f32 + MARGIN * random.random_range(0.4..1.2);
        let base = zone.bottom() as f32 - random.random_range(0.0..0.35) * capital;
        let slope = spread(random, 0.012);
        let mut pen = start;
        let mut drawn = Vec::new();
        for (gap, placed) in line {
            pen += gap;
            let from = pen;
            let bob = spread(random, 0.06) * capital;
            for one in &placed {
                let left = from + one.left;
                let at = Setting {
                    left,
                    top: base + (left - start) * slope + bob - one.above
                        + spread(random, manner.drift * 0.5) * capital,
                    across: one.across,
                    down: one.down,
                    turn: spread(random, manner.tilt * 0.6),
                };
                drawn.extend(set(one.trace, &at, manner, random));
                if let Some(character) = one.character {
                    drawn.extend(dot(one.trace, character, &at, capital, manner, random));
                }
                pen = pen.max(left + one.trace.width * one.across);
            }
        }
        result.push((drawn, own.join(" ")));
    }
    words.peek().is_none().then_some(result)
}

/// A trace brought to size, within its word.
struct Placed<'a> {
    trace: &'a Trace,
    /// The character, where it is one.
    character: Option<char>,
    left: f32,
    /// Height of the ink's upper edge above the line.
    above: f32,
    across: f32,
    down: f32,
}

/// The traces of one word with its width: the word as this person wrote it, else its characters side by side.
fn word_traces<'a>(
    penman: &'a Penman,
    manner: &Manner,
    word: &str,
    capital: f32,
    random: &mut impl Rng,
) -> Option<(f32, Vec<Placed<'a>>)> {
    let place = |trace: &'a Trace, label: &str, left: f32, capital: f32| {
        let (across, down) = letter::scale(trace, label, capital);
        let mut characters = label.chars();
        let (above, below) = match (characters.next(), characters.next()) {
            (Some(one), None) => letter::reach_of(trace, one),
            _ => letter::reach_of_word(label),
        };
        // Ink that is lower than its label says (a dash, a dot) keeps to the middle of its reach.
        let above = (above - below) * capital / 2.0 + trace.height * down / 2.0;
        let dotted = label.chars().next().filter(|_| label.chars().count() == 1);
        Placed {
            trace,
            character: dotted,
            left,
            above,
            across,
            down,
        }
    };
    if let Some(trace) = penman.words.get(word).and_then(|t| t.choose(random)) {
        let one = place(trace, word, 0.0, capital);
        return Some((trace.width * one.across, vec![one]));
    }
    let mut pen = 0.0;
    let mut placed = Vec::new();
    for character in word.chars() {
        let trace = penman.characters.get(&character)?.choose(random)?;
        let size = capital * (1.0 + spread(random, manner.unevenness));
        let one = place(trace, &character.to_string(), pen, size);
        pen += trace.width * one.across
            + capital * (manner.spacing * random.random_range(0.5..1.5) + 0.04);
        placed.push(one);
    }
    Some((pen, placed))
}

/// Where and how a trace is set.
struct Setting {
    left: f32,
    top: f32,
    across: f32,
    down: f32,
    turn: f32,
}

/// The dot of an i or j that came without one; people forget every sixth.
fn dot(
    trace: &Trace,
    character: char,
    at: &Setting,
    capital: f32,
    manner: &Manner,
    random: &mut impl Rng,
) -> Option<PenLine> {
    if !matches!(character, 'i' | 'j') || trace.strokes.len() > 1 || random.random_bool(0.17) {
        return None;
    }
    let x = at.left + trace.width * at.across * 0.6 + spread(random, 0.08) * capital;
    let y = at.top - (0.22 + spread(random, 0.08)) * capital;
    let length = random.random_range(0.0..0.08) * capital;
    Some(pressed(
        trace.writer,
        &[(x, y), (x + length, y + length / 2.0)],
        manner,
        random,
    ))
}

fn set<'a>(
    trace: &'a Trace,
    at: &Setting,
    manner: &'a Manner,
    random: &mut impl Rng,
) -> Vec<PenLine> {
    let (half, middle) = (trace.width * at.across / 2.0, trace.height * at.down / 2.0);
    let (sin, cos) = at.turn.sin_cos();
    trace
        .strokes
        .iter()
        .map(|stroke| {
            let points: Vec<Point> = stroke
                .iter()
                .map(|p| {
                    let (x, y) = (p.0 * at.across - half, p.1 * at.down - middle);
                    let x = x - y * manner.slant;
                    (
                        at.left + half + x * cos - y * sin,
                        at.top + middle + x * sin + y * cos,
                    )
                })
                .collect();
            pressed(trace.writer, &letter::smooth(&points, STEP), manner, random)
        })
        .collect()
}

/// Gives a line its width: thinner at the ends, and a dot for a single point.
fn pressed(writer: i32, path: &[Point], manner: &Manner, random: &mut impl Rng) -> PenLine {
    let press = manner.radius * random.random_range(0.9..1.1);
    if let [only] = path {
        let points = vec![
            (*only, press * 1.15),
            ((only.0 + 0.1, only.1), press * 1.15),
        ];
        return PenLine { writer, points };
    }
    let last = path.len().max(2) as f32 - 1.0;
    let points = path
        .iter()
        .enumerate()
        .map(|(i, p)| {
            let along = i as f32 / last;
            let ends = (along.min(1.0 - along) * 8.0).min(1.0);
            (*p, press * (1.0 - manner.taper * (1.0 - ends)))
        })
        .collect();
    PenLine { writer, points }
}
