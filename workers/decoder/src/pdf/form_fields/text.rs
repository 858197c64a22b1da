//! Text strings of a PDF (section 7.9.2.2): UTF-16BE or UTF-8 behind a mark, else PDFDocEncoding (annex D.3).

/// PDFDocEncoding from 0x18 to 0x1F.
const LOW: [char; 8] = [
    '\u{2D8}', '\u{2C7}', '\u{2C6}', '\u{2D9}', '\u{2DD}', '\u{2DB}', '\u{2DA}', '\u{2DC}',
];

/// PDFDocEncoding from 0x80 to 0xA0; the replacement character where it has none.
const HIGH: [char; 33] = [
    '\u{2022}', '\u{2020}', '\u{2021}', '\u{2026}', '\u{2014}', '\u{2013}', '\u{192}', '\u{2044}',
    '\u{2039}', '\u{203A}', '\u{2212}', '\u{2030}', '\u{201E}', '\u{201C}', '\u{201D}', '\u{2018}',
    '\u{2019}', '\u{201A}', '\u{2122}', '\u{FB01}', '\u{FB02}', '\u{141}', '\u{152}', '\u{160}',
    '\u{178}', '\u{17D}', '\u{131}', '\u{142}', '\u{153}', '\u{161}', '\u{17E}', '\u{FFFD}',
    '\u{20AC}',
];

/// The text of a string: line ends as `\n`, other control characters left out, what is no character replaced.
/// `None` when it has more than `most` characters.
pub(super) fn decoded(bytes: &[u8], most: usize) -> Option<String> {
    // Four bytes to a character and a mark in front: more cannot fit, and need not be looked at.
    if bytes.len() > 4 * most + 3 {
        return None;
    }
    let text: String = if let Some(wide) = bytes.strip_prefix(&[0xFE, 0xFF]) {
        let units = wide
            .chunks(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
        char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    } else if let Some(utf8) = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]) {
        String::from_utf8_lossy(utf8).into_owned()
    } else {
        bytes.iter().map(|byte| of_byte(*byte)).collect()
    };
    let text: String = text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .collect();
    (text.chars().count() <= most).then_some(text)
}

fn of_byte(byte: u8) -> char {
    match byte {
        0x18..=0x1F => LOW[usize::from(byte - 0x18)],
        0x80..=0xA0 => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_encoding_is_known_by_its_mark() {
        assert_eq!(decoded(b"Smith", 10).as_deref(), Some("Smith"));
        assert_eq!(decoded(b"caf\xE9 \xA0", 10).as_deref(), Some("café €"));
        assert_eq!(decoded(b"\x9B\x95", 10).as_deref(), Some("łŁ"));
        assert_eq!(
            decoded(b"\xFE\xFF\x01\x42\xD8\x3D\xDE\x00", 10).as_deref(),
            Some("ł😀")
        );
        assert_eq!(decoded(b"\xEF\xBB\xBF\xC5\x82", 10).as_deref(), Some("ł"));
        assert_eq!(
            decoded(b"\xFE\xFF\xD8\x3D", 10).as_deref(),
            Some("\u{FFFD}")
        );
    }

    #[test]
    fn control_characters_go_and_line_ends_are_one() {
        assert_eq!(
            decoded(b"a\x00\x07b\r\nc\rd\x7F", 10).as_deref(),
            Some("ab\nc\nd")
        );
        assert_eq!(decoded(b"12345678901", 10), None);
        assert_eq!(decoded(&[b'x'; 100_000], 2000), None);
    }

    proptest! {
        #[test]
        fn any_bytes_give_bounded_plain_text(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(text) = decoded(&bytes, 50) {
                prop_assert!(text.chars().count() <= 50);
                prop_assert!(text.chars().all(|c| !c.is_control() || c == '\n'));
            }
        }
    }
}
