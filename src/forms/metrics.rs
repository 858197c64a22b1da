//! Widths of printed text, so that a form is laid out and checked without a font at hand.
//!
//! The numbers are the advance widths shared by Liberation Sans, Arimo and Arial, in thousandths of the type size.

use serde::Deserialize;

/// Millimetres in a typographic point.
pub const MM_PER_POINT: f64 = 25.4 / 72.0;

/// Weight of a printed font.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Body text.
    #[default]
    Regular,
    /// Headings and labels.
    Bold,
}

/// Advance widths of the printable ASCII characters from the space on.
const REGULAR: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// The same in bold.
const BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667,
    611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556,
    278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];

/// The advance width of one character in thousandths of the type size; `None` when it cannot be printed.
pub fn advance(character: char, weight: Weight) -> Option<u16> {
    let bold = weight == Weight::Bold;
    let table = if bold { &BOLD } else { &REGULAR };
    match character {
        ' '..='~' => table.get(character as usize - ' ' as usize).copied(),
        '\u{2018}' | '\u{2019}' => Some(if bold { 278 } else { 222 }),
        '\u{201c}' | '\u{201d}' => Some(if bold { 500 } else { 333 }),
        '\u{a3}' | '\u{2013}' | '\u{e9}' => Some(556),
        '\u{b7}' => Some(278),
        '\u{2022}' => Some(350),
        '\u{2026}' => Some(1000),
        _ => None,
    }
}

/// The width of a line of text in millimetres. A character that cannot be printed counts as one em.
pub fn width_mm(text: &str, size_pt: f64, weight: Weight) -> f64 {
    let thousandths: u32 = text
        .chars()
        .map(|c| u32::from(advance(c, weight).unwrap_or(1000)))
        .sum();
    f64::from(thousandths) / 1000.0 * size_pt * MM_PER_POINT
}

/// Breaks text at spaces into lines no wider than `width` millimetres. A single word that is wider stays whole:
/// the checks report it. A line break in the text is kept.
pub fn wrap(text: &str, width: f64, size_pt: f64, weight: Weight) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let candidate = if line.is_empty() {
                word.to_owned()
            } else {
                format!("{line} {word}")
            };
            if !line.is_empty() && width_mm(&candidate, size_pt, weight) > width {
                lines.push(std::mem::replace(&mut line, word.to_owned()));
            } else {
                line = candidate;
            }
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_at_spaces_and_never_loses_a_word() {
        let text = "one letter in each box, please, and leave a box empty between words";
        let lines = wrap(text, 30.0, 9.0, Weight::Regular);
        assert!(lines.len() > 2);
        assert!(
            lines
                .iter()
                .all(|l| width_mm(l, 9.0, Weight::Regular) <= 30.0)
        );
        assert_eq!(lines.join(" "), text);
    }
}
