//! JPEG photographs and scans.

mod markers;

use std::io::{Cursor, Write};

use image::ImageDecoder;
use image::codecs::jpeg::JpegDecoder;

use crate::failure::Failure;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::orientation;
use crate::page::{GreyPage, believable};
use crate::protocol::PageWriter;
use crate::samples::{Layout, to_grey};

pub use markers::{Survey, survey};

/// Decodes the one image of a JPEG file, turned upright by its EXIF orientation.
///
/// # Errors
/// `damaged` if the image is broken or cut off, `too_large` above the limits.
pub fn decode<W: Write>(
    bytes: &[u8],
    limits: &Limits,
    out: &mut PageWriter<W>,
) -> Result<u32, Failure> {
    let broken = |_| Failure::damaged("the JPEG data is broken");
    // The decoder fills what is missing with grey and says nothing, which would lose half a form.
    let markers = survey(bytes)?;
    limits.check_pixels(markers.width, markers.height)?;

    let mut decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    limits.check_pixels(width, height)?;
    if !limits.wants(1) {
        return Ok(1);
    }
    let tag = decoder
        .orientation()
        .map_or(1, |orientation| u16::from(orientation.to_exif()));
    let layout = match decoder.color_type() {
        image::ColorType::L8 => Layout::Grey,
        image::ColorType::La8 => Layout::GreyAlpha,
        image::ColorType::Rgb8 => Layout::Rgb,
        image::ColorType::Rgba8 => Layout::RgbAlpha,
        other => return Err(Failure::unknown_type(format!("JPEG with {other:?} pixels"))),
    };
    let mut samples = crate::page::buffer(width as usize * height as usize * layout.samples())?;
    decoder.read_image(&mut samples).map_err(broken)?;
    let page = GreyPage {
        width,
        height,
        dpi: None,
        source: Kind::Jpeg,
        grey: to_grey(samples, layout, layout.samples())?,
    };
    let page = match markers.density {
        // Cameras write 72 x 72 and mean nothing by it.
        Some((x, y)) if believable(x.max(y)).is_some() => page.with_square_pixels(x, y, limits)?,
        _ => page,
    };
    out.page(1, &orientation::apply(page, tag)?, limits)?;
    Ok(1)
}
