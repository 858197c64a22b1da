//! Whether two readings of the same page of the same set number are of the same sheet of paper.
//!
//! A sheet scanned twice gives nearly the same readings twice; a photocopied blank that two families filled in does
//! not. The measure is the mean similarity of the answers that are not blank in both.

use serde_json::Value as Json;

/// Mean similarity from which two pages count as the same sheet. Two readings of one sheet stay well above it even
/// when every fourth character is misread; those of two families fall well below it.
const SAME_SHEET: f64 = 0.6;

/// What was read from one field, without its state.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Answer {
    /// Text as read.
    pub raw: Option<String>,
    /// Checked value.
    pub value: Option<Json>,
}

impl Answer {
    fn text(&self) -> Option<String> {
        let text = match (&self.raw, &self.value) {
            (Some(raw), _) => raw.clone(),
            (None, Some(Json::String(value))) => value.clone(),
            (None, Some(value)) => value.to_string(),
            (None, None) => return None,
        };
        let text: String = text
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        (!text.is_empty()).then_some(text)
    }
}

/// Whether pairs of answers to the same fields come from the same sheet. Two blank sheets do.
pub(super) fn same_sheet<'a>(answers: impl IntoIterator<Item = (&'a Answer, &'a Answer)>) -> bool {
    let (mut sum, mut count) = (0.0, 0_u32);
    for (earlier, later) in answers {
        let similarity = match (earlier.text(), later.text()) {
            (None, None) => continue,
            (Some(earlier), Some(later)) => similarity(&earlier, &later),
            _ => 0.0,
        };
        sum += similarity;
        count += 1;
    }
    count == 0 || sum / f64::from(count) >= SAME_SHEET
}

/// One minus the share of characters that have to change to make one text of the other.
fn similarity(a: &str, b: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let longest = a.len().max(b.len());
    if longest == 0 {
        1.0
    } else {
        1.0 - edit_distance(&a, &b) as f64 / longest as f64
    }
}

fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(texts: &[&str]) -> Vec<Answer> {
        texts
            .iter()
            .map(|text| Answer {
                raw: (!text.is_empty()).then(|| (*text).to_owned()),
                value: None,
            })
            .collect()
    }

    fn same(a: &[&str], b: &[&str]) -> bool {
        let (a, b) = (answers(a), answers(b));
        same_sheet(a.iter().zip(&b))
    }

    #[test]
    fn misread_characters_do_not_make_another_sheet() {
        assert!(same(
            &["NOOR", "HUSSAIN", "12031988", "", "B8 3QT"],
            &["N0OR", "HUSSA1N", "12031983", "", "88 3QT"]
        ));
    }

    #[test]
    fn another_family_is_another_sheet() {
        assert!(!same(
            &["NOOR", "HUSSAIN", "12031988", "", "B8 3QT"],
            &["EMILY", "CARTER", "30091994", "x", "LS11 8PG"]
        ));
    }

    #[test]
    fn a_filled_sheet_is_not_the_blank_one() {
        assert!(!same(&["NOOR", "HUSSAIN"], &["", ""]));
        assert!(same(&["", ""], &["", ""]));
    }

    #[test]
    fn counts_edits() {
        let distance = |a: &str, b: &str| {
            edit_distance(
                &a.chars().collect::<Vec<_>>(),
                &b.chars().collect::<Vec<_>>(),
            )
        };
        assert_eq!(
            (
                distance("kitten", "sitting"),
                distance("", "abc"),
                distance("same", "same")
            ),
            (3, 3, 0)
        );
    }
}
