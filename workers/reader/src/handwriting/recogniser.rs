//! The network that reads a line of handwriting, run by rten.

use std::cell::OnceCell;
use std::sync::Arc;

use rten::{Model, NodeId, RunOptions, ThreadPool, Value};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::raster::Grey;

/// Trained on other writers than those that promises are proved on.
const WEIGHTS: &[u8] = include_bytes!("../../model/line.onnx");
const CARD: &str = include_str!("../../model/line.toml");

/// Why the recogniser cannot be used. None of these goes away by trying again.
#[derive(Debug, thiserror::Error)]
pub enum RecogniserError {
    /// The description of the weights does not say what it must.
    #[error("the model's description is wrong: {0}")]
    Card(String),
    /// The weights are not the ones described.
    #[error(
        "the model's weights do not match their description (expected sha256 {expected}, found {found})"
    )]
    Hash {
        /// From the description.
        expected: String,
        /// Of the weights in this program.
        found: String,
    },
    /// The engine does not take the weights.
    #[error("the model could not be loaded")]
    Load(#[source] rten::LoadError),
    /// The engine failed on a line.
    #[error("the model could not be run")]
    Run(#[source] rten::RunError),
    /// The network gave something else than one row of scores per frame.
    #[error("the model gave scores of an unexpected shape")]
    Shape,
}

/// What `line.toml` says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    name: String,
    #[expect(
        dead_code,
        reason = "says which file the description belongs to; the weights are embedded"
    )]
    file: String,
    sha256: String,
    input_height: usize,
    width_multiple: usize,
    frame_width: usize,
    blank: usize,
    alphabet: String,
}

/// One line, `input_height` pixels high, ink 1 and paper 0.
#[derive(Clone)]
pub struct LinePicture {
    width: usize,
    ink: Vec<f32>,
}

impl LinePicture {
    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }
}

/// Scores (logits) of one line: one row per frame, one column per class.
#[derive(Clone)]
pub struct Scores {
    classes: usize,
    values: Vec<f32>,
}

impl Scores {
    /// Scores with `classes` columns.
    pub fn new(classes: usize, values: Vec<f32>) -> Self {
        debug_assert!(values.len().is_multiple_of(classes));
        Self { classes, values }
    }

    /// Number of frames.
    pub fn frames(&self) -> usize {
        self.values.len() / self.classes
    }

    /// Some of the frames.
    pub fn part(&self, frames: std::ops::Range<usize>) -> Self {
        let values = self.values[frames.start * self.classes..frames.end * self.classes].to_vec();
        Self::new(self.classes, values)
    }

    /// The logits of one frame.
    pub fn frame(&self, index: usize) -> &[f32] {
        &self.values[index * self.classes..(index + 1) * self.classes]
    }
}

/// The loaded network. It can be shared between threads; each thread runs it on one core.
pub struct Recogniser {
    model: Model,
    input: NodeId,
    output: NodeId,
    card: Card,
    classes: Vec<char>,
}

thread_local! {
    /// rten runs in a pool of its own; one pool of one thread for each reading thread keeps every reading on one core.
    static POOL: OnceCell<Arc<ThreadPool>> = const { OnceCell::new() };
}

/// Runs a network of one input on this thread's core.
pub(super) fn run_on_one_core<const N: usize>(
    model: &Model,
    input: NodeId,
    outputs: [NodeId; N],
    pictures: NdTensor<f32, 4>,
) -> Result<[Value; N], RecogniserError> {
    let options = RunOptions::default().with_thread_pool(Some(pool()));
    model
        .run_n([(input, pictures.into())].into(), outputs, Some(options))
        .map_err(RecogniserError::Run)
}

/// The pool of the calling thread.
fn pool() -> Arc<ThreadPool> {
    POOL.with(|pool| {
        pool.get_or_init(|| Arc::new(ThreadPool::with_num_threads(1)))
            .clone()
    })
}

/// Checks that weights are the ones their description names.
pub(super) fn check_hash(weights: &[u8], expected: &str) -> Result<(), RecogniserError> {
    let found: String = Sha256::digest(weights)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    if found == expected {
        return Ok(());
    }
    Err(RecogniserError::Hash {
        expected: expected.to_owned(),
        found,
    })
}

/// Lines read in one run of the network.
const BATCH: usize = 8;

/// A line may not be longer than this many pixels: about four times the longest line of a form.
const LONGEST: usize = 4096;

