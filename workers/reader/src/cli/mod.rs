//! What `enrol-reader` does when somebody types it.

pub mod bench;
mod accuracy;
pub mod read;
mod table;
