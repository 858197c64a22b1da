//! Every format a scanner delivers, there and back.

mod common;

use common::{
    HEIGHT, WIDTH, assert_shows_picture, decode, decoder, jpeg, jpeg_with_orientation, one_page,
    packed, pdf, picture, png, tiffs,
};
use enrol::decoding::{DecodeLimits, DecodedPage};
use image::ExtendedColorType;

#[test]
fn jpeg_grey_and_its_orientation() {
    let page = one_page(&jpeg());
    assert_eq!((page.number, page.source.as_str()), (1, "jpeg"));
    assert_shows_picture(&page, 2.0);

    // 6: the camera was turned, so the picture must be turned a quarter clockwise.
    let turned = one_page(&jpeg_with_orientation(6));
    assert_eq!((turned.width, turned.height), (HEIGHT, WIDTH));
    let back: Vec<u8> = (0..HEIGHT)
        .flat_map(|y| (0..WIDTH).map(move |x| (x * HEIGHT + (HEIGHT - 1 - y)) as usize))
        .map(|at| turned.grey[at])
        .collect();
    assert_eq!(back, page.grey);

    let upside_down = one_page(&jpeg_with_orientation(3));
    assert!(upside_down.grey.iter().eq(page.grey.iter().rev()));
}

#[test]
fn png_in_grey_colour_and_transparent() {
    assert_shows_picture(
        &one_page(&png(&picture(), WIDTH, HEIGHT, ExtendedColorType::L8)),
        0.0,
    );
    // Ink as opacity over nothing: transparent must become white paper, not black.
    let transparent: Vec<u8> = picture()
        .iter()
        .flat_map(|grey| [0, 0, 0, 255 - grey])
        .collect();
    let page = one_page(&png(&transparent, WIDTH, HEIGHT, ExtendedColorType::Rgba8));
    assert_shows_picture(&page, 0.0);
    let wide: Vec<u8> = picture()
        .iter()
        .flat_map(|grey| (u16::from(*grey) * 257).to_ne_bytes())
        .collect();
    assert_shows_picture(
        &one_page(&png(&wide, WIDTH, HEIGHT, ExtendedColorType::L16)),
        0.0,
    );
}

#[test]
fn tiff_in_every_photometric_and_bit_order() {
    assert_shows_picture(&one_page(&tiffs::file(&[tiffs::plain()])), 0.0);
    assert_shows_picture(&one_page(&tiffs::file(&[tiffs::bilevel()])), 0.0);
    assert_shows_picture(&one_page(&tiffs::file(&[tiffs::group4()])), 0.0);

    let white_is_zero = tiffs::page(1, 0, 8, picture().iter().map(|grey| 255 - grey).collect());
    assert_shows_picture(&one_page(&tiffs::file(&[white_is_zero])), 0.0);
    let black_is_zero = tiffs::page(1, 1, 1, packed(false));
    assert_shows_picture(&one_page(&tiffs::file(&[black_is_zero])), 0.0);

    let mut reversed = tiffs::group4();
    reversed.tags.push((266, 3, 2));
    for byte in &mut reversed.strips[0] {
        *byte = byte.reverse_bits();
    }
    assert_shows_picture(&one_page(&tiffs::file(&[reversed])), 0.0);

    // The same codes mean the opposite where black is zero.
    let inverted = one_page(&tiffs::file(&[tiffs::page(
        4,
        1,
        1,
        tiffs::encode_group4(0..HEIGHT),
    )]));
    assert!(
        inverted
            .grey
            .iter()
            .zip(picture())
            .all(|(is, grey)| *is == 255 - grey)
    );
}

#[test]
fn tiff_in_strips_and_sideways() {
    let mut strips = tiffs::group4();
    strips.rows_per_strip = 40;
    strips.strips = [0..40, 40..80, 80..HEIGHT]
        .map(tiffs::encode_group4)
        .to_vec();
    assert_shows_picture(&one_page(&tiffs::file(&[strips])), 0.0);

    let mut upside_down = tiffs::plain();
    upside_down.tags.push((274, 3, 3));
    let page = one_page(&tiffs::file(&[upside_down]));
    assert!(page.grey.iter().eq(picture().iter().rev()));
}

#[test]
fn fax_in_group_3_as_libtiff_writes_it() {
    // Made once with ImageMagick: `convert -compress Fax`, one-dimensional, with fill bits.
    let page = one_page(include_bytes!("files/group3.tif"));
    // 204 x 98 dots per inch: rows are doubled so that pixels are square.
    assert_eq!((page.width, page.height, page.dpi), (160, 200, Some(204.0)));
    let at = |x: u32, y: u32| page.grey[(y * page.width + x) as usize];
    assert_eq!((at(20, 30), at(60, 10), at(125, 165)), (0, 255, 0));
}

#[test]
fn fax_in_two_dimensions_and_without_line_ends() {
    // Sixteen pixels: 4 white, 4 black, 8 white. White 4 = 1011, black 4 = 011, white 8 = 10011.
    const ROW: &str = "101101110011";
    const EOL: &str = "000000000001";
    let bits = |text: String| -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().map(|c| c - b'0').collect();
        digits
            .chunks(8)
            .map(|byte| {
                byte.iter()
                    .enumerate()
                    .fold(0, |all, (i, bit)| all | (bit << (7 - i)))
            })
            .collect()
    };
    let small = |compression, options, data| {
        let mut page = tiffs::page(compression, 0, 1, data);
        page.tags[0].2 = 16;
        page.tags[1].2 = 2;
        page.tags.push((292, 4, options));
        page.rows_per_strip = 2;
        one_page(&tiffs::file(&[page]))
    };
    let row: Vec<u8> = [[255; 4], [0; 4], [255; 4], [255; 4]].concat();
    let expected = [row.clone(), row].concat();

    // The second row is coded as three times "as above" (two changes and the end of the row).
    let two_dimensional = bits(format!("{EOL}1{ROW}{EOL}0111"));
    assert_eq!(small(3, 1, two_dimensional).grey, expected);
    // Compression 2: every row begins on a byte.
    let huffman = bits(format!("{ROW}0000{ROW}0000"));
    assert_eq!(small(2, 0, huffman).grey, expected);
}

