//! What of a form can be filled in on a screen: the form fields of the printed PDF, by name and place.
//!
//! Printing, filling of samples and reading all go by this list. A comb whose cells stand in groups (a date, an NHS
//! number) is one field per group, named `declaration.date_signed.1` and so on: the comb of a PDF divides its box
//! evenly and knows no gaps. Writing lines are one field each for the same reason: what is typed then stands on the
//! printed lines in every viewer, and what does not fit is not taken.

use super::definition::{Field, Zone};
use crate::domain::field::FieldKind;

/// Name of the hidden, read-only form field whose value is the page code of the form's first page.
pub const CODE_NAME: &str = "enrol_form";

/// What a form field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// One character to a cell; how many cells.
    Comb(usize),
    /// Text on one writing line.
    Line,
    /// A typed name in a signature box.
    TypedName,
    /// One button of a group of which at most one is on.
    Radio,
    /// A box of its own.
    Tick,
}

/// One box on the page that can be filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Dotted name of the form field. Buttons of one group share it.
    pub name: String,
    /// What it takes.
    pub entry: Entry,
    /// For buttons the value that stands for "on", an option of the definition; empty for all else.
    pub value: String,
    /// Where it is, millimetres from the top left of the page.
    pub zone: Zone,
    /// What it is called by software that reads forms aloud.
    pub spoken: String,
}

/// The parts of a field, in the order of its cells, lines or options.
pub fn parts(field: &Field) -> Vec<Part> {
    match field.kind {
        FieldKind::OneOf => buttons(field, Entry::Radio, |_| field.name.clone()),
        FieldKind::AnyOf => buttons(field, Entry::Tick, |value| {
            format!("{}.{value}", field.name)
        }),
        FieldKind::Signature => vec![part(
            field,
            Entry::TypedName,
            field.zone,
            format!("{}: type your name to sign", field.label),
        )],
        FieldKind::Text => {
            let lines: Vec<(Entry, Zone)> = if field.lines.is_empty() {
                vec![(Entry::Line, field.zone)]
            } else {
                field.lines.iter().map(|z| (Entry::Line, *z)).collect()
            };
            several(field, &lines, "line")
        }
        _ => {
            let groups: Vec<(Entry, Zone)> = groups(&field.cells)
                .into_iter()
                .filter_map(|cells| {
                    let zone = cells.iter().copied().reduce(|a, b| a.union(&b))?;
                    Some((Entry::Comb(cells.len()), zone))
                })
                .collect();
            several(field, &groups, "part")
        }
    }
}

/// What the texts of a field's parts say together, as a person would type it in one go.
pub fn joined(kind: FieldKind, texts: &[&str]) -> String {
    if texts.iter().all(|t| t.trim().is_empty()) {
        return String::new();
    }
    let between = match kind {
        FieldKind::Date => "/",
        FieldKind::Text => "\n",
        _ => "",
    };
    texts.join(between)
}

fn buttons(field: &Field, entry: Entry, name: impl Fn(&str) -> String) -> Vec<Part> {
    let statement = field
        .rules
        .wording
        .as_ref()
        .map_or_else(String::new, |w| format!(" ({w})"));
    field
        .options
        .iter()
        .map(|option| Part {
            name: name(&option.value),
            entry,
            value: option.value.clone(),
            zone: option.zone,
            spoken: format!("{}{statement}: {}", field.label, option.label),
        })
        .collect()
}

fn part(field: &Field, entry: Entry, zone: Zone, spoken: String) -> Part {
    Part {
        name: field.name.clone(),
        entry,
        value: String::new(),
        zone,
        spoken,
    }
}

fn several(field: &Field, places: &[(Entry, Zone)], word: &str) -> Vec<Part> {
    if let [(entry, zone)] = places {
        return vec![part(field, *entry, *zone, field.label.clone())];
    }
    let count = places.len();
    let called = |number: usize| match (field.kind, count, number) {
        (FieldKind::Date, 3, 1) => "day".to_owned(),
        (FieldKind::Date, 3, 2) => "month".to_owned(),
        (FieldKind::Date, 3, 3) => "year".to_owned(),
        _ => format!("{word} {number} of {count}"),
    };
    (1..)
        .zip(places)
        .map(|(number, (entry, zone))| Part {
            name: format!("{}.{number}", field.name),
            ..part(
                field,
                *entry,
                *zone,
                format!("{}: {}", field.label, called(number)),
            )
        })
        .collect()
}

/// The runs of cells that touch each other.
fn groups(cells: &[Zone]) -> Vec<&[Zone]> {
    cells
        .chunk_by(|left, right| right.x - left.right() < 0.1)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::forms;

    #[test]
    fn dates_are_three_fields_and_names_one() {
        let form = forms::load("registration").expect("built in");
        let of = |name: &str| -> Vec<(String, Entry, String)> {
            let field = form.field(name).expect("there");
            parts(field)
                .into_iter()
                .map(|p| (p.name, p.entry, p.spoken))
                .collect()
        };
        let date = of("declaration.date_signed");
        assert_eq!(
            date.iter().map(|p| p.1).collect::<Vec<_>>(),
            [2, 2, 4].map(Entry::Comb)
        );
        assert_eq!(date[2].0, "declaration.date_signed.3");
        assert!(date[2].2.ends_with(": year"), "{}", date[2].2);
        assert_eq!(
            of("primary_carer.surname")
                .iter()
                .map(|p| p.1)
                .collect::<Vec<_>>(),
            [Entry::Comb(26)]
        );
        assert_eq!(of("primary_carer.health").len(), 2);
    }

    #[test]
    fn no_part_is_there_twice_and_all_lie_in_their_field() {
        let form = forms::load("registration").expect("built in");
        let mut seen = BTreeSet::new();
        for field in &form.fields {
            let whole = field.zone.grown(0.01);
            for part in parts(field) {
                assert!(
                    seen.insert((part.name.clone(), part.value.clone())),
                    "{} twice",
                    part.name
                );
                let (left, top) = (part.zone.x - whole.x, part.zone.y - whole.y);
                let (right, bottom) = (
                    whole.right() - part.zone.right(),
                    whole.bottom() - part.zone.bottom(),
                );
                assert!(
                    [left, top, right, bottom].iter().all(|room| *room >= 0.0),
                    "{} sticks out of its field",
                    part.name
                );
            }
        }
        assert!(seen.len() > form.fields.len());
    }

    #[test]
    fn parts_are_put_together_as_typed() {
        assert_eq!(joined(FieldKind::Date, &["07", "3", "2022"]), "07/3/2022");
        assert_eq!(joined(FieldKind::Date, &["", "", ""]), "");
        assert_eq!(
            joined(FieldKind::NhsNumber, &["999", "123", "4567"]),
            "9991234567"
        );
    }
}
