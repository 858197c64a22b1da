//! The calibration that belongs to a set of weights: read at start, applied to every written field.

use serde::{Deserialize, Serialize};

use super::RiskGroup;
use super::logistic::Logistic;
use super::threshold::Proof;

/// Version of the file's shape.
pub const FORMAT: u32 = 1;

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

/// A promise: fields of these kinds are wrong in at most this share of those accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupCalibration {
    /// The fields it is for.
    pub group: RiskGroup,
    /// Error rate promised for accepted fields.
    pub target: f64,
    /// Probability that a field is right, from its signals.
    pub model: Logistic,
    /// The threshold with the evidence for it; `None` means that every field goes to a clerk.
    pub proof: Option<Proof>,
    /// Cases it was fitted on.
    pub cases: u64,
    /// Writers behind them.
    pub writers: u64,
}

/// Everything fitted for one set of weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// [`FORMAT`].
    pub format: u32,
    /// Names and hashes of the weights it belongs to.
    pub model: String,
    /// Names of the features, in order.
    pub features: Vec<String>,
    /// One entry per group.
    pub groups: Vec<GroupCalibration>,
}

impl Calibration {
    /// Reads a calibration and checks that it belongs to these weights and signals.
    ///
    /// # Errors
    /// See [`CalibrationError`]; none passes by trying again.
    pub fn parse(json: &str, model: &str, features: &[&str]) -> Result<Self, CalibrationError> {
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
        let fits = |m: &Logistic| {
            [m.means.len(), m.scales.len(), m.weights.len()]
                .iter()
                .all(|n| *n == features.len())
        };
        if found.features != features || !found.groups.iter().all(|g| fits(&g.model)) {
            return Err(CalibrationError::Features);
        }
        Ok(found)
    }

    /// Probability that a field is right, and whether that is enough to accept it; `None` for a group without
    /// calibration.
    pub fn judge(&self, group: RiskGroup, features: &[f64]) -> Option<(f64, bool)> {
        let own = self.groups.iter().find(|g| g.group == group)?;
        let probability = own.model.probability(features);
        let enough = own.proof.is_some_and(|p| probability >= p.threshold);
        Some((probability, enough))
    }
}

/// The error rate promised for accepted fields of a group: 0.14 % for what makes a wrong person, 0.3 % for the rest.
pub fn default_target(group: RiskGroup) -> f64 {
    match group {
        RiskGroup::Key => 0.0014,
        RiskGroup::Comb | RiskGroup::Text => 0.003,
    }
}
