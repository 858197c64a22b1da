//! Writes a family's answers on the printed pages.

use std::collections::BTreeMap;

use enrol::domain::field::FieldKind;
use enrol::forms::definition::{Field, FormDefinition, Zone};
use rand::Rng;

use crate::hand::ink::Ink;
use crate::hand::marks;
use crate::hand::writing::{self, Sheet};
use crate::hand::{Hand, TickStyle};
use crate::people::answers::{Answer, Written};
use crate::scan::{PAPER_DPI, Picture, paper};

/// Who writes: the family, and the member of staff who fills in the office block.
pub struct Writers {
    /// The carer.
    pub carer: Hand,
    /// The member of staff.
    pub staff: Hand,
    /// Whether the carer marks one wrong box and crosses it out.
    pub slips: bool,
}

/// Where a carer first marks the wrong box: the field's name and the option's index.
fn slip<'a>(
    definition: &'a FormDefinition,
    answers: &BTreeMap<String, Answer>,
) -> Option<(&'a str, usize)> {
    definition.fields.iter().find_map(|field| {
        let answer = answers.get(&field.name)?;
        let Written::Ticks(marked) = &answer.written else {
            return None;
        };
        let own = field.kind == FieldKind::OneOf
            && field.options.len() > 4
            && !field.name.starts_with("office");
        let wrong = (0..field.options.len()).find(|i| !marked.contains(i))?;
        own.then_some((field.name.as_str(), wrong))
    })
}

/// Fills the pages (index 0 is page 1) in place, and returns the names of fields whose text did not fit.
pub fn fill(
    definition: &FormDefinition,
    answers: &BTreeMap<String, Answer>,
    pages: &mut [Picture],
    writers: &Writers,
    random: &mut impl Rng,
) -> Vec<String> {
    let mut overlong = Vec::new();
    let slip = writers.slips.then(|| slip(definition, answers)).flatten();
    for (index, page) in pages.iter_mut().enumerate() {
        let mut layers =
            [&writers.carer, &writers.staff].map(|h| (h.pen, Ink::new(page.width, page.height)));
        for field in definition
            .fields
            .iter()
            .filter(|f| f.page as usize == index + 1)
        {
            let Some(answer) = answers.get(&field.name) else {
                continue;
            };
            let staff = field.name.starts_with("office");
            let hand = if staff {
                &writers.staff
            } else {
                &writers.carer
            };
            let mut sheet = Sheet {
                ink: &mut layers[usize::from(staff)].1,
                scale: PAPER_DPI / 25.4,
            };
            if let Some(wrong) = slip
                .filter(|s| s.0 == field.name)
                .and_then(|s| field.options.get(s.1))
            {
                tick(&mut sheet, hand, &wrong.zone, random);
                marks::strike_out(&mut sheet, hand.marker(), &wrong.zone.grown(1.0), random);
            }
            if !write(&mut sheet, hand, field, answer, random) {
                overlong.push(field.name.clone());
            }
        }
        paper::write_over(page, &layers, random);
    }
    overlong
}

/// Writes one answer; `false` when it does not fit.
fn write(
    sheet: &mut Sheet<'_>,
    hand: &Hand,
    field: &Field,
    answer: &Answer,
    random: &mut impl Rng,
) -> bool {
    match &answer.written {
        Written::Nothing => {}
        Written::Text(text) if field.kind == FieldKind::Text => {
            return writing::lines(sheet, hand, &field.lines, text, random).is_empty();
        }
        Written::Text(text) => {
            let text = in_cells(field, text, hand);
            writing::cells(sheet, hand, &field.cells, &text, random);
            return text.chars().count() <= field.cells.len();
        }
        Written::Ticks(marked) => {
            for option in marked.iter().filter_map(|i| field.options.get(*i)) {
                tick(sheet, hand, &option.zone, random);
            }
        }
        Written::Signature => marks::signature(sheet, hand.marker(), &field.zone, random),
    }
    true
}

/// Marks a box; a typewriter strikes an X.
fn tick(sheet: &mut Sheet<'_>, hand: &Hand, zone: &Zone, random: &mut impl Rng) {
    if hand.tick == TickStyle::Typed {
        writing::cells(sheet, hand, std::slice::from_ref(zone), "X", random);
    } else {
        marks::tick(sheet, hand.marker(), zone, random);
    }
}

/// A value with spaces where its comb leaves cells empty.
pub fn in_groups(field: &Field, text: &str) -> String {
    match field.kind {
        FieldKind::Postcode => postcode_in_cells(&field.cells, text),
        _ => text.to_owned(),
    }
}

/// How a value is spread over the cells of its comb; a space leaves a cell empty.
fn in_cells(field: &Field, text: &str, hand: &Hand) -> String {
    match field.kind {
        FieldKind::Email if hand.shouts => text.to_uppercase(),
        FieldKind::Email => text.to_owned(),
        FieldKind::Postcode => in_groups(field, text),
        _ => text.to_uppercase(),
    }
}

/// The two halves of a postcode start at their own groups of cells where the comb has a gap; without
/// a gap the space takes a cell if there are enough cells, else it is left out.
fn postcode_in_cells(cells: &[Zone], text: &str) -> String {
    let Some((outward, inward)) = text.split_once(' ') else {
        return text.to_owned();
    };
    match groups(cells).first() {
        Some(first) if *first < cells.len() => format!("{outward:<first$}{inward}"),
        _ if text.len() <= cells.len() => text.to_owned(),
        _ => format!("{outward}{inward}"),
    }
}

/// Lengths of the groups of cells, a gap of half a millimetre or more parting them.
fn groups(cells: &[Zone]) -> Vec<usize> {
    let mut lengths = vec![0];
    for (index, cell) in cells.iter().enumerate() {
        let gap = index
            .checked_sub(1)
            .map_or(0.0, |before| cell.x - cells[before].x - cells[before].width);
        if gap > 0.5 {
            lengths.push(0);
        }
        if let Some(last) = lengths.last_mut() {
            *last += 1;
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comb(xs: &[f64]) -> Vec<Zone> {
        xs.iter()
            .map(|x| Zone {
                x: *x,
                y: 0.0,
                width: 5.0,
                height: 7.0,
            })
            .collect()
    }

    #[test]
    fn postcodes_keep_to_the_groups_of_a_comb() {
        let parted = comb(&[0.0, 5.0, 10.0, 15.0, 23.0, 28.0, 33.0]);
        assert_eq!(postcode_in_cells(&parted, "B1 1BB"), "B1  1BB");
        assert_eq!(postcode_in_cells(&parted, "MK42 9AP"), "MK429AP");
        let plain = comb(&[0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0]);
        assert_eq!(postcode_in_cells(&plain, "MK42 9AP"), "MK429AP");
        assert_eq!(postcode_in_cells(&plain, "B1 1BB"), "B1 1BB");
    }
}
