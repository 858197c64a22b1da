//! Files made to break things: each must end in a reason, soon, and within the limits.

mod common;

use std::time::{Duration, Instant};

use common::{HEIGHT, WIDTH, decode, decoder, failure, jpeg, one_page, pdf, picture, png, tiffs};
use enrol::decoding::{DecodeError, DecodeLimits};
use image::ExtendedColorType;
use lopdf::{Dictionary, Object, Stream, dictionary};

#[test]
fn nothing_and_nonsense() {
    assert_eq!(failure(b"").0, "empty");
    let (code, reason) = failure(b"Dear Madam, please find attached");
    assert_eq!(code, "unknown_type");
    assert!(reason.contains("text"), "{reason}");
    let (code, reason) = failure(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    assert_eq!(code, "unknown_type");
    assert!(reason.contains("iPhone"), "{reason}");
    for magic in [
        &b"%PDF-1.7"[..],
        b"II*\0",
        b"\x89PNG\r\n\x1a\n",
        &[0xff, 0xd8, 0xff, 0xe0],
    ] {
        assert_eq!(failure(magic).0, "damaged", "{magic:?}");
    }
}

#[test]
fn files_cut_off_anywhere() {
    let whole = [
        jpeg(),
        png(&picture(), WIDTH, HEIGHT, ExtendedColorType::L8),
        tiffs::file(&[tiffs::plain(), tiffs::group4()]),
        pdf::file(vec![
            pdf::scan(pdf::jpeg_image()),
            pdf::scan(pdf::group4_image()),
        ]),
    ];
    for bytes in whole {
        assert!(decode(&bytes).is_ok());
        for eighth in 1..8 {
            let (code, _) = failure(&bytes[..bytes.len() * eighth / 8]);
            assert!(
                ["damaged", "unknown_type"].contains(&code),
                "{code} at {eighth}/8"
            );
        }
    }
}

#[test]
fn a_password() {
    let (code, reason) = failure(&pdf::encrypted("secret"));
    assert_eq!(code, "password_protected");
    assert!(reason.contains("without one"), "{reason}");
}

#[test]
fn images_of_enormous_size() {
    // A PNG of 30,000 x 30,000 white pixels is tiny as a file; here only its head is needed.
    let mut bytes = png(&[255], 1, 1, ExtendedColorType::L8);
    bytes[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    assert_eq!(failure(&bytes).0, "too_large");

    let mut page = tiffs::plain();
    page.tags[0].2 = 60_000;
    page.tags[1].2 = 60_000;
    page.rows_per_strip = 60_000;
    assert_eq!(failure(&tiffs::file(&[page])).0, "too_large");

    let mut bytes = jpeg();
    let frame = bytes
        .windows(2)
        .position(|w| w == [0xff, 0xc0])
        .expect("a frame");
    bytes[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    assert_eq!(failure(&bytes).0, "too_large");

    let side = || dictionary! { "Width" => 30_000, "Height" => 30_000 };
    let huge = pdf::image("FlateDecode", side(), vec![0; 100]);
    assert_eq!(failure(&pdf::file(vec![pdf::scan(huge)])).0, "too_large");

    let mut poster = pdf::drawing("0 g 0 0 100 100 re f");
    poster.sides = (14_400.0, 14_400.0);
    assert_eq!(failure(&pdf::file(vec![poster])).0, "too_large");
}

#[test]
fn a_pdf_that_inflates_enormously() {
    // Zeros compress a thousandfold, twice: 100 kB become 3 GB of drawing commands.
    let mut once = Stream::new(Dictionary::new(), vec![b' '; 3 << 20]);
    once.compress().expect("compress");
    let bomb = |data: Vec<u8>| {
        let mut document = pdf::document(vec![pdf::drawing("")]);
        let page = *document.get_pages().get(&1).expect("a page");
        let bomb =
            document.add_object(Stream::new(dictionary! { "Filter" => "FlateDecode" }, data));
        // The same stream a thousand times in one page.
        let contents: Vec<Object> = std::iter::repeat_n(Object::Reference(bomb), 1000).collect();
        document
            .get_dictionary_mut(page)
            .expect("a page")
            .set("Contents", contents);
        pdf::saved(document)
    };
    let bytes = bomb(once.content);
    assert!(bytes.len() < 100_000);
    let since = Instant::now();
    let (code, reason) = failure(&bytes);
    assert!(
        ["out_of_memory", "timed_out", "too_large"].contains(&code),
        "{code}"
    );
    assert!(!reason.is_empty());
    assert!(since.elapsed() < Duration::from_secs(130));
}

#[test]
fn too_many_pages() {
    let (code, reason) = failure(&pdf::file((0..500).map(|_| pdf::drawing("")).collect()));
    assert_eq!(code, "too_many_pages");
    assert!(reason.contains("60 pages"), "{reason}");
    let pages: Vec<_> = (0..61).map(|_| tiffs::plain()).collect();
    assert_eq!(failure(&tiffs::file(&pages)).0, "too_many_pages");
    assert!(decode(&tiffs::file(&pages[..60])).is_ok());
}

#[test]
fn directories_in_a_circle() {
    assert_eq!(failure(&tiffs::circle()).0, "damaged");
}

#[test]
fn deep_nesting_and_endless_forms() {
    // Objects nested 200,000 deep, in a place that is parsed.
    let mut nested = b"%PDF-1.4\n1 0 obj\n".to_vec();
    nested.extend(std::iter::repeat_n(b'[', 200_000));
    nested.extend(std::iter::repeat_n(b']', 200_000));
    nested.extend(b"\nendobj\ntrailer <</Root 1 0 R>>\nstartxref\n9\n%%EOF");
    assert!(["damaged", "empty"].contains(&failure(&nested).0));

    // A hundred thousand saved graphics states, and groups in groups.
    let deep = pdf::drawing(&"q ".repeat(100_000));
    assert!(decode(&pdf::file(vec![deep])).is_ok());

    // A form that draws itself.
    let mut document = pdf::document(vec![pdf::drawing("/F Do")]);
    let form = document.new_object_id();
    document.set_object(
        form,
        Stream::new(
            dictionary! {
                "Type" => "XObject", "Subtype" => "Form",
                "BBox" => vec![0.into(), 0.into(), 600.into(), 900.into()],
                "Resources" => dictionary! { "XObject" => dictionary! { "F" => form } },
            },
            b"/F Do /F Do".to_vec(),
        ),
    );
    let page = *document.get_pages().get(&1).expect("a page");
    document.get_dictionary_mut(page).expect("a page").set(
        "Resources",
        dictionary! { "XObject" => dictionary! { "F" => form } },
    );
    let limits = DecodeLimits {
        max_cpu_seconds: 5,
        ..DecodeLimits::default()
    };
    let ended = decoder().decode(&pdf::saved(document), &limits);
    assert!(
        matches!(
            ended,
            Ok(_)
                | Err(DecodeError::Damaged(_)
                    | DecodeError::TimedOut { .. }
                    | DecodeError::OutOfMemory)
        ),
        "{ended:?}"
    );
}

#[test]
fn a_scan_whose_image_is_broken_is_not_a_blank_page() {
    let broken = pdf::image(
        "DCTDecode",
        Dictionary::new(),
        b"not a JPEG at all".to_vec(),
    );
    assert_eq!(failure(&pdf::file(vec![pdf::scan(broken)])).0, "damaged");
    // A third of the samples that three colours need.
    let short = pdf::image("", dictionary! { "ColorSpace" => "DeviceRGB" }, picture());
    assert_eq!(failure(&pdf::file(vec![pdf::scan(short)])).0, "damaged");
    let blank = one_page(&pdf::file(vec![pdf::drawing("")]));
    assert!(blank.grey.iter().all(|grey| *grey == 255));
}

#[test]
fn limits_on_bytes_and_on_the_whole() {
    let bytes = tiffs::file(&[tiffs::plain(), tiffs::plain(), tiffs::plain()]);
    let limits = DecodeLimits {
        max_bytes: 1000,
        ..DecodeLimits::default()
    };
    assert!(matches!(
        decoder().decode(&bytes, &limits),
        Err(DecodeError::TooLarge(_))
    ));
    let limits = DecodeLimits {
        max_total_pixels: u64::from(WIDTH * HEIGHT * 2),
        ..DecodeLimits::default()
    };
    assert!(matches!(
        decoder().decode(&bytes, &limits),
        Err(DecodeError::TooLarge(_))
    ));
}

#[test]
fn a_type_that_is_only_claimed() {
    // A JPEG called PDF is a JPEG: names are never looked at. Bytes in front of a PDF are tolerated.
    let mut shifted = b"\xef\xbb\xbf\r\n".to_vec();
    shifted.extend(pdf::file(vec![pdf::scan(pdf::flate_image())]));
    assert_eq!(one_page(&shifted).source, "pdf");
    let mut old_jpeg = tiffs::plain();
    old_jpeg.tags[3].2 = 6;
    assert_eq!(failure(&tiffs::file(&[old_jpeg])).0, "unknown_type");
}
