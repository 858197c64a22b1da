//! TIFF files, written tag by tag, so that every variant can be made, the broken ones too.

use super::{HEIGHT, WIDTH, packed, picture};

/// One page: its tags (number, type 3 short or 4 long, value) and its strips.
pub struct Page {
    pub tags: Vec<(u16, u16, u32)>,
    /// Dots per inch across and down.
    pub resolution: Option<(u32, u32)>,
    pub rows_per_strip: u32,
    pub strips: Vec<Vec<u8>>,
}

/// A page with the picture's size and the given compression, photometric value and bits.
pub fn page(compression: u32, photometric: u32, bits: u32, data: Vec<u8>) -> Page {
    Page {
        tags: vec![
            (256, 4, WIDTH),
            (257, 4, HEIGHT),
            (258, 3, bits),
            (259, 3, compression),
            (262, 3, photometric),
            (277, 3, 1),
        ],
        resolution: None,
        rows_per_strip: HEIGHT,
        strips: vec![data],
    }
}

/// The picture in eight bits, uncompressed.
pub fn plain() -> Page {
    page(1, 1, 8, picture())
}

/// The picture in Group 4, black is one.
pub fn group4() -> Page {
    page(4, 0, 1, encode_group4(0..HEIGHT))
}

/// Rows of the picture in Group 4.
pub fn encode_group4(rows: std::ops::Range<u32>) -> Vec<u8> {
    use fax::{Color, VecWriter, encoder::Encoder};
    let mut encoder = Encoder::new(VecWriter::new());
    for row in picture()
        .chunks(WIDTH as usize)
        .skip(rows.start as usize)
        .take(rows.len())
    {
        let colours = row.iter().map(|grey| {
            if *grey == 0 {
                Color::Black
            } else {
                Color::White
            }
        });
        encoder.encode_line(colours, WIDTH).expect("memory");
    }
    encoder.finish().expect("memory").finish()
}

/// A file of these pages, in little-endian order.
pub fn file(pages: &[Page]) -> Vec<u8> {
    let mut bytes = b"II*\0".to_vec();
    let mut link = bytes.len();
    bytes.extend([0; 4]);
    for page in pages {
        let offsets: Vec<u32> = page
            .strips
            .iter()
            .map(|strip| {
                let at = bytes.len() as u32;
                bytes.extend(strip);
                at
            })
            .collect();
        let lengths: Vec<u32> = page.strips.iter().map(|strip| strip.len() as u32).collect();
        let mut entries: Vec<(u16, u16, Vec<u8>, u32)> = page
            .tags
            .iter()
            .map(|(tag, kind, value)| (*tag, *kind, value.to_le_bytes().to_vec(), 1))
            .collect();
        let longs = |values: &[u32]| {
            values
                .iter()
                .flat_map(|v| v.to_le_bytes())
                .collect::<Vec<_>>()
        };
        entries.push((273, 4, longs(&offsets), offsets.len() as u32));
        entries.push((278, 4, longs(&[page.rows_per_strip]), 1));
        entries.push((279, 4, longs(&lengths), lengths.len() as u32));
        if let Some((x, y)) = page.resolution {
            entries.push((282, 5, longs(&[x, 1]), 1));
            entries.push((283, 5, longs(&[y, 1]), 1));
            entries.push((296, 3, longs(&[2]), 1));
        }
        entries.sort_by_key(|entry| entry.0);
        let values: Vec<[u8; 4]> = entries
            .iter()
            .map(|(_, _, value, _)| {
                if value.len() <= 4 {
                    return value.as_slice().try_into().expect("four bytes");
                }
                let at = bytes.len() as u32;
                bytes.extend(value);
                at.to_le_bytes()
            })
            .collect();
        if bytes.len() % 2 == 1 {
            bytes.push(0);
        }
        let directory = bytes.len() as u32;
        bytes[link..link + 4].copy_from_slice(&directory.to_le_bytes());
        bytes.extend((entries.len() as u16).to_le_bytes());
        for ((tag, kind, _, count), value) in entries.iter().zip(values) {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value);
        }
        link = bytes.len();
        bytes.extend([0; 4]);
    }
    bytes
}

/// A file whose last directory points back at the first.
pub fn circle() -> Vec<u8> {
    let mut bytes = file(&[plain(), plain()]);
    let first: [u8; 4] = bytes[4..8].try_into().expect("four bytes");
    let end = bytes.len() - 4;
    bytes[end..].copy_from_slice(&first);
    bytes
}

/// The picture in one bit, uncompressed, black is one.
pub fn bilevel() -> Page {
    page(1, 0, 1, packed(true))
}
