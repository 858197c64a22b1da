//! What a family writes in each field of a form, and the value that a reader has to find.
//!
//! Fields are known by the last part of their names and by their kinds, so a definition may move, add or drop
//! fields; a field nobody here has heard of is answered by its kind or left blank.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use enrol::domain::field::FieldKind;
use enrol::domain::household::{block_of, leaf_of};
use enrol::forms::definition::{DateRole, Field, FormDefinition};
use rand::Rng;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};

use super::{Family, Person, choices, numbers};

/// One answer: the value, and what stands on paper.
#[derive(Clone)]
pub struct Answer {
    /// As `enrol read` gives it; null for nothing.
    pub value: Value,
    /// What the pen does.
    pub written: Written,
}

/// What stands on paper.
#[derive(Clone)]
pub enum Written {
    /// Nothing.
    Nothing,
    /// Characters, in cells or on lines.
    Text(String),
    /// Marks in the boxes of these options.
    Ticks(Vec<usize>),
    /// A signature.
    Signature,
}

/// Whom a field is about.
#[derive(Clone, Copy)]
pub enum About<'a> {
    /// The first carer.
    Primary(&'a Person),
    /// The second carer.
    Secondary(&'a Person),
    /// A child.
    Child(&'a Person),
    /// Somebody else who matters.
    Other(&'a Person),
    /// The household, the declaration, the consents, the office.
    Household,
}

impl<'a> About<'a> {
    /// The person, if it is one.
    pub fn person(self) -> Option<&'a Person> {
        match self {
            Self::Primary(p) | Self::Secondary(p) | Self::Child(p) | Self::Other(p) => Some(p),
            Self::Household => None,
        }
    }
}

/// Answers to every field of a definition.
pub fn all(
    definition: &FormDefinition,
    family: &Family,
    random: &mut impl Rng,
) -> BTreeMap<String, Answer> {
    definition
        .fields
        .iter()
        .map(|field| {
            let blank = Answer {
                value: Value::Null,
                written: Written::Nothing,
            };
            let answer = about(&field.name, family).and_then(|a| answer(field, a, family, random));
            (field.name.clone(), answer.unwrap_or(blank))
        })
        .collect()
}

/// Whom a field is about; `None` when the family has no such person.
fn about<'a>(name: &str, family: &'a Family) -> Option<About<'a>> {
    let block = block_of(name);
    let number = || {
        block
            .rsplit('_')
            .next()
            .and_then(|n| n.parse::<usize>().ok())
            .and_then(|n| n.checked_sub(1))
    };
    match block {
        "primary_carer" => family.carers.first().map(About::Primary),
        "secondary_carer" => family.carers.get(1).map(About::Secondary),
        _ if block.starts_with("child_") => family.children.get(number()?).map(About::Child),
        _ if block.contains("person_") || block.starts_with("significant") => {
            family.others.get(number()?).map(About::Other)
        }
        _ => Some(About::Household),
    }
}

fn answer(
    field: &Field,
    about: About<'_>,
    family: &Family,
    random: &mut impl Rng,
) -> Option<Answer> {
    let text = match field.kind {
        FieldKind::Signature => {
            return Some(Answer {
                value: json!(true),
                written: Written::Signature,
            });
        }
        FieldKind::OneOf | FieldKind::AnyOf => {
            return choices::marked(field, about, family, random);
        }
        FieldKind::Date => return date(field, about, family).map(date_answer),
        FieldKind::Name => name(field, about, family, random)?.to_uppercase(),
        FieldKind::Postcode => postcode(about, family, random)?,
        FieldKind::Phone => phone(field, about)?,
        FieldKind::NhsNumber => about.person()?.nhs.clone()?,
        FieldKind::Email => about.person()?.email.clone()?,
        FieldKind::Text => free_text(field, about, family, random)?,
    };
    let fits = field.kind == FieldKind::Text || text.chars().count() <= field.cells.len();
    fits.then(|| Answer {
        value: json!(text),
        written: Written::Text(text),
    })
}

fn date_answer(date: NaiveDate) -> Answer {
    Answer {
        value: json!(date),
        written: Written::Text(date.format("%d%m%Y").to_string()),
    }
}

