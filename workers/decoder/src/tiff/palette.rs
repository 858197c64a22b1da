//! Palette images. The TIFF library refuses them, but reads the same samples as grey: so their
//! directory entry is rewritten before it sees them, and the palette is applied afterwards.

use std::collections::HashMap;
use std::io::Cursor;

use tiff::decoder::Decoder;
use tiff::tags::{PhotometricInterpretation, Tag};

use super::{Directory, explain};
use crate::failure::Failure;
use crate::page::luma;

/// The grey value of every palette index.
pub(super) type Palette = Vec<u8>;

/// Turns palette pages into grey pages of indices, in place. Returns the palettes by the offset of
/// their directory.
pub(super) fn flatten(
    bytes: &mut [u8],
    directories: &[Directory],
) -> Result<HashMap<u64, Palette>, Failure> {
    let mut palettes = HashMap::new();
    let mut entries = vec![];
    {
        let mut reader = Decoder::new(Cursor::new(&*bytes)).map_err(explain)?;
        let mut index = 0;
        for directory in directories {
            while index < directory.index {
                reader.next_image().map_err(explain)?;
                index += 1;
            }
            let photometric = reader
                .find_tag_unsigned::<u16>(Tag::PhotometricInterpretation)
                .map_err(explain)?;
            if photometric != Some(PhotometricInterpretation::RGBPalette.to_u16()) {
                continue;
            }
            let map = reader
                .find_tag_unsigned_vec::<u16>(Tag::ColorMap)
                .map_err(explain)?
                .ok_or_else(|| Failure::damaged("a palette TIFF without a palette"))?;
            palettes.insert(directory.offset, greys(&map));
            entries.extend(photometric_entry(bytes, directory.offset));
        }
    }
    for at in entries {
        let grey = PhotometricInterpretation::BlackIsZero.to_u16();
        let value = if bytes.starts_with(b"II") {
            grey.to_le_bytes()
        } else {
            grey.to_be_bytes()
        };
        bytes[at..at + 2].copy_from_slice(&value);
    }
    Ok(palettes)
}

/// A colour map holds all reds, then all greens, then all blues, in 16 bits.
fn greys(map: &[u16]) -> Palette {
    let count = map.len() / 3;
    let eight = |i: usize| (map[i] >> 8) as u8;
    (0..count)
        .map(|i| luma(eight(i), eight(count + i), eight(2 * count + i)))
        .collect()
}

/// Where the value of the photometric entry stands. Palettes in BigTIFF do not occur.
fn photometric_entry(bytes: &[u8], directory: u64) -> Option<usize> {
    let little = bytes.starts_with(b"II");
    let short = |at: usize| {
        let pair = bytes.get(at..at + 2)?;
        let pair = [pair[0], pair[1]];
        Some(if little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        })
    };
    if short(2)? != 42 {
        return None;
    }
    let start = usize::try_from(directory).ok()?;
    let count = usize::from(short(start)?);
    (0..count)
        .map(|i| start + 2 + 12 * i)
        .find(|at| short(*at) == Some(Tag::PhotometricInterpretation.to_u16()))
        .map(|at| at + 8)
        .filter(|at| at + 2 <= bytes.len())
}
