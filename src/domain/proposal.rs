//! What a newer form changes in a record: each value that differs, and which of the two stays.
//!
//! The rule is that the newest paper wins. A form says what was true on the day it was signed; what an older one says
//! never takes the place of a newer one's, however late it was scanned. An empty field says nothing, so it changes nothing.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::Value as Json;

/// Answers about one person or household by name without the block. An address is one answer, called [`ADDRESS`].
pub type Answers = BTreeMap<String, Json>;

/// The answer that holds a whole address: an object of [`ADDRESS_PARTS`], those that are known.
pub const ADDRESS: &str = "address";

/// The parts of an address as forms call them.
pub const ADDRESS_PARTS: [&str; 4] = ["address_line_1", "address_line_2", "town", "postcode"];

/// What becomes of a value that differs from the one on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was on record.
    Added,
    /// It takes the place of what was on record.
    Replaces,
    /// The record knows something newer; it stays.
    Older,
}

/// A value on a form that is not the one on record.
#[derive(Clone, PartialEq)]
pub struct Change {
    /// Name of the answer.
    pub name: String,
    /// What is on record.
    pub old: Option<Json>,
    /// What the form says.
    pub new: Json,
    /// Which one stays.
    pub outcome: Outcome,
}

impl Change {
    /// Whether the form's value goes into the record.
    pub fn is_taken(&self) -> bool {
        self.outcome != Outcome::Older
    }
}

/// Values stay out of logs.
impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Change({}, {:?})", self.name, self.outcome)
    }
}

/// How the answers of a form signed on `signed` differ from those on record, by name. `since` tells from which day the
/// value on record is true.
pub fn changes(
    on_record: &Answers,
    since: impl Fn(&str) -> NaiveDate,
    on_form: &Answers,
    signed: NaiveDate,
) -> Vec<Change> {
    on_form
        .iter()
        .filter_map(|(name, new)| {
            let old = on_record.get(name);
            let outcome = match old {
                None => Outcome::Added,
                Some(old) if says_the_same(old, new) => return None,
                Some(_) if signed >= since(name) => Outcome::Replaces,
                Some(_) => Outcome::Older,
            };
            Some(Change {
                name: name.clone(),
                old: old.cloned(),
                new: new.clone(),
                outcome,
            })
        })
        .collect()
}

/// Keeps the answers about two people apart whose names stand in the same place of a form, as the second and the third
/// form may name others who matter to the children (`significant_person_1.name`). Takes out of `changes` what an older
/// form says of somebody else, and returns the names of answers on record that are about whoever the form replaces.
pub fn about_somebody_else(
    on_record: &Answers,
    on_form: &Answers,
    changes: &mut Vec<Change>,
) -> Vec<String> {
    let another = |change: &Change| {
        let block = change.name.strip_suffix(".name")?;
        change.old.as_ref()?;
        Some((format!("{block}."), change.is_taken()))
    };
    let others: Vec<(String, bool)> = changes.iter().filter_map(another).collect();
    let mut gone = Vec::new();
    for (block, is_taken) in others {
        if is_taken {
            let about = |name: &&String| name.starts_with(&block) && !on_form.contains_key(*name);
            gone.extend(on_record.keys().filter(about).cloned());
        } else {
            changes.retain(|change| !change.name.starts_with(&block));
        }
    }
    gone
}

/// Whether two values differ in nothing but capitals and spaces: forms are filled in in capitals, records need not be.
pub fn says_the_same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::String(a), Json::String(b)) => plain(a) == plain(b),
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| says_the_same(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| says_the_same(a, b)))
        }
        (a, b) => a == b,
    }
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<String>().to_lowercase()
}

/// Takes the parts of an address out of `answers` and puts the whole in.
pub fn gather_address(answers: &mut Answers) {
    let parts: serde_json::Map<String, Json> = ADDRESS_PARTS
        .iter()
        .filter_map(|part| Some(((*part).to_owned(), answers.remove(*part)?)))
        .collect();
    if !parts.is_empty() {
        answers.insert(ADDRESS.to_owned(), Json::Object(parts));
    }
}