fn date(field: &Field, about: About<'_>, family: &Family) -> Option<NaiveDate> {
    match field.rules.date {
        Some(DateRole::AdultBirth | DateRole::ChildBirth) => about.person().map(|p| p.born),
        Some(DateRole::Due) => family.due,
        Some(DateRole::Signed) => Some(family.signed),
        Some(DateRole::Received) => Some(family.received),
        None => None,
    }
}

fn name(field: &Field, about: About<'_>, family: &Family, random: &mut impl Rng) -> Option<String> {
    let full = |p: &Person| format!("{} {}", p.first, p.surname);
    let Some(person) = about.person() else {
        // The printed name beside the signature.
        return family.carers.first().map(full);
    };
    match leaf_of(&field.name) {
        "first_name" => Some(person.first.clone()),
        "surname" => Some(person.surname.clone()),
        "middle_names" => person.middle.clone(),
        "known_as" if field.rules.required || random.random_bool(0.15) => {
            Some(person.first.chars().take(3).collect())
        }
        "known_as" => None,
        "name" => Some(full(person)),
        _ => field.rules.required.then(|| full(person)),
    }
}

fn postcode(about: About<'_>, family: &Family, random: &mut impl Rng) -> Option<String> {
    match about {
        About::Primary(_) | About::Household => Some(family.postcode.clone()),
        About::Secondary(_) if family.apart => numbers::OFFICES
            .choose(random)
            .map(|(_, postcode)| (*postcode).to_owned()),
        _ => None,
    }
}

fn phone(field: &Field, about: About<'_>) -> Option<String> {
    let person = about.person()?;
    match leaf_of(&field.name) {
        "home_phone" | "landline" => person.landline.clone(),
        _ => person.mobile.clone(),
    }
}

fn free_text(
    field: &Field,
    about: About<'_>,
    family: &Family,
    random: &mut impl Rng,
) -> Option<String> {
    const FLATS: [&str; 3] = ["Harrowgate End", "Upper Brook", "The Old Maltings"];
    let own = leaf_of(&field.name);
    let secondary = matches!(about, About::Secondary(_));
    if own.starts_with("address") || own == "town" {
        return match (own, secondary) {
            (_, true) if !family.apart => None,
            ("town", _) => Some(family.town.clone()),
            ("address_line_2", _) => FLATS
                .choose(random)
                .filter(|_| random.random_bool(0.25))
                .map(|s| (*s).to_owned()),
            (_, true) => Some(format!("{}, {}", numbers::street(random), family.town)),
            _ => Some(family.street.clone()),
        };
    }
    match own {
        "language" | "main_language" => random
            .random_bool(0.9)
            .then(|| family.community.language.to_owned()),
        "relationship" => [
            "Grandmother",
            "Uncle",
            "Childminder",
            "Neighbour and friend",
        ]
        .get(
            family
                .others
                .iter()
                .position(|o| Some(&o.first) == about.person().map(|p| &p.first))?,
        )
        .map(|s| (*s).to_owned()),
        "health" => health(about, random),
        _ if field.rules.required => Some("See attached letter".to_owned()),
        _ => None,
    }
}

fn health(about: About<'_>, random: &mut impl Rng) -> Option<String> {
    const ADULT: [&str; 5] = [
        "Asthma, I carry an inhaler",
        "Type 1 diabetes",
        "Low mood since the birth, seeing my GP about it",
        "Hard of hearing in the left ear, please face me when you talk",
        "Back pain, cannot lift a pram",
    ];
    const CHILD: [&str; 6] = [
        "Allergic to eggs",
        "Eczema, uses cream twice a day",
        "Peanut allergy, has an EpiPen",
        "Born at 31 weeks",
        "Glue ear, waiting for grommets",
        "Cow's milk intolerance",
    ];
    let list: &[&str] = if matches!(about, About::Child(_)) {
        &CHILD
    } else {
        &ADULT
    };
    list.choose(random)
        .filter(|_| random.random_bool(0.35))
        .map(|s| (*s).to_owned())
}
