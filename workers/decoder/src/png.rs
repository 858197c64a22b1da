//! PNG images: transparency is laid over white paper.

use std::io::{Cursor, Write};

use image::codecs::png::PngDecoder;
use image::{ColorType, ImageDecoder};

use crate::failure::Failure;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::orientation;
use crate::page::{GreyPage, believable, buffer};
use crate::protocol::PageWriter;
use crate::samples::{Layout, to_grey, upper_bytes};

/// Decodes the image of a PNG file (of an animation, the first frame).
///
/// # Errors
/// `damaged` if the image is broken or cut off, `too_large` above the limits.
pub fn decode<W: Write>(
    bytes: &[u8],
    limits: &Limits,
    out: &mut PageWriter<W>,
) -> Result<u32, Failure> {
    let broken = |_| Failure::damaged("the PNG data are broken");
    // The size stands first in the file. Looked at before the decoder is, so that no table or
    // side chunk is read for an image that will not be decoded.
    let header = bytes
        .get(16..24)
        .ok_or_else(|| Failure::damaged("a PNG without a header"))?;
    let side =
        |i: usize| u32::from_be_bytes([header[i], header[i + 1], header[i + 2], header[i + 3]]);
    limits.check_pixels(side(0), side(4))?;

    let mut bounds = image::Limits::default();
    bounds.max_alloc = Some(limits.max_pixels * 8 + (16 << 20));
    let mut decoder = PngDecoder::with_limits(Cursor::new(bytes), bounds).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    limits.check_pixels(width, height)?;
    if !limits.wants(1) {
        return Ok(1);
    }
    let tag = decoder
        .orientation()
        .map_or(1, |orientation| u16::from(orientation.to_exif()));
    let (layout, wide) = match decoder.color_type() {
        ColorType::L8 => (Layout::Grey, false),
        ColorType::La8 => (Layout::GreyAlpha, false),
        ColorType::Rgb8 => (Layout::Rgb, false),
        ColorType::Rgba8 => (Layout::RgbAlpha, false),
        ColorType::L16 => (Layout::Grey, true),
        ColorType::La16 => (Layout::GreyAlpha, true),
        ColorType::Rgb16 => (Layout::Rgb, true),
        ColorType::Rgba16 => (Layout::RgbAlpha, true),
        other => return Err(Failure::unknown_type(format!("PNG with {other:?} pixels"))),
    };
    let total = usize::try_from(decoder.total_bytes())
        .map_err(|_| Failure::too_many_pixels(width, height))?;
    let mut samples = buffer(total)?;
    decoder.read_image(&mut samples).map_err(broken)?;
    if wide {
        samples = upper_bytes(samples);
    }
    let page = GreyPage {
        width,
        height,
        dpi: None,
        source: Kind::Png,
        grey: to_grey(samples, layout, layout.samples())?,
    };
    let page = match density(bytes) {
        Some((x, y)) if believable(x.max(y)).is_some() => page.with_square_pixels(x, y, limits)?,
        _ => page,
    };
    out.page(1, &orientation::apply(page, tag)?, limits)?;
    Ok(1)
}

/// Dots per inch across and down, from the chunk `pHYs`, which stands before the image data.
fn density(bytes: &[u8]) -> Option<(f64, f64)> {
    const DOTS_PER_INCH: f64 = 0.0254;
    let mut at = 8;
    loop {
        let head = bytes.get(at..at + 8)?;
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let body = bytes.get(at + 8..)?.get(..length)?;
        match &head[4..8] {
            b"pHYs" if length >= 9 && body[8] == 1 => {
                let per_metre =
                    |i: usize| u32::from_be_bytes([body[i], body[i + 1], body[i + 2], body[i + 3]]);
                return Some((
                    f64::from(per_metre(0)) * DOTS_PER_INCH,
                    f64::from(per_metre(4)) * DOTS_PER_INCH,
                ));
            }
            b"IDAT" | b"IEND" => return None,
            _ => at += 12 + length,
        }
    }
}
