//! What typed answers settle.

use super::*;
use crate::forms;

fn field(name: &str) -> Field {
    forms::load("registration")
        .unwrap()
        .field(name)
        .unwrap()
        .clone()
}

fn values(values: &[&str]) -> Typed {
    Typed {
        values: values.iter().map(|v| (*v).to_owned()).collect(),
        ..Typed::default()
    }
}

#[test]
fn inputs_are_sorted_by_field() {
    let sent = [
        ("csrf", "x"),
        ("value:household.home_circumstances", "lone_parent"),
        ("value:household.home_circumstances", "temporary"),
        ("day:primary_carer.date_of_birth", "3"),
        ("month:primary_carer.date_of_birth", "11"),
        ("year:primary_carer.date_of_birth", "1990"),
        ("mark:primary_carer.surname", "unreadable"),
    ]
    .map(|(n, v)| (n.to_owned(), v.to_owned()));
    let typed = typed(&sent);
    assert_eq!(
        typed["household.home_circumstances"].values,
        ["lone_parent", "temporary"]
    );
    assert_eq!(
        typed["primary_carer.date_of_birth"].date,
        ["3", "11", "1990"]
    );
    assert!(typed["primary_carer.surname"].is_marked(UNREADABLE));
    assert_eq!(typed.len(), 3);
}

#[test]
fn nothing_typed_is_an_answer_only_where_nobody_has_to_decide() {
    let surname = field("primary_carer.surname");
    assert_eq!(
        settle(&surname, &values(&["  "]), false),
        Ok(Settled::Blank)
    );
    assert!(settle(&surname, &values(&["  "]), true).is_err());
    let marked = Typed {
        marks: vec![BLANK.into()],
        ..values(&["SMITH"])
    };
    assert_eq!(settle(&surname, &marked, true), Ok(Settled::Blank));
    let both = Typed {
        marks: vec![BLANK.into(), UNREADABLE.into()],
        ..Typed::default()
    };
    assert!(settle(&surname, &both, true).is_err());
}

#[test]
fn consents_take_yes_no_blank_and_unreadable_and_nothing_else() {
    let consent = field("consent.email");
    let yes = Settled::Value(FieldValue::Text("yes".into()));
    assert_eq!(settle(&consent, &values(&["yes"]), true), Ok(yes));
    assert_eq!(
        settle(&consent, &values(&["-blank"]), true),
        Ok(Settled::Blank)
    );
    assert_eq!(
        settle(&consent, &values(&["-unreadable"]), true),
        Ok(Settled::Unreadable)
    );
    assert!(settle(&consent, &values(&["perhaps"]), true).is_err());
    assert!(settle(&consent, &Typed::default(), true).is_err());
}

#[test]
fn dates_are_put_together() {
    let born = field("primary_carer.date_of_birth");
    let typed = Typed {
        date: ["13", "7", "1990"].map(str::to_owned),
        ..Typed::default()
    };
    let date = chrono::NaiveDate::from_ymd_opt(1990, 7, 13).unwrap();
    assert_eq!(
        settle(&born, &typed, true),
        Ok(Settled::Value(FieldValue::Date(date)))
    );
    let impossible = Typed {
        date: ["31", "2", "1990"].map(str::to_owned),
        ..Typed::default()
    };
    assert!(settle(&born, &impossible, true).is_err());
}

#[test]
fn chosen_options_come_in_printed_order() {
    let home = field("household.home_circumstances");
    let first = home.options[0].value.clone();
    let last = home.options.last().unwrap().value.clone();
    let settled = settle(&home, &values(&[&last, &first]), true);
    assert_eq!(
        settled,
        Ok(Settled::Value(FieldValue::Choices(vec![first, last])))
    );
}

#[test]
fn a_reading_that_fails_its_check_is_shown_as_read() {
    assert_eq!(split_date(Some("13/07/2024")), ["13", "07", "2024"]);
    assert_eq!(split_date(Some("1/7/2024")), ["", "", ""]);
}
