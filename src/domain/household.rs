//! From the settled fields of a form to a household: its carers, its children and what they consented to.
//!
//! Field names decide where an answer goes. `primary_carer.*`, `secondary_carer.*` and `child_N.*` belong to a
//! member; everything else belongs to the household. Article 9 answers are kept apart whatever their block.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::Value as Json;

use super::field::{FieldKind, FieldValue};
use crate::forms::definition::{DataCategory, DateRole, Field, FormDefinition};

/// What a field was settled as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// A checked value.
    Value(FieldValue),
    /// Nothing is written there.
    Blank,
    /// Something is written that nobody can read.
    Unreadable,
}

impl Settled {
    /// The name used in the database.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Value(_) => "value",
            Self::Blank => "blank",
            Self::Unreadable => "unreadable",
        }
    }

    /// The value, where there is one.
    pub fn value(&self) -> Option<&FieldValue> {
        match self {
            Self::Value(value) => Some(value),
            Self::Blank | Self::Unreadable => None,
        }
    }
}

/// Settled fields by name.
pub type SettledFields = BTreeMap<String, Settled>;

/// What a member of a household is to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemberRole {
    /// The carer who filled in the form.
    PrimaryCarer,
    /// The second carer.
    SecondaryCarer,
    /// A child under 5.
    Child,
}

impl MemberRole {
    /// The name used in JSON and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PrimaryCarer => "primary_carer",
            Self::SecondaryCarer => "secondary_carer",
            Self::Child => "child",
        }
    }

    /// Role and position (from 1) of the member that the block `name` describes.
    fn of_block(name: &str) -> Option<(Self, i32)> {
        match name {
            "primary_carer" => Some((Self::PrimaryCarer, 1)),
            "secondary_carer" => Some((Self::SecondaryCarer, 1)),
            _ => {
                let position = name.strip_prefix("child_")?.parse().ok()?;
                Some((Self::Child, position))
            }
        }
    }
}

/// One person of a household.
#[derive(Clone, PartialEq)]
pub struct Member {
    /// Carer or child.
    pub role: MemberRole,
    /// Position on the form among those of the same role, from 1.
    pub position: i32,
    /// First name or names.
    pub first_name: String,
    /// Surname.
    pub surname: String,
    /// Date of birth, where it could be read.
    pub date_of_birth: Option<NaiveDate>,
    /// NHS number, ten digits.
    pub nhs_number: Option<String>,
    /// Telephone number, digits only; a mobile number where there are several.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Other ordinary answers by field name without the block.
    pub details: BTreeMap<String, Json>,
}

impl Member {
    /// The block of the form that describes this person: `child_2`.
    pub fn block(&self) -> String {
        block_name(self.role.as_str(), self.position)
    }

    /// Every ordinary answer by name without the block.
    pub fn answers(&self) -> BTreeMap<String, Json> {
        let mut answers = self.details.clone();
        let text = |text: &str| Json::String(text.to_owned());
        let own = [
            ("first_name", Some(text(&self.first_name))),
            ("surname", Some(text(&self.surname))),
            (
                "date_of_birth",
                self.date_of_birth.map(|d| text(&d.to_string())),
            ),
            ("nhs_number", self.nhs_number.as_deref().map(text)),
            ("email", self.email.as_deref().map(text)),
        ];
        let known = own
            .into_iter()
            .filter_map(|(n, v)| Some((n.to_owned(), v?)));
        answers.extend(known);
        answers
    }
}

/// The block of a form that describes the member of that role and position: `child_2`, `primary_carer`.
pub fn block_name(role: &str, position: i32) -> String {
    if role == "child" {
        format!("child_{position}")
    } else {
        role.to_owned()
    }
}

/// Names and numbers stay out of logs.
impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Member({} {}, redacted)",
            self.role.as_str(),
            self.position
        )
    }
}

/// The answer to a request for consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentAnswer {
    /// Given.
    Yes,
    /// Refused.
    No,
    /// No box is marked. Not consent.
    NotAnswered,
    /// Marked so that nobody can say what was meant. Not consent.
    Unreadable,
}

