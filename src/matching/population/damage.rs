//! What becomes of a person on paper: fields left out, short forms, slips of pen and eye, and the years between two forms.

use chrono::{Datelike, NaiveDate};
use rand::{Rng, seq::IndexedRandom};

use super::{
    Story,
    families::{Person, Town},
    names::{self, Bearer},
    numbers,
};
use crate::{
    matching::{Kind, Traits, folding, names as known_names},
    validation::nhs_number::NhsNumber,
};

/// Letters that a hand or an eye takes for each other.
const LOOK_ALIKE: [(char, char); 16] = [
    ('a', 'o'),
    ('e', 'c'),
    ('i', 'l'),
    ('n', 'h'),
    ('u', 'v'),
    ('n', 'm'),
    ('g', 'q'),
    ('r', 'n'),
    ('t', 'f'),
    ('y', 'v'),
    ('b', 'h'),
    ('s', 'z'),
    ('d', 'a'),
    ('k', 'h'),
    ('e', 'i'),
    ('o', 'u'),
];
const DIGITS_ALIKE: [(char, char); 7] = [
    ('1', '7'),
    ('0', '6'),
    ('3', '8'),
    ('5', '6'),
    ('4', '9'),
    ('2', '7'),
    ('3', '5'),
];

/// A form filled in: what was left out, and the little that is wrong on every form.
pub fn written(person: &Traits, random: &mut impl Rng) -> Traits {
    let mut form = person.clone();
    let leave = |chance: f64, random: &mut _| Rng::random_bool(random, chance);
    if leave(0.15, random) {
        form.gender = None;
    }
    if leave(0.25, random) {
        form.email = None;
    }
    if leave(0.05, random) {
        form.phones.clear();
    }
    if leave(0.03, random) {
        form.postcode = None;
    }
    if leave(0.015, random) {
        form.date_of_birth = None;
    }
    if leave(0.4, random) {
        form.middle_names = None;
    }
    if leave(0.35, random) {
        form.nhs_number = None;
    }
    slips(&mut form, 0.5, random);
    form
}

/// The form on which somebody comes again.
pub fn again(person: &Person, story: Story, town: &mut Town, random: &mut impl Rng) -> Traits {
    let mut now = person.traits.clone();
    match story {
        Story::YearsLater => years_later(person, &mut now, town, random),
        Story::OtherParent => {
            if let Some(parent) = &person.other_parent {
                now.phones.clone_from(&parent.phones);
                now.email.clone_from(&parent.email);
                now.address_line.clone_from(&parent.address_line);
                now.postcode.clone_from(&parent.postcode);
                if random.random_bool(0.2) {
                    now.surname.clone_from(&parent.surname);
                }
            }
        }
        _ => {}
    }
    if now.kind == Kind::Child && random.random_bool(0.25) {
        // The other carer's telephone.
        now.phones = vec![numbers::phone(random)];
    }
    name_by_choice(&mut now, random);
    if random.random_bool(0.004) && person.sibling_number.is_some() {
        now.nhs_number.clone_from(&person.sibling_number);
    }
    let mut form = written(&now, random);
    slips(&mut form, 1.0, random);
    form
}

fn years_later(person: &Person, now: &mut Traits, town: &Town, random: &mut impl Rng) {
    if random.random_bool(0.4) {
        let (line, code) = town.address(random);
        (now.address_line, now.postcode) = (Some(line), Some(code));
    }
    if random.random_bool(0.3) {
        now.phones = vec![numbers::phone(random)];
    }
    if random.random_bool(0.15) {
        now.email = Some(numbers::email(&now.first_name, &now.surname, random));
    }
    let renamed = match now.kind {
        Kind::Carer if person.female => 0.1,
        Kind::Carer => 0.005,
        Kind::Child => 0.03,
    };
    if random.random_bool(renamed) {
        let other = names::community(random).surname(random);
        now.surname = if random.random_bool(0.25) {
            format!("{}-{other}", now.surname)
        } else {
            other
        };
    }
}

/// Short forms, other transliterations, second names, names as one is called.
fn name_by_choice(now: &mut Traits, random: &mut impl Rng) {
    let folded = folding::words(&now.first_name).concat();
    let others = known_names::variants_of(&folded);
    if random.random_bool(0.08)
        && let Some(other) = others.choose(random)
    {
        let other = names::title_case(other);
        if random.random_bool(0.3) {
            now.known_as = Some(other);
        } else {
            now.first_name = other;
        }
    }
    if random.random_bool(0.04)
        && let Some(second) = now.middle_names.take()
    {
        if random.random_bool(0.5) {
            now.first_name = second;
        } else {
            now.first_name = format!("{} {second}", now.first_name);
        }
    }
    let surname = folding::words(&now.surname).concat();
    if random.random_bool(0.06)
        && let Some(other) = known_names::variants_of(&surname).choose(random)
    {
        now.surname = names::title_case(other);
    }
    if random.random_bool(0.3) && now.surname.contains('-') {
        now.surname = match random.random_range(0..3) {
            0 => now.surname.replace('-', " "),
            1 => now.surname.split('-').next().unwrap_or_default().to_owned(),
            _ => now
                .surname
                .split('-')
                .next_back()
                .unwrap_or_default()
                .to_owned(),
        };
    }
    if random.random_bool(0.004) {
        now.first_name = names::community(random).first_name(Bearer::Woman, random);
    }
}

