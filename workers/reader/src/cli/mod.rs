//! What `enrol-reader` does when somebody types it.

mod accuracy;
pub mod bench;
mod bench_table;
pub mod calibrate;
mod calibration_report;
mod endurance;
mod evaluation;
mod keystrokes;
mod marks;
mod placement;
pub mod read;
mod statistics;
mod table;
pub mod tick_scans;
mod zone_cases;
