//! How long records are kept, and what is due when.
//!
//! The period comes from the council's privacy statement: records are kept for the length of the children's centre contract,
//! to 30 September 2026, with a possible extension to 30 September 2028. A date that has passed erases nothing as long as
//! nobody has said whether the contract was extended.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// What decides how long a family's record is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The contract under which the family was registered.
    Contract,
    /// The age of the youngest child: so many years after its birth.
    YoungestChild,
    /// The last form: so many years after it was signed.
    LastForm,
}

/// Whether the contract was extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extension {
    /// Nobody has said so yet.
    Undecided,
    /// It was.
    Exercised,
    /// It was not.
    Declined,
}

/// `[retention]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// What decides how long families' records are kept.
    pub families: Rule,
    /// The last day of the contract.
    pub contract_end: NaiveDate,
    /// Its last day if it is extended.
    pub extended_end: NaiveDate,
    /// Whether it was.
    pub extension: Extension,
    /// Years for `youngest_child` and `last_form`.
    pub years: u32,
    /// Days after which scans are due that no record was made of: copies, foreign pages that somebody dealt with, forms
    /// set aside. 0 keeps them.
    pub scans_days: u32,
    /// Days after which it is due to forget who was on a list of people to write to. The list stays with its counts; the
    /// links of its messages by which people stop them work no longer. 0 keeps them.
    pub lists_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        let day = |year| NaiveDate::from_ymd_opt(year, 9, 30).expect("September has 30 days");
        Self {
            families: Rule::Contract,
            contract_end: day(2026),
            extended_end: day(2028),
            extension: Extension::Undecided,
            years: 25,
            scans_days: 0,
            lists_days: 0,
        }
    }
}

/// Which families' records are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// None before the day after this one.
    NotBefore(NaiveDate),
    /// Somebody has to decide first: this day has passed, and nobody has said whether the contract was extended.
    Undecided(NaiveDate),
    /// All that were registered until this day, which has passed.
    RegisteredUntil(NaiveDate),
    /// Those whose youngest child was born on this day or before; of families without a date of birth, those whose last
    /// form was signed then.
    YoungestBornUntil(NaiveDate),
    /// Those whose last form was signed on this day or before.
    SignedUntil(NaiveDate),
}

impl Retention {
    /// What is due on `today`.
    pub fn due(&self, today: NaiveDate) -> Due {
        let years_ago = today
            .checked_sub_months(chrono::Months::new(self.years.saturating_mul(12)))
            .unwrap_or(NaiveDate::MIN);
        match self.families {
            Rule::YoungestChild => Due::YoungestBornUntil(years_ago),
            Rule::LastForm => Due::SignedUntil(years_ago),
            Rule::Contract => {
                let end = match self.extension {
                    Extension::Exercised => self.extended_end,
                    Extension::Undecided | Extension::Declined => self.contract_end,
                };
                match self.extension {
                    _ if today <= end => Due::NotBefore(end),
                    Extension::Undecided => Due::Undecided(end),
                    Extension::Exercised | Extension::Declined => Due::RegisteredUntil(end),
                }
            }
        }
    }

    /// Scans without a record that came in before this are due.
    pub fn scans_before(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        days_before(self.scans_days, now)
    }

    /// Lists that were made before this are due.
    pub fn lists_before(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        days_before(self.lists_days, now)
    }

    /// The rule for scans without a record, in words.
    pub fn scans_in_words(&self) -> String {
        match self.scans_days {
            0 => "Kept.".to_owned(),
            days => format!("Kept for {} after they came in.", days_in_words(days)),
        }
    }

    /// The rule for who was on a list, in words.
    pub fn lists_in_words(&self) -> String {
        match self.lists_days {
            0 => "Kept.".to_owned(),
            days => format!(
                "Kept for {} after the list was made; the links in its messages stop working then.",
                days_in_words(days)
            ),
        }
    }

    /// The rule for families, in words, as a plan keeps it.
    pub fn in_words(&self) -> String {
        let day = |day: NaiveDate| day.format("%-d %B %Y").to_string();
        match (self.families, self.extension) {
            (Rule::YoungestChild, _) => {
                format!("Kept until the youngest child is {} years old.", self.years)
            }
            (Rule::LastForm, _) => format!("Kept for {} years after the last form.", self.years),
            (Rule::Contract, Extension::Exercised) => format!(
                "Kept until the end of the contract, which was extended to {}.",
                day(self.extended_end)
            ),
            (Rule::Contract, Extension::Declined) => format!(
                "Kept until the end of the contract on {}, which was not extended.",
                day(self.contract_end)
            ),
            (Rule::Contract, Extension::Undecided) => format!(
                "Kept until the end of the contract on {}, or on {} if it is extended; nobody has said yet whether it is.",
                day(self.contract_end),
                day(self.extended_end)
            ),
        }
    }
}

/// Nothing where 0 days mean that it is kept.
fn days_before(days: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let before = now.checked_sub_days(Days::new(days.into()));
    (days > 0).then(|| before.unwrap_or(DateTime::<Utc>::MIN_UTC))
}

fn days_in_words(days: u32) -> String {
    match days {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_date_that_has_passed_makes_nothing_due_while_nobody_has_decided() {
        let mut rules = Retention::default();
        let end = day("2026-09-30");
        assert_eq!(rules.due(end), Due::NotBefore(end));
        assert_eq!(rules.due(day("2026-10-01")), Due::Undecided(end));
        assert_eq!(rules.due(day("2040-01-01")), Due::Undecided(end));
        assert!(rules.in_words().contains("nobody has said"));
        rules.extension = Extension::Declined;
        assert_eq!(rules.due(day("2026-10-01")), Due::RegisteredUntil(end));
        rules.extension = Extension::Exercised;
        let extended = day("2028-09-30");
        assert_eq!(rules.due(day("2026-10-01")), Due::NotBefore(extended));
        assert_eq!(rules.due(day("2028-09-30")), Due::NotBefore(extended));
        assert_eq!(rules.due(day("2028-10-01")), Due::RegisteredUntil(extended));
    }

    #[test]
    fn no_days_keep_and_as_many_as_there_are_do_too() {
        let now: DateTime<Utc> = "2026-11-28T12:00:00Z".parse().unwrap();
        let kept = Retention::default();
        assert_eq!(
            (kept.scans_before(now), kept.lists_before(now)),
            (None, None)
        );
        assert_eq!(kept.lists_in_words(), "Kept.");
        let rules = Retention {
            scans_days: 1,
            lists_days: u32::MAX,
            ..kept
        };
        let day_before = "2026-11-27T12:00:00Z".parse().unwrap();
        assert_eq!(rules.scans_before(now), Some(day_before));
        assert_eq!(rules.lists_before(now), Some(DateTime::<Utc>::MIN_UTC));
        assert!(rules.scans_in_words().contains("1 day after"));
    }

    #[test]
    fn years_are_counted_by_the_calendar() {
        let rules = Retention {
            families: Rule::YoungestChild,
            years: 25,
            ..Retention::default()
        };
        // Born on a leap day one is a year older on the last of February.
        assert_eq!(
            rules.due(day("2025-02-28")),
            Due::YoungestBornUntil(day("2000-02-28"))
        );
        let rules = Retention {
            families: Rule::LastForm,
            years: 3,
            ..rules
        };
        assert_eq!(
            rules.due(day("2027-03-01")),
            Due::SignedUntil(day("2024-03-01"))
        );
    }
}
