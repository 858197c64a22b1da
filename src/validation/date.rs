//! Dates, in United Kingdom order, and the range each may lie in.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::forms::definition::DateRole;

/// Why a text is no usable date. Somebody has to look at the form again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Not three parts.
    #[error("a date has a day, a month and a year, such as 27/03/2007")]
    Shape,
    /// The calendar has no such day.
    #[error("there is no such day in the calendar")]
    NoSuchDay,
    /// Two digits that fit two centuries, or three.
    #[error("write the year with four digits")]
    Year,
    /// A birth or signature that has not happened yet.
    #[error("this date is in the future")]
    Future,
    /// A carer who would be a child.
    #[error("this would make the carer younger than {YOUNGEST_CARER}")]
    TooYoung,
    /// A person older than people get.
    #[error("this date of birth is more than {OLDEST} years ago")]
    TooOld,
    /// A child who would be grown up.
    #[error("this would make the child {OLDEST_CHILD} or older")]
    NoChild,
    /// A baby due too far ahead.
    #[error("this due date is more than {PREGNANCY_WEEKS} weeks ahead")]
    DueTooLate,
    /// Longer ago than any form still being entered.
    #[error("this date is more than {OLDEST_FORM_YEARS} years ago")]
    TooLongAgo,
}

/// Carers below this age are not expected, in years.
const YOUNGEST_CARER: u32 = 12;
/// Nobody is older, in years.
const OLDEST: u32 = 115;
/// From this age on nobody is registered as a child. Brothers and sisters of five and more are, and are remarked on.
const OLDEST_CHILD: u32 = 18;
/// A due date lies at most this far ahead of today.
const PREGNANCY_WEEKS: u64 = 43;
/// Forms are not entered later than this many years after they were signed.
const OLDEST_FORM_YEARS: u32 = 6;

/// Reads a date as a person types it (`31/12/1990`, `31-12-90`, `31 Dec 1990`, `31121990`) or in ISO 8601, and checks
/// that it lies where a date of its role can lie.
///
/// A year of two digits is completed only where one century alone is possible.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str, role: DateRole, today: NaiveDate) -> Result<NaiveDate, DateError> {
    let (day, month, year) = parts(text)?;
    let Year::Short(short) = year else {
        let Year::Full(year) = year else {
            return Err(DateError::Year);
        };
        let date = NaiveDate::from_ymd_opt(year, month, day).ok_or(DateError::NoSuchDay)?;
        return in_range(date, role, today).map(|()| date);
    };
    let centuries =
        [1900, 2000].map(|century| NaiveDate::from_ymd_opt(century + short, month, day));
    let possible: Vec<NaiveDate> = centuries
        .into_iter()
        .flatten()
        .filter(|date| in_range(*date, role, today).is_ok())
        .collect();
    match possible.as_slice() {
        [date] => Ok(*date),
        [] if centuries == [None, None] => Err(DateError::NoSuchDay),
        _ => Err(DateError::Year),
    }
}

/// Checks that a date lies where a date of its role can lie on `today`.
///
/// # Errors
/// On which side it lies outside.
pub fn in_range(date: NaiveDate, role: DateRole, today: NaiveDate) -> Result<(), DateError> {
    let years_ago = |years: u32| {
        today
            .checked_sub_months(Months::new(12 * years))
            .unwrap_or(NaiveDate::MIN)
    };
    let fail = |wrong: bool, error| if wrong { Err(error) } else { Ok(()) };
    match role {
        DateRole::AdultBirth => {
            fail(date > today, DateError::Future)?;
            fail(date > years_ago(YOUNGEST_CARER), DateError::TooYoung)?;
            fail(date < years_ago(OLDEST), DateError::TooOld)
        }
        DateRole::ChildBirth => {
            fail(date > today, DateError::Future)?;
            fail(date <= years_ago(OLDEST_CHILD), DateError::NoChild)
        }
        DateRole::Signed | DateRole::Received => {
            fail(date > today, DateError::Future)?;
            fail(date < years_ago(OLDEST_FORM_YEARS), DateError::TooLongAgo)
        }
        DateRole::Due => {
            let latest = today
                .checked_add_days(Days::new(7 * PREGNANCY_WEEKS))
                .unwrap_or(NaiveDate::MAX);
            fail(date > latest, DateError::DueTooLate)?;
            fail(date < years_ago(OLDEST_FORM_YEARS), DateError::TooLongAgo)
        }
    }
}

/// Whole years from `born` to `day`; 0 when `born` is later.
pub fn whole_years(born: NaiveDate, day: NaiveDate) -> u32 {
    day.years_since(born).unwrap_or(0)
}

/// A year as written.
enum Year {
    Full(i32),
    Short(i32),
    Unclear,
}

fn year(text: &str) -> Result<Year, DateError> {
    let number: i32 = text.parse().map_err(|_| DateError::Shape)?;
    Ok(match text.len() {
        4 => Year::Full(number),
        2 => Year::Short(number),
        _ => Year::Unclear,
    })
}

