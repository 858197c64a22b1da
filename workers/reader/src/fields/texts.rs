//! The texts of a page's written fields: combs cell by cell and as lines, free writing line by line.

use std::path::Path;

use chrono::NaiveDate;
use enrol::domain::field::FieldKind;
use enrol::forms::definition::Field;

use super::{Found, expectation};
use crate::calibration::{Calibration, CalibrationError, Judgement, RiskGroup};
use crate::handwriting::cell_recogniser::NO_CHARACTER;
use crate::handwriting::evidence::Trust;
use crate::handwriting::knowledge::free_text::FreeText;
use crate::handwriting::knowledge::{Anything, Positions};
use crate::handwriting::{
    CellPicture, CellRecogniser, Evidence, Labels, LinePicture, Recogniser, RecogniserError,
    TextReading,
};

/// The readers of handwriting, and how far to believe them.
pub struct Networks {
    /// Reads free writing, and a comb as a line.
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

/// The calibration of the embedded weights: see `workers/reader/model/calibration.md`.
const BUILT_IN: &str = include_str!("../../model/calibration.json");

/// A cell more likely than this to hold no character is taken for one left empty.
const EMPTY: f32 = 0.97;
/// The texts of each field: one for a comb, one for each line of free writing, none where nothing is written. Cells found to
/// hold no character are marked unused. Every comb is read both ways.
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

    let mut lines: Vec<(usize, LinePicture)> = Vec::new();
    for (index, item) in found.iter().enumerate() {
        match item {
            Found::Comb { line, .. } => lines.push((index, networks.lines.line(line))),
            Found::Lines(pieces) => {
                let pictures = pieces.iter().map(|p| networks.lines.line(&p.picture));
                lines.extend(pictures.map(|picture| (index, picture)));
            }
            _ => {}
        }
    }
    let (owners, pictures): (Vec<usize>, Vec<LinePicture>) = lines.into_iter().unzip();
    let mut texts: Vec<Vec<TextReading>> = vec![Vec::new(); fields.len()];
    for (index, scores) in owners.into_iter().zip(networks.lines.read(&pictures)?) {
        let (field, own, evidence) = (fields[index], &labels[index], &mut evidence[index]);
        evidence.line = Some(own.frames(&scores));
        let read = match &found[index] {
            Found::Comb { comb, .. } => read_comb(field, &comb.used, own, evidence, today),
            _ => {
                let words = FreeText::new(expectation::text_role(field), own);
                evidence.read(own, &words, &Anything)
            }
        };
        texts[index].extend(read);
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
