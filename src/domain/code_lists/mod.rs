//! What a ticked answer is called in other people's code lists.
//!
//! A record keeps the value of the box as our form has it (the local code) and the form version says what was printed
//! beside it. The lists here, one TOML each with a version and its sources, map that value to each outside system; a
//! system without a fitting code gets none, rather than a guess. An answer that was not asked for or not given has no code here: only
//! the caller knows which of the two it was ([`ABSENT`]).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::household::leaf_of;

/// NHS Ethnic Category of somebody who was not asked or left the whole list empty; "prefer not to say" is `Z`, another fact
/// (NHS Data Dictionary, Ethnic Category).
pub const ABSENT: &str = "99";

/// One answer in a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Code {
    /// The value of the box on our forms.
    value: String,
    /// What it means, in the words of the list.
    label: String,
    /// Codes by outside system.
    #[serde(flatten)]
    codes: BTreeMap<String, String>,
}

/// A versioned code list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CodeList {
    /// `ethnic_group`.
    pub id: String,
    /// Version, a date; changes whenever a mapping does.
    pub version: String,
    /// Names of the answers it is for, without block.
    pub answers: Vec<String>,
    /// The outside systems and where their codes are defined.
    pub systems: BTreeMap<String, String>,
    code: Vec<Code>,
}

/// An answer in the words and codes of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Coding {
    /// List and version: `ethnic_group/2026-11-24`.
    pub list: String,
    /// Our own code: the value of the box.
    pub code: String,
    /// What it means.
    pub label: String,
    /// Codes by outside system; a system without a fitting code is left out.
    pub mapped: BTreeMap<String, String>,
}

impl Coding {
    /// The outside codes for a page: `NHS: B, ONS 2021: Irish`; empty when there are none.
    pub fn in_words(&self) -> String {
        let one = |(system, code): (&String, &String)| format!("{}: {code}", system_name(system));
        self.mapped.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

/// What people call an outside system.
fn system_name(key: &str) -> &str {
    match key {
        "ons_2021" => "ONS 2021",
        "nhs" | "nhs_stated" => "NHS",
        "dfe" => "DfE",
        "fhir" => "FHIR",
        "hl7" => "HL7",
        "uk_core" => "UK Core",
        other => other,
    }
}

/// The codes of those answers that a list has, by name.
pub fn codings(answers: &BTreeMap<String, serde_json::Value>) -> BTreeMap<String, Coding> {
    answers
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), coding(name, value.as_str()?)?)))
        .collect()
}

static LISTS: LazyLock<Vec<CodeList>> = LazyLock::new(|| {
    let texts = [
        include_str!("ethnic_group.toml"),
        include_str!("gender.toml"),
        include_str!("relationship.toml"),
    ];
    let parse = |text: &&str| toml::from_str(text).expect("a test reads every list");
    texts.iter().map(parse).collect()
});

/// Every list.
pub fn all() -> &'static [CodeList] {
    &LISTS
}

/// The answer called `name` (with or without its block) in other people's codes, where a list has it.
pub fn coding(name: &str, value: &str) -> Option<Coding> {
    let leaf = leaf_of(name);
    let list = all().iter().find(|l| l.answers.iter().any(|a| a == leaf))?;
    let code = list.code.iter().find(|c| c.value == value)?;
    Some(Coding {
        list: format!("{}/{}", list.id, list.version),
        code: code.value.clone(),
        label: code.label.clone(),
        mapped: code.codes.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_that_our_form_offers_has_a_code() {
        let form = crate::forms::load("registration").unwrap();
        let mut seen = 0;
        for field in &form.fields {
            let leaf = leaf_of(&field.name);
            if all().iter().any(|l| l.answers.iter().any(|a| a == leaf))
                && !field.options.is_empty()
            {
                for option in &field.options {
                    assert!(
                        coding(&field.name, &option.value).is_some(),
                        "{} {}",
                        field.name,
                        option.value
                    );
                    seen += 1;
                }
            }
        }
        assert!(seen > 40, "{seen}");
    }

    #[test]
    fn no_list_has_a_value_twice_or_names_a_system_it_does_not_describe() {
        for list in all() {
            let mut values: Vec<&str> = list.code.iter().map(|c| c.value.as_str()).collect();
            values.sort_unstable();
            let count = values.len();
            values.dedup();
            assert_eq!(values.len(), count, "{}", list.id);
            for code in &list.code {
                for system in code.codes.keys() {
                    assert!(list.systems.contains_key(system), "{}: {system}", list.id);
                }
            }
        }
    }

    #[test]
    fn codes_are_said_by_the_names_people_know() {
        let irish = coding("primary_carer.ethnic_group", "white_irish").unwrap();
        assert!(irish.in_words().contains("NHS: B"), "{}", irish.in_words());
        for list in all() {
            for system in list.systems.keys() {
                assert_ne!(
                    system_name(system),
                    system,
                    "{system} has no name for people"
                );
            }
        }
    }

    #[test]
    fn what_a_list_cannot_say_it_does_not_say() {
        let nhs = |value: &str| {
            coding("primary_carer.ethnic_group", value)
                .unwrap()
                .mapped
                .get("nhs")
                .cloned()
        };
        assert_eq!(nhs("asian_indian").as_deref(), Some("H"));
        // The 2001 list has no place of its own for Roma and Arab: they fall to "other", which loses something.
        assert_eq!(nhs("white_roma").as_deref(), Some("C"));
        assert_eq!(nhs("other_arab").as_deref(), Some("S"));
        assert_eq!(nhs("not_said").as_deref(), Some("Z"));
        // "Asian" alone fits no national category.
        assert_eq!(nhs("asian"), None);
        assert_eq!(coding("child_1.ethnic_group", "martian"), None);
        assert_eq!(coding("child_1.first_name", "asian"), None);
    }
}
