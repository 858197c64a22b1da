//! Turns untrusted files into bounded 8-bit grey pages.
//!
//! The work is done by the program `enrol-decoder`, a child process that shuts itself in
//! ([`sandbox`]) before it reads the first byte: what it reads comes from strangers, and the parsers
//! of PDF, TIFF, JPEG and PNG are large. The library part exists so that the pieces can be tested.
//!
//! A page is grey, 0 is black and 255 is white, pixel (0, 0) is top left, rows follow each other
//! without padding, and pixels are square.
//!
//! What was typed into the form fields of a PDF comes out beside its pages, as bounded text
//! ([`pdf::form_fields`]).

pub mod attempt;
pub mod failure;
pub mod jpeg;
pub mod kind;
pub mod limits;
pub mod orientation;
pub mod page;
pub mod pdf;
pub mod png;
pub mod protocol;
pub mod samples;
pub mod sandbox;
pub mod tiff;

use std::io::Write;

use failure::Failure;
use kind::Kind;
use limits::Limits;
use protocol::PageWriter;

/// Decodes a whole file and writes every page to `out`. Returns the number of pages the file has.
///
/// The type is decided by the first bytes, never by a name. With [`Limits::only_page`] the other
/// pages are counted but neither decoded nor written.
///
/// # Errors
/// A [`Failure`] says what is wrong with the file. Pages written before it stay written.
pub fn decode<W: Write>(
    bytes: Vec<u8>,
    limits: &Limits,
    out: &mut PageWriter<W>,
) -> Result<u32, Failure> {
    if bytes.is_empty() {
        return Err(Failure::empty());
    }
    if bytes.len() > limits.max_bytes {
        return Err(Failure::too_large(format!(
            "the file has more than {} MiB",
            limits.max_bytes >> 20
        )));
    }
    match kind::sniff(&bytes) {
        Some(Kind::Pdf) => pdf::decode(bytes, limits, out),
        Some(Kind::Tiff) => tiff::decode(bytes, limits, out),
        Some(Kind::Jpeg) => jpeg::decode(&bytes, limits, out),
        Some(Kind::Png) => png::decode(&bytes, limits, out),
        None => Err(Failure::unknown_type(
            "the content is not PDF, TIFF, JPEG or PNG",
        )),
    }
}
