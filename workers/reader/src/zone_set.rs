//! Sets of zone pictures with their truth, on which confidence is fitted: only the zones of thousands of forms, cut
//! as the reader cuts them. `enrol sample --zones` writes them.
//!
//! `zones.jsonl` holds one JSON object per zone; `zones.bin` the pictures, zlib streams of grey pixels row by row,
//! one after the other.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Lines, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use flate2::read::ZlibDecoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::raster::Grey;
use crate::zones::ZonePicture;

/// Why a set cannot be read. None of these goes away by trying again.
#[derive(Debug, thiserror::Error)]
pub enum ZoneSetError {
    /// A file is missing or cannot be read.
    #[error("the zone set in {folder} cannot be read")]
    File {
        /// The folder.
        folder: String,
        /// Why.
        source: std::io::Error,
    },
    /// A line of `zones.jsonl` is not as expected.
    #[error("line {line} of zones.jsonl is not as expected")]
    Record {
        /// The line, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// A picture is not of the size that its line says.
    #[error("the picture of line {line} of zones.jsonl is damaged")]
    Picture {
        /// The line, from 1.
        line: usize,
    },
}

/// What is known of one zone.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ZoneMeta {
    /// Number of the form within the set, from 1.
    pub form: u64,
    /// Whose hand it is.
    pub writer: i32,
    /// The capture condition.
    pub capture: String,
    /// The field's dotted path.
    pub field: String,
    /// Which ruled line of the field, from 0; `None` for a comb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What is written in the zone, spaces standing for cells left empty.
    pub text: String,
    /// Value of the whole field.
    pub truth: Value,
    /// Where the picture begins in `zones.bin`, bytes.
    pub offset: u64,
    /// How many bytes it takes there.
    pub bytes: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Left edge on the form, millimetres.
    pub left: f64,
    /// Top edge on the form, millimetres.
    pub top: f64,
}

/// Hides what is written.
impl std::fmt::Debug for ZoneMeta {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "ZoneMeta({} of form {}, writer {})",
            self.field, self.form, self.writer
        )
    }
}

/// An open set: an iterator over its zones in the order of the file.
pub struct ZoneSet {
    folder: String,
    lines: Lines<BufReader<File>>,
    pictures: BufReader<File>,
    line: usize,
    at: u64,
}

impl ZoneSet {
    /// Opens the set in `folder`.
    ///
    /// # Errors
    /// A file is missing.
    pub fn open(folder: &Path) -> Result<Self, ZoneSetError> {
        let failed = |source| ZoneSetError::File {
            folder: folder.display().to_string(),
            source,
        };
        let open = |name| {
            File::open(folder.join(name))
                .map(BufReader::new)
                .map_err(failed)
        };
        Ok(Self {
            folder: folder.display().to_string(),
            lines: open("zones.jsonl")?.lines(),
            pictures: open("zones.bin")?,
            line: 0,
            at: 0,
        })
    }

    fn zone(&mut self, line: &str) -> Result<(ZoneMeta, ZonePicture), ZoneSetError> {
        /// More pixels than any zone of an A4 page has.
        const MOST_PIXELS: usize = 2_100 * 2_970;
        let meta: ZoneMeta = serde_json::from_str(line).map_err(|source| ZoneSetError::Record {
            line: self.line,
            source,
        })?;
        let damaged = ZoneSetError::Picture { line: self.line };
        let size = meta.width.saturating_mul(meta.height);
        // Deflate never grows pixels by more than a few bytes in a block.
        if size == 0 || size > MOST_PIXELS || meta.bytes > 2 * size + 1_024 {
            return Err(damaged);
        }
        let failed = |source| ZoneSetError::File {
            folder: self.folder.clone(),
            source,
        };
        if meta.offset != self.at {
            self.pictures
                .seek(SeekFrom::Start(meta.offset))
                .map_err(failed)?;
        }
        let mut packed = vec![0; meta.bytes];
        self.pictures.read_exact(&mut packed).map_err(failed)?;
        self.at = meta.offset + meta.bytes as u64;
        let mut pixels = Vec::with_capacity(size);
        let inflated = ZlibDecoder::new(packed.as_slice())
            .take(size as u64 + 1)
            .read_to_end(&mut pixels);
        let grey = inflated
            .ok()
            .and_then(|_| Grey::from_pixels(meta.width, meta.height, pixels))
            .ok_or(damaged)?;
        let (left, top) = (meta.left, meta.top);
        Ok((meta, ZonePicture { grey, left, top }))
    }
}

