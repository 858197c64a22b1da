//! Under which keys a person is found again. Two people who share none are never compared.

use chrono::{Datelike, NaiveDate};

use super::{Kind, Prepared, Traits, folding, names};

/// How many digits of evidence a shared key is roughly worth: only the order of candidates follows from it.
mod worth {
    pub const NHS_NUMBER: f32 = 20.0;
    pub const DATE: f32 = 6.0;
    pub const SWAPPED_DATE: f32 = 4.0;
    pub const NAME: f32 = 6.0;
    pub const CONTACT: f32 = 6.0;
    pub const HOUSE: f32 = 5.0;
    pub const POSTCODE: f32 = 2.0;
    pub const MONTH: f32 = 4.0;
}

/// Keys of a person: exact ones and the name for a search by trigrams.
#[derive(Clone)]
pub struct SearchKeys {
    /// The keys under which the person stands.
    pub own: Vec<String>,
    /// The keys under which to look for the person, with what each is worth.
    pub asked: Vec<(String, f32)>,
    /// All names in one line, folded.
    pub name: String,
}

impl SearchKeys {
    /// Makes the keys.
    pub fn of(traits: &Traits) -> Self {
        let person = Prepared::new(traits);
        let kind = match person.kind {
            Kind::Carer => 'a',
            Kind::Child => 'c',
        };
        let given: Vec<String> = [Some(&person.given.first), Some(&person.given.whole)]
            .into_iter()
            .chain([person.given.known_as.as_ref()])
            .flatten()
            .filter(|name| !name.is_empty())
            .map(|name| sound(name))
            .collect();
        let mut asked: Vec<(String, f32)> = Vec::new();
        let mut ask = |letter: char, value: &str, worth: f32| {
            asked.push((format!("{kind}{letter}{value}"), worth));
        };
        if let Some(number) = person.nhs_number.as_ref().filter(|number| number.passes) {
            ask('n', number.digits(), worth::NHS_NUMBER);
        }
        for phone in &person.phones {
            ask('p', phone, worth::CONTACT);
        }
        if let Some(email) = &person.email {
            ask('e', email, worth::CONTACT);
        }
        if let Some(code) = &person.address.postcode {
            ask('z', code, worth::POSTCODE);
            for number in person.address.numbers() {
                ask('h', &format!("{code} {number}"), worth::HOUSE);
            }
        }
        let surnames = person
            .surname
            .parts
            .iter()
            .chain([&person.surname.whole])
            .filter(|name| !name.is_empty())
            .map(|name| sound(name));
        for surname in surnames {
            for given in &given {
                // In one order, so that names that changed places are found.
                let (a, b) = if *given < surname {
                    (given, &surname)
                } else {
                    (&surname, given)
                };
                ask('w', &format!("{a} {b}"), worth::NAME);
            }
        }
        let mut own_only = None;
        if let Some(date) = person.date_of_birth {
            ask('b', &date.to_string(), worth::DATE);
            for given in &given {
                let month = format!("{}-{} {given}", date.year(), date.month());
                ask('m', &month, worth::MONTH);
            }
            own_only = NaiveDate::from_ymd_opt(date.year(), date.day(), date.month())
                .filter(|swapped| *swapped != date)
                .map(|swapped| format!("{kind}b{swapped}"));
        }
        let mut seen = std::collections::HashSet::new();
        asked.retain(|(key, _)| seen.insert(key.clone()));
        let own = asked.iter().map(|(key, _)| key.clone()).collect();
        asked.extend(own_only.map(|key| (key, worth::SWAPPED_DATE)));
        let mut words = vec![person.given.first];
        words.extend(person.given.known_as);
        words.extend(folding::words(&traits.surname));
        words.sort();
        words.dedup();
        Self {
            own,
            asked,
            name: words.join(" "),
        }
    }
}

impl SearchKeys {
    /// The keys of first name and surname together, in all the ways in which the person may be called.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        let of_names = |key: &&String| key.chars().nth(1) == Some('w');
        self.own.iter().filter(of_names)
    }
}

/// One key for a name in all its forms and spellings.
fn sound(name: &str) -> String {
    folding::skeleton(names::head(name))
}
