//! Makes the filled sample scans, seeded: invented families, handwriting, scanners, files, and the truth.

mod blank;
mod cli;
mod deliver;
mod encode;
mod evaluation;
mod fill;
mod hand;
mod hostile;
mod people;
mod plan;
mod sample;
mod scan;
mod strokes;
mod truth;

pub use cli::run;
