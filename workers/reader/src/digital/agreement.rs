//! Whether the page shows the text that its form field holds.

use enrol::domain::field::FieldKind;
use enrol::forms::definition::{Field, Zone};

use crate::print;
use crate::registration::PreparedPage;
use crate::registration::homography::Homography;
use crate::zones::comb::{self, Comb};
use crate::zones::{cut, writing};

/// What the zone of a field shows.
pub(super) enum Shown {
    /// No ink.
    Nothing,
    /// This text, as Tesseract reads it; empty where it reads nothing.
    Text(String),
}

/// Looks at the zone of a comb or of writing lines.
pub(super) fn shown(field: &Field, page: &PreparedPage, homography: &Homography) -> Shown {
    let pieces = if field.kind == FieldKind::Text {
        let own = [field.zone];
        let lines: &[Zone] = if field.lines.is_empty() {
            &own
        } else {
            &field.lines
        };
        lines
            .iter()
            .filter_map(|line| writing::line(&cut(page, homography, writing::zone_of(line)), line))
            .map(|written| written.picture)
            .collect()
    } else {
        let picture = cut(page, homography, field.zone.grown(comb::MARGIN_MM));
        Vec::from_iter(Comb::new(&picture, &field.cells).line())
    };
    if pieces.is_empty() {
        return Shown::Nothing;
    }
    let allowed = match field.kind {
        FieldKind::Date | FieldKind::Phone | FieldKind::NhsNumber => "0123456789",
        _ => "",
    };
    let read: Vec<String> = pieces
        .iter()
        .filter_map(|piece| print::read_line(piece, allowed).ok())
        .map(|line| line.text)
        .collect();
    Shown::Text(read.join(" "))
}

/// Whether two texts look the same in print. Spaces, case and punctuation do not count, but for those of an e-mail
/// address; nor do letters and digits that are drawn alike. Every other character does.
pub(super) fn same(kind: FieldKind, typed: &str, read: &str) -> bool {
    let folded = |text: &str| -> String {
        text.chars()
            .filter(|c| c.is_alphanumeric() || (kind == FieldKind::Email && "@._+-'".contains(*c)))
            .flat_map(char::to_uppercase)
            .map(alike)
            .collect()
    };
    let typed = folded(typed);
    !typed.is_empty() && typed == folded(read)
}

/// One for all letters and digits of nearly the same shape in Helvetica.
fn alike(c: char) -> char {
    match c {
        'O' => '0',
        'I' | 'L' => '1',
        'S' => '5',
        'B' => '8',
        'Z' => '2',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_alike_is_the_same_and_nothing_else() {
        assert!(same(FieldKind::Name, "O'Brien-Lloyd", "0BRIEN LL0YD"));
        assert!(same(FieldKind::Date, "01/02/1990", "01021990"));
        assert!(!same(FieldKind::Date, "01/02/1990", "01021991"));
        assert!(!same(FieldKind::Phone, "07700900123", "07700900128"));
        assert!(!same(FieldKind::Name, "ANNA", "HANNA"));
        assert!(!same(FieldKind::Name, "--", ""));
        assert!(same(
            FieldKind::Email,
            "Jo.Lee@example.org",
            "jo.lee@example.org"
        ));
        assert!(!same(
            FieldKind::Email,
            "jo.lee@example.org",
            "jolee@example.org"
        ));
    }
}
