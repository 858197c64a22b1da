//! Is this the same person? Two sets of traits are compared trait by trait, each comparison is a level of agreement, and
//! the levels together are a weight after Fellegi and Sunter. `README.md` beside this file has the model and figures.

mod contact;
pub mod evaluation;
mod folding;
mod given_name;
mod keys;
pub mod learning;
mod levels;
mod names;
mod parameters;
mod pattern;
pub mod population;
mod prepared;
mod safeguards;
mod surname;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use keys::SearchKeys;
pub use levels::{Level, Trait};
pub use parameters::{ModelError, Parameters};
pub use prepared::Prepared;
pub use safeguards::Safeguard;

/// Adults and children are never compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A parent or another adult who cares for a child.
    Carer,
    /// A child.
    Child,
}

impl Kind {
    /// The name used in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Carer => "carer",
            Self::Child => "child",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Carer, Self::Child]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// What is known of a person for matching. Absent means not known and is never a mismatch.
#[derive(Clone, PartialEq)]
pub struct Traits {
    /// Carer or child.
    pub kind: Kind,
    /// First name or names.
    pub first_name: String,
    /// Further first names, where the form has a field for them.
    pub middle_names: Option<String>,
    /// Surname.
    pub surname: String,
    /// What the person is called.
    pub known_as: Option<String>,
    /// Date of birth.
    pub date_of_birth: Option<NaiveDate>,
    /// NHS number, digits; one that fails its check is compared with care and never counts as a number of its own.
    pub nhs_number: Option<String>,
    /// Telephone numbers, digits; of a child those of its carers.
    pub phones: Vec<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// House and street in one line, without town.
    pub address_line: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// Gender as a code; only whether two are equal counts.
    pub gender: Option<String>,
}

/// Who it is stays out of logs.
impl std::fmt::Debug for Traits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Traits({}, redacted)", self.kind.as_str())
    }
}

/// How one trait agreed and what that is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// What was compared.
    pub compared: Trait,
    /// How it agreed.
    pub level: Level,
    /// Bits for (positive) or against (negative) one person. The weights of all reasons do not add up to that of the
    /// comparison: what a household shares counts only once.
    pub weight: f64,
}

impl Reason {
    /// Words for a clerk without any value: `date of birth: day and month swapped`.
    pub fn words(&self) -> String {
        if (self.compared, self.level) == (Trait::DateOfBirth, Level::Swapped) {
            return "date of birth: day and month swapped".to_owned();
        }
        format!("{}: {}", self.compared.words(), self.level.words())
    }
}

/// What speaks for and against two sets of traits being one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Log2 of the likelihood ratio: how many times likelier these levels are for one person than for two.
    pub weight: f64,
    /// Probability of one person, given how rarely any two people on the register are one.
    pub probability: f64,
    /// The traits that both sides have, in a fixed order.
    pub reasons: Vec<Reason>,
    /// Why this must not be settled as one person without a clerk, whatever the weight.
    pub safeguard: Option<Safeguard>,
}

/// What follows from a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// One person: propose an update.
    Same,
    /// A clerk decides.
    Unsure,
    /// Two people.
    Different,
}

/// How many on the register bear somebody's first name and surname together, in any spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Namesakes {
    /// So many.
    pub bearing: usize,
    /// Of so many people of the kind.
    pub of: usize,
}

impl Namesakes {
    /// People that the lists of names count for beside those on the register: of a small register they tell more.
    const IN_THE_LISTS: f64 = 20_000.0;

    /// The share of people with these names, when by the lists it is `listed`. One is always met: the one compared with.
    #[expect(clippy::cast_precision_loss, reason = "counts of people")]
    fn share(self, listed: f64) -> f64 {
        (self.bearing.max(1) as f64 + listed * Self::IN_THE_LISTS)
            / (self.of as f64 + Self::IN_THE_LISTS)
    }
}

/// Compares two people. Symmetric. People of different kinds come out as two with certainty. `namesakes` are those on the
/// register who bear the names of one of them; without them the lists of names alone say how rare the names are.
pub fn compare(
    parameters: &Parameters,
    a: &Traits,
    b: &Traits,
    namesakes: Option<Namesakes>,
) -> Comparison {
    parameters.compare(&Prepared::new(a), &Prepared::new(b), namesakes)
}
