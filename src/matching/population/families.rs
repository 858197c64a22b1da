//! Households: one or two carers, their children, twins, grandparents of the same name, shared telephones.

use chrono::{Days, NaiveDate};
use rand::Rng;

use super::{
    Story,
    names::{self, Bearer, Community},
    numbers::{self, NhsNumbers},
};
use crate::matching::{Kind, Traits};

/// A person as they are, before anything is written down.
pub struct Person {
    /// All of it right.
    pub traits: Traits,
    /// Set when this person is not on the register yet.
    pub newcomer: Option<Story>,
    /// Surname and address of a parent who lives elsewhere.
    pub other_parent: Option<Box<Traits>>,
    /// NHS number of a brother or sister, which hurried people write in the wrong row.
    pub sibling_number: Option<String>,
    /// Woman or girl.
    pub female: bool,
}

impl Person {
    /// Why this person comes again.
    pub fn second_story(&self, random: &mut impl Rng) -> Story {
        if self.other_parent.is_some() && random.random_bool(0.5) {
            Story::OtherParent
        } else if random.random_bool(0.45) {
            Story::SoonAgain
        } else {
            Story::YearsLater
        }
    }
}

/// What a town hands out.
pub struct Town {
    numbers: NhsNumbers,
    streets: Vec<(String, String)>,
}

/// The day on which the town is counted.
fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 9, 1).unwrap_or_default()
}

fn born(years: std::ops::Range<f64>, random: &mut impl Rng) -> NaiveDate {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "days of a life"
    )]
    let days = (random.random_range(years) * 365.25) as u64;
    today()
        .checked_sub_days(Days::new(days))
        .unwrap_or_default()
}

impl Town {
    /// A town of streets for `people`: some 15 families share a postcode.
    pub fn new(people: usize, random: &mut impl Rng) -> Self {
        let streets = (0..(people / 40).max(4))
            .map(|place| (numbers::street(random), numbers::postcode(place)))
            .collect();
        Self {
            numbers: NhsNumbers::new(random),
            streets,
        }
    }

    /// An address line and its postcode.
    pub fn address(&self, random: &mut impl Rng) -> (String, String) {
        let (street, code) = &self.streets[random.random_range(0..self.streets.len())];
        (numbers::address_line(random, street), code.clone())
    }

    /// A family with all its members.
    pub fn household(&mut self, random: &mut impl Rng) -> Vec<Person> {
        let community = names::community(random);
        let (line, code) = self.address(random);
        let surname = surname(community, random);
        let mut people = Vec::new();
        let mother_first = random.random_bool(0.85);
        let mut first = self.adult(community, &surname, mother_first, (&line, &code), random);
        let couple = random.random_bool(0.65);
        let mut second = None;
        if couple {
            let theirs = if random.random_bool(0.6) {
                surname.clone()
            } else {
                self::surname(community, random)
            };
            let mut partner = self.adult(community, &theirs, !mother_first, (&line, &code), random);
            // One telephone, one mailbox for both.
            if random.random_bool(0.15) {
                partner.traits.phones.clone_from(&first.traits.phones);
            }
            if random.random_bool(0.12) {
                partner.traits.email.clone_from(&first.traits.email);
            }
            partner.newcomer = random.random_bool(0.12).then_some(Story::Adult);
            second = Some(partner);
        }
        let separated = !couple && random.random_bool(0.4);
        let elsewhere = separated.then(|| {
            let (line, code) = self.address(random);
            let name = self::surname(community, random);
            self.adult(community, &name, !mother_first, (&line, &code), random)
                .traits
        });
        let children = [1, 1, 1, 1, 2, 2, 2, 3][random.random_range(0..8)];
        let of = |child: &mut Person| {
            child.traits.phones.clone_from(&first.traits.phones);
            child.traits.email.clone_from(&first.traits.email);
            child.other_parent = elsewhere.clone().map(Box::new);
        };
        let mut born_here: Vec<Person> = Vec::new();
        for _ in 0..children {
            let mut child = self.child(community, &surname, (&line, &code), random);
            of(&mut child);
            // Brothers and sisters have names of their own, or second names that tell them apart.
            while child.traits.middle_names.is_none()
                && born_here
                    .iter()
                    .any(|other| other.traits.first_name == child.traits.first_name)
            {
                let bearer = if child.female {
                    Bearer::Girl
                } else {
                    Bearer::Boy
                };
                child.traits.first_name = community.first_name(bearer, random);
            }
            let twins = random.random_bool(0.018);
            let newcomer = !born_here.is_empty() && random.random_bool(0.15);
            child.newcomer = newcomer.then_some(Story::Sibling);
            let number = child.traits.nhs_number.clone();
            let birth = child.traits.date_of_birth;
            let name = child.traits.first_name.clone();
            born_here.push(child);
            if twins {
                let mut twin = self.child(community, &surname, (&line, &code), random);
                of(&mut twin);
                while twin.traits.first_name == name {
                    twin.traits.first_name = community.first_name(Bearer::Girl, random);
                }
                if random.random_bool(0.15) {
                    twin.traits.first_name = rhyming(&name);
                }
                twin.traits.date_of_birth = birth;
                if let (Some(number), Some(_)) = (&number, &twin.traits.nhs_number) {
                    twin.traits.nhs_number = self.numbers.after(number);
                }
                twin.newcomer = random.random_bool(0.3).then_some(Story::Twin);
                born_here.push(twin);
            }
        }
        for place in 1..born_here.len() {
            born_here[place].sibling_number = born_here[place - 1].traits.nhs_number.clone();
        }
        // A grandparent who lives there and bears the same name.
        if random.random_bool(0.005) {
            let mut elder = self.adult(community, &surname, first.female, (&line, &code), random);
            elder.traits.first_name.clone_from(&first.traits.first_name);
            elder.traits.date_of_birth = Some(born(48.0..68.0, random));
            elder.newcomer = random.random_bool(0.5).then_some(Story::Adult);
            people.push(elder);
        }
        first.newcomer = None;
        people.push(first);
        people.extend(second);
        people.extend(born_here);
        people
    }