impl ConsentAnswer {
    /// The name used in JSON, the database and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotAnswered => "not_answered",
            Self::Unreadable => "unreadable",
        }
    }

    /// The answer of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Yes, Self::No, Self::NotAnswered, Self::Unreadable]
            .into_iter()
            .find(|answer| answer.as_str() == name)
    }

    fn from_settled(settled: Option<&Settled>) -> Self {
        match settled {
            None | Some(Settled::Blank) => Self::NotAnswered,
            Some(Settled::Unreadable) => Self::Unreadable,
            Some(Settled::Value(FieldValue::Text(answer))) if answer == "yes" => Self::Yes,
            Some(Settled::Value(FieldValue::Choices(marked))) if marked == &["yes"] => Self::Yes,
            // Anything that is not plainly "yes" is not consent.
            Some(Settled::Value(_)) => Self::No,
        }
    }
}

/// One consent with what proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Purpose or channel, `contact.email`.
    pub purpose: String,
    /// The answer.
    pub answer: ConsentAnswer,
    /// The field it stands in, whose zone is the evidence.
    pub field: String,
    /// The exact statement that was printed beside the boxes.
    pub wording: String,
}

/// Everything one form says, ready to be stored.
#[derive(Clone, PartialEq)]
pub struct Household {
    /// The centre that registered the family.
    pub centre: Option<String>,
    /// Ordinary answers that belong to no single member, by field name.
    pub details: BTreeMap<String, Json>,
    /// Carers first, then children in the order of the form.
    pub members: Vec<Member>,
    /// Article 9 answers by field name, to be sealed.
    pub special: BTreeMap<String, Json>,
    /// One entry for each consent the form asks for, answered or not.
    pub consents: Vec<Consent>,
    /// The date beside the signature.
    pub signed_on: Option<NaiveDate>,
}

impl Household {
    /// The day for which the form speaks. A date after `today` was not the day of signing.
    pub fn speaks_for(&self, today: NaiveDate) -> NaiveDate {
        self.signed_on.filter(|day| *day <= today).unwrap_or(today)
    }
}

/// Shows counts only.
impl std::fmt::Debug for Household {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Household({} members, {} consents)",
            self.members.len(),
            self.consents.len()
        )
    }
}