impl Iterator for ZoneSet {
    type Item = Result<(ZoneMeta, ZonePicture), ZoneSetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.lines.next()?;
        self.line += 1;
        Some(
            line.map_err(|source| ZoneSetError::File {
                folder: self.folder.clone(),
                source,
            })
            .and_then(|line| self.zone(&line)),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use proptest::prelude::*;

    use super::*;

    fn packed(pixels: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(pixels).expect("writes to memory");
        encoder.finish().expect("writes to memory")
    }

    fn meta(index: usize, (width, height): (usize, usize), offset: u64, bytes: usize) -> ZoneMeta {
        ZoneMeta {
            form: index as u64 + 1,
            writer: 13,
            capture: "fax".to_owned(),
            field: "primary_carer.surname".to_owned(),
            line: (index % 2 == 1).then_some(index),
            text: "B1  1BB".to_owned(),
            truth: Value::from("B1 1BB"),
            offset,
            bytes,
            width,
            height,
            left: 12.5 + index as f64,
            top: 0.25,
        }
    }

    proptest! {
        #[test]
        fn a_set_comes_back_as_it_was_written(
            pictures in prop::collection::vec(
                (1usize..40, 1usize..30).prop_flat_map(|(w, h)| {
                    (Just((w, h)), prop::collection::vec(any::<u8>(), w * h))
                }),
                1..6,
            )
        ) {
            let folder = tempfile::tempdir().expect("a folder");
            let (mut lines, mut bin, mut metas) = (String::new(), Vec::new(), Vec::new());
            for (index, (size, pixels)) in pictures.iter().enumerate() {
                let bytes = packed(pixels);
                let meta = meta(index, *size, bin.len() as u64, bytes.len());
                lines += &serde_json::to_string(&meta).expect("JSON");
                lines.push('\n');
                bin.extend(bytes);
                metas.push(meta);
            }
            std::fs::write(folder.path().join("zones.jsonl"), &lines).expect("writes");
            std::fs::write(folder.path().join("zones.bin"), &bin).expect("writes");
            let read: Vec<_> = ZoneSet::open(folder.path())
                .expect("opens")
                .collect::<Result<_, _>>()
                .expect("reads");
            prop_assert_eq!(read.len(), metas.len());
            for ((got, picture), (wanted, (_, pixels))) in read.iter().zip(metas.iter().zip(&pictures)) {
                prop_assert!(got == wanted);
                prop_assert_eq!(&picture.grey.pixels, pixels);
                prop_assert_eq!((picture.left, picture.top), (wanted.left, wanted.top));
            }
        }
    }

    #[test]
    fn a_picture_of_another_size_is_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        let bytes = packed(&[7; 11]);
        let line = serde_json::to_string(&meta(0, (3, 4), 0, bytes.len())).expect("JSON");
        std::fs::write(folder.path().join("zones.jsonl"), line + "\n{}\n").expect("writes");
        std::fs::write(folder.path().join("zones.bin"), bytes).expect("writes");
        let mut set = ZoneSet::open(folder.path()).expect("opens");
        assert!(matches!(
            set.next(),
            Some(Err(ZoneSetError::Picture { line: 1 }))
        ));
        assert!(matches!(
            set.next(),
            Some(Err(ZoneSetError::Record { line: 2, .. }))
        ));
        assert!(set.next().is_none());
        assert!(ZoneSet::open(&folder.path().join("missing")).is_err());
    }
}