/// Slips of pen and eye; `rate` 1 is a form in haste.
fn slips(form: &mut Traits, rate: f64, random: &mut impl Rng) {
    let chance = |p: f64, random: &mut _| Rng::random_bool(random, p * rate);
    if chance(0.04, random) {
        form.first_name = misspelt(&form.first_name, random);
    }
    if chance(0.04, random) {
        form.surname = misspelt(&form.surname, random);
    }
    if chance(0.008, random) {
        std::mem::swap(&mut form.first_name, &mut form.surname);
    }
    if chance(0.004, random)
        && let Some(initial) = form.first_name.chars().next()
    {
        form.first_name = initial.to_string();
    }
    if form.kind == Kind::Child && chance(0.004, random) {
        form.first_name = "Baby".to_owned();
    }
    if let Some(date) = form.date_of_birth {
        form.date_of_birth = Some(misdated(date, rate, random));
    }
    if let Some(number) = &form.nhs_number
        && chance(0.015, random)
    {
        // Not its beginning: that is what keeps it from being anybody's.
        let (range, own) = number.split_at(3);
        let wrong = format!("{range}{}", misread(own, random));
        // Most that fail the check are left out by whoever reads the form.
        let kept = NhsNumber::parse(&wrong).is_ok() || random.random_bool(0.3);
        form.nhs_number = kept.then_some(wrong);
    }
    for phone in &mut form.phones {
        if chance(0.012, random) {
            // Not its beginning: that is what makes it nobody's number.
            let (country, own) = phone.split_at(5);
            *phone = format!("{country}{}", misread(own, random));
        }
    }
    if let Some(email) = &form.email
        && chance(0.03, random)
        && let Some((local, domain)) = email.split_once('@')
    {
        form.email = Some(format!(
            "{}@{domain}",
            misspelt(local, random).to_lowercase()
        ));
    }
    if let Some(line) = &form.address_line {
        if chance(0.3, random) {
            form.address_line = Some(shortened(line));
        } else if chance(0.04, random) {
            form.address_line = Some(misspelt(line, random));
        }
    }
    if let Some(code) = &form.postcode
        && chance(0.015, random)
    {
        let (area, own) = code.split_at(2);
        form.postcode = Some(format!("{area}{}", misread(own, random)));
    }
}

fn misdated(date: NaiveDate, rate: f64, random: &mut impl Rng) -> NaiveDate {
    let swapped = NaiveDate::from_ymd_opt(date.year(), date.day(), date.month());
    let digits = date.format("%d%m%Y").to_string();
    let at = random.random_range(0.0..1.0) / rate;
    let other = if at < 0.006 {
        swapped
    } else if at < 0.02 {
        NaiveDate::parse_from_str(&misread(&digits, random), "%d%m%Y").ok()
    } else if at < 0.024 {
        // This year instead of the year of birth.
        date.with_year(2026)
    } else {
        None
    };
    let plausible = |other: &NaiveDate| (1950..=2026).contains(&other.year());
    other.filter(plausible).unwrap_or(date)
}

/// One letter taken for another, left out, doubled, or swapped with its neighbour.
fn misspelt(text: &str, random: &mut impl Rng) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 2 {
        return text.to_owned();
    }
    let at = random.random_range(0..letters.len());
    match random.random_range(0..10) {
        0..=5 => {
            let small = letters[at].to_ascii_lowercase();
            let alike: Vec<char> = LOOK_ALIKE
                .iter()
                .filter_map(|(a, b)| (*a == small).then_some(*b).or((*b == small).then_some(*a)))
                .collect();
            if let Some(other) = alike.choose(random) {
                let capital = letters[at].is_uppercase();
                letters[at] = if capital {
                    other.to_ascii_uppercase()
                } else {
                    *other
                };
            }
        }
        6 => {
            letters.remove(at);
        }
        7 => letters.insert(at, letters[at]),
        _ if at + 1 < letters.len() => letters.swap(at, at + 1),
        _ => {}
    }
    letters.into_iter().collect()
}

/// One digit taken for another, or swapped with its neighbour.
fn misread(text: &str, random: &mut impl Rng) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let at = random.random_range(0..letters.len());
    if random.random_bool(0.2) && at + 1 < letters.len() {
        letters.swap(at, at + 1);
    } else if letters[at].is_ascii_digit() {
        let digit = letters[at];
        let alike: Vec<char> = DIGITS_ALIKE
            .iter()
            .filter_map(|(a, b)| (*a == digit).then_some(*b).or((*b == digit).then_some(*a)))
            .collect();
        if let Some(other) = alike.choose(random) {
            letters[at] = *other;
        }
    }
    letters.into_iter().collect()
}

fn shortened(line: &str) -> String {
    line.replace("Road", "Rd")
        .replace("Street", "St")
        .replace("Avenue", "Ave")
        .replace("Close", "Cl")
        .replace("Crescent", "Cres")
        .replace("Gardens", "Gdns")
        .replace("Flat ", "Apt ")
        .replace(", ", " ")
}
