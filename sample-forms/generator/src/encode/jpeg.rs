//! JPEG pages, with the density a scanner writes or the EXIF orientation a telephone writes.

use anyhow::Context as _;
use image::codecs::jpeg::{JpegEncoder, PixelDensity};
use image::{ExtendedColorType, ImageEncoder as _};

use crate::scan::{Capture, Mode};

/// Encodes a page.
///
/// # Errors
/// Fails (for good) when the page is empty or larger than JPEG allows.
pub fn encode(page: &Capture, quality: u8) -> anyhow::Result<Vec<u8>> {
    encode_with(page, quality, None)
}

/// Encodes a page lying on its side, and says in EXIF which way up it is, as telephones do.
///
/// # Errors
/// As [`encode`].
pub fn encode_sideways(page: &Capture, quality: u8) -> anyhow::Result<Vec<u8>> {
    let (width, height) = (page.width, page.height);
    let step = super::channels(page.mode);
    let mut pixels = Vec::with_capacity(page.pixels.len());
    for row in 0..width {
        for column in 0..height {
            // Turned a quarter anticlockwise: orientation 6 asks the viewer to turn it back.
            let at = (column * width + (width - 1 - row)) * step;
            pixels.extend_from_slice(&page.pixels[at..at + step]);
        }
    }
    let turned = Capture {
        width: height,
        height: width,
        mode: page.mode,
        pixels,
        dpi: page.dpi,
    };
    encode_with(&turned, quality, Some(orientation(6)))
}

fn encode_with(page: &Capture, quality: u8, exif: Option<Vec<u8>>) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    if let Some(dpi) = page.dpi {
        encoder.set_pixel_density(PixelDensity::dpi(dpi as u16));
    }
    if let Some(exif) = exif {
        encoder
            .set_exif_metadata(exif)
            .context("this encoder cannot write EXIF")?;
    }
    let colour = if page.mode == Mode::Colour {
        ExtendedColorType::Rgb8
    } else {
        ExtendedColorType::L8
    };
    encoder.write_image(&page.pixels, page.width as u32, page.height as u32, colour)?;
    Ok(bytes)
}

/// A TIFF directory with nothing but the orientation tag.
fn orientation(value: u16) -> Vec<u8> {
    let mut exif = b"MM\0\x2a\0\0\0\x08\0\x01".to_vec();
    exif.extend(0x0112u16.to_be_bytes());
    exif.extend([0, 3, 0, 0, 0, 1]);
    exif.extend(value.to_be_bytes());
    exif.extend([0, 0, 0, 0, 0, 0]);
    exif
}