/// The part of a form that the field `name` belongs to: what stands before the first dot.
pub fn block_of(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// The last part of a field's name: `surname` of `child_1.surname`, and the name itself where it stands alone.
pub fn leaf_of(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Whether a family may leave the whole block empty: a second carer, and every repeated block (`child_2`).
pub fn may_be_empty(block: &str) -> bool {
    block == "secondary_carer"
        || block
            .rsplit_once('_')
            .is_some_and(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Fields without which no record can be made, in the order of the form. `written` says whether anything was
/// written in a field and `has_value` whether its value is known; both are asked by field name.
pub fn missing(
    definition: &FormDefinition,
    written: impl Fn(&str) -> bool,
    has_value: impl Fn(&str) -> bool,
) -> Vec<&Field> {
    let used = |block: &str| {
        !may_be_empty(block)
            || definition
                .fields
                .iter()
                .any(|f| block_of(&f.name) == block && written(&f.name))
    };
    definition
        .fields
        .iter()
        .filter(|f| f.rules.required && !has_value(&f.name) && used(block_of(&f.name)))
        .collect()
}

/// [`missing`] for settled fields.
pub fn missing_from<'a>(definition: &'a FormDefinition, settled: &SettledFields) -> Vec<&'a Field> {
    missing(
        definition,
        |name| settled.get(name).is_some_and(|s| *s != Settled::Blank),
        |name| settled.get(name).is_some_and(has_answer),
    )
}

/// A box for a signature with nothing in it is an answer to the reader, but no signature.
fn has_answer(settled: &Settled) -> bool {
    settled
        .value()
        .is_some_and(|v| *v != FieldValue::Signed(false))
}

/// Why no household can be made of a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HouseholdError {
    /// Required fields have no value: go back to the clerk.
    #[error("required fields have no value: {}", .0.join(", "))]
    Missing(Vec<String>),
}

/// Makes the household of a form from its settled fields.
///
/// # Errors
/// [`HouseholdError::Missing`] names required fields without a value; a clerk has to look again.
pub fn from_fields(
    definition: &FormDefinition,
    settled: &SettledFields,
) -> Result<Household, HouseholdError> {
    let lacking = missing_from(definition, settled);
    if !lacking.is_empty() {
        return Err(HouseholdError::Missing(
            lacking.into_iter().map(|f| f.name.clone()).collect(),
        ));
    }

    let mut household = Household {
        centre: None,
        details: BTreeMap::new(),
        members: Vec::new(),
        special: BTreeMap::new(),
        consents: Vec::new(),
        signed_on: None,
    };
    for field in &definition.fields {
        let answer = settled.get(&field.name);
        if let Some(purpose) = &field.rules.consent {
            household.consents.push(Consent {
                purpose: purpose.clone(),
                answer: ConsentAnswer::from_settled(answer),
                field: field.name.clone(),
                wording: field
                    .rules
                    .wording
                    .clone()
                    .unwrap_or_else(|| field.label.clone()),
            });
            continue;
        }
        let Some(value) = answer.and_then(Settled::value) else {
            continue;
        };
        if field.rules.category == DataCategory::Special {
            household.special.insert(field.name.clone(), plain(value));
        } else if MemberRole::of_block(block_of(&field.name)).is_none() {
            place_in_household(&mut household, field, value);
        }
    }
    household.members = members(definition, settled)?;
    Ok(household)
}

fn place_in_household(household: &mut Household, field: &Field, value: &FieldValue) {
    match (field.name.as_str(), field.rules.date, value) {
        ("office.centre", _, FieldValue::Text(centre)) => household.centre = Some(centre.clone()),
        (_, Some(DateRole::Signed), FieldValue::Date(date)) => household.signed_on = Some(*date),
        (name, _, value) => {
            household.details.insert(name.to_owned(), plain(value));
        }
    }
}

fn members(
    definition: &FormDefinition,
    settled: &SettledFields,
) -> Result<Vec<Member>, HouseholdError> {
    let mut blocks: BTreeMap<(MemberRole, i32), Vec<(&Field, &FieldValue)>> = BTreeMap::new();
    for field in &definition.fields {
        let place = MemberRole::of_block(block_of(&field.name));
        let value = settled.get(&field.name).and_then(Settled::value);
        if let (Some(place), Some(value)) = (place, value) {
            blocks.entry(place).or_default().push((field, value));
        }
    }
    blocks
        .into_iter()
        .map(|((role, position), answers)| member(role, position, &answers))
        .collect()
}

fn member(
    role: MemberRole,
    position: i32,
    answers: &[(&Field, &FieldValue)],
) -> Result<Member, HouseholdError> {
    let (mut first_name, mut surname, mut phone) = (None, None, None::<(bool, String)>);
    let mut member = Member {
        role,
        position,
        first_name: String::new(),
        surname: String::new(),
        date_of_birth: None,
        nhs_number: None,
        phone: None,
        email: None,
        details: BTreeMap::new(),
    };
    for (field, value) in answers
        .iter()
        .filter(|(f, _)| f.rules.category == DataCategory::Ordinary)
    {
        let leaf = leaf_of(&field.name);
        match (field.kind, leaf, value) {
            (_, "first_name" | "first_names", FieldValue::Text(name)) => {
                first_name = Some(name.clone())
            }
            (_, "surname" | "last_name", FieldValue::Text(name)) => surname = Some(name.clone()),
            (_, "date_of_birth", FieldValue::Date(date)) => member.date_of_birth = Some(*date),
            (FieldKind::NhsNumber, _, FieldValue::Text(number)) => {
                member.nhs_number = Some(number.clone())
            }
            (FieldKind::Email, _, FieldValue::Text(address)) if member.email.is_none() => {
                member.email = Some(address.clone());
            }
            (FieldKind::Phone, leaf, FieldValue::Text(number)) => {
                let mobile = leaf.contains("mobile");
                if phone
                    .as_ref()
                    .is_none_or(|(had_mobile, _)| mobile && !had_mobile)
                {
                    phone = Some((mobile, number.clone()));
                }
                // Every number is kept under its own name as well: the column holds only the one to use first.
                member.details.insert(leaf.to_owned(), plain(value));
            }
            _ => {
                member.details.insert(leaf.to_owned(), plain(value));
            }
        }
    }
    member.phone = phone.map(|(_, number)| number);
    match (first_name, surname) {
        (Some(first_name), Some(surname)) => Ok(Member {
            first_name,
            surname,
            ..member
        }),
        (first_name, _) => {
            let block = answers.first().map_or("", |(f, _)| block_of(&f.name));
            let leaf = if first_name.is_none() {
                "first_name"
            } else {
                "surname"
            };
            Err(HouseholdError::Missing(vec![format!("{block}.{leaf}")]))
        }
    }
}

/// The value as plain JSON.
fn plain(value: &FieldValue) -> Json {
    serde_json::to_value(value).expect("strings, dates, lists and booleans always become JSON")
}

#[cfg(test)]
#[path = "household_tests.rs"]
mod tests;
