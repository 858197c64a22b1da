//! Reading handwriting: pictures go through the networks, and the field's own alphabet and shape decide among what
//! they may say.

pub mod alphabet;
pub mod cell_recogniser;
pub mod cells;
pub mod ctc;
pub mod evidence;
pub mod knowledge;
pub mod recogniser;

pub use self::alphabet::Labels;
pub use self::cell_recogniser::{CellPicture, CellRecogniser};
pub use self::evidence::{CellSupport, Evidence, ReadApart, TextReading};
pub use self::recogniser::{LinePicture, Recogniser, RecogniserError, Scores};
