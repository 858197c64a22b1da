//! Numbers and addresses that belong to nobody. The ranges kept for tests and drama are too small for a town: only NHS
//! numbers come from theirs. Telephone numbers carry the country code 999, which the ITU has given to no country, and
//! postcodes the area ZZ, which is none, so that each can be as rare here as in life without being anybody's.

use std::collections::HashSet;

use rand::{Rng, seq::SliceRandom};

use crate::validation::nhs_number;

/// Hands out NHS numbers of the range 999, no number twice. There are 909,091.
pub struct NhsNumbers {
    stems: Vec<u32>,
    used: HashSet<u32>,
}

impl NhsNumbers {
    /// All numbers in a random order.
    pub fn new(random: &mut impl Rng) -> Self {
        let mut stems: Vec<u32> = (0..1_000_000).collect();
        stems.shuffle(random);
        Self {
            stems,
            used: HashSet::new(),
        }
    }

    /// A number nobody has; `None` when there is none left.
    pub fn next(&mut self) -> Option<String> {
        while let Some(stem) = self.stems.pop() {
            if let Some(number) = self.take(stem) {
                return Some(number);
            }
        }
        None
    }

    /// The number that is handed out next after this one, as to twins; any other where it is taken.
    pub fn after(&mut self, number: &str) -> Option<String> {
        let stem: u32 = number.get(3..9)?.parse().ok()?;
        (1..4)
            .find_map(|step| self.take(stem + step))
            .or_else(|| self.next())
    }

    fn take(&mut self, stem: u32) -> Option<String> {
        let digits = format!("999{stem:06}");
        let check = nhs_number::check_digit(digits.get(..9)?)?;
        (stem < 1_000_000 && self.used.insert(stem)).then(|| format!("{digits}{check}"))
    }
}

/// A telephone number of no country, mobile in all but that.
pub fn phone(random: &mut impl Rng) -> String {
    format!("0099907{:09}", random.random_range(0..1_000_000_000_u32))
}

/// An e-mail address at a domain kept for examples.
pub fn email(first: &str, surname: &str, random: &mut impl Rng) -> String {
    let plain = |s: &str| -> String { crate::matching::folding::words(s).concat() };
    let (first, surname) = (plain(first), plain(surname));
    let initial: String = first.chars().take(1).collect();
    let number = random.random_range(2..10_000);
    let local = match random.random_range(0..6) {
        0 => format!("{first}.{surname}{number}"),
        1 => format!("{initial}.{surname}{number}"),
        2 => format!("{first}{number}"),
        3 => format!("{first}_{surname}"),
        4 => format!("{first}.{surname}"),
        _ => format!("{surname}{first}{number}"),
    };
    let domain = ["example.org", "example.com", "example.net"][random.random_range(0..3)];
    format!("{local}@{domain}")
}

/// House and street.
pub fn address_line(random: &mut impl Rng, street: &str) -> String {
    let number = random.random_range(1..120);
    match random.random_range(0..10) {
        0 => format!("Flat {}, {number} {street}", random.random_range(1..24)),
        1 => format!("{number}A {street}"),
        _ => format!("{number} {street}"),
    }
}

/// A street.
pub fn street(random: &mut impl Rng) -> String {
    const NAMES: [&str; 40] = [
        "Kestrel",
        "Lapwing",
        "Bulrush",
        "Old Kiln",
        "Marigold",
        "Quarrymead",
        "Tanner's",
        "Foxglove",
        "Millrace",
        "Harebell",
        "Saddler's",
        "Copperfield",
        "Larkspur",
        "Weaver's",
        "Station",
        "Church",
        "Victoria",
        "Albert",
        "Park",
        "Queen's",
        "King's",
        "School",
        "Mill",
        "Green",
        "Manor",
        "London",
        "Bedford",
        "York",
        "Chapel",
        "Grange",
        "Springfield",
        "Windsor",
        "Alexandra",
        "Highfield",
        "Elm",
        "Cedar",
        "Beech",
        "Oak",
        "Willow",
        "Hawthorn",
    ];
    const KINDS: [&str; 8] = [
        "Road", "Close", "Street", "Avenue", "Way", "Gardens", "Lane", "Crescent",
    ];
    format!(
        "{} {}",
        NAMES[random.random_range(0..NAMES.len())],
        KINDS[random.random_range(0..KINDS.len())]
    )
}

/// One of `codes` postcodes, spread over places that do not exist.
pub fn postcode(place: usize) -> String {
    const LETTERS: &[u8] = b"ABDEFGHJLNPQRSTUWXYZ";
    let letter = |n: usize| char::from(LETTERS[n % LETTERS.len()]);
    let outward = place / 4000 + 1;
    let inward = place % 4000;
    format!(
        "ZZ{outward} {}{}{}",
        inward / 400,
        letter(inward / 20),
        letter(inward)
    )
}