    fn adult(
        &mut self,
        community: &Community,
        surname: &str,
        female: bool,
        (line, code): (&str, &str),
        random: &mut impl Rng,
    ) -> Person {
        let bearer = if female { Bearer::Woman } else { Bearer::Man };
        let first_name = community.first_name(bearer, random);
        let number = random
            .random_bool(0.25)
            .then(|| self.numbers.next())
            .flatten();
        Person {
            traits: Traits {
                kind: Kind::Carer,
                middle_names: second_name(community, bearer, random),
                phones: vec![numbers::phone(random)],
                email: random
                    .random_bool(0.8)
                    .then(|| numbers::email(&first_name, surname, random)),
                first_name,
                surname: surname.to_owned(),
                known_as: None,
                date_of_birth: Some(born(18.0..44.0, random)),
                nhs_number: number,
                address_line: Some(line.to_owned()),
                postcode: Some(code.to_owned()),
                gender: Some(if female { "female" } else { "male" }.to_owned()),
            },
            newcomer: None,
            other_parent: None,
            sibling_number: None,
            female,
        }
    }

    fn child(
        &mut self,
        community: &Community,
        surname: &str,
        home: (&str, &str),
        random: &mut impl Rng,
    ) -> Person {
        let female = random.random_bool(0.49);
        let mut child = self.adult(community, surname, female, home, random);
        let bearer = if female { Bearer::Girl } else { Bearer::Boy };
        child.traits.kind = Kind::Child;
        child.traits.first_name = community.first_name(bearer, random);
        child.traits.middle_names = second_name(community, bearer, random);
        child.traits.date_of_birth = Some(born(0.0..5.0, random));
        if child.traits.nhs_number.is_none() && random.random_bool(0.3) {
            child.traits.nhs_number = self.numbers.next();
        }
        child
    }
}

fn surname(community: &Community, random: &mut impl Rng) -> String {
    let one = community.surname(random);
    if random.random_bool(community.double.max(0.02)) {
        let joint = if random.random_bool(0.6) { "-" } else { " " };
        format!("{one}{joint}{}", community.surname(random))
    } else {
        one
    }
}

fn second_name(community: &Community, bearer: Bearer, random: &mut impl Rng) -> Option<String> {
    random
        .random_bool(community.second.max(0.15))
        .then(|| community.first_name(bearer, random))
}

/// A twin's name that differs in its first letter, as Ellie and Millie nearly do.
fn rhyming(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map_or('A', |c| c.to_ascii_uppercase());
    let other = match first {
        'A' => 'E',
        'E' => 'A',
        'J' => 'H',
        'M' => 'T',
        _ => 'K',
    };
    format!("{other}{}", letters.as_str())
}
