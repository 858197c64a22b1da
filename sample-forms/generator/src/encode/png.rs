//! PNG pages.

use png::{BitDepth, ColorType, PixelDimensions, Unit};

use crate::scan::{Capture, Mode};

/// Encodes a page; black and white takes one bit per pixel.
///
/// # Errors
/// Fails (for good) when the page is empty.
pub fn encode(page: &Capture) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, page.width as u32, page.height as u32);
    encoder.set_compression(png::Compression::High);
    encoder.set_color(if page.mode == Mode::Colour {
        ColorType::Rgb
    } else {
        ColorType::Grayscale
    });
    encoder.set_depth(if page.mode == Mode::Bilevel {
        BitDepth::One
    } else {
        BitDepth::Eight
    });
    if let Some(dpi) = page.dpi {
        let per_metre = (f64::from(dpi) / 0.0254).round() as u32;
        encoder.set_pixel_dims(Some(PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit: Unit::Meter,
        }));
    }
    let mut writer = encoder.write_header()?;
    match page.mode {
        Mode::Bilevel => writer.write_image_data(&super::packed_bits(page))?,
        _ => writer.write_image_data(&page.pixels)?,
    }
    writer.finish()?;
    Ok(bytes)
}
