//! Which forms a clerk should see before older ones.

use chrono::{Days, NaiveDate};

use crate::forms::definition::{DataCategory, DateRole, FormDefinition};

/// Weeks after birth in which a family should hear from the centre soon.
const NEWBORN_WEEKS: u64 = 6;

/// Why a form comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// A child under six weeks.
    Newborn,
    /// Something is written in a field for safeguarding.
    SafeguardingNote,
}

impl Urgency {
    /// Higher comes first.
    pub fn rank(self) -> i16 {
        match self {
            Self::Newborn => 1,
            Self::SafeguardingNote => 2,
        }
    }

    /// For colleagues, in words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Newborn => "A child under 6 weeks",
            Self::SafeguardingNote => "A safeguarding note",
        }
    }
}

/// Fields that decide how urgent a form is. A due date that is Article 9 data is left out: the order of the list would
/// tell everybody what only the form may tell.
pub fn deciding_fields(definition: &FormDefinition) -> Vec<String> {
    definition
        .fields
        .iter()
        .filter(|f| {
            let date = matches!(f.rules.date, Some(DateRole::ChildBirth | DateRole::Due));
            is_safeguarding(&f.name) || (date && f.rules.category == DataCategory::Ordinary)
        })
        .map(|f| f.name.clone())
        .collect()
}

/// What one of the [`deciding_fields`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said<'a> {
    /// Name of the field.
    pub name: &'a str,
    /// Whether anything is written there.
    pub written: bool,
    /// The date read, for a date.
    pub date: Option<NaiveDate>,
}

/// How urgent a form received on `received` is.
pub fn urgency(said: &[Said<'_>], received: NaiveDate) -> Option<Urgency> {
    let weeks = Days::new(NEWBORN_WEEKS * 7);
    let newborn = |date: NaiveDate| {
        let (from, to) = (
            received.checked_sub_days(weeks),
            received.checked_add_days(weeks),
        );
        from.is_some_and(|from| date > from) && to.is_some_and(|to| date < to)
    };
    said.iter()
        .filter_map(|field| {
            if is_safeguarding(field.name) {
                field.written.then_some(Urgency::SafeguardingNote)
            } else {
                field.date.filter(|d| newborn(*d)).map(|_| Urgency::Newborn)
            }
        })
        .max()
}

fn is_safeguarding(name: &str) -> bool {
    name.split('.').any(|part| part.starts_with("safeguarding"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_child_under_six_weeks_comes_first_and_a_safeguarding_note_before_it() {
        let received = day("2026-03-27");
        let born = |date: &str| Said {
            name: "child_1.date_of_birth",
            written: true,
            date: Some(day(date)),
        };
        assert_eq!(
            urgency(&[born("2026-02-14")], received),
            Some(Urgency::Newborn)
        );
        assert_eq!(urgency(&[born("2026-02-13")], received), None);
        assert_eq!(urgency(&[born("2024-02-14")], received), None);
        let note = Said {
            name: "office.safeguarding_note",
            written: true,
            date: None,
        };
        assert_eq!(
            urgency(&[born("2026-03-01"), note], received),
            Some(Urgency::SafeguardingNote)
        );
        let empty = Said {
            written: false,
            ..note
        };
        assert_eq!(urgency(&[empty], received), None);
    }

    #[test]
    fn a_due_date_that_is_special_decides_nothing() {
        let names = deciding_fields(&crate::forms::load("registration").unwrap());
        assert!(names.contains(&"child_1.date_of_birth".to_owned()));
        assert!(!names.contains(&"primary_carer.due_date".to_owned()));
    }
}
