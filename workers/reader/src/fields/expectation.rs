//! What a field may hold before it is read: its alphabet, and the pattern of its characters.

use chrono::NaiveDate;
use enrol::domain::field::FieldKind;
use enrol::domain::household::leaf_of;
use enrol::forms::definition::{DateRole, Field};

use crate::handwriting::Labels;
use crate::handwriting::knowledge::dates::Dates;
use crate::handwriting::knowledge::free_text::TextRole;
use crate::handwriting::knowledge::grammar::ByGrammar;
use crate::handwriting::knowledge::names::{NameRole, Names};
use crate::handwriting::knowledge::phones::Phones;
use crate::handwriting::knowledge::postcodes::Postcodes;
use crate::handwriting::knowledge::{Knowledge, Positions};

const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";

/// The characters a field may hold, in the case the reader gives them: names as capitals, e-mail in small letters.
/// Empty means every character the network knows.
pub fn alphabet(field: &Field) -> String {
    let own = &field.rules.alphabet;
    match field.kind {
        // An empty cell is the space: none is read inside a cell.
        FieldKind::Name => {
            let own = if own.is_empty() {
                "ABCDEFGHIJKLMNOPQRSTUVWXYZ-'"
            } else {
                own
            };
            unique(own, |c| c.to_ascii_uppercase()).replace(' ', "")
        }
        FieldKind::Email => unique(
            if own.is_empty() {
                "abcdefghijklmnopqrstuvwxyz0123456789@._-+"
            } else {
                own
            },
            |c| c.to_ascii_lowercase(),
        ),
        FieldKind::Date | FieldKind::NhsNumber => DIGITS.to_owned(),
        FieldKind::Phone => unique(if own.is_empty() { DIGITS } else { own }, |c| c),
        FieldKind::Postcode => format!("{CAPITALS}{DIGITS}"),
        FieldKind::Text | FieldKind::OneOf | FieldKind::AnyOf | FieldKind::Signature => own.clone(),
    }
}

fn unique(characters: &str, fold: fn(char) -> char) -> String {
    let mut seen = String::new();
    for c in characters.chars().map(fold) {
        if !seen.contains(c) {
            seen.push(c);
        }
    }
    seen
}

/// What is known of a comb whose used cells are given: as many characters as used cells, and of names, dates,
/// postcodes and telephone numbers which are likely. Of an e-mail address or NHS number nothing more is known: one
/// that is nearly right must never be made to look right.
pub fn knowledge(
    field: &Field,
    used: &[bool],
    labels: &Labels,
    today: NaiveDate,
) -> Box<dyn Knowledge> {
    let length = used.iter().filter(|u| **u).count();
    let special: Option<Box<dyn Knowledge>> = match field.kind {
        FieldKind::Name => Some(Box::new(Names::new(name_role(field), used, labels))),
        FieldKind::Date => {
            let role = field.rules.date.unwrap_or(DateRole::Received);
            date_digits(field, used)
                .and_then(|digits| Dates::new(role, today, digits))
                .and_then(|dates| boxed(ByGrammar::new(dates, labels)))
        }
        FieldKind::Postcode if (5..=7).contains(&length) => {
            boxed(ByGrammar::new(Postcodes { length }, labels))
        }
        FieldKind::Phone => {
            let mobile = field.name.ends_with("mobile");
            boxed(ByGrammar::new(Phones { length, mobile }, labels))
        }
        _ => None,
    };
    special.unwrap_or_else(|| Box::new(Positions::any(length, labels)))
}

fn boxed<K: Knowledge + 'static>(knowledge: Option<K>) -> Option<Box<dyn Knowledge>> {
    knowledge.map(|k| Box::new(k) as Box<dyn Knowledge>)
}

/// What a field of names holds, by the name of the field.
pub fn name_role(field: &Field) -> NameRole {
    match leaf_of(&field.name) {
        "surname" => NameRole::Surname,
        "first_name" | "known_as" if field.name.starts_with("child_") => {
            NameRole::ChildrensFirstNames
        }
        "first_name" | "middle_names" | "known_as" => NameRole::CarersFirstNames,
        _ => NameRole::WholeName,
    }
}

/// What a line of free writing is for, by the name of the field.
pub fn text_role(field: &Field) -> TextRole {
    let last = leaf_of(&field.name);
    match last {
        "language" | "languages" => TextRole::Languages,
        "town" | "city" => TextRole::Town,
        "relationship" => TextRole::Family,
        _ if last.starts_with("address") => TextRole::Address,
        _ => TextRole::Anything,
    }
}

/// Digits written for day, month and year; `None` when the cells are not those of a date.
fn date_digits(field: &Field, used: &[bool]) -> Option<[usize; 3]> {
    let mut digits: Vec<usize> = Vec::new();
    for (index, used) in used.iter().enumerate() {
        if index == 0 || group_begins(field, index) {
            digits.push(0);
        }
        if let Some(last) = digits.last_mut() {
            *last += usize::from(*used);
        }
    }
    digits.try_into().ok()
}

/// Sets a text of one character per used cell back into its cells: empty cells between words become spaces in names,
/// groups of a date stay apart. A text of another length is returned as it is.
pub fn spaced(field: &Field, used: &[bool], text: &str) -> String {
    let characters: Vec<char> = text.chars().filter(|c| *c != ' ').collect();
    if characters.len() != used.iter().filter(|u| **u).count() {
        return text.trim().to_owned();
    }
    let mut next = characters.into_iter();
    let mut spaced = String::new();
    let mut ended = false;
    for (index, used) in used.iter().enumerate() {
        let boundary = index > 0 && group_begins(field, index);
        if !*used {
            ended = true;
            continue;
        }
        let apart = match field.kind {
            FieldKind::Name | FieldKind::Postcode => ended,
            FieldKind::Date => boundary || (ended && starts_anew(field, index)),
            _ => false,
        };
        if apart && !spaced.is_empty() {
            spaced.push(' ');
        }
        ended = false;
        spaced.extend(next.next());
    }
    spaced
}

/// Whether a gap wider than a wall stands before a cell.
fn group_begins(field: &Field, index: usize) -> bool {
    field.cells[index].x - field.cells[index - 1].right() > 0.5
}

/// For a date with empty cells: whether a group began among the empty cells just before this one.
fn starts_anew(field: &Field, index: usize) -> bool {
    (1..=index).rev().take(3).any(|i| group_begins(field, i))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str) -> Field {
        let definition = enrol::forms::load("registration").expect("built in");
        definition.field(name).expect("on the form").clone()
    }

    #[test]
    fn cells_left_empty_become_spaces_in_names_and_groups_part_a_date() {
        let name = field("primary_carer.surname");
        let mut used = vec![false; name.cells.len()];
        for i in [0, 1, 2, 4, 5] {
            used[i] = true;
        }
        assert_eq!(spaced(&name, &used, "DELUZ"), "DEL UZ");
        assert_eq!(spaced(&name, &used, "DELUZX"), "DELUZX");
        let date = field("primary_carer.date_of_birth");
        assert_eq!(spaced(&date, &[true; 8], "01021990"), "01 02 1990");
        let mut used = [true; 8];
        used[0] = false;
        used[2] = false;
        assert_eq!(spaced(&date, &used, "121990"), "1 2 1990");
    }

    #[test]
    fn names_are_capitals_and_emails_small_letters() {
        assert!(!alphabet(&field("primary_carer.surname")).contains('a'));
        assert!(!alphabet(&field("primary_carer.email")).contains('A'));
        assert_eq!(
            alphabet(&field("primary_carer.date_of_birth")),
            "0123456789"
        );
    }
}
