//! Small files of every kind, made here, and the real decoder to read them.

#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test program uses a part of it"
)]

pub mod pdf;
pub mod tiffs;

use enrol::decoding::{DecodeError, DecodeLimits, DecodedPage, Decoder};
use image::{ExtendedColorType, ImageEncoder};

/// Sides of the test picture.
pub const WIDTH: u32 = 160;
/// Sides of the test picture.
pub const HEIGHT: u32 = 96;

/// The decoder that this package builds.
pub fn decoder() -> Decoder {
    Decoder::at(env!("CARGO_BIN_EXE_enrol-decoder"))
}

/// Decodes with the usual limits.
pub fn decode(bytes: &[u8]) -> Result<Vec<DecodedPage>, DecodeError> {
    decoder().decode(bytes, &DecodeLimits::default())
}

/// Decodes a file that must have one page.
pub fn one_page(bytes: &[u8]) -> DecodedPage {
    let mut pages = decode(bytes).expect("a readable file");
    assert_eq!(pages.len(), 1);
    pages.remove(0)
}

/// The code and the reason of the failure that a file must end in.
pub fn failure(bytes: &[u8]) -> (&'static str, String) {
    let error = decode(bytes).expect_err("a file that cannot be read");
    (error.code(), error.reason())
}

/// A picture with nothing alike on any two sides: a black block top left, a frame bottom right, a
/// slanted line. Black on white, so that every format can carry it without loss.
pub fn picture() -> Vec<u8> {
    let mut grey = vec![255; (WIDTH * HEIGHT) as usize];
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let block = (8..40).contains(&x) && (8..24).contains(&y);
            let frame = (120..152).contains(&x) && (60..90).contains(&y);
            let hollow = (124..148).contains(&x) && (64..86).contains(&y);
            let line = (x * 60 / 100 + 10).abs_diff(y) < 2 && (50..110).contains(&x);
            if block || (frame && !hollow) || line {
                grey[(y * WIDTH + x) as usize] = 0;
            }
        }
    }
    grey
}

/// The picture with one bit per pixel, rows padded to bytes; `ink` is the bit of black.
pub fn packed(ink: bool) -> Vec<u8> {
    picture()
        .chunks(8)
        .map(|pixels| {
            pixels.iter().enumerate().fold(0, |byte, (i, pixel)| {
                let bit = (*pixel == 0) == ink;
                byte | (u8::from(bit) << (7 - i))
            })
        })
        .collect()
}

/// Asserts that a page shows the picture, give or take `tolerance` in the mean.
pub fn assert_shows_picture(page: &DecodedPage, tolerance: f64) {
    assert_eq!((page.width, page.height), (WIDTH, HEIGHT));
    let expected = picture();
    let off: u64 = page
        .grey
        .iter()
        .zip(&expected)
        .map(|(is, wanted)| u64::from(is.abs_diff(*wanted)))
        .sum();
    let mean = off as f64 / expected.len() as f64;
    assert!(
        mean <= tolerance,
        "{page:?} is off by {mean:.2} in the mean"
    );
}

/// The picture as JPEG.
pub fn jpeg() -> Vec<u8> {
    let mut bytes = vec![];
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95)
        .write_image(&picture(), WIDTH, HEIGHT, ExtendedColorType::L8)
        .expect("encode");
    bytes
}

/// The picture as JPEG with an EXIF orientation tag.
pub fn jpeg_with_orientation(tag: u16) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01".to_vec();
    exif.extend(tag.to_be_bytes());
    exif.extend([0, 0, 0, 0, 0, 0]);
    let plain = jpeg();
    let mut bytes = plain[..2].to_vec();
    bytes.extend([0xff, 0xe1]);
    bytes.extend((exif.len() as u16 + 2).to_be_bytes());
    bytes.extend(exif);
    bytes.extend(&plain[2..]);
    bytes
}

/// Any pixels as PNG.
pub fn png(samples: &[u8], width: u32, height: u32, colour: ExtendedColorType) -> Vec<u8> {
    let mut bytes = vec![];
    image::codecs::png::PngEncoder::new(&mut bytes)
        .write_image(samples, width, height, colour)
        .expect("encode");
    bytes
}
