//! What a file is, judged by its first bytes. Names and extensions are not looked at.

/// The kind of a file, as far as its first bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// PDF.
    Pdf,
    /// TIFF.
    Tiff,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// A HEIC or HEIF photograph, the default of iPhones.
    Heic,
    /// Another picture: GIF, WebP, BMP, JPEG 2000.
    OtherPicture,
    /// A word processor's or spreadsheet's file, or an archive.
    OfficeOrArchive,
    /// A web page, an e-mail or other text.
    Text,
    /// Nothing known.
    Unknown,
}

/// How many bytes [`FileKind::of`] wants to see.
pub const SNIFF_BYTES: usize = 1024;

impl FileKind {
    /// The kind of the file that begins with `bytes`; [`SNIFF_BYTES`] of them are enough.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let head = &bytes[..bytes.len().min(SNIFF_BYTES)];
        let starts = |magics: &[&[u8]]| magics.iter().any(|magic| head.starts_with(magic));
        if starts(&[b"\x89PNG\r\n\x1a\n"]) {
            return FileKind::Png;
        }
        if starts(&[&[0xff, 0xd8, 0xff]]) {
            return FileKind::Jpeg;
        }
        if starts(&[b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]) {
            return FileKind::Tiff;
        }
        if head.windows(5).any(|w| w == b"%PDF-") {
            return FileKind::Pdf;
        }
        if head.get(4..8) == Some(b"ftyp") {
            return match head.get(8..12) {
                Some(b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"mif1" | b"msf1") => {
                    FileKind::Heic
                }
                _ => FileKind::Unknown,
            };
        }
        if starts(&[b"GIF8", b"BM", b"\0\0\0\x0cjP  "])
            || (starts(&[b"RIFF"]) && head.get(8..12) == Some(b"WEBP"))
        {
            return FileKind::OtherPicture;
        }
        if starts(&[
            b"PK\x03\x04",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"{\\rtf",
            b"\x1f\x8b",
            b"7z\xbc\xaf",
        ]) {
            return FileKind::OfficeOrArchive;
        }
        let text = |b: &u8| matches!(b, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..=0xff);
        if !head.is_empty() && head.iter().all(text) {
            return FileKind::Text;
        }
        FileKind::Unknown
    }

    /// Whether the decoder reads this kind.
    #[must_use]
    pub fn is_scan(self) -> bool {
        self.media_type().is_some()
    }

    /// The media type and the usual extension, for the kinds the decoder reads.
    #[must_use]
    pub fn media_type(self) -> Option<(&'static str, &'static str)> {
        match self {
            FileKind::Pdf => Some(("application/pdf", "pdf")),
            FileKind::Tiff => Some(("image/tiff", "tif")),
            FileKind::Jpeg => Some(("image/jpeg", "jpg")),
            FileKind::Png => Some(("image/png", "png")),
            _ => None,
        }
    }

    /// What a person who sent such a file should do, where it cannot be read.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            FileKind::Heic => {
                "This is a HEIC photo, as iPhones take them, and cannot be read. On the phone choose \
                 Settings, Camera, Formats, Most Compatible, and take the photo again; or scan the form."
            }
            FileKind::OfficeOrArchive => {
                "This is an office document or an archive, not a scan. Print it and scan the paper \
                 form, or save it as PDF."
            }
            FileKind::OtherPicture => {
                "This kind of picture cannot be read. Save it as JPEG, PNG, TIFF or PDF and upload it again."
            }
            FileKind::Text => {
                "This file contains text, not a scan. Scan the form to PDF, TIFF, JPEG or PNG."
            }
            FileKind::Pdf | FileKind::Tiff | FileKind::Jpeg | FileKind::Png => {
                "This file uses a rare variant of its format that cannot be read. Scan the form \
                 again, to PDF if you can choose."
            }
            FileKind::Unknown => {
                "This file is not a scan that can be read. Scan the form to PDF, TIFF, JPEG or PNG."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        assert_eq!(FileKind::of(b"%PDF-1.7\n"), FileKind::Pdf);
        assert_eq!(FileKind::of(b"\xef\xbb\xbf%PDF-1.4"), FileKind::Pdf);
        assert_eq!(FileKind::of(b"II*\0\x08\0\0\0"), FileKind::Tiff);
        assert_eq!(FileKind::of(&[0xff, 0xd8, 0xff, 0xe0]), FileKind::Jpeg);
        assert_eq!(FileKind::of(b"\0\0\0\x18ftypheic"), FileKind::Heic);
        assert_eq!(FileKind::of(b"PK\x03\x04\x14\0"), FileKind::OfficeOrArchive);
        assert_eq!(FileKind::of(b"Dear Ms Smith,\n"), FileKind::Text);
        assert_eq!(FileKind::of(b""), FileKind::Unknown);
        assert_eq!(FileKind::of(&[0; 64]), FileKind::Unknown);
        assert!(!FileKind::of(b"RIFF\0\0\0\0WEBPVP8 ").is_scan());
    }
}
