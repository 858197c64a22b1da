//! Colour samples become grey.

use crate::failure::Failure;
use crate::page::{buffer, luma, over_white};

/// How the samples of one pixel are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One grey sample.
    Grey,
    /// Grey, then opacity.
    GreyAlpha,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue, opacity.
    RgbAlpha,
    /// Cyan, magenta, yellow, black: amounts of ink.
    Cmyk,
    /// Luma and two colour differences; only the luma is looked at.
    YCbCr,
}

impl Layout {
    /// Samples per pixel.
    #[must_use]
    pub fn samples(self) -> usize {
        match self {
            Layout::Grey => 1,
            Layout::GreyAlpha => 2,
            Layout::Rgb | Layout::YCbCr => 3,
            Layout::RgbAlpha | Layout::Cmyk => 4,
        }
    }

    fn grey(self, s: &[u8]) -> u8 {
        match self {
            Layout::Grey | Layout::YCbCr => s[0],
            Layout::GreyAlpha => over_white(s[0], s[1]),
            Layout::Rgb => luma(s[0], s[1], s[2]),
            Layout::RgbAlpha => over_white(luma(s[0], s[1], s[2]), s[3]),
            Layout::Cmyk => {
                let paper = u32::from(255 - s[3]);
                let lit = |ink: u8| (u32::from(255 - ink) * paper / 255) as u8;
                luma(lit(s[0]), lit(s[1]), lit(s[2]))
            }
        }
    }
}

/// Turns interleaved 8-bit samples into grey. `stride` is the number of samples per pixel in the
/// data, at least as many as the layout has; further samples are skipped.
///
/// # Errors
/// `too_large` if memory for the grey page cannot be had.
pub fn to_grey(samples: Vec<u8>, layout: Layout, stride: usize) -> Result<Vec<u8>, Failure> {
    if stride < layout.samples() {
        return Err(Failure::damaged("too few samples per pixel"));
    }
    if layout == Layout::Grey && stride == 1 {
        return Ok(samples);
    }
    let mut out = buffer(samples.len() / stride)?;
    for (to, pixel) in out.iter_mut().zip(samples.chunks_exact(stride)) {
        *to = layout.grey(pixel);
    }
    Ok(out)
}

/// Keeps the upper half of 16-bit samples in the byte order of this machine.
#[must_use]
pub fn upper_bytes(mut samples: Vec<u8>) -> Vec<u8> {
    let count = samples.len() / 2;
    for i in 0..count {
        samples[i] = (u16::from_ne_bytes([samples[2 * i], samples[2 * i + 1]]) >> 8) as u8;
    }
    samples.truncate(count);
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_luma_and_transparency_becomes_paper() {
        let grey = |bytes: &[u8], layout: Layout| {
            to_grey(bytes.to_vec(), layout, layout.samples()).expect("small")
        };
        assert_eq!(
            grey(&[255, 255, 255, 0, 0, 0, 255, 0, 0], Layout::Rgb),
            [255, 0, 76]
        );
        assert_eq!(
            grey(&[0, 0, 0, 0, 0, 0, 0, 255], Layout::RgbAlpha),
            [255, 0]
        );
        assert_eq!(grey(&[0, 128], Layout::GreyAlpha), [127]);
        assert_eq!(grey(&[0, 0, 0, 255, 0, 0, 0, 0], Layout::Cmyk), [0, 255]);
        assert_eq!(grey(&[200, 1, 2], Layout::YCbCr), [200]);
    }

    #[test]
    fn sixteen_bits_keep_the_upper_half() {
        let bytes: Vec<u8> = [0xabcd_u16, 0x0001]
            .iter()
            .flat_map(|v| v.to_ne_bytes())
            .collect();
        assert_eq!(upper_bytes(bytes), [0xab, 0x00]);
    }
}