#[test]
fn tiff_pages_are_counted_and_thumbnails_are_not() {
    let mut thumbnail = tiffs::plain();
    thumbnail.tags.push((254, 4, 1));
    let mut fax = tiffs::group4();
    fax.resolution = Some((200, 200));
    let bytes = tiffs::file(&[tiffs::plain(), thumbnail, fax]);
    let pages = decode(&bytes).expect("two pages");
    assert_eq!(
        pages.iter().map(|page| page.number).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!((pages[0].dpi, pages[1].dpi), (None, Some(200.0)));
    pages
        .iter()
        .for_each(|page| assert_shows_picture(page, 0.0));

    let limits = DecodeLimits {
        only_page: Some(2),
        ..DecodeLimits::default()
    };
    let only = decoder().decode(&bytes, &limits).expect("one page");
    assert_eq!(only, pages[1..]);
}

fn assert_300_dpi(page: &DecodedPage) {
    let dpi = page.dpi.expect("a PDF page has a size");
    assert!((dpi - 300.0).abs() < 0.5, "{dpi}");
}

#[test]
fn pdf_scans_come_out_pixel_by_pixel() {
    for (image, tolerance) in [
        (pdf::jpeg_image(), 2.0),
        (pdf::group4_image(), 0.0),
        (pdf::flate_image(), 0.0),
        (pdf::stencil(), 0.0),
    ] {
        let page = one_page(&pdf::file(vec![pdf::scan(image)]));
        assert_eq!(page.source, "pdf");
        assert_300_dpi(&page);
        assert_shows_picture(&page, tolerance);
    }
}

#[test]
fn pdf_scans_are_turned_as_the_page_says() {
    let upright = one_page(&pdf::file(vec![pdf::scan(pdf::flate_image())]));
    let page = |rotate| {
        let mut page = pdf::scan(pdf::flate_image());
        page.rotate = rotate;
        one_page(&pdf::file(vec![page]))
    };
    assert!(page(180).grey.iter().eq(upright.grey.iter().rev()));
    for rotate in [90, 270] {
        let turned = page(rotate);
        assert_eq!((turned.width, turned.height), (HEIGHT, WIDTH));
        // The block near the top left corner goes to the top right when turned clockwise.
        let block = |x: u32, y: u32| turned.grey[(y * HEIGHT + x) as usize] == 0;
        assert_eq!(block(HEIGHT - 12, 12), rotate == 90);
        assert_eq!(block(12, WIDTH - 24), rotate == 270);
    }
}

#[test]
fn pdf_scans_with_marks_on_top_are_drawn() {
    let mut page = pdf::scan(pdf::flate_image());
    page.commands.push_str(" 0 g 20 1 4 4 re f");
    let drawn = one_page(&pdf::file(vec![page]));
    assert_300_dpi(&drawn);
    assert_eq!((drawn.width, drawn.height), (WIDTH, HEIGHT));
    let at = |x: u32, y: u32| drawn.grey[(y * WIDTH + x) as usize];
    // The stamp, the block of the scan below it, and paper.
    assert_eq!((at(91, 84), at(20, 16), at(60, 90)), (0, 0, 255));
}

#[test]
fn pdf_pages_without_images_are_drawn_at_300_dpi() {
    let page = one_page(&pdf::file(vec![pdf::drawing("0 g 0 0 297.5 421 re f")]));
    assert_eq!(
        (page.width, page.height, page.dpi),
        (2479, 3508, Some(300.0))
    );
    let at = |x: u32, y: u32| page.grey[(y * page.width + x) as usize];
    assert_eq!((at(600, 2600), at(1900, 2600), at(600, 800)), (0, 255, 255));
}

#[test]
fn pdf_that_only_forbids_changes_is_read() {
    assert_shows_picture(&one_page(&pdf::encrypted("")), 0.0);
}

#[test]
fn pages_are_handed_over_one_by_one_and_may_be_refused() {
    #[derive(Debug)]
    enum Stop {
        Enough(u32),
        Decoding,
    }
    impl From<enrol::decoding::DecodeError> for Stop {
        fn from(_: enrol::decoding::DecodeError) -> Self {
            Stop::Decoding
        }
    }
    let bytes = pdf::file((0..5).map(|_| pdf::scan(pdf::group4_image())).collect());
    let mut seen = vec![];
    let summary = decoder()
        .decode_each(&bytes, &DecodeLimits::default(), |page| {
            seen.push(page.number);
            Ok::<_, Stop>(())
        })
        .expect("five pages");
    assert_eq!((seen, summary.pages), (vec![1, 2, 3, 4, 5], 5));
    let stopped = decoder().decode_each(&bytes, &DecodeLimits::default(), |page| {
        if page.number == 2 {
            Err(Stop::Enough(2))
        } else {
            Ok(())
        }
    });
    assert!(matches!(stopped, Err(Stop::Enough(2))));
}
