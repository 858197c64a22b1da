//! Files as scanners, fax servers and telephones write them.

pub mod jpeg;
pub mod pdf;
pub mod png;
pub mod tiff;

use fax::encoder::Encoder;
use fax::{Color, VecWriter};

use crate::scan::{Capture, Mode};

/// CCITT Group 4 data of a bilevel page.
pub fn group4(page: &Capture) -> Vec<u8> {
    let mut encoder = Encoder::new(VecWriter::new());
    for row in page.pixels.chunks_exact(page.width) {
        let colours = row.iter().map(|p| if *p < 128 { Color::Black } else { Color::White });
        // Writing to memory cannot fail: the error type has no values.
        let Ok(()) = encoder.encode_line(colours, page.width as u32);
    }
    let Ok(writer) = encoder.finish();
    writer.finish()
}

/// Rows packed to one bit per pixel, 1 for white, padded to whole bytes.
pub fn packed_bits(page: &Capture) -> Vec<u8> {
    let mut packed = Vec::with_capacity(page.width.div_ceil(8) * page.height);
    for row in page.pixels.chunks_exact(page.width) {
        packed.extend(row.chunks(8).map(|eight| {
            eight.iter().enumerate().fold(0u8, |byte, (i, p)| byte | (u8::from(*p >= 128) << (7 - i)))
        }));
    }
    packed
}

/// Samples per pixel.
pub fn channels(mode: Mode) -> usize {
    if mode == Mode::Colour { 3 } else { 1 }
}
