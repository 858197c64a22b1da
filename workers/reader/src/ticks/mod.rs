//! Tick boxes and signatures: ink is measured, not recognised.
//!
//! ```text
//! picture of a group  -> printed   what the form itself shows there, taken out
//!                     -> strokes   which stroke belongs to which box; what each box holds
//!                     -> words     rings around labels, lines through them
//! writing of a page   -> pen       how dark and wide its pens are, whether the capture may have lost marks
//! all of them         -> judge     ticked, filled, empty or unsure, box by box, with a margin
//!                     -> signals   the same as numbers for the calibration
//! ```
//!
//! What follows for the field is decided in [`crate::fields::ticked`].

pub mod group;
pub mod judge;
pub mod pen;
pub mod printed;
mod shape;
pub mod signals;
pub mod signature;
pub mod strokes;
pub mod words;

pub use self::group::GroupInk;
pub use self::judge::{BoxReading, GroupReading, Mark, PageStyle};
pub use self::pen::PagePen;
pub use self::signals::TickSignals;
pub use self::signature::SignatureInk;
