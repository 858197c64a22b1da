//! Which boxes a family marks.

use enrol::domain::field::FieldKind;
use enrol::domain::household::leaf_of;
use enrol::forms::definition::Field;
use rand::Rng;
use serde_json::json;

use super::Family;
use super::answers::{About, Answer, Written};

/// The marks in a group of boxes; `None` when it stays empty.
pub fn marked(
    field: &Field,
    about: About<'_>,
    family: &Family,
    random: &mut impl Rng,
) -> Option<Answer> {
    let wanted: Vec<&str> = values(field, about, family, random);
    let indices: Vec<usize> = (0..field.options.len())
        .filter(|i| wanted.contains(&field.options[*i].value.as_str()))
        .collect();
    let first = *indices.first()?;
    Some(if field.kind == FieldKind::AnyOf {
        let values: Vec<&str> = indices
            .iter()
            .map(|i| field.options[*i].value.as_str())
            .collect();
        Answer {
            value: json!(values),
            written: Written::Ticks(indices),
        }
    } else {
        Answer {
            value: json!(field.options[first].value),
            written: Written::Ticks(vec![first]),
        }
    })
}

/// The values that a family would mark, of which the form may know only some.
fn values<'f>(
    field: &'f Field,
    about: About<'_>,
    family: &Family,
    random: &mut impl Rng,
) -> Vec<&'f str> {
    let pick = |value: &str| {
        field
            .options
            .iter()
            .map(|o| o.value.as_str())
            .find(|v| *v == value)
    };
    let yes_no = |yes: bool| Vec::from_iter(pick(if yes { "yes" } else { "no" }));
    let chance: f32 = random.random();
    let not_said = || Vec::from_iter(pick("not_said"));
    match leaf_of(&field.name) {
        "gender" if chance < 0.06 => vec![],
        "gender" if chance < 0.1 => not_said(),
        "gender" => {
            let female = about.person().is_some_and(|p| p.female);
            let names = if female {
                ["female", "girl"]
            } else {
                ["male", "boy"]
            };
            names.into_iter().filter_map(pick).collect()
        }
        "ethnic_group" if chance < 0.06 => vec![],
        "ethnic_group" if chance < 0.12 => not_said(),
        "ethnic_group" => family
            .community
            .ethnic
            .iter()
            .filter_map(|v| pick(v))
            .take(1)
            .collect(),
        "relationship" => Vec::from_iter(relationship(about, family).and_then(pick)),
        "disability" if chance < 0.1 => vec![],
        "disability" if chance < 0.16 => not_said(),
        "disability" => yes_no(chance > 0.86),
        "interpreter" => yes_no(family.community.language != "English" && chance > 0.7),
        "expecting" if family.due.is_none() && chance < 0.3 => vec![],
        "expecting" => yes_no(family.due.is_some()),
        "same_address" => yes_no(!family.apart),
        "home_circumstances" => home(family, random).into_iter().filter_map(pick).collect(),
        _ if field.rules.consent.is_some() => consent(field, family, chance)
            .map(yes_no)
            .unwrap_or_default(),
        _ if field.rules.required || chance < 0.6 => {
            let index = random.random_range(0..field.options.len().max(1));
            field
                .options
                .get(index)
                .map(|o| o.value.as_str())
                .into_iter()
                .collect()
        }
        _ => vec![],
    }
}

fn relationship(about: About<'_>, family: &Family) -> Option<&'static str> {
    match about {
        About::Primary(_) if family.children.is_empty() => Some("expecting"),
        About::Primary(p) | About::Secondary(p) => Some(if p.female { "mother" } else { "father" }),
        _ => None,
    }
}

fn home(family: &Family, random: &mut impl Rng) -> Vec<&'static str> {
    let together = family.carers.len() > 1 && !family.apart;
    let mut marks = vec![if together {
        "with_partner"
    } else {
        "lone_parent"
    }];
    if random.random_bool(0.12) {
        marks.push("no_one_works");
    }
    let tenures = [
        "owned",
        "social_rent",
        "private_rent",
        "temporary",
        "with_family",
    ];
    marks.push(tenures[random.random_range(0..tenures.len())]);
    marks
}

/// Yes, no or no answer to a consent; nobody agrees to be called on a number that they have not given.
fn consent(field: &Field, family: &Family, chance: f32) -> Option<bool> {
    let carer = family.carers.first()?;
    let possible = match leaf_of(&field.name) {
        "phone" => carer.mobile.is_some() || carer.landline.is_some(),
        "text" => carer.mobile.is_some(),
        "email" => carer.email.is_some(),
        _ => true,
    };
    match chance {
        c if c < 0.08 => None,
        c if c < 0.3 => Some(false),
        _ => Some(possible),
    }
}
