//! TIFF, the format of fax machines and many office scanners: several pages, many compressions.
//!
//! Fax-coded pages are decoded here strip by strip, because the TIFF library knows neither Group 3
//! nor the reversed bit order that old devices write; everything else goes through the library.

mod fax;
mod palette;
mod raster;

use std::io::{Cursor, Write};

use tiff::decoder::Decoder;
use tiff::tags::{CompressionMethod, Tag};
use tiff::{TiffError, TiffUnsupportedError};

use crate::failure::Failure;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::orientation;
use crate::page::GreyPage;
use crate::protocol::PageWriter;

/// The library's decoder over bytes in memory.
type Reader<'b> = Decoder<Cursor<&'b [u8]>>;

/// Decodes all pages of a TIFF; thumbnails and masks are skipped.
///
/// # Errors
/// `damaged` (also where directories form a circle), `unknown_type` for compressions that cannot be
/// read, `too_many_pages`, `too_large`.
pub fn decode<W: Write>(
    mut bytes: Vec<u8>,
    limits: &Limits,
    out: &mut PageWriter<W>,
) -> Result<u32, Failure> {
    let directories = directories(&bytes, limits)?;
    if directories.is_empty() {
        return Err(Failure::no_pages());
    }
    let palettes = palette::flatten(&mut bytes, &directories)?;

    let mut reader = open(&bytes, limits)?;
    let mut index = 0;
    for (number, directory) in (1_u32..).zip(&directories) {
        while index < directory.index {
            reader.next_image().map_err(explain)?;
            index += 1;
        }
        if limits.wants(number) {
            let page = decode_page(&mut reader, &bytes, palettes.get(&directory.offset), limits)
                .map_err(|failure| Failure {
                    message: format!("page {number}: {}", failure.message),
                    ..failure
                })?;
            out.page(number, &page, limits)?;
        }
    }
    Ok(u32::try_from(directories.len()).unwrap_or(u32::MAX))
}

/// A page's image directory.
struct Directory {
    /// Its place in the chain, thumbnails included.
    index: usize,
    /// Where it stands in the file.
    offset: u64,
}

fn open<'b>(bytes: &'b [u8], limits: &Limits) -> Result<Reader<'b>, Failure> {
    let mut bounds = tiff::decoder::Limits::default();
    bounds.decoding_buffer_size = usize::try_from(limits.max_pixels)
        .unwrap_or(usize::MAX)
        .saturating_mul(8);
    bounds.intermediate_buffer_size = bounds.decoding_buffer_size;
    bounds.ifd_value_size = 4 << 20;
    Ok(Decoder::new(Cursor::new(bytes))
        .map_err(explain)?
        .with_limits(bounds))
}

/// Walks the chain of directories once, before any page is decoded. The library notices circles.
fn directories(bytes: &[u8], limits: &Limits) -> Result<Vec<Directory>, Failure> {
    const THUMBNAIL_OR_MASK: u32 = 0b101;
    let mut reader = open(bytes, limits)?;
    let mut found = vec![];
    // A page may be followed by a thumbnail and a mask, not by more.
    for index in 0..=(limits.max_pages as usize * 3) {
        let kind: u32 = reader
            .find_tag_unsigned(Tag::NewSubfileType)
            .map_err(explain)?
            .unwrap_or(0);
        if kind & THUMBNAIL_OR_MASK == 0 {
            let offset = reader.ifd_pointer().map_or(0, |pointer| pointer.0);
            found.push(Directory { index, offset });
        }
        if found.len() > limits.max_pages as usize {
            return Err(Failure::too_many_pages(limits.max_pages));
        }
        if !reader.more_images() {
            return Ok(found);
        }
        reader.next_image().map_err(explain)?;
    }
    Err(Failure::too_many_pages(limits.max_pages))
}

fn decode_page(
    reader: &mut Reader<'_>,
    bytes: &[u8],
    palette: Option<&palette::Palette>,
    limits: &Limits,
) -> Result<GreyPage, Failure> {
    let (width, height) = reader.dimensions().map_err(explain)?;
    limits.check_pixels(width, height)?;
    let compression = reader
        .find_tag_unsigned::<u16>(Tag::Compression)
        .map_err(explain)?
        .map_or(
            CompressionMethod::None,
            CompressionMethod::from_u16_exhaustive,
        );
    let grey = match fax::Coding::of(compression) {
        Some(coding) => fax::decode(reader, bytes, coding, width, height)?,
        None => raster::decode(reader, palette, width, height)?,
    };
    let page = GreyPage {
        width,
        height,
        dpi: None,
        source: Kind::Tiff,
        grey,
    };
    let (x, y) = resolution(reader);
    let mut page = page.with_square_pixels(x, y, limits)?;
    if reader
        .find_tag_unsigned::<u16>(Tag::ResolutionUnit)
        .ok()
        .flatten()
        == Some(1)
    {
        // Unit "none": the two numbers say only how long a pixel is compared to its width.
        page.dpi = None;
    }
    let tag = reader
        .find_tag_unsigned::<u16>(Tag::Orientation)
        .ok()
        .flatten()
        .unwrap_or(1);
    orientation::apply(page, tag)
}

/// Dots per inch across and down, zero where not stated.
fn resolution(reader: &mut Reader<'_>) -> (f64, f64) {
    const CENTIMETRE: u16 = 3;
    let unit = reader
        .find_tag_unsigned::<u16>(Tag::ResolutionUnit)
        .ok()
        .flatten();
    let per_inch = if unit == Some(CENTIMETRE) { 2.54 } else { 1.0 };
    let mut read = |tag| {
        let value = reader.find_tag(tag).ok().flatten()?;
        match value {
            tiff::decoder::ifd::Value::Rational(n, d) if d != 0 => {
                Some(f64::from(n) / f64::from(d) * per_inch)
            }
            other => other.into_f32().ok().map(|v| f64::from(v) * per_inch),
        }
    };
    (
        read(Tag::XResolution).unwrap_or(0.0),
        read(Tag::YResolution).unwrap_or(0.0),
    )
}

/// What the library says, as a failure.
fn explain(error: TiffError) -> Failure {
    match error {
        TiffError::UnsupportedError(TiffUnsupportedError::UnsupportedCompressionMethod(method)) => {
            Failure::unknown_type(format!("TIFF with {method:?} compression"))
        }
        TiffError::UnsupportedError(_) => Failure::unknown_type("a rare variant of TIFF"),
        TiffError::LimitsExceeded => Failure::too_large("a TIFF with oversized parts"),
        TiffError::IoError(_) => Failure::damaged("the TIFF ends too early"),
        _ => Failure::damaged("the TIFF structure is broken"),
    }
}
