//! What a change of pages does, told before it is done.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::forms::definition::FormDefinition;
use crate::storage::page_plan::{Move, OpenForm, Place, Sheet};
use crate::web::reception::way::shown_name;

/// What is about to happen.
pub(super) struct Effects {
    /// One sentence for each sheet.
    pub lines: Vec<String>,
    /// Answers that were given and will be asked again or go.
    pub lost: i64,
}

/// What to call a sheet.
pub(super) fn title(sheet: &Sheet) -> String {
    format!(
        "Sheet {} of {}",
        sheet.number,
        shown_name(&sheet.object_key)
    )
}

/// A place in words.
pub(super) fn place_in_words(place: Place, form_id: Uuid, forms: &[OpenForm]) -> String {
    let of = |form: Uuid| {
        if form == form_id {
            return "this form".to_owned();
        }
        let known = forms.iter().find(|f| f.id == form);
        known.map_or_else(
            || "another form".to_owned(),
            |f| format!("form {}", f.reference),
        )
    };
    match place {
        Place::Page(form, page) => format!("page {page} of {}", of(form)),
        Place::Spare(form, page) => {
            format!("not in use: another scan of page {page} of {}", of(form))
        }
        Place::New(page) => format!("page {page} of a new form"),
        Place::Nowhere => "part of no form".to_owned(),
    }
}

/// What the moves do to the sheets of the form `form_id`.
pub(super) fn of_moves(
    definition: &FormDefinition,
    form_id: Uuid,
    forms: &[OpenForm],
    sheets: &[Sheet],
    moves: &[Move],
) -> Effects {
    let mut effects = Effects {
        lines: vec![],
        lost: 0,
    };
    for m in moves {
        let Some(sheet) = sheets.iter().find(|s| s.id == m.sheet) else {
            continue;
        };
        let along = goes_along(sheet, m);
        if !along {
            effects.lost += sheet.answers;
        }
        effects
            .lines
            .push(line(sheet, m, along, &place_in_words(m.to, form_id, forms)));
    }
    effects
        .lines
        .extend(lacking(definition, form_id, sheets, moves));
    effects
}

/// Whether what was read of the sheet goes with it: it stays the same page, and upright as it was.
fn goes_along(sheet: &Sheet, m: &Move) -> bool {
    let same_page = match (sheet.place, m.to) {
        (Place::Page(_, page), Place::Page(_, to) | Place::New(to)) => page == to,
        _ => false,
    };
    same_page && sheet.turn == m.turn && !sheet.unread
}

fn line(sheet: &Sheet, m: &Move, along: bool, to: &str) -> String {
    let title = title(sheet);
    let answers = match sheet.answers {
        0 => None,
        1 => Some("1 answer".to_owned()),
        some => Some(format!("{some} answers")),
    };
    let asked_again = answers.clone().map_or_else(String::new, |a| {
        format!(" {a} given for it will be asked again.")
    });
    match m.to {
        _ if along => match answers {
            Some(answers) => {
                format!("{title} becomes {to}, with what was read of it and {answers}.")
            }
            None => format!("{title} becomes {to}, with what was read of it."),
        },
        to if to == sheet.place => {
            let turn = match m.turn {
                90 => "turned a quarter to the right",
                180 => "turned upside down",
                270 => "turned a quarter to the left",
                _ => "taken as it was scanned",
            };
            format!("{title} is {turn} and read again.{asked_again}")
        }
        Place::Page(..) | Place::New(_) => {
            format!("{title} becomes {to} and is read as that page.{asked_again}")
        }
        Place::Spare(..) => {
            let gone = answers.map_or_else(String::new, |a| {
                format!(" {a} given for it will be asked again.")
            });
            format!("{title} is put aside, because another scan takes its place.{gone}")
        }
        Place::Nowhere => {
            let gone =
                answers.map_or_else(String::new, |a| format!(" {a} given for it go with it."));
            format!("{title} is taken out: it will be {to}.{gone}")
        }
    }
}

/// Which pages this form and a new one then lack.
fn lacking(
    definition: &FormDefinition,
    form_id: Uuid,
    sheets: &[Sheet],
    moves: &[Move],
) -> Vec<String> {
    let after = sheets.iter().map(|sheet| {
        let moved = moves.iter().find(|m| m.sheet == sheet.id);
        moved.map_or(sheet.place, |m| m.to)
    });
    let after: Vec<Place> = after.collect();
    let pages = |of: &dyn Fn(&Place) -> Option<u32>| -> BTreeSet<u32> {
        after.iter().filter_map(of).collect()
    };
    let own = pages(&|place| match place {
        Place::Page(form, page) if *form == form_id => Some(*page),
        _ => None,
    });
    let new = pages(&|place| match place {
        Place::New(page) => Some(*page),
        _ => None,
    });
    let mut lines = Vec::new();
    for (form, have) in [("This form", &own), ("The new form", &new)] {
        let missing: Vec<String> = definition
            .required_pages()
            .filter(|page| !have.contains(page))
            .map(|page| page.to_string())
            .collect();
        if !missing.is_empty() && !have.is_empty() {
            lines.push(format!(
                "{form} will then lack page {}; it waits until that has come.",
                missing.join(" and page ")
            ));
        }
    }
    lines
}
