//! Real calendar dates, the likely ones of a role heavier than the merely possible.

use chrono::{Datelike, NaiveDate};
use enrol::forms::definition::DateRole;
use enrol::validation::date::in_range;

use super::grammar::Grammar;

/// Dates written as day, month and year in digits, each part with the number of digits its used cells give.
#[derive(Debug, Clone)]
pub struct Dates {
    role: DateRole,
    today: NaiveDate,
    /// Digits of day (1 or 2), month (1 or 2) and year (2 or 4).
    digits: [usize; 3],
}

/// A real date on which the rules of its role refuse the field.
const REFUSED: f64 = 0.002;
/// A date that the rules take but that is rare in its role.
const RARE: f64 = 0.05;
/// No date on a form is earlier.
const FIRST_YEAR: i32 = 1900;
/// No date on a form lies more than this many years ahead.
const YEARS_AHEAD: i32 = 1;

impl Dates {
    /// `None` when the digits per part are not those of a date.
    pub fn new(role: DateRole, today: NaiveDate, digits: [usize; 3]) -> Option<Self> {
        let [day, month, year] = digits;
        let fits = (1..=2).contains(&day) && (1..=2).contains(&month) && (year == 2 || year == 4);
        fits.then_some(Self {
            role,
            today,
            digits,
        })
    }

    /// How likely a real date is in this role, 1 for the likely ones.
    fn likelihood(&self, date: NaiveDate) -> f64 {
        if in_range(date, self.role, self.today).is_err() {
            return REFUSED;
        }
        let age = f64::from(self.today.year() - date.year());
        let usual = match self.role {
            DateRole::ChildBirth => age <= 6.0,
            DateRole::AdultBirth => (16.0..=60.0).contains(&age),
            DateRole::Signed | DateRole::Received => age <= 1.0,
            DateRole::Due => age <= 1.0,
        };
        if usual { 1.0 } else { RARE }
    }

    /// Years that begin with the digits written so far.
    fn years(&self, begun: &str) -> impl Iterator<Item = i32> {
        let missing = (self.digits[2] - begun.len()) as u32;
        let short = self.digits[2] == 2;
        let last = self.today.year() + YEARS_AHEAD;
        let lead: i32 = begun.parse().unwrap_or(0);
        let power = 10i32.pow(missing);
        (FIRST_YEAR..=last).filter(move |year| {
            let written = if short { year % 100 } else { *year };
            written / power == lead
        })
    }
}

impl Grammar for Dates {
    fn weight(&self, prefix: &str) -> f64 {
        let [days, months, _] = self.digits;
        let number = |text: &str| text.parse::<u32>().unwrap_or(0);
        let part = |from: usize, length: usize| {
            &prefix[from.min(prefix.len())..(from + length).min(prefix.len())]
        };
        let (day, month, year) = (part(0, days), part(days, months), part(days + months, 4));
        let fits = |written: &str, value: u32, digits: usize| {
            let power = 10u32.pow((digits - written.len()) as u32);
            value < 10u32.pow(digits as u32) && value / power == number(written)
        };
        // Before the year begins every date of a leap year is possible, and each as likely as another.
        if year.is_empty() {
            let any = (1..=12u32).filter(|m| fits(month, *m, months)).any(|m| {
                (1..=31u32)
                    .filter(|d| fits(day, *d, days))
                    .any(|d| NaiveDate::from_ymd_opt(2000, m, d).is_some())
            });
            return if any { 1.0 } else { 0.0 };
        }
        let (day, month) = (number(day), number(month));
        self.years(year)
            .filter_map(|y| NaiveDate::from_ymd_opt(y, month, day))
            .map(|date| self.likelihood(date))
            .fold(0.0, f64::max)
    }

    fn length(&self) -> usize {
        self.digits.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handwriting::Labels;
    use crate::handwriting::knowledge::Knowledge;
    use crate::handwriting::knowledge::grammar::ByGrammar;
    use proptest::prelude::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 6, 15).expect("a date")
    }

    fn weight(role: DateRole, text: &str, digits: [usize; 3]) -> f64 {
        let classes: Vec<char> = "0123456789".chars().collect();
        let labels = Labels::new("0123456789", &classes, 0);
        let dates = Dates::new(role, today(), digits).expect("digits of a date");
        let automaton = ByGrammar::new(dates, &labels).expect("short");
        let text: Vec<u16> = text.chars().filter_map(|c| labels.label(c)).collect();
        automaton.weight(&text)
    }

    proptest! {
        #[test]
        fn it_accepts_exactly_the_real_dates_of_its_years(day in 0u32..40, month in 0u32..15, year in 1890i32..2040) {
            let real = NaiveDate::from_ymd_opt(year, month, day).is_some() && (1900..=2027).contains(&year);
            for role in [DateRole::ChildBirth, DateRole::AdultBirth, DateRole::Signed, DateRole::Due] {
                let found = weight(role, &format!("{day:02}{month:02}{year}"), [2, 2, 4]);
                prop_assert_eq!(found > 0.0, real);
            }
        }

        #[test]
        fn what_the_rules_refuse_weighs_less_than_what_they_take(days in 0u64..40_000) {
            let date = today() - chrono::Days::new(days);
            for role in [DateRole::ChildBirth, DateRole::AdultBirth, DateRole::Received] {
                let found = weight(role, &date.format("%d%m%Y").to_string(), [2, 2, 4]);
                prop_assert_eq!(found > REFUSED, in_range(date, role, today()).is_ok());
            }
        }

        #[test]
        fn short_parts_are_dates_too(day in 1u32..10, month in 1u32..10, year in 0i32..100) {
            let real = [1900, 2000].iter().any(|c| c + year <= 2027 && NaiveDate::from_ymd_opt(c + year, month, day).is_some());
            let found = weight(DateRole::AdultBirth, &format!("{day}{month}{year:02}"), [1, 1, 2]);
            prop_assert_eq!(found > 0.0, real);
        }
    }
}
