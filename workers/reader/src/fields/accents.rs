//! Accents above the letters of a name. The networks know none: what stands apart above a letter is judged by its shape, and
//! the spelling with it is offered to the clerk, who decides.

use unicode_normalization::char::compose;

use crate::zones::SCALE;
use crate::zones::ink::Stroke;

/// Letters with a dot or a bar of their own, and marks that stand above the line themselves.
const DOTTED_OR_BARRED: &str = "IJTijt'-";
/// Spellings offered.
const MOST: usize = 2;
/// A mark no longer than this is a dot, or an accent that is as good as one, millimetres.
const DOT_MM: f64 = 0.9;
/// Correlation of rows and columns from which a mark slants.
const SLANTED: f64 = 0.5;

const ACUTE: char = '\u{301}';
const GRAVE: char = '\u{300}';
const TWO_DOTS: [char; 2] = ['\u{308}', '\u{30B}'];
const DOT: [char; 3] = ['\u{307}', ACUTE, '\u{30A}'];
/// Tilde, caron, circumflex, breve.
const LEVEL: [char; 4] = ['\u{303}', '\u{30C}', '\u{302}', '\u{306}'];
/// The last letter of Latin Extended-A, which holds those of the European languages: beyond it letters are rare.
const LAST: char = '\u{17F}';

/// The marks of each letter of `text`, spaces left out. `marks` are those above the used cells of its comb; of a letter
/// that has a dot anyway there are none.
pub(super) fn above_letters(marks: &[Vec<Stroke>], text: &str) -> Vec<Vec<Stroke>> {
    let letters = text.chars().filter(|c| !c.is_whitespace());
    letters
        .zip(marks)
        .map(|(letter, marks)| {
            if DOTTED_OR_BARRED.contains(letter) {
                Vec::new()
            } else {
                marks.clone()
            }
        })
        .collect()
}

/// Spellings of `text` with the marks of its letters, the likeliest first; none where no such letters exist. `width` is that
/// of the picture the marks lie in, pixels.
pub(super) fn with_accents(text: &str, marks: &[Vec<Stroke>], width: usize) -> Vec<String> {
    let mut spellings: Vec<String> = Vec::new();
    for choice in 0..LEVEL.len() {
        let mut marks = marks.iter();
        let spelling: String = text
            .chars()
            .map(|letter| {
                let own = (!letter.is_whitespace())
                    .then(|| marks.next())
                    .flatten()
                    .filter(|own| !own.is_empty());
                own.map_or(letter, |own| accented(letter, own, width, choice))
            })
            .collect();
        if spelling != text && !spellings.contains(&spelling) {
            spellings.push(spelling);
        }
    }
    spellings.truncate(MOST);
    spellings
}

/// A letter with one of the accents that its marks may be.
fn accented(letter: char, marks: &[Stroke], width: usize, choice: usize) -> char {
    let composed: Vec<char> = candidates(marks, width)
        .iter()
        .filter_map(|accent| compose(letter, *accent))
        .filter(|composed| *composed <= LAST)
        .collect();
    let last = composed.len().saturating_sub(1);
    composed.get(choice.min(last)).copied().unwrap_or(letter)
}

/// Combining characters that look like the marks, the likeliest first.
fn candidates(marks: &[Stroke], width: usize) -> &'static [char] {
    let [mark] = marks else {
        return &TWO_DOTS;
    };
    let side = |(first, last): (usize, usize)| (last - first + 1) as f64 / SCALE;
    if side(mark.columns).max(side(mark.rows)) <= DOT_MM {
        return &DOT;
    }
    let slant = correlation(mark, width);
    if slant <= -SLANTED {
        &[ACUTE]
    } else if slant >= SLANTED {
        &[GRAVE]
    } else {
        &LEVEL
    }
}

/// Correlation of the rows, downwards, and the columns of a stroke's pixels, -1 to 1; 0 for a level or upright one.
fn correlation(stroke: &Stroke, width: usize) -> f64 {
    let (mut across, mut down, mut both) = (0.0, 0.0, 0.0);
    for at in &stroke.pixels {
        let x = (*at as usize % width) as f64 - stroke.centre.0;
        let y = (*at as usize / width) as f64 - stroke.centre.1;
        across += x * x;
        down += y * y;
        both += x * y;
    }
    both / (across * down).sqrt().max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::Grey;
    use crate::zones::ink;

    const WIDTH: usize = 60;

    /// The strokes of a picture drawn as columns and rows of 4 by 4 pixels.
    fn drawn(dots: &[(usize, usize)]) -> Vec<Stroke> {
        let mut picture = Grey::filled(WIDTH, 40, 255);
        for (x, y) in dots {
            for row in 0..4 {
                for column in 0..4 {
                    picture.set(x + column, y + row, 0);
                }
            }
        }
        ink::strokes(&picture, 0.05)
    }

    fn line(from: (usize, usize), step: (isize, isize)) -> Vec<(usize, usize)> {
        (0..5)
            .map(|i| {
                let at = |from: usize, step: isize| from.saturating_add_signed(i * step);
                (at(from.0, step.0), at(from.1, step.1))
            })
            .collect()
    }

    fn spellings(text: &str, at: usize, marks: Vec<Stroke>) -> Vec<String> {
        let mut above = vec![Vec::new(); text.chars().filter(|c| *c != ' ').count()];
        above[at] = marks;
        with_accents(text, &above_letters(&above, text), WIDTH)
    }

    #[test]
    fn an_accent_is_told_by_its_shape() {
        let acute = drawn(&line((10, 20), (3, -2)));
        let grave = drawn(&line((10, 10), (3, 2)));
        let two = drawn(&[(10, 10), (24, 10)]);
        let dot = drawn(&[(10, 10)]);
        let level = drawn(&line((10, 10), (3, 0)));
        assert_eq!(spellings("RENEE", 3, acute.clone()), ["REN\u{c9}E"]);
        assert_eq!(spellings("RENE", 3, grave), ["REN\u{c8}"]);
        assert_eq!(spellings("BRONTE", 5, two), ["BRONT\u{cb}"]);
        assert_eq!(
            spellings("ZANETA", 0, dot),
            ["\u{17b}ANETA", "\u{179}ANETA"]
        );
        assert_eq!(spellings("NUNES", 2, level), ["NU\u{d1}ES", "NU\u{147}ES"]);
        assert_eq!(
            spellings("ANN MARIE", 4, acute.clone()),
            ["ANN M\u{c1}RIE"],
            "spaces have no cells"
        );
        assert!(
            spellings("QQ", 0, acute.clone()).is_empty(),
            "no such letter"
        );
        assert!(spellings("IT", 0, acute).is_empty(), "an I may have a dot");
    }
}
