//! A walk over the markers of a JPEG: its size before anything is allocated, its stated resolution,
//! and whether it is complete.

use crate::failure::Failure;

/// What the markers say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Survey {
    /// Pixels across, before the EXIF orientation.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Dots per inch across and down, from the JFIF header.
    pub density: Option<(f64, f64)>,
}

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const APP0: u8 = 0xe0;

/// Walks from marker to marker until the end of the image.
///
/// # Errors
/// `damaged` if the end is never reached: the file was cut off, as when somebody pulls a memory stick
/// out while the scanner writes.
pub fn survey(bytes: &[u8]) -> Result<Survey, Failure> {
    let cut_off = || Failure::damaged("the JPEG data ends too early");
    let mut size = None;
    let mut density = None;
    let mut at = 0;
    loop {
        let marker = next_marker(bytes, &mut at).ok_or_else(cut_off)?;
        match marker {
            EOI => break,
            // Start of image, restart markers and TEM stand alone.
            SOI | 0x01 | 0xd0..=0xd7 => continue,
            _ => {}
        }
        let length = bytes.get(at..at + 2).ok_or_else(cut_off)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
        let body = bytes.get(at + 2..at + length).ok_or_else(cut_off)?;
        at += length;
        match marker {
            // Start of frame, in all its variants; C4, C8 and CC are tables.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) && body.len() >= 5 => {
                let side = |i: usize| u32::from(u16::from_be_bytes([body[i], body[i + 1]]));
                size = Some((side(3), side(1)));
            }
            APP0 if body.starts_with(b"JFIF\0") && body.len() >= 12 => density = jfif(body),
            SOS => at = end_of_scan(bytes, at),
            _ => {}
        }
    }
    let (width, height) = size.ok_or_else(|| Failure::damaged("a JPEG without an image"))?;
    Ok(Survey {
        width,
        height,
        density,
    })
}

/// The code of the next marker; `at` then stands behind it.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        let start = *at + bytes.get(*at..)?.iter().position(|&b| b == 0xff)?;
        let code = start + bytes[start..].iter().position(|&b| b != 0xff)?;
        *at = code + 1;
        // FF 00 is not a marker but the byte FF in compressed data.
        if bytes[code] != 0 {
            return Some(bytes[code]);
        }
    }
}

/// Where the compressed data that begin at `at` end: at the first marker that is not a restart.
fn end_of_scan(bytes: &[u8], mut at: usize) -> usize {
    while let Some(marker) = next_marker(bytes, &mut at) {
        if !matches!(marker, 0xd0..=0xd7) {
            return at - 2;
        }
    }
    bytes.len()
}

fn jfif(body: &[u8]) -> Option<(f64, f64)> {
    let read = |i: usize| f64::from(u16::from_be_bytes([body[i], body[i + 1]]));
    let (x, y) = (read(8), read(10));
    match body[7] {
        1 => Some((x, y)),
        2 => Some((x * 2.54, y * 2.54)),
        _ => None,
    }
}
