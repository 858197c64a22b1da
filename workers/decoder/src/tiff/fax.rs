//! Fax-coded strips: Group 3 (one- and two-dimensional, with or without line ends) and Group 4.

use hayro_ccitt::{DecodeSettings, DecoderContext, EncodingMode};
use tiff::tags::{CompressionMethod, Tag};

use super::{Reader, explain};
use crate::failure::Failure;
use crate::page::buffer;

/// The fax codings of TIFF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// Compression 2: run lengths only, every row starts on a byte, no line ends.
    Huffman,
    /// Compression 3.
    Group3,
    /// Compression 4.
    Group4,
}

impl Coding {
    /// The fax coding behind a compression tag, if it is one.
    pub(super) fn of(compression: CompressionMethod) -> Option<Self> {
        match compression {
            CompressionMethod::Huffman => Some(Coding::Huffman),
            CompressionMethod::Fax3 => Some(Coding::Group3),
            CompressionMethod::Fax4 => Some(Coding::Group4),
            _ => None,
        }
    }
}

/// Decodes all strips of a page to grey.
pub(super) fn decode(
    reader: &mut Reader<'_>,
    bytes: &[u8],
    coding: Coding,
    width: u32,
    height: u32,
) -> Result<Vec<u8>, Failure> {
    let number = |reader: &mut Reader<'_>, tag, default: u32| {
        reader
            .find_tag_unsigned::<u32>(tag)
            .map_err(explain)
            .map(|value| value.unwrap_or(default))
    };
    let list = |reader: &mut Reader<'_>, tag| {
        reader
            .find_tag_unsigned_vec::<u64>(tag)
            .map_err(explain)?
            .ok_or_else(|| Failure::unknown_type("a fax-coded TIFF in tiles"))
    };
    let offsets = list(reader, Tag::StripOffsets)?;
    let lengths = list(reader, Tag::StripByteCounts)?;
    let rows_per_strip = number(reader, Tag::RowsPerStrip, height)?.clamp(1, height);
    // Bit 0 of T4Options: rows may be coded by their difference to the row above.
    let two_dimensional = number(reader, Tag::Unknown(292), 0)? & 1 == 1;
    let reversed = number(reader, Tag::FillOrder, 1)? == 2;
    let white_is_zero = number(reader, Tag::PhotometricInterpretation, 0)? == 0;

    let mut grey = buffer(width as usize * height as usize)?;
    let mut strips = grey.chunks_mut(rows_per_strip as usize * width as usize);
    for (offset, length) in offsets.iter().zip(&lengths) {
        let Some(strip) = strips.next() else { break };
        let coded = usize::try_from(*offset)
            .ok()
            .zip(usize::try_from(*length).ok())
            .and_then(|(start, length)| bytes.get(start..start.checked_add(length)?))
            .ok_or_else(|| Failure::damaged("the TIFF ends too early"))?;
        let mirrored: Vec<u8>;
        let coded = if reversed {
            mirrored = coded.iter().map(|byte| byte.reverse_bits()).collect();
            &mirrored
        } else {
            coded
        };
        let settings = DecodeSettings {
            columns: width,
            rows: (strip.len() / width as usize) as u32,
            end_of_block: coding != Coding::Huffman,
            end_of_line: coding == Coding::Group3,
            rows_are_byte_aligned: coding == Coding::Huffman,
            encoding: match coding {
                Coding::Group4 => EncodingMode::Group4,
                Coding::Group3 if two_dimensional => EncodingMode::Group3_2D,
                Coding::Group3 | Coding::Huffman => EncodingMode::Group3_1D,
            },
            strict: false,
        };
        decode_strip(coded, settings, strip, white_is_zero)?;
    }
    if strips.next().is_some() {
        return Err(Failure::damaged("the TIFF lacks strips"));
    }
    Ok(grey)
}

fn decode_strip(
    coded: &[u8],
    settings: DecodeSettings,
    strip: &mut [u8],
    white_is_zero: bool,
) -> Result<(), Failure> {
    // "White" in the code stands for zero, which the page may mean as black.
    let (paper, ink) = if white_is_zero { (255, 0) } else { (0, 255) };
    // Rows that a fax leaves out at the end are paper.
    strip.fill(paper);
    let mut rows = Rows {
        rows: strip.chunks_exact_mut(settings.columns as usize),
        ink,
    };
    hayro_ccitt::decode(coded, &mut rows, &mut DecoderContext::new(settings))
        .map(|_| ())
        .map_err(|_| Failure::damaged("the fax data are broken"))
}

struct Rows<'s> {
    rows: std::slice::ChunksExactMut<'s, u8>,
    ink: u8,
}

impl hayro_ccitt::Decoder for Rows<'_> {
    fn push_row(&mut self, changes: &[u32]) {
        let Some(row) = self.rows.next() else { return };
        for run in changes.chunks(2) {
            let start = run[0] as usize;
            let end = run.get(1).map_or(row.len(), |end| *end as usize);
            if let Some(pixels) = row.get_mut(start..end) {
                pixels.fill(self.ink);
            }
        }
    }
}
