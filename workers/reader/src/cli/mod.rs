//! What `enrol-reader` does when somebody types it.

mod accuracy;
pub mod bench;
pub mod calibrate;
mod evaluation;
mod marks;
mod placement;
pub mod read;
mod statistics;
mod table;
pub mod tick_scans;
