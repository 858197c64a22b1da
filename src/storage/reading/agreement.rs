//! Whether two readings of the same page of the same set number are of the same sheet of paper.
//!
//! A sheet scanned twice gives nearly the same readings twice; a photocopied blank that two families filled in does
//! not. The measure is the mean similarity of what is written in either. Ticks say nothing: most families tick the
//! same boxes, and two consent pages that agree in all of them are often of two families.

use serde_json::Value as Json;

/// Mean similarity from which two pages count as the same sheet. Measured on the sample scans: a sheet that was
/// printed, turned, blurred and read again 0.83 or more, pages of different families 0.44 or less.
const SAME_SHEET: f64 = 0.65;

/// What was read from one field, without its state.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Answer {
    /// Text as read; null for ticks and signatures.
    pub raw: Option<String>,
    /// Checked value.
    pub value: Option<Json>,
}

/// What comparing two pages says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    /// The same sheet, or both are blank.
    Same,
    /// Two sheets.
    Different,
    /// Only ticks, which cannot tell.
    Undecided,
}

impl Answer {
    fn written(&self) -> Option<String> {
        let letters = self.raw.as_deref()?.chars().filter(|c| c.is_alphanumeric());
        let text: String = letters.flat_map(char::to_lowercase).collect();
        (!text.is_empty()).then_some(text)
    }

    fn is_mark(&self) -> bool {
        let is_nothing =
            |value: &Json| *value == Json::Bool(false) || *value == Json::Array(Vec::new());
        self.raw.is_none() && self.value.as_ref().is_some_and(|value| !is_nothing(value))
    }
}

/// Compares pairs of answers to the same fields.
pub(super) fn compare<'a>(answers: impl IntoIterator<Item = (&'a Answer, &'a Answer)>) -> Likeness {
    let (mut sum, mut count, mut marks) = (0.0, 0_u32, false);
    for (earlier, later) in answers {
        marks |= earlier.is_mark() || later.is_mark();
        let similarity = match (earlier.written(), later.written()) {
            (None, None) => continue,
            (Some(earlier), Some(later)) => similarity(&earlier, &later),
            _ => 0.0,
        };
        sum += similarity;
        count += 1;
    }
    match count {
        0 if marks => Likeness::Undecided,
        0 => Likeness::Same,
        _ if sum / f64::from(count) >= SAME_SHEET => Likeness::Same,
        _ => Likeness::Different,
    }
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
        compare(a.iter().zip(&b)) == Likeness::Same
    }

    #[test]
    fn ticks_cannot_tell() {
        let tick = |value: Json| Answer {
            raw: None,
            value: Some(value),
        };
        let yes = vec![tick("yes".into()), tick(true.into())];
        assert_eq!(compare(yes.iter().zip(&yes)), Likeness::Undecided);
        let nothing = vec![tick(Json::Array(Vec::new())), tick(false.into())];
        assert_eq!(compare(nothing.iter().zip(&nothing)), Likeness::Same);
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
