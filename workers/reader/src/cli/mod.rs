//! What `enrol-reader` does when somebody types it.

mod accuracy;
pub mod bench;
pub mod read;
mod table;
