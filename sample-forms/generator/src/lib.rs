//! Makes the filled sample scans, seeded: invented families, handwriting, scanners, files, and the truth.

mod blank;
mod cli;
mod deliver;
pub mod digital;
mod encode;
pub mod evaluation;
mod fill;
mod hand;
mod hostile;
mod people;
mod plan;
mod sample;
mod scan;
pub mod strokes;
mod truth;

pub use cli::run;
