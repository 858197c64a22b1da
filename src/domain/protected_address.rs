//! Families whose whereabouts must not become known.
//!
//! A household is protected when a person marked it so, or when its form has a field whose name ends in
//! `.address_private` and that says yes. Then everything that leads to where it lives, learns or can be reached is hidden
//! from all but named roles, not only the address.

use super::field::FieldValue;
use super::household::{Settled, SettledFields, leaf_of};

/// What stands where something is hidden.
pub const HIDDEN: &str = "Protected: ask the safeguarding lead";

/// Whether the answer called `name` (with or without its block) tells where somebody is or how to reach them.
pub fn tells_where(name: &str) -> bool {
    let leaf = leaf_of(name);
    const WORDS: [&str; 14] = [
        "address", "postcode", "town", "city", "county", "street", "phone", "mobile", "email",
        "school", "nursery", "gp", "practice", "centre",
    ];
    leaf.split('_').any(|word| WORDS.contains(&word))
}

/// Whether the form asks for the address to be kept private.
pub fn asked_for(settled: &SettledFields) -> bool {
    settled.iter().any(|(name, settled)| {
        name.ends_with(".address_private")
            && match settled.value() {
                Some(FieldValue::Text(answer)) => answer == "yes",
                Some(FieldValue::Choices(marked)) => marked.iter().any(|m| m == "yes"),
                // Somebody wrote there what cannot be read: hiding too much does less harm.
                _ => *settled == Settled::Unreadable,
            }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_to_a_family_is_known_by_its_name() {
        for name in [
            "primary_carer.address_line_1",
            "secondary_carer.postcode",
            "home_phone",
            "mobile",
            "primary_carer.email",
            "secondary_carer.same_address",
            "office.centre",
            "child_1.school_name",
        ] {
            assert!(tells_where(name), "{name}");
        }
        for name in [
            "primary_carer.first_name",
            "child_1.date_of_birth",
            "consent.sharing",
            "language",
        ] {
            assert!(!tells_where(name), "{name}");
        }
    }

    #[test]
    fn a_mark_on_the_form_protects_and_an_unreadable_one_too() {
        let with = |settled| SettledFields::from([("household.address_private".into(), settled)]);
        let choice = |c: &str| Settled::Value(FieldValue::Choices(vec![c.to_owned()]));
        assert!(asked_for(&with(choice("yes"))));
        assert!(asked_for(&with(Settled::Unreadable)));
        assert!(!asked_for(&with(choice("no"))));
        assert!(!asked_for(&with(Settled::Blank)));
        assert!(!asked_for(&SettledFields::new()));
    }
}