/// The telephone number to use first among `answers`: a mobile number where there is one.
pub fn preferred_phone(answers: &Answers) -> Option<String> {
    let named = |word: &str| {
        answers
            .iter()
            .find(|(name, value)| name.contains(word) && value.is_string())
            .and_then(|(_, value)| value.as_str().map(str::to_owned))
    };
    named("mobile").or_else(|| named("phone"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn answers(pairs: &[(&str, Json)]) -> Answers {
        pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), v.clone()))
            .collect()
    }

    #[test]
    fn the_newest_form_wins_and_an_empty_field_changes_nothing() {
        let record = answers(&[
            ("surname", json!("Smith")),
            ("email", json!("a@example.org")),
        ]);
        let form = answers(&[
            ("surname", json!("JONES")),
            ("mobile", json!("07700900001")),
        ]);
        let since = |_: &str| day("2026-05-01");
        let outcome = |signed: &str| -> Vec<(String, Outcome)> {
            let changes = changes(&record, since, &form, day(signed));
            changes.into_iter().map(|c| (c.name, c.outcome)).collect()
        };
        let added = ("mobile".to_owned(), Outcome::Added);
        assert_eq!(
            outcome("2026-05-01"),
            [added.clone(), ("surname".into(), Outcome::Replaces)]
        );
        assert_eq!(
            outcome("2026-04-30"),
            [added, ("surname".into(), Outcome::Older)]
        );
    }

    #[test]
    fn two_people_in_the_same_place_are_not_mixed() {
        let record = answers(&[
            ("significant_person_1.name", json!("RUTH EXAMPLE")),
            ("significant_person_1.relationship", json!("Grandmother")),
            ("significant_person_2.phone", json!("07700900002")),
        ]);
        let form = answers(&[
            ("significant_person_1.name", json!("JO MINDER")),
            ("significant_person_1.phone", json!("07700900001")),
            ("significant_person_2.name", json!("NED EXAMPLE")),
        ]);
        let names = |changes: &[Change]| -> Vec<String> {
            changes.iter().map(|c| c.name.clone()).collect()
        };
        let since = |_: &str| day("2026-05-01");
        let mut newer = changes(&record, since, &form, day("2026-06-01"));
        assert_eq!(
            about_somebody_else(&record, &form, &mut newer),
            ["significant_person_1.relationship"]
        );
        assert_eq!(names(&newer).len(), 3);
        let mut older = changes(&record, since, &form, day("2026-04-01"));
        assert!(about_somebody_else(&record, &form, &mut older).is_empty());
        assert_eq!(names(&older), ["significant_person_2.name"]);
    }

    #[test]
    fn capitals_and_spaces_are_no_change() {
        assert!(says_the_same(&json!("MK40 1AA"), &json!("mk401aa")));
        assert!(says_the_same(
            &json!({"town": "Bedford", "postcode": "MK40 1AA"}),
            &json!({"postcode": "MK40 1AA", "town": "BEDFORD"})
        ));
        assert!(!says_the_same(&json!({"town": "Bedford"}), &json!({})));
        assert!(!says_the_same(&json!(["a"]), &json!(["a", "b"])));
    }

    #[test]
    fn an_address_is_one_answer_and_a_mobile_number_comes_first() {
        let mut form = answers(&[
            ("address_line_1", json!("1 Elm Road")),
            ("postcode", json!("MK40 1AA")),
            ("home_phone", json!("01632960001")),
            ("mobile", json!("07700900001")),
        ]);
        assert_eq!(preferred_phone(&form).unwrap(), "07700900001");
        gather_address(&mut form);
        let whole = json!({"address_line_1": "1 Elm Road", "postcode": "MK40 1AA"});
        assert_eq!(form[ADDRESS], whole);
        assert!(!form.contains_key("postcode"));
        form.remove("mobile");
        assert_eq!(preferred_phone(&form).unwrap(), "01632960001");
    }

    proptest! {
        #[test]
        fn what_was_taken_is_no_change_the_next_time(
            record in prop::collection::btree_map("[a-d]", "[A-C]{1,2}", 0..4),
            form in prop::collection::btree_map("[a-d]", "[A-C]{1,2}", 0..4),
            signed in 0u64..3,
        ) {
            let json = |m: BTreeMap<String, String>| -> Answers { m.into_iter().map(|(n, v)| (n, json!(v))).collect() };
            let (mut record, form) = (json(record), json(form));
            let start = day("2026-01-02");
            let signed = day("2026-01-01") + chrono::Days::new(signed);
            let before = record.clone();
            for change in changes(&record.clone(), |_| start, &form, signed) {
                if change.is_taken() {
                    record.insert(change.name, change.new);
                }
            }
            let left = changes(&record, |_| start, &form, signed);
            prop_assert!(left.iter().all(|c| c.outcome == Outcome::Older));
            // Nothing that was on record has gone.
            prop_assert!(before.keys().all(|name| record.contains_key(name)));
        }
    }
}
