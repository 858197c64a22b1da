//! PDF documents: scans wrapped in a page, and pages made of text and lines.
//!
//! One parser (hayro) answers everything, page count and encryption too: two parsers that disagree
//! about a hostile file are a hole. A page that is nothing but one scanned image is taken as it is,
//! pixel by pixel; everything else is drawn.

mod draw;
pub mod form_fields;
mod scan;
mod survey;

use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hayro::hayro_interpret::{InterpreterSettings, InterpreterWarning};
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{LoadPdfError, Pdf};

use crate::failure::Failure;
use crate::limits::Limits;
use crate::page::GreyPage;
use crate::protocol::PageWriter;

/// Decodes all pages of a PDF.
///
/// # Errors
/// `password_protected`, `damaged` (also where the end of the file is missing), `too_many_pages`,
/// `too_large`.
pub fn decode<W: Write>(
    bytes: Vec<u8>,
    limits: &Limits,
    out: &mut PageWriter<W>,
) -> Result<u32, Failure> {
    let complete = ends_properly(&bytes);
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        // The library does not export the type of the inner error, only its debug names.
        LoadPdfError::Decryption(inner) => match format!("{inner:?}").as_str() {
            "PasswordProtected" | "UnsupportedAlgorithm" => Failure::password_protected(),
            _ => Failure::damaged("the PDF has broken encryption"),
        },
        LoadPdfError::Invalid => Failure::damaged("the PDF structure is broken"),
    })?;
    // The parser repairs what it can, and so would show the first pages of a file that was cut off
    // as if they were all there is.
    if !complete {
        return Err(Failure::damaged("the PDF ends too early"));
    }
    let pages = pdf.pages();
    let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    if count == 0 {
        return Err(Failure::no_pages());
    }
    if count > limits.max_pages {
        return Err(Failure::too_many_pages(limits.max_pages));
    }
    if limits.only_page.is_none()
        && let Some(fields) = form_fields::read(&pdf)
    {
        out.form(&fields);
    }
    for (number, page) in (1_u32..).zip(pages.iter()) {
        if limits.wants(number) {
            let page = decode_page(page, limits).map_err(|failure| located(failure, number))?;
            out.page(number, &page, limits)?;
        }
    }
    Ok(count)
}

fn located(failure: Failure, number: u32) -> Failure {
    Failure {
        message: format!("page {number}: {}", failure.message),
        ..failure
    }
}

/// Whether the end marker stands where it belongs. Some devices write a little behind it.
fn ends_properly(bytes: &[u8]) -> bool {
    const WINDOW: usize = 64 << 10;
    let tail = &bytes[bytes.len().saturating_sub(WINDOW)..];
    tail.windows(5).any(|w| w == b"%%EOF")
}

fn decode_page(page: &Page<'_>, limits: &Limits) -> Result<GreyPage, Failure> {
    let lost_image = Arc::new(AtomicBool::new(false));
    let settings = InterpreterSettings {
        warning_sink: Arc::new({
            let lost_image = Arc::clone(&lost_image);
            move |warning| {
                if matches!(warning, InterpreterWarning::ImageDecodeFailure) {
                    lost_image.store(true, Ordering::Relaxed);
                }
            }
        }),
        ..InterpreterSettings::default()
    };
    let seen = survey::survey(page, &settings, limits)?;
    let decoded = match scan::take(page, &settings, &seen, limits)? {
        Some(scan) => scan,
        None => draw::draw(page, &settings, &seen, limits)?,
    };
    // An image that cannot be decoded is left out of the drawing. A scan would look like a blank
    // page, and a blank page is skipped.
    if lost_image.load(Ordering::Relaxed) {
        return Err(Failure::damaged("an image in the PDF is broken"));
    }
    Ok(decoded)
}

/// The size of a page in inches as it is shown, with its rotation applied.
fn inches(page: &Page<'_>) -> (f64, f64) {
    let (width, height) = page.render_dimensions();
    (f64::from(width) / 72.0, f64::from(height) / 72.0)
}

/// A flag shared between a device and the code that runs it.
type Flag = Rc<Cell<bool>>;
