//! The texts of a page's written fields: cells first, then as lines what the cells leave in doubt.

use chrono::NaiveDate;
use enrol::domain::field::FieldKind;
use enrol::forms::definition::Field;

use super::{Found, expectation};
use crate::handwriting::cell_recogniser::NO_CHARACTER;
use crate::handwriting::evidence::Trust;
use crate::handwriting::knowledge::free_text::FreeText;
use crate::handwriting::knowledge::{Anything, Positions};
use crate::handwriting::{
    CellPicture, CellRecogniser, Evidence, Labels, LinePicture, Recogniser, RecogniserError,
    TextReading,
};

/// The two readers of handwriting.
pub struct Networks {
    /// Reads lines.
    pub lines: Recogniser,
    /// Reads comb cells.
    pub cells: CellRecogniser,
}

impl Networks {
    /// Loads the embedded weights.
    ///
    /// # Errors
    /// They are not those described.
    pub fn load() -> Result<Self, RecogniserError> {
        Ok(Self {
            lines: Recogniser::load()?,
            cells: CellRecogniser::load()?,
        })
    }

    /// Tells these weights from all others, for what was fitted on their signals.
    pub fn identity(&self) -> String {
        format!("lines {}, cells {}", self.lines.hash(), self.cells.hash())
    }
}

/// A cell more likely than this to hold no character is taken for one left empty.
const EMPTY: f32 = 0.97;
/// A comb is read as a line too when the cells' runner-up has more than this share of their best text's.
const RIVAL: f64 = 0.05;
/// Or when one cell's two best characters are nearer than this.
const CLEAR_MARGIN: f64 = 0.8;

/// The readings of each field: one for a comb, one for each line of free writing, none where nothing is written. Cells
/// found to hold no character are marked unused.
///
/// # Errors
/// A network failed.
pub fn read_texts(
    networks: &Networks,
    fields: &[&Field],
    found: &mut [Found],
    today: NaiveDate,
) -> Result<Vec<Vec<TextReading>>, RecogniserError> {
    let labels: Vec<Labels> = fields.iter().map(|f| labels(networks, f)).collect();
    let mut evidence = read_cells(networks, &labels, found)?;
    for (evidence, field) in evidence.iter_mut().zip(fields) {
        if field.kind == FieldKind::Email {
            evidence.trust = Trust::FOR_MIXED;
        }
    }

    let mut readings: Vec<Vec<TextReading>> = vec![Vec::new(); fields.len()];
    for (index, item) in found.iter().enumerate() {
        if let (Found::Comb { comb, .. }, Some(_)) = (item, &evidence[index].cells) {
            let read = read_comb(
                fields[index],
                &comb.used,
                &labels[index],
                &evidence[index],
                today,
            );
            readings[index].extend(read);
        }
    }

    let mut lines: Vec<LinePicture> = Vec::new();
    let mut owners: Vec<usize> = Vec::new();
    for (index, item) in found.iter().enumerate() {
        match item {
            Found::Comb { line, .. } if is_doubtful(fields[index], readings[index].first()) => {
                lines.push(networks.lines.line(line));
                owners.push(index);
            }
            Found::Lines(pieces) => {
                lines.extend(pieces.iter().map(|p| networks.lines.line(p)));
                owners.extend(pieces.iter().map(|_| index));
            }
            _ => {}
        }
    }
    let scores = networks.lines.read(&lines)?;
    for (index, scores) in owners.into_iter().zip(&scores) {
        let own = &labels[index];
        let field = fields[index];
        match &found[index] {
            Found::Comb { comb, .. } => {
                evidence[index].line = Some(own.frames(scores));
                let read = read_comb(field, &comb.used, own, &evidence[index], today);
                readings[index] = read.into_iter().collect();
            }
            _ => {
                let line = Evidence {
                    line: Some(own.frames(scores)),
                    ..Evidence::default()
                };
                readings[index].extend(line.read(own, &FreeText::new(own), &Anything));
            }
        }
    }
    Ok(readings)
}

/// Reads the used cells of all combs in one run.
fn read_cells(
    networks: &Networks,
    labels: &[Labels],
    found: &mut [Found],
) -> Result<Vec<Evidence>, RecogniserError> {
    let mut pictures: Vec<CellPicture> = Vec::new();
    let mut parts = Vec::with_capacity(found.len());
    for item in found.iter() {
        let begin = pictures.len();
        if let Found::Comb { comb, .. } = item {
            pictures.extend(comb.cell_pictures().iter().map(CellPicture::new));
        }
        parts.push(begin..pictures.len());
    }
    let scores = networks.cells.read(&pictures)?;
    let mut evidence = vec![Evidence::default(); found.len()];
    for (index, item) in found.iter_mut().enumerate() {
        let Found::Comb { comb, .. } = item else {
            continue;
        };
        let own = labels[index].over_classes(networks.cells.characters(), NO_CHARACTER);
        let frames = own.frames(&scores.part(parts[index].clone()));
        let written: Vec<bool> = (0..frames.len())
            .map(|i| frames.frame(i)[0] < EMPTY)
            .collect();
        if written.contains(&true) {
            comb.leave_out(&written);
            evidence[index].cells = Some(frames.kept(&written));
        }
    }
    Ok(evidence)
}

/// Whether a comb needs the line reader too. An e-mail address always does: see [`Trust::FOR_MIXED`].
fn is_doubtful(field: &Field, read: Option<&TextReading>) -> bool {
    field.kind == FieldKind::Email
        || read.is_none_or(|read| {
            read.rival() > RIVAL || read.worst_margin.is_none_or(|m| m < CLEAR_MARGIN)
        })
}

fn read_comb(
    field: &Field,
    used: &[bool],
    labels: &Labels,
    evidence: &Evidence,
    today: NaiveDate,
) -> Option<TextReading> {
    let knowledge = expectation::knowledge(field, used, labels, today);
    let count = used.iter().filter(|u| **u).count();
    let unaided = Positions::any(count, labels);
    evidence.read(labels, knowledge.as_ref(), &unaided)
}

fn labels(networks: &Networks, field: &Field) -> Labels {
    let recogniser = &networks.lines;
    let own = expectation::alphabet(field);
    let own = if own.is_empty() {
        recogniser.characters().iter().collect()
    } else {
        own
    };
    Labels::new(&own, recogniser.characters(), recogniser.blank())
}
