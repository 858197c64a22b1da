//! Multi-page TIFF: Group 4 written here (no crate writes it), grey through the `tiff` crate.

use std::io::Cursor;

use anyhow::ensure;
use tiff::encoder::{Compression, DeflateLevel, Predictor, Rational, TiffEncoder, colortype};
use tiff::tags::ResolutionUnit;

use crate::scan::{Capture, Mode};

/// How grey pages are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// LZW.
    Lzw,
    /// Deflate, each row as differences.
    Deflate,
}

/// Rows per strip of Group 4 pages: scanners cut pages into strips.
const STRIP: usize = 1024;

/// Bilevel pages, CCITT Group 4, little-endian, several strips a page.
///
/// # Errors
/// Fails (for good) when a page is not bilevel.
pub fn group4(pages: &[Capture]) -> anyhow::Result<Vec<u8>> {
    let mut out = b"II\x2a\0\0\0\0\0".to_vec();
    let mut link = 4;
    for page in pages {
        ensure!(
            page.mode == Mode::Bilevel,
            "group 4 needs black and white pages"
        );
        let mut strips: Vec<(u32, u32)> = Vec::new();
        for rows in page.pixels.chunks(STRIP * page.width) {
            let strip = Capture {
                width: page.width,
                height: rows.len() / page.width,
                mode: Mode::Bilevel,
                pixels: rows.to_vec(),
                dpi: page.dpi,
            };
            let data = super::group4(&strip);
            strips.push((out.len() as u32, data.len() as u32));
            out.extend(data);
        }
        let directory = directory(&mut out, page, &strips);
        out.splice(link..link + 4, directory.at.to_le_bytes());
        link = directory.next;
    }
    Ok(out)
}

/// Where a directory was written, and where its link to the next one is.
struct Directory {
    at: u32,
    next: usize,
}

fn directory(out: &mut Vec<u8>, page: &Capture, strips: &[(u32, u32)]) -> Directory {
    let mut put = |values: &[u32]| {
        out.resize(out.len().next_multiple_of(2), 0);
        let at = out.len() as u32;
        out.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        at
    };
    let resolution = put(&[page.dpi.unwrap_or(200), 1]);
    // A single value stands in the entry itself.
    let list = |values: Vec<u32>, at: u32| if values.len() == 1 { values[0] } else { at };
    let offsets: Vec<u32> = strips.iter().map(|s| s.0).collect();
    let counts: Vec<u32> = strips.iter().map(|s| s.1).collect();
    let (offsets_at, counts_at) = (put(&offsets), put(&counts));
    let at = put(&[]);
    let (short, long, rational) = (3u16, 4u16, 5u16);
    let many = strips.len() as u32;
    let entries: [(u16, u16, u32, u32); 13] = [
        (254, long, 1, 2), // one page of several
        (256, long, 1, page.width as u32),
        (257, long, 1, page.height as u32),
        (258, short, 1, 1), // bits per sample
        (259, short, 1, 4), // Group 4
        (262, short, 1, 0), // 0 is white
        (273, long, many, list(offsets, offsets_at)),
        (277, short, 1, 1), // samples per pixel
        (278, long, 1, STRIP as u32),
        (279, long, many, list(counts, counts_at)),
        (282, rational, 1, resolution),
        (283, rational, 1, resolution),
        (296, short, 1, 2), // per inch
    ];
    out.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(value.to_le_bytes());
    }
    let next = out.len();
    out.extend([0; 4]);
    Directory { at, next }
}

/// Grey pages.
///
/// # Errors
/// Fails (for good) when a page is not grey.
pub fn grey(pages: &[Capture], packing: Packing) -> anyhow::Result<Vec<u8>> {
    let mut out = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut out)?;
    encoder = match packing {
        Packing::Lzw => encoder.with_compression(Compression::Lzw),
        Packing::Deflate => encoder
            .with_compression(Compression::Deflate(DeflateLevel::Best))
            .with_predictor(Predictor::Horizontal),
    };
    for page in pages {
        ensure!(page.mode == Mode::Grey, "this TIFF takes grey pages");
        let mut image =
            encoder.new_image::<colortype::Gray8>(page.width as u32, page.height as u32)?;
        image.resolution(
            ResolutionUnit::Inch,
            Rational {
                n: page.dpi.unwrap_or(200),
                d: 1,
            },
        );
        image.rows_per_strip(256)?;
        image.write_data(&page.pixels)?;
    }
    Ok(out.into_inner())
}
