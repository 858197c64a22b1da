//! The texts of a page's written fields: cells first, then as lines what the cells leave in doubt.

use std::path::Path;

use chrono::NaiveDate;
use enrol::domain::field::{FieldKind, FieldValue};
use enrol::forms::definition::Field;

use super::signals::Signals;
use super::written::Written;
use super::{Found, expectation};
use crate::calibration::features::features;
use crate::calibration::{Calibration, CalibrationError, Judgement, RiskGroup};
use crate::checking;
use crate::handwriting::cell_recogniser::NO_CHARACTER;
use crate::handwriting::evidence::Trust;
use crate::handwriting::knowledge::free_text::FreeText;
use crate::handwriting::knowledge::{Anything, Positions};
use crate::handwriting::{
    CellPicture, CellRecogniser, Evidence, Labels, LinePicture, Recogniser, RecogniserError,
    TextReading,
};
use crate::zones::comb::Comb;
use crate::zones::ink;

/// The two readers of handwriting, and how far to believe them.
pub struct Networks {
    /// Reads lines.
    pub lines: Recogniser,
    /// Reads comb cells.
    pub cells: CellRecogniser,
    /// Fitted on these weights; without one every written field goes to a clerk.
    pub calibration: Option<Calibration>,
}

/// Why the networks cannot be used. None of these passes by trying again.
#[derive(Debug, thiserror::Error)]
pub enum NetworksError {
    /// The weights are not those described.
    #[error(transparent)]
    Recogniser(#[from] RecogniserError),
    /// The calibration that was named cannot be used.
    #[error("{file}: {source}")]
    Calibration {
        /// The file.
        file: String,
        /// Why.
        source: CalibrationError,
    },
    /// The calibration that was named cannot be read.
    #[error("{file} cannot be read")]
    File {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
}

impl Networks {
    /// Loads the embedded weights with their calibration, or with the one in the file `calibration`.
    ///
    /// # Errors
    /// See [`NetworksError`].
    pub fn load(calibration: Option<&Path>) -> Result<Self, NetworksError> {
        let mut networks = Self {
            lines: Recogniser::load()?,
            cells: CellRecogniser::load()?,
            calibration: None,
        };
        let identity = networks.identity();
        networks.calibration = match calibration {
            Some(path) => {
                let file = path.display().to_string();
                let json = std::fs::read_to_string(path).map_err(|source| NetworksError::File {
                    file: file.clone(),
                    source,
                })?;
                let parsed = Calibration::parse(&json, &identity);
                Some(parsed.map_err(|source| NetworksError::Calibration { file, source })?)
            }
            None => match Calibration::parse(BUILT_IN, &identity) {
                Ok(calibration) => Some(calibration),
                Err(error) => {
                    tracing::warn!(%error, "without a calibration all writing goes to a clerk");
                    None
                }
            },
        };
        Ok(networks)
    }

    /// What the calibration in force says of a field; `None` without one for its group.
    pub fn judge(&self, field: &Field, group: RiskGroup, features: &[f64]) -> Option<Judgement> {
        let calibration = self.calibration.as_ref()?;
        calibration.judge(group, features, field.rules.target_error)
    }

    /// Tells these weights from all others, for what was fitted on their signals.
    pub fn identity(&self) -> String {
        format!("lines {}, cells {}", self.lines.hash(), self.cells.hash())
    }
}

/// The calibration of the embedded weights: see `workers/reader/model/README.md`.
const BUILT_IN: &str = include_str!("../../model/calibration.json");

/// A cell more likely than this to hold no character is taken for one left empty.
const EMPTY: f32 = 0.97;
/// Without a calibration, a comb is read as a line too when the cells' runner-up has more than this share of their best
/// text's.
const RIVAL: f64 = 0.05;
/// Or when one cell's two best characters are nearer than this.
const CLEAR_MARGIN: f64 = 0.8;

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Everything.
    Whole,
    /// Combs by their cells, in doubt or not: what a promise rests on.
    CellsOnly,
}

/// What a field's zone was read as.
#[derive(Debug, Clone, Default)]
pub struct FieldTexts {
    /// One for a comb, one for each line of free writing, none where nothing is written.
    pub readings: Vec<TextReading>,
    /// A comb as its cells alone were read.
    pub by_cells: Option<ByCells>,
}

/// A comb as its cells alone were read: what it may be accepted by.
#[derive(Debug, Clone)]
pub struct ByCells {
    /// How it came about.
    pub signals: Signals,
    /// The checked value.
    pub value: Option<FieldValue>,
}

/// The texts of each field. Cells found to hold no character are marked unused. A comb that its cells decide is not read
/// as a line. `residuals_mm` says for each field how far its zone may be off.
///
/// # Errors
/// A network failed.
pub fn read_texts(
    networks: &Networks,
    fields: &[&Field],
    found: &mut [Found],
    residuals_mm: &[f64],
    today: NaiveDate,
    depth: Depth,
) -> Result<Vec<FieldTexts>, RecogniserError> {
    let labels: Vec<Labels> = fields.iter().map(|f| labels(networks, f)).collect();
    let mut evidence = read_cells(networks, &labels, found)?;
    for (evidence, field) in evidence.iter_mut().zip(fields) {
        if field.kind == FieldKind::Email {
            evidence.trust = Trust::FOR_MIXED;
        }
    }

    let mut texts: Vec<FieldTexts> = vec![FieldTexts::default(); fields.len()];
    for (index, item) in found.iter().enumerate() {
        let (Found::Comb { comb, .. }, Some(_)) = (item, &evidence[index].cells) else {
            continue;
        };
        let (field, own) = (fields[index], &mut texts[index]);
        let read = read_comb(field, &comb.used, &labels[index], &evidence[index], today);
        own.by_cells = read
            .as_ref()
            .map(|read| by_cells(field, comb, read, residuals_mm[index]));
        own.readings.extend(read);
    }

    let mut lines: Vec<LinePicture> = Vec::new();
    let mut owners: Vec<usize> = Vec::new();
    for (index, item) in found.iter().enumerate() {
        match item {
            Found::Comb { line, .. }
                if depth == Depth::Whole && !is_decided(networks, fields[index], &texts[index]) =>
            {
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
                texts[index].readings = read.into_iter().collect();
            }
            _ => {
                let line = Evidence {
                    line: Some(own.frames(scores)),
                    ..Evidence::default()
                };
                let read = line.read(own, &FreeText::new(own), &Anything);
                texts[index].readings.extend(read);
            }
        }
    }
    Ok(texts)
}

/// Reads the used cells of all combs, which are of one page and so of one hand, in one run.
fn read_cells(
    networks: &Networks,
    labels: &[Labels],
    found: &mut [Found],
) -> Result<Vec<Evidence>, RecogniserError> {
    let pictures: Vec<Vec<CellPicture>> = found
        .iter()
        .map(|item| match item {
            Found::Comb { comb, .. } => comb.cell_pictures().iter().map(CellPicture::new).collect(),
            _ => Vec::new(),
        })
        .collect();
    let scores = networks.cells.read(&pictures)?;
    let mut evidence = vec![Evidence::default(); found.len()];
    for (index, item) in found.iter_mut().enumerate() {
        let Found::Comb { comb, .. } = item else {
            continue;
        };
        let own = labels[index].over_classes(networks.cells.characters(), NO_CHARACTER);
        let frames = own.frames(&scores[index].together);
        let written: Vec<bool> = (0..frames.len())
            .map(|i| frames.frame(i)[0] < EMPTY)
            .collect();
        if written.contains(&true) {
            comb.leave_out(&written);
            evidence[index].cells = Some(frames.kept(&written));
            evidence[index].alone = Some(own.frames(&scores[index].alone).kept(&written));
        }
    }
    Ok(evidence)
}

fn by_cells(field: &Field, comb: &Comb, read: &TextReading, residual_mm: f64) -> ByCells {
    let written = Written::in_comb(field, &comb.used, Some(read), None);
    ByCells {
        signals: written.signals(
            field,
            &[read],
            ink::darkness_and_width(&comb.clean),
            residual_mm,
        ),
        value: checking::check(field, &written.text).value,
    }
}

/// Whether a comb needs no line reader, because it is accepted by its cells alone. (Another thing on the page may still
/// send it to a clerk.) Where none is in force for its group, whether the cells leave little doubt.
fn is_decided(networks: &Networks, field: &Field, texts: &FieldTexts) -> bool {
    let (Some(by_cells), Some(read)) = (&texts.by_cells, texts.readings.first()) else {
        return false;
    };
    let signals = &by_cells.signals;
    let judgement = signals
        .group(field)
        .and_then(|group| networks.judge(field, group, &features(signals)));
    match judgement {
        Some(judgement) => judgement.enough && signals.eligible(),
        // An e-mail address is written in both cases: see `Trust::FOR_MIXED`.
        None => {
            field.kind != FieldKind::Email
                && read.rival() <= RIVAL
                && read.worst_margin.is_some_and(|m| m >= CLEAR_MARGIN)
        }
    }
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
