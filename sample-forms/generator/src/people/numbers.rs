//! Numbers and addresses that belong to nobody: NHS numbers of the test range, telephone numbers
//! kept for drama, mail domains kept for examples, postcodes of public offices.

use rand::Rng;

/// An NHS number in the range 999 that is never issued, with a right check digit.
pub fn nhs_number(random: &mut impl Rng) -> String {
    loop {
        let stem = format!("999{:06}", random.random_range(0..1_000_000u32));
        if let Some(check) = check_digit(&stem) {
            return format!("{stem}{check}");
        }
    }
}

/// The check digit of nine digits; `None` when no number with this stem can exist.
pub fn check_digit(stem: &str) -> Option<u32> {
    let sum: u32 = stem
        .bytes()
        .zip((2..=10u32).rev())
        .map(|(b, weight)| u32::from(b - b'0') * weight)
        .sum();
    match 11 - sum % 11 {
        11 => Some(0),
        10 => None,
        digit => Some(digit),
    }
}

/// A mobile number of the range Ofcom keeps for drama.
pub fn mobile(random: &mut impl Rng) -> String {
    format!("07700900{:03}", random.random_range(0..1000))
}

/// A landline number of the ranges Ofcom keeps for drama.
pub fn landline(random: &mut impl Rng) -> String {
    if random.random_bool(0.7) {
        format!("01632960{:03}", random.random_range(0..1000))
    } else {
        format!("0207946{:04}", random.random_range(0..1000))
    }
}

/// An e-mail address at a domain kept for examples.
pub fn email(first: &str, surname: &str, random: &mut impl Rng) -> String {
    let plain = |s: &str| {
        s.chars()
            .filter(char::is_ascii_alphabetic)
            .collect::<String>()
            .to_lowercase()
    };
    let (first, surname) = (plain(first), plain(surname));
    let initial = &first[..first.len().min(1)];
    let number = random.random_range(2..100);
    let local = match random.random_range(0..5) {
        0 => format!("{first}.{surname}"),
        1 => format!("{initial}.{surname}{number}"),
        2 => format!("{first}{number}"),
        3 => format!("{first}_{surname}"),
        _ => format!("{surname}{first}"),
    };
    let domain = ["example.org", "example.com", "mail.example.org"][random.random_range(0..3)];
    format!("{local}@{domain}")
}

/// Town and postcode of public offices: real in shape and area, and no family's home.
/// All six shapes of postcode are here.
pub const OFFICES: [(&str, &str); 16] = [
    ("Bedford", "MK42 9AP"),
    ("Bedford", "MK42 9AP"),
    ("Milton Keynes", "MK9 3EJ"),
    ("Luton", "LU1 2BQ"),
    ("Shefford", "SG17 5TQ"),
    ("Northampton", "NN1 1DE"),
    ("Cambridge", "CB2 3QJ"),
    ("Birmingham", "B1 1BB"),
    ("Manchester", "M60 2LA"),
    ("Leeds", "LS1 1UR"),
    ("Sheffield", "S1 2HH"),
    ("London", "SW1E 6QP"),
    ("London", "N1C 4AG"),
    ("London", "N1 2UD"),
    ("Bristol", "BS1 5TR"),
    ("Leicester", "LE1 1FZ"),
];

/// A street that is in none of these towns.
pub fn street(random: &mut impl Rng) -> String {
    const NAMES: [&str; 14] = [
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
    ];
    const KINDS: [&str; 7] = [
        "Close", "Road", "Way", "Gardens", "Lane", "Crescent", "Avenue",
    ];
    let number = random.random_range(1..190);
    let suffix = if random.random_bool(0.12) { "a" } else { "" };
    let name = NAMES[random.random_range(0..NAMES.len())];
    let kind = KINDS[random.random_range(0..KINDS.len())];
    match random.random_range(0..6) {
        0 => format!(
            "Flat {}, {number} {name} {kind}",
            random.random_range(1..24)
        ),
        _ => format!("{number}{suffix} {name} {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng as _;

    use super::*;

    proptest! {
        #[test]
        fn nhs_numbers_pass_the_check_and_are_of_the_test_range(seed: u64) {
            let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
            let number = nhs_number(&mut random);
            prop_assert!(number.starts_with("999") && number.len() == 10);
            let sum: u32 = number.bytes().zip((1..=10u32).rev()).map(|(b, w)| u32::from(b - b'0') * w).sum();
            prop_assert_eq!(sum % 11, 0);
        }

        #[test]
        fn telephone_numbers_are_the_ones_kept_for_drama(seed: u64) {
            let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
            prop_assert!(mobile(&mut random).starts_with("07700900"));
            let landline = landline(&mut random);
            prop_assert!(landline.starts_with("01632960") || landline.starts_with("02079460"));
            prop_assert_eq!(landline.len(), 11);
        }
    }

    #[test]
    fn known_check_digits() {
        for number in ["9990000018", "9990123454", "9991002006", "9999999905"] {
            assert_eq!(check_digit(&number[..9]), number[9..].parse().ok());
        }
        assert_eq!(check_digit("999123456"), None);
    }
}
