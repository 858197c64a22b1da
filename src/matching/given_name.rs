//! First names: what is written, what the person is called, and all the forms one name has.

use super::{
    Kind, Level, folding,
    names::{self, LISTS},
};

/// Share of people above which a first name is a name of its own and no slip of the pen.
const A_NAME_OF_ITS_OWN: f64 = 2e-5;

/// Shortest name in which one wrong letter still leaves no doubt which was meant.
const LONG_ENOUGH: usize = 5;

/// What stands for the name of a child that has none yet.
const PLACEHOLDERS: [&str; 8] = [
    "baby", "babyboy", "babygirl", "infant", "newborn", "unborn", "unnamed", "twin",
];

/// First names, ready to compare.
#[derive(Clone, Default)]
pub struct GivenName {
    /// All of the first-name field in one word; empty when there is no name yet.
    pub whole: String,
    /// Its first word.
    pub first: String,
    /// Its other words and the middle names.
    pub rest: Vec<String>,
    /// What the person is called.
    pub known_as: Option<String>,
    /// Share of people with this first name.
    pub share: Option<f64>,
    letters: usize,
}

impl GivenName {
    /// Takes the name apart.
    pub fn new(kind: Kind, field: &str, middle: Option<&str>, known_as: Option<&str>) -> Self {
        let mut words = folding::words(field);
        words.retain(|word| !word.chars().all(char::is_numeric));
        let whole = words.concat();
        if PLACEHOLDERS.contains(&whole.as_str()) {
            return Self::default();
        }
        let mut words = words.into_iter();
        let Some(first) = words.next() else {
            return Self::default();
        };
        let rest = words
            .chain(folding::words(middle.unwrap_or_default()))
            .collect();
        let known_as = folding::words(known_as.unwrap_or_default()).concat();
        let list = match kind {
            Kind::Carer => &LISTS.carers,
            Kind::Child => &LISTS.children,
        };
        Self {
            share: names::share(list, &first),
            letters: first.chars().count(),
            known_as: (!known_as.is_empty() && known_as != whole).then_some(known_as),
            whole,
            first,
            rest,
        }
    }

    /// How two agree; `None` when one has no name yet.
    pub fn agreement(&self, other: &Self) -> Option<Level> {
        if self.first.is_empty() || other.first.is_empty() {
            return None;
        }
        Some(self.agreement_of_names(other))
    }

    fn agreement_of_names(&self, other: &Self) -> Level {
        if self.whole == other.whole || self.first == other.first {
            return if self.second_names_differ(other) {
                Level::Similar
            } else {
                Level::Equal
            };
        }
        let called = self.also_called().any(|mine| {
            other
                .also_called()
                .any(|theirs| mine == theirs || names::are_variants(mine, theirs))
        });
        if called {
            return if self.second_names_differ(other) {
                Level::Similar
            } else {
                Level::Variant
            };
        }
        if self.is_initial_of(other)
            || other.is_initial_of(self)
            || self.rest.contains(&other.first)
            || other.rest.contains(&self.first)
        {
            return Level::Part;
        }
        let slip = folding::one_letter_off(&self.first, &other.first);
        if slip && self.letters.min(other.letters) >= LONG_ENOUGH && !self.both_are_names(other) {
            return Level::Misspelt;
        }
        if slip || strsim::jaro_winkler(&self.first, &other.first) >= 0.87 {
            return Level::Similar;
        }
        Level::Different
    }

    fn also_called(&self) -> impl Iterator<Item = &str> {
        [self.first.as_str(), self.whole.as_str()]
            .into_iter()
            .chain(self.known_as.as_deref())
    }

    fn is_initial_of(&self, other: &Self) -> bool {
        self.letters == 1 && other.first.starts_with(&self.first)
    }

    /// Brothers may all be called Muhammad: then the second name tells them apart.
    fn second_names_differ(&self, other: &Self) -> bool {
        if self.rest.is_empty() || other.rest.is_empty() {
            return false;
        }
        let alike = |a: &String, b: &String| {
            a.starts_with(b.as_str())
                || b.starts_with(a.as_str())
                || names::are_variants(a, b)
                || folding::one_letter_off(a, b)
        };
        !self
            .rest
            .iter()
            .any(|mine| other.rest.iter().any(|theirs| alike(mine, theirs)))
    }

    fn both_are_names(&self, other: &Self) -> bool {
        let own = |share: Option<f64>| share.is_some_and(|share| share > A_NAME_OF_ITS_OWN);
        own(self.share) && own(other.share)
    }
}
