//! The calibration that belongs to a set of weights: read at start, applied to every written field.

use enrol::forms::definition::{KEY_TARGET_ERROR, TARGET_ERROR};
use serde::{Deserialize, Serialize};

use super::RiskGroup;
use super::logistic::Logistic;
use super::threshold::Proof;

/// Version of the file's shape.
pub const FORMAT: u32 = 2;

/// Error rates for which a threshold is proved, strictest first: a field is held to the largest that is not above its
/// own target.
pub const TARGETS: [f64; 8] = [0.0005, 0.001, 0.0014, 0.003, 0.005, 0.01, 0.02, 0.05];

/// Why a calibration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CalibrationError {
    /// Not the JSON that `enrol calibrate` writes.
    #[error("the calibration cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Written by another version of the program.
    #[error(
        "the calibration has format {found}, this program reads format {FORMAT}: run `enrol calibrate` again"
    )]
    Format {
        /// Of the file.
        found: u32,
    },
    /// It belongs to other weights.
    #[error(
        "the calibration belongs to the weights {found}, not to {expected}: run `enrol calibrate` again"
    )]
    Model {
        /// Of this program.
        expected: String,
        /// Of the file.
        found: String,
    },
    /// It was fitted on other signals.
    #[error(
        "the calibration was fitted on other signals than this program measures: run `enrol calibrate` again"
    )]
    Features,
}

/// A promise: of the accepted fields at most this share is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rung {
    /// Error rate promised.
    pub target: f64,
    /// The threshold with the evidence for it; `None` means that every field goes to a clerk.
    pub proof: Option<Proof>,
}

/// What was fitted for the fields of one risk group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupCalibration {
    /// The fields it is for.
    pub group: RiskGroup,
    /// Names of the features, in order.
    pub features: Vec<String>,
    /// Probability that a field is right, from its features.
    pub model: Logistic,
    /// One for each of [`TARGETS`].
    pub rungs: Vec<Rung>,
    /// Cases it was fitted on.
    pub cases: u64,
    /// Writers behind them.
    pub writers: u64,
}

impl GroupCalibration {
    /// The strictest promise that a field with this target needs, and no stricter one; `None` for a target beneath all.
    pub fn rung(&self, target: f64) -> Option<&Rung> {
        // Targets are written in decimals: 0.0014 must find 0.0014.
        let fits = |rung: &&Rung| rung.target <= target * (1.0 + 1e-9);
        self.rungs
            .iter()
            .filter(fits)
            .max_by(|a, b| a.target.total_cmp(&b.target))
    }
}

/// What a calibration says about one field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// Probability that the whole value is right.
    pub probability: f64,
    /// Whether that is enough for the field's target. Whether the field may be accepted at all is another matter.
    pub enough: bool,
}

/// Everything fitted for one set of weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// [`FORMAT`].
    pub format: u32,
    /// Names and hashes of the weights it belongs to.
    pub model: String,
    /// One entry per group.
    pub groups: Vec<GroupCalibration>,
}

impl Calibration {
    /// Reads a calibration and checks that it belongs to these weights and signals.
    ///
    /// # Errors
    /// See [`CalibrationError`]; none passes by trying again.
    pub fn parse(json: &str, model: &str) -> Result<Self, CalibrationError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let head: Head = serde_json::from_str(json)?;
        if head.format != FORMAT {
            return Err(CalibrationError::Format { found: head.format });
        }
        let found: Self = serde_json::from_str(json)?;
        if found.model != model {
            return Err(CalibrationError::Model {
                expected: model.to_owned(),
                found: found.model,
            });
        }
        let fits = |g: &GroupCalibration| {
            let widths = [
                g.model.means.len(),
                g.model.scales.len(),
                g.model.weights.len(),
            ];
            g.features == g.group.features() && widths.iter().all(|n| *n == g.features.len())
        };
        if !found.groups.iter().all(fits) {
            return Err(CalibrationError::Features);
        }
        Ok(found)
    }

    /// The calibration of a group; `None` where there is none.
    pub fn group(&self, group: RiskGroup) -> Option<&GroupCalibration> {
        self.groups.iter().find(|g| g.group == group)
    }

    /// Probability that a field is right, and whether that is enough for the error rate `target`; `None` for a group
    /// without calibration.
    pub fn judge(&self, group: RiskGroup, features: &[f64], target: f64) -> Option<Judgement> {
        let own = self.group(group)?;
        let probability = own.model.probability(features);
        let proof = own.rung(target).and_then(|rung| rung.proof);
        Some(Judgement {
            probability,
            enough: proof.is_some_and(|p| probability >= p.threshold),
        })
    }
}

/// The error rate promised for accepted fields of a group where the form says nothing.
pub fn default_target(group: RiskGroup) -> f64 {
    match group {
        RiskGroup::Key => KEY_TARGET_ERROR,
        RiskGroup::Comb | RiskGroup::Text | RiskGroup::Tick => TARGET_ERROR,
    }
}
