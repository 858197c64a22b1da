//! Reading handwriting: a line picture goes through the network, and the field's own alphabet and shape decide
//! among what it may say.

pub mod alphabet;
pub mod ctc;
pub mod knowledge;
pub mod recogniser;

pub use self::alphabet::Labels;
pub use self::recogniser::{LinePicture, Recogniser, RecogniserError, Scores};

use self::ctc::Frames;
use self::knowledge::Knowledge;

/// What one line was read as.
#[derive(Clone, PartialEq)]
pub struct LineReading {
    /// The characters.
    pub text: String,
    /// Probability of the whole text under the network's scores, 0 to 1. Not calibrated: it is over-confident.
    pub probability: f64,
    /// Probability of the next best text divided by that of this one: near 1 means a toss-up.
    pub rival: f64,
    /// The text without the knowledge, restricted to the alphabet only.
    pub unaided: String,
    /// Probability of the unaided text.
    pub unaided_probability: f64,
}

/// Hides the text: it is personal data.
impl std::fmt::Debug for LineReading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "LineReading({} characters, {:.3})",
            self.text.chars().count(),
            self.probability
        )
    }
}

/// Number of prefixes followed at once.
const BEAM: usize = 12;

/// Reads the scores of one line with an alphabet and what is known of the field; `None` when no text fits.
pub fn read_line(
    scores: &Scores,
    labels: &Labels,
    knowledge: &dyn Knowledge,
) -> Option<LineReading> {
    let frames: Frames = labels.frames(scores);
    let unaided = ctc::beam(&frames, BEAM, &knowledge::Anything);
    let aided = if knowledge.is_anything() {
        unaided.clone()
    } else {
        ctc::beam(&frames, BEAM, knowledge)
    };
    let best = aided.first()?;
    let free = unaided.first()?;
    Some(LineReading {
        text: labels.text(&best.labels),
        probability: best.probability,
        rival: aided.get(1).map_or(0.0, |second| {
            second.probability / best.probability.max(1e-30)
        }),
        unaided: labels.text(&free.labels),
        unaided_probability: free.probability,
    })
}
