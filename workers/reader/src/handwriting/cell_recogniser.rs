//! The network that reads one cell of a comb.

use rten::{Model, NodeId};
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
    output: NodeId,
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
        let output = model.node_id("y").map_err(RecogniserError::Run)?;
        Ok(Self {
            model,
            input,
            output,
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

    /// Reads all cells of a page in one run. Each row of the scores is one cell.
    ///
    /// # Errors
    /// The engine failed, or the network gives something else than one row of scores per cell.
    pub fn read(&self, cells: &[CellPicture]) -> Result<Scores, RecogniserError> {
        let classes = self.classes.len() + 1;
        if cells.is_empty() {
            return Ok(Scores::new(classes, Vec::new()));
        }
        let ink: Vec<f32> = cells.iter().flat_map(|c| c.0.iter().copied()).collect();
        let input = NdTensor::from_data([cells.len(), 1, SIDE, SIDE], ink);
        let output = recogniser::run_on_one_core(&self.model, self.input, self.output, input)?;
        let output: NdTensor<f32, 2> = output.try_into().map_err(|_| RecogniserError::Shape)?;
        if output.shape() != [cells.len(), classes] {
            return Err(RecogniserError::Shape);
        }
        Ok(Scores::new(classes, output.to_vec()))
    }
}
