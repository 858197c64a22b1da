//! One form of an evaluation set: who wrote it, what, and how it was delivered.

use std::collections::BTreeMap;

use enrol::domain::field::FieldKind;
use enrol::forms::definition::{Field, FormDefinition};
use rand::seq::IndexedRandom as _;
use rand::{Rng, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::capture::SHEET_SCALE;
use super::condition::{ALL, Condition, Settings};
use super::lifted::Lifted;
use super::marking::{self, Laid, Marking};
use crate::hand::ink::Ink;
use crate::hand::marks::{self, Marker};
use crate::hand::writing::Sheet;
use crate::people::Wish;
use crate::people::names::COMMUNITIES;
use crate::strokes::Penman;
use crate::strokes::answers::{self, Filled};
use crate::strokes::compose::PenLine;
use crate::strokes::manner::Manner;

/// A form before it is drawn.
pub struct Form<'a> {
    /// Whose strokes it is written with.
    pub penman: &'a Penman,
    /// How it was written.
    pub manner: Manner,
    /// How it was delivered.
    pub condition: Condition,
    /// The particulars of that.
    pub settings: Settings,
    /// What stands in every field.
    pub filled: BTreeMap<String, Filled>,
    /// How its boxes are marked.
    pub marking: Marking,
    /// Pages that are delivered.
    pub pages: Vec<u32>,
    /// For everything drawn later.
    pub random: ChaCha8Rng,
}

/// What the forms of a set have in common.
pub struct Plan<'a> {
    /// The form.
    pub definition: &'a FormDefinition,
    /// Writers in the order of the forms, those who wrote all characters more often than the others.
    pub turns: Vec<&'a Penman>,
    /// The only condition, or all of them in turn.
    pub condition: Option<Condition>,
    /// Share of comb fields with a correction.
    pub corrections: f32,
    /// Marks that people made on paper, of the writers' split; may be none.
    pub lifted: Vec<Lifted>,
    /// Seed of the set.
    pub seed: u64,
}

/// The order in which writers take turns: those who wrote nearly all capitals and digits come three times as often,
/// for the others leave most fields blank.
pub fn turns(people: &[Penman]) -> Vec<&Penman> {
    let count = |p: &Penman, of: fn(&char) -> bool| p.characters.keys().filter(|c| of(c)).count();
    let full = |p: &&Penman| {
        count(p, char::is_ascii_uppercase) >= 20 && count(p, char::is_ascii_digit) >= 8
    };
    let able: Vec<&Penman> = people.iter().filter(full).collect();
    people
        .iter()
        .chain(able.iter().copied())
        .chain(able.iter().copied())
        .collect()
}

impl<'a> Plan<'a> {
    /// Draws form `index`; `None` when there are no writers.
    pub fn form(&self, index: u64) -> Option<Form<'a>> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(index * 8 + 6);
        let turn = index as usize;
        let penman = *self.turns.get(turn % self.turns.len().max(1))?;
        // Rounds begin with another condition each, so that every writer meets every condition.
        let condition = self
            .condition
            .unwrap_or(ALL[(turn + turn / self.turns.len() * 5) % ALL.len()]);
        let manner = Manner::random(self.corrections, &mut random);
        let settings = condition.settings(&mut random);
        let wish = wish(&mut random);
        let mut filled = answers::fill(self.definition, penman, &manner, wish, &mut random);
        let marking = marking::mark(
            self.definition,
            &mut filled,
            (penman.writer, &manner),
            &self.lifted,
            &mut random,
        );
        unsigned(&mut filled, &mut random);
        let pages = (1..=self.definition.pages)
            .filter(|page| {
                !self.definition.optional_pages.contains(page)
                    || self
                        .definition
                        .fields
                        .iter()
                        .any(|f| f.page == *page && !filled[&f.name].is_blank())
            })
            .collect();
        Some(Form {
            penman,
            manner,
            condition,
            settings,
            filled,
            marking,
            pages,
            random,
        })
    }
}

/// Some people forget to sign.
fn unsigned(filled: &mut BTreeMap<String, Filled>, random: &mut impl Rng) {
    if random.random_bool(1.0 / 30.0) {
        for answer in filled.values_mut().filter(|a| a.signed) {
            answer.signed = false;
            answer.value = serde_json::Value::Bool(false);
        }
    }
}

fn wish(random: &mut impl Rng) -> Wish {
    let children = *[0, 1, 1, 1, 2, 2, 2, 2, 3, 4].choose(random).unwrap_or(&1);
    Wish {
        community: COMMUNITIES.choose(random).map_or("english", |c| c.key),
        carers: random.random_range(1..=2),
        children,
        expecting: children == 0 || random.random_bool(0.2),
        others: usize::from(random.random_bool(0.12)),
    }
}

impl Form<'_> {
    /// All pen lines on a page.
    pub fn pen_lines<'s>(
        &'s self,
        definition: &'s FormDefinition,
        page: u32,
    ) -> impl Iterator<Item = &'s PenLine> {
        definition
            .fields
            .iter()
            .filter(move |f| f.page == page)
            .filter_map(|f| self.filled.get(&f.name))
            .flat_map(|f| f.writing.iter().flat_map(|w| &w.0))
    }

    /// What is drawn at the boxes of a field.
    pub fn marks(&self, field: &Field) -> &[Laid] {
        self.marking
            .laid
            .get(&field.name)
            .map_or(&[], Vec::as_slice)
    }

    /// Signs a page where it asks for it. A form in thirty is not signed.
    pub fn sign(
        &self,
        definition: &FormDefinition,
        page: u32,
        ink: &mut Ink,
        random: &mut impl Rng,
    ) {
        let marker = Marker {
            tick: self.manner.tick,
            radius: self.manner.radius,
        };
        let mut sheet = Sheet {
            ink,
            scale: SHEET_SCALE,
        };
        for field in definition.fields.iter().filter(|f| f.page == page) {
            if self.filled[&field.name].signed {
                marks::signature(&mut sheet, marker, &field.zone, random);
            }
        }
    }
}

/// Draws pen lines on a layer whose upper left corner is at `origin` (millimetres of the form).
pub fn draw<'s>(ink: &mut Ink, origin: (f32, f32), lines: impl Iterator<Item = &'s PenLine>) {
    let mut points = Vec::new();
    for line in lines {
        points.clear();
        points.extend(line.points.iter().map(|((x, y), radius)| {
            (
                ((x - origin.0) * SHEET_SCALE, (y - origin.1) * SHEET_SCALE),
                radius * SHEET_SCALE,
            )
        }));
        ink.stroke(&points);
    }
}

/// Whether a field's answer is written in a comb or on lines.
pub fn is_written(field: &Field) -> bool {
    !field.kind.is_tick() && field.kind != FieldKind::Signature
}
