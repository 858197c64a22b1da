//! Reads placed pages of forms: image registration, zones, ticks, handwriting, print.
//!
//! ```text
//! bytes -> enrol-decoder (sandboxed) -> grey pages
//!   -> registration  which page of which form, and the mapping from form millimetres to pixels
//!   -> zones         each answer upright on white paper, printed lines taken out
//!   -> ticks | handwriting | print
//!   -> fields        value, confidence, state, reasons
//!   (digital         instead, for a PDF filled in on a screen: its form fields, held against the picture)
//!   -> page_sets     which pages make one form
//! ```
//!
//! [`read_document`] does all of it for the bytes of one file; [`sheets`] reads pages of which somebody has said what they
//! are. Only [`worker`] knows of queues and
//! databases.

pub mod calibration;
pub mod checking;
pub mod cli;
pub mod digital;
pub mod fields;
pub mod handwriting;
pub mod page_sets;
pub mod paper;
pub mod picture;
pub mod print;
pub mod raster;
mod reader;
pub mod registration;
pub mod sheets;
pub mod stages;
pub mod ticks;
pub mod worker;
pub mod zone_set;
pub mod zones;

pub use reader::{
    PageSeen, ReadError, Reader, ReaderError, ReaderOptions, read_document, read_document_seeing,
};
