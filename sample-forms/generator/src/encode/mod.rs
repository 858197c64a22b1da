//! Files as scanners, fax servers and telephones write them.

pub mod jpeg;
pub mod pdf;
pub mod png;
pub mod tiff;

use fax::encoder::Encoder;
use fax::{Color, VecWriter};

use crate::scan::{Capture, Mode};

/// CCITT Group 4 data of a bilevel page.
pub fn group4(page: &Capture) -> Vec<u8> {
    let mut encoder = Encoder::new(VecWriter::new());
    for row in page.pixels.chunks_exact(page.width) {
        let colours = row
            .iter()
            .map(|p| if *p < 128 { Color::Black } else { Color::White });
        // Writing to memory cannot fail: the error type has no values.
        let Ok(()) = encoder.encode_line(colours, page.width as u32);
    }
    let Ok(writer) = encoder.finish();
    writer.finish()
}

/// Rows packed to one bit per pixel, 1 for white, padded to whole bytes.
pub fn packed_bits(page: &Capture) -> Vec<u8> {
    let mut packed = Vec::with_capacity(page.width.div_ceil(8) * page.height);
    for row in page.pixels.chunks_exact(page.width) {
        packed.extend(row.chunks(8).map(|eight| {
            eight
                .iter()
                .enumerate()
                .fold(0u8, |byte, (i, p)| byte | (u8::from(*p >= 128) << (7 - i)))
        }));
    }
    packed
}

/// Samples per pixel.
pub fn channels(mode: Mode) -> usize {
    if mode == Mode::Colour { 3 } else { 1 }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::pdf::Pictures;
    use super::tiff::Packing;
    use super::*;

    /// A page with a black block in the upper left quarter, `shade` elsewhere.
    fn page(mode: Mode, shade: u8) -> Capture {
        let (width, height) = (203, 301);
        let mut pixels = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let dark = (20..90).contains(&x) && (30..140).contains(&y);
                pixels.extend(vec![if dark { 0 } else { shade }; channels(mode)]);
            }
        }
        Capture {
            width,
            height,
            mode,
            pixels,
            dpi: Some(200),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a picture made here a moment ago"
    )]
    fn grey_of(bytes: &[u8]) -> image::GrayImage {
        image::load_from_memory(bytes)
            .expect("a picture that can be opened")
            .to_luma8()
    }

    #[test]
    fn png_and_jpeg_decode_back() {
        for mode in [Mode::Bilevel, Mode::Grey, Mode::Colour] {
            let page = page(mode, 255);
            let picture = grey_of(&png::encode(&page).expect("encodes"));
            assert_eq!((picture.width(), picture.height()), (203, 301));
            assert_eq!(
                (
                    picture.get_pixel(50, 60).0[0],
                    picture.get_pixel(150, 200).0[0]
                ),
                (0, 255)
            );
        }
        let picture = grey_of(&jpeg::encode(&page(Mode::Grey, 200), 80).expect("encodes"));
        assert!(picture.get_pixel(50, 60).0[0] < 20 && picture.get_pixel(150, 200).0[0] > 180);
        let sideways = jpeg::encode_sideways(&page(Mode::Colour, 200), 80).expect("encodes");
        let picture = grey_of(&sideways);
        assert_eq!((picture.width(), picture.height()), (301, 203));
        // Upper left of the upright page: lower left of the picture that lies on its side.
        assert!(picture.get_pixel(60, 203 - 50).0[0] < 20);
    }

    #[test]
    fn every_page_of_a_tiff_decodes_back() {
        let bilevel = [page(Mode::Bilevel, 255), page(Mode::Bilevel, 255)];
        let grey = [page(Mode::Grey, 187), page(Mode::Grey, 187)];
        for bytes in [
            tiff::group4(&bilevel).expect("encodes"),
            tiff::grey(&grey, Packing::Lzw).expect("encodes"),
            tiff::grey(&grey, Packing::Deflate).expect("encodes"),
        ] {
            let mut decoder = ::tiff::decoder::Decoder::new(Cursor::new(bytes)).expect("a TIFF");
            assert_eq!(decoder.dimensions().expect("has a size"), (203, 301));
            decoder.read_image().expect("first page");
            assert!(decoder.more_images());
            decoder.next_image().expect("second page");
            let ::tiff::decoder::DecodingResult::U8(samples) =
                decoder.read_image().expect("second page")
            else {
                panic!("8-bit samples expected")
            };
            assert!(samples.len() == 203 * 301 || samples.len() == 203usize.div_ceil(8) * 301);
            assert!(!decoder.more_images());
        }
    }

    #[test]
    fn pdf_pages_render_back() {
        for (pictures, mode) in [
            (Pictures::Group4, Mode::Bilevel),
            (Pictures::Jpeg { quality: 80 }, Mode::Colour),
            (
                Pictures::JpegStrips {
                    quality: 80,
                    rows: 64,
                },
                Mode::Grey,
            ),
        ] {
            let bytes =
                pdf::encode(&[page(mode, 255), page(mode, 255)], pictures, 0).expect("encodes");
            let pages = crate::blank::rasterise(bytes).expect("renders");
            assert_eq!(pages.len(), 2);
            // 300 dpi of a page scanned at 200.
            let at = |x: usize, y: usize| pages[1].pixels[y * pages[1].width + x][0];
            assert!(
                at(75, 90) < 20 && at(225, 300) > 235,
                "{pictures:?}: {} {}",
                at(75, 90),
                at(225, 300)
            );
        }
    }
}