impl Recogniser {
    /// Loads embedded weights after checking their hash.
    ///
    /// # Errors
    /// See [`RecogniserError`].
    pub fn load() -> Result<Self, RecogniserError> {
        let card: Card =
            toml::from_str(CARD).map_err(|e| RecogniserError::Card(e.message().to_owned()))?;
        check_hash(WEIGHTS, &card.sha256)?;
        if card.input_height == 0 || card.width_multiple == 0 || card.frame_width == 0 {
            return Err(RecogniserError::Card("sizes must be above zero".to_owned()));
        }
        let model = Model::load_static_slice(WEIGHTS).map_err(RecogniserError::Load)?;
        let input = model.node_id("x").map_err(RecogniserError::Run)?;
        let output = model.node_id("y").map_err(RecogniserError::Run)?;
        let classes = card.alphabet.chars().collect();
        Ok(Self {
            model,
            input,
            output,
            card,
            classes,
        })
    }

    /// Name of the weights.
    pub fn name(&self) -> &str {
        &self.card.name
    }

    /// SHA-256 of the weights, hexadecimal.
    pub fn hash(&self) -> &str {
        &self.card.sha256
    }

    /// The characters the network knows, in class order without the blank.
    pub fn characters(&self) -> &[char] {
        &self.classes
    }

    /// Class of the CTC blank.
    pub fn blank(&self) -> usize {
        self.card.blank
    }

    /// Pixels of a line picture per frame of scores.
    pub fn frame_width(&self) -> usize {
        self.card.frame_width
    }

    /// Makes a line of a picture on white paper: scaled to the network's height, ink 1 and paper 0.
    pub fn line(&self, picture: &Grey) -> LinePicture {
        let height = self.card.input_height;
        let width = (picture.width * height)
            .div_ceil(picture.height.max(1))
            .clamp(8, LONGEST);
        let scaled = if (picture.width, picture.height) == (width, height) {
            picture.clone()
        } else {
            picture.resized(width, height)
        };
        LinePicture {
            width,
            ink: scaled
                .pixels
                .iter()
                .map(|p| 1.0 - f32::from(*p) / 255.0)
                .collect(),
        }
    }

    /// Reads lines, those of similar width together. The scores come back in the order of the lines.
    pub fn read(&self, lines: &[LinePicture]) -> Result<Vec<Scores>, RecogniserError> {
        let mut order: Vec<usize> = (0..lines.len()).collect();
        order.sort_by_key(|i| lines[*i].width);
        let mut scores: Vec<Option<Scores>> = vec![None; lines.len()];
        let mut rest = order.as_slice();
        while let Some(first) = rest.first() {
            // Padding is work too: a batch ends where a line is a quarter wider than its narrowest.
            let narrowest = lines[*first].width;
            let fits = rest
                .iter()
                .take(BATCH)
                .take_while(|i| lines[**i].width * 4 <= narrowest * 5 + 64)
                .count()
                .max(1);
            let (batch, later) = rest.split_at(fits);
            for (index, found) in batch.iter().zip(self.run(batch, lines)?) {
                scores[*index] = Some(found);
            }
            rest = later;
        }
        scores
            .into_iter()
            .collect::<Option<_>>()
            .ok_or(RecogniserError::Shape)
    }

    fn run(&self, batch: &[usize], lines: &[LinePicture]) -> Result<Vec<Scores>, RecogniserError> {
        let height = self.card.input_height;
        let widest = batch.iter().map(|i| lines[*i].width).max().unwrap_or(0);
        let width = widest.div_ceil(self.card.width_multiple) * self.card.width_multiple;
        let mut input = NdTensor::<f32, 4>::zeros([batch.len(), 1, height, width]);
        let values = input.data_mut().ok_or(RecogniserError::Shape)?;
        for (n, index) in batch.iter().enumerate() {
            let line = &lines[*index];
            for y in 0..height {
                let at = (n * height + y) * width;
                values[at..at + line.width]
                    .copy_from_slice(&line.ink[y * line.width..(y + 1) * line.width]);
            }
        }
        let [output] = run_on_one_core(&self.model, self.input, [self.output], input)?;
        let output: NdTensor<f32, 3> = output.try_into().map_err(|_| RecogniserError::Shape)?;
        let [count, frames, classes] = output.shape();
        if count != batch.len() || classes != self.classes.len() + 1 {
            return Err(RecogniserError::Shape);
        }
        let values = output.to_vec();
        Ok(batch
            .iter()
            .enumerate()
            .map(|(n, index)| {
                let used = lines[*index]
                    .width
                    .div_ceil(self.card.frame_width)
                    .min(frames);
                let start = n * frames * classes;
                Scores::new(classes, values[start..start + used * classes].to_vec())
            })
            .collect())
    }
}
