//! One spelling for what people write in many: small letters, no accents, no apostrophes, words parted.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The words of a text in small letters without accents. Hyphens and stops part words, apostrophes vanish.
pub fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in text.nfkd().flat_map(char::to_lowercase).nfkd() {
        if is_combining_mark(letter) || is_apostrophe(letter) {
            continue;
        }
        let plain = match letter {
            '\u{df}' => "ss",
            '\u{e6}' => "ae",
            '\u{153}' => "oe",
            '\u{f8}' => "o",
            '\u{142}' => "l",
            '\u{111}' | '\u{f0}' => "d",
            '\u{131}' => "i",
            '\u{fe}' => "th",
            _ => "",
        };
        let last = words.len() - 1;
        if !plain.is_empty() {
            words[last].push_str(plain);
        } else if letter.is_alphanumeric() {
            words[last].push(letter);
        } else if !words[last].is_empty() {
            words.push(String::new());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn is_apostrophe(letter: char) -> bool {
    matches!(
        letter,
        '\'' | '`' | '\u{b4}' | '\u{2018}' | '\u{2019}' | '\u{2bc}' | '\u{2bb}'
    )
}

/// Whether two words differ by one letter: changed, missing, added, or two neighbours swapped.
pub fn one_letter_off(a: &str, b: &str) -> bool {
    a != b && a.chars().count().abs_diff(b.chars().count()) <= 1 && strsim::osa_distance(a, b) == 1
}

/// What is left of a word when hands, ears and alphabets have had their way with it: its first letter and the
/// consonants after it, those that sound alike made one. `mohammed` and `muhamad` are both `mhmt`.
pub fn skeleton(word: &str) -> String {
    let mut kept = String::new();
    let simple = word
        .replace("ph", "f")
        .replace("ck", "k")
        .replace("ch", "k")
        .replace("sh", "s")
        .replace("th", "t")
        .replace("kh", "k")
        .replace("dh", "d");
    for (index, letter) in simple.chars().enumerate() {
        let alike = match letter {
            'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'h' | 'w' if index > 0 => continue,
            'c' | 'q' => 'k',
            'z' => 's',
            'd' => 't',
            'w' => 'v',
            'j' => 'g',
            'y' | 'e' => 'i',
            other => other,
        };
        if !kept.ends_with(alike) {
            kept.push(alike);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_one_name_one_way() {
        assert_eq!(words("O\u{2019}Neil-Sm\u{ed}th"), ["oneil", "smith"]);
        assert_eq!(
            words("  \u{141}ucja  WI\u{15a}NIEWSKA "),
            ["lucja", "wisniewska"]
        );
        assert_eq!(words("Zoe\u{308}"), words("ZO\u{cb}"));
        assert_eq!(words(" - "), Vec::<String>::new());
        assert_eq!(words("\u{5f20}\u{4f1f}"), ["\u{5f20}\u{4f1f}"]);
    }

    #[test]
    fn a_skeleton_survives_another_spelling() {
        assert_eq!(skeleton("mohammed"), skeleton("muhamad"));
        assert_eq!(skeleton("stephen"), skeleton("stefan"));
        assert_ne!(skeleton("smith"), skeleton("jones"));
    }
}
