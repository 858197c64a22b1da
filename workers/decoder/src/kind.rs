//! Which format a file is in, by its first bytes.

/// A format the decoder reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Portable Document Format.
    Pdf,
    /// Tagged Image File Format, classic or BigTIFF.
    Tiff,
    /// JPEG, in a JFIF or EXIF file.
    Jpeg,
    /// Portable Network Graphics.
    Png,
}

impl Kind {
    /// The name used in the protocol.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Pdf => "pdf",
            Kind::Tiff => "tiff",
            Kind::Jpeg => "jpeg",
            Kind::Png => "png",
        }
    }
}

/// How far into a file the PDF header may stand. Some devices put a mail header or a byte order
/// mark in front of it, and every reader tolerates that.
const PDF_HEADER_WINDOW: usize = 1024;

/// The format of `bytes`, or `None` if it is not one the decoder reads.
#[must_use]
pub fn sniff(bytes: &[u8]) -> Option<Kind> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(Kind::Png);
    }
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        return Some(Kind::Jpeg);
    }
    if [&b"II*\0"[..], b"MM\0*", b"II+\0", b"MM\0+"]
        .iter()
        .any(|magic| bytes.starts_with(magic))
    {
        return Some(Kind::Tiff);
    }
    let head = &bytes[..bytes.len().min(PDF_HEADER_WINDOW)];
    head.windows(5).any(|w| w == b"%PDF-").then_some(Kind::Pdf)
}
