//! Pages that are not fax-coded: the library decodes the samples, here they become grey.

use tiff::ColorType;
use tiff::tags::{SampleFormat, Tag};

use super::palette::Palette;
use super::{Reader, explain};
use crate::failure::Failure;
use crate::page::buffer;
use crate::samples::{Layout, to_grey, upper_bytes};

/// Decodes the page at which the reader stands.
pub(super) fn decode(
    reader: &mut Reader<'_>,
    palette: Option<&Palette>,
    width: u32,
    height: u32,
) -> Result<Vec<u8>, Failure> {
    let colour = reader.colortype().map_err(explain)?;
    let plan = reader.image_buffer_layout().map_err(explain)?;
    if plan.sample_format != SampleFormat::Uint {
        return Err(Failure::unknown_type("a TIFF with measured values"));
    }
    let (layout, stride) = layout_of(colour)?;
    let pixels = width as usize * height as usize;
    // Eight bytes per pixel is colour with opacity in 16 bits each.
    if plan.complete_len > pixels.saturating_mul(8).saturating_add(height as usize) {
        return Err(Failure::unknown_type("a TIFF with too many samples"));
    }
    let mut samples = buffer(plan.complete_len)?;
    reader.read_image_bytes(&mut samples).map_err(explain)?;

    let bits = colour.bit_depth();
    if bits < 8 {
        let reversed = reader
            .find_tag_unsigned::<u16>(Tag::FillOrder)
            .map_err(explain)?
            == Some(2);
        let scale = palette.is_none();
        samples = unpack(
            &samples,
            bits,
            width as usize,
            height as usize,
            reversed,
            scale,
        )?;
    }
    if bits == 16 {
        samples = upper_bytes(samples);
    }
    if let Some(palette) = palette {
        for sample in &mut samples {
            *sample = palette.get(usize::from(*sample)).copied().unwrap_or(0);
        }
    }
    if plan.planes > 1 {
        samples = interleave(&samples, plan.planes, pixels)?;
    }
    let grey = to_grey(samples, layout, stride)?;
    if grey.len() != pixels {
        return Err(Failure::damaged("the TIFF has the wrong amount of pixels"));
    }
    Ok(grey)
}

fn layout_of(colour: ColorType) -> Result<(Layout, usize), Failure> {
    let found = match colour {
        ColorType::Gray(1 | 2 | 4 | 8 | 16) => (Layout::Grey, 1),
        ColorType::GrayA(8 | 16) => (Layout::GreyAlpha, 2),
        ColorType::RGB(8 | 16) => (Layout::Rgb, 3),
        ColorType::RGBA(8 | 16) => (Layout::RgbAlpha, 4),
        ColorType::CMYK(8 | 16) => (Layout::Cmyk, 4),
        ColorType::CMYKA(8 | 16) => (Layout::Cmyk, 5),
        ColorType::YCbCr(8) => (Layout::YCbCr, 3),
        // Grey with samples of unknown meaning: the first is the grey.
        ColorType::Multiband {
            bit_depth: 8 | 16,
            num_samples,
        } => (Layout::Grey, usize::from(num_samples)),
        other => return Err(Failure::unknown_type(format!("TIFF with {other:?} pixels"))),
    };
    Ok(found)
}

/// Spreads samples of 1, 2 or 4 bits over a byte each, scaled to 0..=255 or as they are.
fn unpack(
    packed: &[u8],
    bits: u8,
    width: usize,
    height: usize,
    reversed: bool,
    scale: bool,
) -> Result<Vec<u8>, Failure> {
    let per_byte = usize::from(8 / bits);
    let row_bytes = width.div_ceil(per_byte);
    let mask = (1_u16 << bits) - 1;
    let factor = if scale { 255 / mask } else { 1 };
    let mut out = buffer(width * height)?;
    for (row, packed) in out
        .chunks_exact_mut(width)
        .zip(packed.chunks_exact(row_bytes))
    {
        for (pixels, byte) in row.chunks_mut(per_byte).zip(packed) {
            let byte = if reversed { byte.reverse_bits() } else { *byte };
            for (i, pixel) in pixels.iter_mut().enumerate() {
                let shift = 8 - bits as usize * (i + 1);
                *pixel = ((u16::from(byte >> shift) & mask) * factor) as u8;
            }
        }
    }
    Ok(out)
}

/// Brings separate planes together, pixel by pixel.
fn interleave(planar: &[u8], planes: usize, pixels: usize) -> Result<Vec<u8>, Failure> {
    if planar.len() < planes * pixels {
        return Err(Failure::damaged("the TIFF lacks a colour plane"));
    }
    let mut out = buffer(planes * pixels)?;
    for (plane, samples) in planar.chunks_exact(pixels).take(planes).enumerate() {
        for (to, sample) in out[plane..].iter_mut().step_by(planes).zip(samples) {
            *to = *sample;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_become_bytes() {
        let out = unpack(&[0b1010_0000, 0b0100_0000], 1, 3, 2, false, true).expect("small");
        assert_eq!(out, [255, 0, 255, 0, 255, 0]);
        let out = unpack(&[0b0000_0101], 1, 3, 1, true, true).expect("small");
        assert_eq!(out, [255, 0, 255]);
        let out = unpack(&[0x1f], 4, 2, 1, false, false).expect("small");
        assert_eq!(out, [1, 15]);
        let out = unpack(&[0b00_01_10_11], 2, 4, 1, false, true).expect("small");
        assert_eq!(out, [0, 85, 170, 255]);
    }

    #[test]
    fn planes_are_interleaved() {
        assert_eq!(
            interleave(&[1, 2, 3, 4, 5, 6], 3, 2).expect("small"),
            [1, 3, 5, 2, 4, 6]
        );
        assert!(interleave(&[1, 2, 3], 3, 2).is_err());
    }
}
