//! Real pen strokes: characters and words of people who wrote on a tablet, and forms written with them.
//!
//! The data is not part of this repository: `characters.npz` and `words.npz` in a folder of your own. Record *i* is
//! strokes `record_offsets[i]..record_offsets[i + 1]`; stroke *k* is points `stroke_offsets[k]..stroke_offsets[k + 1]`,
//! x to the right, y down; `label` and `writer` say what was written and by whom.

pub mod answers;
pub mod compose;
pub mod letter;
pub mod manner;
pub mod npz;
mod part;
mod path;
mod whole;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, ensure};

use crate::hand::ink::Point;
use npz::Arrays;

/// What a writer is for. The rule holds for everything that learns, is calibrated or is measured, so that no figure
/// comes from a hand that was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Split {
    /// Reported on, never learnt from: every twelfth writer.
    Evaluation,
    /// Confidence is fitted on these: one writer in twelve.
    Calibration,
    /// Choices are made by these: one writer in twelve.
    Development,
    /// All others.
    Training,
}

impl Split {
    /// The split a writer belongs to.
    pub fn of(writer: i32) -> Self {
        match writer.rem_euclid(12) {
            0 => Self::Evaluation,
            1 => Self::Calibration,
            2 => Self::Development,
            _ => Self::Training,
        }
    }
}

/// One character or word as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Who wrote it.
    pub writer: i32,
    /// Pen lines; the ink's upper left corner is the origin, y down, any unit.
    pub strokes: Vec<Vec<Point>>,
    /// Width of the ink in the same unit.
    pub width: f32,
    /// Height of the ink.
    pub height: f32,
}

/// Everything one person wrote.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Penman {
    /// The writer's number.
    pub writer: i32,
    /// Single characters.
    pub characters: BTreeMap<char, Vec<Trace>>,
    /// Words of two or more characters.
    pub words: BTreeMap<String, Vec<Trace>>,
}

impl Penman {
    /// Whether this person wrote every character of `text` at least once; spaces need no ink.
    pub fn can_spell(&self, text: &str) -> bool {
        text.chars()
            .all(|c| c == ' ' || self.characters.contains_key(&c))
    }
}

/// The writers of one split, by number, with what they wrote. Either file may be missing, not both.
///
/// # Errors
/// Fails (for good) when neither file is there, or one is not of this shape.
pub fn load(folder: &Path, split: Split) -> anyhow::Result<Vec<Penman>> {
    let mut people: BTreeMap<i32, Penman> = BTreeMap::new();
    let mut files = 0;
    for name in ["characters.npz", "words.npz"] {
        let path = folder.join(name);
        if path.is_file() {
            files += 1;
            collect(&path, split, &mut people)
                .with_context(|| format!("{} is not as expected", path.display()))?;
        }
    }
    ensure!(
        files > 0,
        "{} holds neither characters.npz nor words.npz",
        folder.display()
    );
    for person in people.values_mut() {
        part::leave_out(&mut person.characters);
    }
    Ok(people.into_values().collect())
}

fn collect(path: &Path, split: Split, people: &mut BTreeMap<i32, Penman>) -> anyhow::Result<()> {
    let mut arrays = Arrays::open(path)?;
    let labels: Vec<String> = arrays.read("label")?;
    let writers: Vec<i32> = arrays.read("writer")?;
    let records: Vec<i32> = arrays.read("record_offsets")?;
    let strokes: Vec<i32> = arrays.read("stroke_offsets")?;
    let points = arrays.read_small("pts")?;
    ensure!(
        labels.len() == writers.len() && records.len() == labels.len() + 1,
        "labels, writers and records differ in number"
    );
    for (index, (label, writer)) in labels.iter().zip(&writers).enumerate() {
        if Split::of(*writer) != split {
            continue;
        }
        let range = |offsets: &[i32], at: usize| -> Option<std::ops::Range<usize>> {
            let (from, to) = (*offsets.get(at)?, *offsets.get(at + 1)?);
            (0 <= from && from <= to).then_some(from as usize..to as usize)
        };
        let own = range(&records, index).context("a record without strokes")?;
        let lines = own
            .map(|k| {
                let at = range(&strokes, k).context("a stroke without points")?;
                let pairs = points
                    .get(2 * at.start..2 * at.end)
                    .context("points are missing")?;
                Ok(pairs
                    .chunks_exact(2)
                    .map(|p| (f32::from(p[0]), f32::from(p[1])))
                    .collect())
            })
            .collect::<anyhow::Result<Vec<Vec<Point>>>>()?;
        let Some(trace) = trace(*writer, lines) else {
            continue;
        };
        let person = people.entry(*writer).or_insert_with(|| Penman {
            writer: *writer,
            ..Penman::default()
        });
        let mut characters = label.chars();
        match (characters.next(), characters.next()) {
            (Some(one), None) if !whole::is_whole(one, &trace.strokes) => {}
            (Some(one), None) => person.characters.entry(one).or_default().push(trace),
            (Some(_), Some(_)) => person.words.entry(label.clone()).or_default().push(trace),
            _ => {}
        }
    }
    Ok(())
}

/// Moves pen lines to the origin; `None` without any point.
fn trace(writer: i32, mut strokes: Vec<Vec<Point>>) -> Option<Trace> {
    strokes.retain(|s| !s.is_empty());
    let all = || strokes.iter().flatten();
    let left = all().map(|p| p.0).reduce(f32::min)?;
    let right = all().map(|p| p.0).reduce(f32::max)?;
    let top = all().map(|p| p.1).reduce(f32::min)?;
    let bottom = all().map(|p| p.1).reduce(f32::max)?;
    for point in strokes.iter_mut().flatten() {
        *point = (point.0 - left, point.1 - top);
    }
    Some(Trace {
        writer,
        strokes,
        width: right - left,
        height: bottom - top,
    })
}

#[cfg(test)]
pub(crate) mod tests;
