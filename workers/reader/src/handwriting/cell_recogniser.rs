//! The network that reads one cell of a comb.

use rten::{Model, NodeId, Value};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use serde::Deserialize;

use super::recogniser::{self, RecogniserError, Scores};
use crate::raster::Grey;

static WEIGHTS: &[u8] = include_bytes!("../../model/cells.onnx");
static CARD: &str = include_str!("../../model/cells.toml");

/// Pixels of a cell picture's side.
pub const SIDE: usize = 32;

/// What `cells.toml` says, as far as the program needs it.
#[derive(Debug, Clone, Deserialize)]
struct Card {
    sha256: String,
    side: usize,
    not_a_character: usize,
    alphabet: String,
}

/// One cell: [`SIDE`] by [`SIDE`] values row by row, ink 1 and paper 0.
#[derive(Clone)]
pub struct CellPicture(Vec<f32>);

impl CellPicture {
    /// From a square picture of any size on white paper.
    pub fn new(picture: &Grey) -> Self {
        let scaled = picture.resized(SIDE, SIDE);
        let ink = scaled.pixels.iter().map(|p| 1.0 - f32::from(*p) / 255.0);
        Self(ink.collect())
    }
}

/// The loaded network. It can be shared between threads; each thread runs it on one core.
pub struct CellRecogniser {
    model: Model,
    input: NodeId,
    outputs: [NodeId; 2],
    classes: Vec<char>,
    hash: String,
}

/// Class of "not a character".
pub const NO_CHARACTER: usize = 0;

impl CellRecogniser {
    /// Loads the embedded weights after checking their hash.
    ///
    /// # Errors
    /// The weights are not those of the description, or the engine does not take them.
    pub fn load() -> Result<Self, RecogniserError> {
        let card: Card =
            toml::from_str(CARD).map_err(|e| RecogniserError::Card(e.message().to_owned()))?;
        if card.side != SIDE || card.not_a_character != NO_CHARACTER {
            let other = "it is made for cells of another size or other classes";
            return Err(RecogniserError::Card(other.to_owned()));
        }
        recogniser::check_hash(WEIGHTS, &card.sha256)?;
        let model = Model::load_static_slice(WEIGHTS).map_err(RecogniserError::Load)?;
        let input = model.node_id("x").map_err(RecogniserError::Run)?;
        let output = |name| model.node_id(name).map_err(RecogniserError::Run);
        let outputs = [output("y")?, output("alone")?];
        Ok(Self {
            model,
            input,
            outputs,
            classes: card.alphabet.chars().collect(),
            hash: card.sha256,
        })
    }

    /// SHA-256 of the weights, hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The characters the network knows, in class order after [`NO_CHARACTER`].
    pub fn characters(&self) -> &[char] {
        &self.classes
    }

    /// Reads the combs of one hand, in reading order, together: the network sees how else this hand writes. The scores come
    /// back comb by comb.
    ///
    /// # Errors
    /// The engine failed, or the network gives something else than one row of scores per cell.
    pub fn read(&self, combs: &[Vec<CellPicture>]) -> Result<Vec<CellScores>, RecogniserError> {
        let mut ink: Vec<f32> = Vec::new();
        let mut parts = Vec::with_capacity(combs.len());
        let mut count = 0;
        for comb in combs {
            if count > 0 && !comb.is_empty() {
                // An empty picture stands between two combs.
                ink.resize(ink.len() + SIDE * SIDE, 0.0);
                count += 1;
            }
            ink.extend(comb.iter().flat_map(|c| &c.0));
            parts.push(count..count + comb.len());
            count += comb.len();
        }
        let classes = self.classes.len() + 1;
        let [together, alone] = if count == 0 {
            [(); 2].map(|()| Scores::new(classes, Vec::new()))
        } else {
            let input = NdTensor::from_data([count, 1, SIDE, SIDE], ink);
            let [together, alone] =
                recogniser::run_on_one_core(&self.model, self.input, self.outputs, input)?;
            [
                scores(together, count, classes)?,
                scores(alone, count, classes)?,
            ]
        };
        let part = |part: std::ops::Range<usize>| CellScores {
            together: together.part(part.clone()),
            alone: alone.part(part),
        };
        Ok(parts.into_iter().map(part).collect())
    }
}

/// The scores of one comb, a row per cell.
#[derive(Clone)]
pub struct CellScores {
    /// With the other cells of the hand in view.
    pub together: Scores,
    /// Of each cell by itself.
    pub alone: Scores,
}

fn scores(output: Value, cells: usize, classes: usize) -> Result<Scores, RecogniserError> {
    let output: NdTensor<f32, 2> = output.try_into().map_err(|_| RecogniserError::Shape)?;
    if output.shape() != [cells, classes] {
        return Err(RecogniserError::Shape);
    }
    Ok(Scores::new(classes, output.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What another engine gave for the same input: see `golden` in `training/export.py`.
    #[derive(Deserialize)]
    struct Golden {
        together: Vec<Vec<f32>>,
        alone: Vec<Vec<f32>>,
    }

    #[test]
    fn the_scores_are_those_of_the_reference_engine() {
        let golden: Golden = serde_json::from_str(include_str!("../../model/cells.golden.json"))
            .expect("the golden answers");
        let pattern = |cell: usize| {
            let ink = (0..SIDE * SIDE)
                .map(|at| ((cell * 7 + at / SIDE * 3 + at % SIDE * 5) % 11) as f32 / 10.0);
            CellPicture(ink.collect())
        };
        let network = CellRecogniser::load().expect("weights");
        let combs = [vec![pattern(0), pattern(1)], Vec::new(), vec![pattern(3)]];
        let read = network.read(&combs).expect("runs");
        let counts: Vec<usize> = read.iter().map(|r| r.alone.frames()).collect();
        assert_eq!(counts, [2, 0, 1]);
        let rows = |pick: fn(&CellScores) -> &Scores| -> Vec<Vec<f32>> {
            let scores = read.iter().map(pick);
            scores
                .flat_map(|s| (0..s.frames()).map(|i| s.frame(i).to_vec()))
                .collect()
        };
        for (found, wanted) in [
            (rows(|r| &r.together), golden.together),
            (rows(|r| &r.alone), golden.alone),
        ] {
            for (found, wanted) in found.iter().flatten().zip(wanted.iter().flatten()) {
                assert!((found - wanted).abs() < 5e-3, "{found} instead of {wanted}");
            }
        }
    }
}
