//! Invented families.

pub mod answers;
pub mod choices;
pub mod names;
pub mod numbers;

use chrono::{Days, NaiveDate};
use rand::Rng;
use rand::seq::IndexedRandom as _;

use names::{COMMUNITIES, Community};

/// An invented person.
#[derive(Clone)]
pub struct Person {
    /// First name.
    pub first: String,
    /// Middle names, mostly none.
    pub middle: Option<String>,
    /// Surname.
    pub surname: String,
    /// Date of birth.
    pub born: NaiveDate,
    /// Whether this is a woman or girl.
    pub female: bool,
    /// NHS number of the test range.
    pub nhs: Option<String>,
    /// Mobile number, of the range kept for drama.
    pub mobile: Option<String>,
    /// Home number, of the ranges kept for drama.
    pub landline: Option<String>,
    /// E-mail address at a domain kept for examples.
    pub email: Option<String>,
}

/// An invented household.
#[derive(Clone)]
pub struct Family {
    /// Where the names come from.
    pub community: &'static Community,
    /// First and, if there is one, second carer.
    pub carers: Vec<Person>,
    /// Children under five, none for expectant parents.
    pub children: Vec<Person>,
    /// Others who matter: grandparent, friend.
    pub others: Vec<Person>,
    /// When a baby is expected.
    pub due: Option<NaiveDate>,
    /// House and street.
    pub street: String,
    /// Town.
    pub town: String,
    /// Postcode with one space.
    pub postcode: String,
    /// Whether the second carer lives elsewhere.
    pub apart: bool,
    /// When the form was signed.
    pub signed: NaiveDate,
    /// When the centre received it.
    pub received: NaiveDate,
}

/// What kind of family a sample wants.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// Key of a community.
    pub community: &'static str,
    /// Number of carers, 1 or 2.
    pub carers: usize,
    /// Number of children.
    pub children: usize,
    /// Whether a baby is expected.
    pub expecting: bool,
    /// Number of other important people they name.
    pub others: usize,
}

impl Family {
    /// Draws a family.
    pub fn random(wish: Wish, random: &mut impl Rng) -> Self {
        let community = COMMUNITIES
            .iter()
            .find(|c| c.key == wish.community)
            .unwrap_or(&COMMUNITIES[0]);
        let first_day = NaiveDate::from_ymd_opt(2026, 2, 2).expect("a real date");
        let signed = first_day + Days::new(random.random_range(0..150));
        let received = signed + Days::new(random.random_range(0..9));
        let surname = pick(community.surnames, random);
        let partner = if random.random_bool(0.6) {
            surname.clone()
        } else {
            pick(community.surnames, random)
        };
        let mother_first = random.random_bool(0.75);
        let carers: Vec<Person> = (0..wish.carers)
            .map(|i| {
                let female = (i == 0) == mother_first;
                let name = if i == 0 {
                    surname.clone()
                } else {
                    partner.clone()
                };
                let years = random.random_range(20..44u64);
                adult(
                    community,
                    female,
                    name,
                    signed - Days::new(years * 365 + random.random_range(0..365)),
                    random,
                )
            })
            .collect();
        let mut children: Vec<Person> = Vec::new();
        let mut age = random.random_range(20..200);
        for _ in 0..wish.children {
            children.push(child(
                community,
                &surname,
                signed - Days::new(age),
                &children,
                random,
            ));
            // Brothers and sisters are either twins or most of a year apart.
            age += if random.random_bool(0.1) {
                0
            } else {
                random.random_range(310..480)
            };
        }
        let (town, postcode) = *numbers::OFFICES
            .choose(random)
            .expect("the list is not empty");
        let others = (0..wish.others)
            .map(|i| {
                let born = signed - Days::new(random.random_range(50..75) * 365);
                let name = if i == 0 {
                    surname.clone()
                } else {
                    pick(community.surnames, random)
                };
                adult(community, i % 2 == 0, name, born, random)
            })
            .collect();
        Self {
            community,
            due: wish
                .expecting
                .then(|| signed + Days::new(random.random_range(20..200))),
            carers,
            children,
            others,
            street: numbers::street(random),
            town: town.to_owned(),
            postcode: postcode.to_owned(),
            apart: random.random_bool(0.2),
            signed,
            received,
        }
    }
}

fn adult(
    community: &Community,
    female: bool,
    surname: String,
    born: NaiveDate,
    random: &mut impl Rng,
) -> Person {
    let names = if female {
        community.women
    } else {
        community.men
    };
    let first = pick(names, random);
    Person {
        mobile: random.random_bool(0.9).then(|| numbers::mobile(random)),
        landline: random.random_bool(0.4).then(|| numbers::landline(random)),
        email: random
            .random_bool(0.85)
            .then(|| numbers::email(&first, &surname, random)),
        middle: random
            .random_bool(0.3)
            .then(|| pick(names, random))
            .filter(|m| *m != first),
        first,
        surname,
        born,
        female,
        nhs: random.random_bool(0.7).then(|| numbers::nhs_number(random)),
    }
}

fn child(
    community: &Community,
    surname: &str,
    born: NaiveDate,
    elder: &[Person],
    random: &mut impl Rng,
) -> Person {
    let female = random.random_bool(0.5);
    let names = if female {
        community.girls
    } else {
        community.boys
    };
    let first = loop {
        let first = pick(names, random);
        if elder.iter().all(|e| e.first != first) || elder.len() >= names.len() {
            break first;
        }
    };
    Person {
        first,
        middle: None,
        surname: surname.to_owned(),
        born,
        female,
        nhs: random
            .random_bool(0.85)
            .then(|| numbers::nhs_number(random)),
        mobile: None,
        landline: None,
        email: None,
    }
}

fn pick(list: &[&str], random: &mut impl Rng) -> String {
    list.choose(random).copied().unwrap_or_default().to_owned()
}
