//! A file without some of its pages: for those that hold the forms of several families, of which one is erased.

use std::io::Cursor;

use tiff::encoder::{Compression, DeflateLevel, Rational, TiffEncoder, colortype};
use tiff::tags::ResolutionUnit;

use crate::decoding::{DecodeError, DecodeLimits, DecodedPage, Decoder};

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum RedactionError {
    /// The file could not be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The copy could not be written.
    #[error("the copy could not be written")]
    Write(#[from] tiff::TiffError),
}

/// The file as a TIFF of grey pages, as they were read, those in `blanked` (numbers from 1) white. Every page keeps its
/// number and its pixels, so that what is known of where forms lie stays true. Blocks for some seconds.
///
/// # Errors
/// See [`RedactionError`]. A file that was decoded once decodes again unless the decoder is missing or short of time.
pub fn without_pages(
    decoder: &Decoder,
    bytes: &[u8],
    blanked: &[u32],
) -> Result<Vec<u8>, RedactionError> {
    let mut out = Cursor::new(Vec::new());
    let mut encoder =
        TiffEncoder::new(&mut out)?.with_compression(Compression::Deflate(DeflateLevel::Balanced));
    decoder.decode_each(bytes, &DecodeLimits::default(), |mut page: DecodedPage| {
        if blanked.contains(&page.number) {
            page.grey.fill(u8::MAX);
        }
        let mut image = encoder.new_image::<colortype::Gray8>(page.width, page.height)?;
        if let Some(dpi) = page.dpi {
            // Whole dots are what scanners say; a page's size is not taken from it.
            let dots = Rational {
                n: dpi.round() as u32,
                d: 1,
            };
            image.resolution(ResolutionUnit::Inch, dots);
        }
        image.write_data(&page.grey)?;
        Ok::<_, RedactionError>(())
    })?;
    Ok(out.into_inner())
}
