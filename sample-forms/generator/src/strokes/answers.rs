//! Answers that one writer is able to write: a form never borrows a character from somebody else.

use std::collections::BTreeMap;

use enrol::domain::field::FieldKind;
use enrol::domain::household::leaf_of;
use enrol::forms::definition::{Field, FormDefinition};
use rand::Rng;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};

use super::Penman;
use super::compose::{self, PenLine};
use super::manner::{Letters, Manner};
use crate::fill::in_groups;
use crate::people::answers::{self, Answer, Written};
use crate::people::{Family, Wish};

/// How many families are tried before fields stay blank.
const TRIES: usize = 12;

/// What stands in one field.
pub struct Filled {
    /// The value as a truth file gives it; null when nothing was written.
    pub value: Value,
    /// Boxes that are marked.
    pub ticks: Vec<usize>,
    /// Whether it is signed.
    pub signed: bool,
    /// The writing: one entry for a comb, one for every ruled line, each with its text.
    pub writing: Vec<(Vec<PenLine>, String)>,
}

impl Filled {
    fn nothing() -> Self {
        Self {
            value: Value::Null,
            ticks: Vec::new(),
            signed: false,
            writing: Vec::new(),
        }
    }

    /// Whether anything stands there.
    pub fn is_blank(&self) -> bool {
        self.ticks.is_empty() && !self.signed && self.writing.iter().all(|w| w.0.is_empty())
    }
}

/// Fills in a form for a family that suits the writer: of several families the one of whose answers most can be
/// written. Answers that still cannot be written are left out, and their truth is null.
pub fn fill(
    definition: &FormDefinition,
    penman: &Penman,
    manner: &Manner,
    wish: Wish,
    random: &mut impl Rng,
) -> BTreeMap<String, Filled> {
    let mut best: Option<(usize, BTreeMap<String, Answer>)> = None;
    for _ in 0..TRIES {
        let family = Family::random(wish, random);
        let mut all = answers::all(definition, &family, random);
        for field in &definition.fields {
            if let Some(phrase) = phrase(field, penman, random) {
                all.insert(field.name.clone(), phrase);
            }
        }
        let lacking = definition
            .fields
            .iter()
            .filter(|field| {
                matches!(&all[&field.name].written, Written::Text(text)
                    if written(field, text, penman, manner, random).is_none())
            })
            .count();
        if best.as_ref().is_none_or(|(least, _)| lacking < *least) {
            best = Some((lacking, all));
        }
        if lacking == 0 {
            break;
        }
    }
    let all = best.map(|b| b.1).unwrap_or_default();
    definition
        .fields
        .iter()
        .map(|field| {
            let filled = all
                .get(&field.name)
                .and_then(|answer| filled(field, answer, penman, manner, random))
                .unwrap_or_else(Filled::nothing);
            (field.name.clone(), filled)
        })
        .collect()
}

fn filled(
    field: &Field,
    answer: &Answer,
    penman: &Penman,
    manner: &Manner,
    random: &mut impl Rng,
) -> Option<Filled> {
    let value = answer.value.clone();
    let nothing = Filled::nothing();
    Some(match &answer.written {
        Written::Nothing => return None,
        Written::Ticks(marked) => Filled {
            value,
            ticks: marked.clone(),
            ..nothing
        },
        Written::Signature => Filled {
            value,
            signed: true,
            ..nothing
        },
        Written::Text(text) => {
            let writing = written(field, text, penman, manner, random)?;
            let value = if field.kind == FieldKind::Text {
                let lines: Vec<&str> = writing
                    .iter()
                    .map(|w| w.1.as_str())
                    .filter(|t| !t.is_empty())
                    .collect();
                json!(lines.join(" "))
            } else {
                value
            };
            Filled {
                value,
                writing,
                ..nothing
            }
        }
    })
}

/// The pen lines of one answer; `None` when this person cannot write it or it does not fit.
fn written(
    field: &Field,
    text: &str,
    penman: &Penman,
    manner: &Manner,
    random: &mut impl Rng,
) -> Option<Vec<(Vec<PenLine>, String)>> {
    if field.kind == FieldKind::Text {
        // In the person's own letters where there are any, else in the others.
        let own = if manner.on_lines == Letters::Capitals {
            [text.to_uppercase(), text.to_owned()]
        } else {
            [text.to_owned(), text.to_uppercase()]
        };
        return own
            .iter()
            .find_map(|t| compose::lines(penman, manner, &field.lines, t, random));
    }
    let letters = match field.kind {
        FieldKind::Email => manner.in_emails,
        FieldKind::Name => manner.in_cells,
        _ => Letters::Capitals,
    };
    let spread_out = in_groups(field, text);
    [letters, Letters::Capitals, Letters::Small]
        .into_iter()
        .find_map(|letters| {
            let text = letters.of(&spread_out);
            Some(vec![(
                compose::cells(penman, manner, &field.cells, &text, random)?,
                text,
            )])
        })
}

/// Free text in whole words of the writer's own, for the fields in which people tell something: the words make no
/// sense together, but they are joined writing as it comes from a pen.
fn phrase(field: &Field, penman: &Penman, random: &mut impl Rng) -> Option<Answer> {
    let tells = field.kind == FieldKind::Text && leaf_of(&field.name) == "health";
    let plain = |w: &&String| w.len() > 1 && w.chars().all(|c| c.is_ascii_alphabetic());
    let words: Vec<&String> = penman.words.keys().filter(plain).collect();
    if !tells || words.len() < 5 || !random.random_bool(0.6) {
        return None;
    }
    let most = if field.lines.len() > 1 { 8 } else { 5 };
    let text = (0..random.random_range(2..=most))
        .filter_map(|_| words.choose(random).map(|w| w.as_str()))
        .collect::<Vec<_>>()
        .join(" ");
    Some(Answer {
        value: json!(text),
        written: Written::Text(text),
    })
}