/// Day, month and year as written.
fn parts(text: &str) -> Result<(u32, u32, Year), DateError> {
    let text = text.trim();
    let split: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, '/' | '-' | '.' | ',' | '\u{2013}'))
        .filter(|part| !part.is_empty())
        .collect();
    let number = |part: &str| match part.len() {
        1 | 2 => part.parse::<u32>().map_err(|_| DateError::Shape),
        _ => Err(DateError::Shape),
    };
    match split.as_slice() {
        [first, second, third] if first.len() == 4 && first.bytes().all(|b| b.is_ascii_digit()) => {
            Ok((
                number(third)?,
                month(second).map_or_else(|| number(second), Ok)?,
                year(first)?,
            ))
        }
        [first, second, third] => {
            let day = first.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            Ok((
                number(day)?,
                month(second).map_or_else(|| number(second), Ok)?,
                year(third)?,
            ))
        }
        [all] if (all.len() == 8 || all.len() == 6) && all.bytes().all(|b| b.is_ascii_digit()) => {
            Ok((number(&all[..2])?, number(&all[2..4])?, year(&all[4..])?))
        }
        _ => Err(DateError::Shape),
    }
}

/// A month by its name, or by the first three letters or more of it.
fn month(text: &str) -> Option<u32> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let text = text.to_ascii_lowercase();
    let found = NAMES
        .iter()
        .position(|name| text.len() >= 3 && name.starts_with(&text))?;
    u32::try_from(found + 1).ok()
}

/// The way people read a date: `27 March 2007`.
pub fn written_out(date: NaiveDate) -> String {
    format!("{} {} {}", date.day(), date.format("%B"), date.year())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).expect("a date")
    }

    fn today() -> NaiveDate {
        day(2026, 3, 14)
    }

    #[test]
    fn reads_dates_as_people_type_them() {
        for text in [
            "31/12/1990",
            "31-12-1990",
            "31.12.1990",
            "31 12 1990",
            "1990-12-31",
            "31121990",
            "31 Dec 1990",
            "31st December 1990",
        ] {
            assert_eq!(
                parse(text, DateRole::AdultBirth, today()),
                Ok(day(1990, 12, 31))
            );
        }
        assert_eq!(
            parse("5/6/1990", DateRole::AdultBirth, today()),
            Ok(day(1990, 6, 5))
        );
    }

    #[test]
    fn completes_a_year_only_where_one_century_is_possible() {
        assert_eq!(
            parse("01/02/24", DateRole::ChildBirth, today()),
            Ok(day(2024, 2, 1))
        );
        assert_eq!(
            parse("01/02/85", DateRole::AdultBirth, today()),
            Ok(day(1985, 2, 1))
        );
        assert_eq!(
            parse("01/02/12", DateRole::AdultBirth, today()),
            Err(DateError::Year)
        );
        assert_eq!(
            parse("01/02/190", DateRole::AdultBirth, today()),
            Err(DateError::Year)
        );
    }

    #[test]
    fn refuses_what_cannot_be() {
        let cases = [
            ("31/02/2024", DateRole::ChildBirth, DateError::NoSuchDay),
            ("13/13/2024", DateRole::ChildBirth, DateError::NoSuchDay),
            ("01/04/2026", DateRole::ChildBirth, DateError::Future),
            ("14/03/2008", DateRole::ChildBirth, DateError::NoChild),
            ("01/01/2020", DateRole::AdultBirth, DateError::TooYoung),
            ("01/01/1890", DateRole::AdultBirth, DateError::TooOld),
            ("15/03/2026", DateRole::Signed, DateError::Future),
            ("15/03/2016", DateRole::Received, DateError::TooLongAgo),
            ("15/03/2027", DateRole::Due, DateError::DueTooLate),
            ("yesterday", DateRole::Signed, DateError::Shape),
            ("", DateRole::Signed, DateError::Shape),
        ];
        for (text, role, error) in cases {
            assert_eq!(parse(text, role, today()), Err(error));
        }
        assert_eq!(
            parse("29/02/2024", DateRole::ChildBirth, today()),
            Ok(day(2024, 2, 29))
        );
        assert_eq!(
            parse("01/09/2026", DateRole::Due, today()),
            Ok(day(2026, 9, 1))
        );
    }

    proptest! {
        #[test]
        fn every_day_reads_back(days in 1_u64..36_000) {
            let date = today() - Days::new(5_000 + days);
            for form in ["%d/%m/%Y", "%Y-%m-%d", "%d %m %Y", "%d%m%Y", "%d %B %Y"] {
                let typed = date.format(form).to_string();
                prop_assert_eq!(parse(&typed, DateRole::AdultBirth, today()), Ok(date));
            }
        }

        #[test]
        fn takes_any_text(text in "\\PC{0,16}") {
            let _ = parse(&text, DateRole::Signed, today());
        }
    }
}
