//! Terms that may and may not be agreed.

use super::*;

/// Terms with nothing wrong.
pub(crate) fn terms(basis: Basis, groups: &[FieldGroup]) -> Terms {
    Terms {
        organisation: "early_help".to_owned(),
        name: "Early Help case system".to_owned(),
        contact: "early-help@example.org".to_owned(),
        purpose: "To offer families early help".to_owned(),
        basis,
        responsible: None,
        scopes: vec!["service-users:read".to_owned()],
        field_groups: groups.iter().copied().collect(),
        centres: vec![],
        has_queue: true,
        valid_until: NaiveDate::from_ymd_opt(2027, 3, 31).unwrap(),
    }
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
}

fn wrong(terms: &Terms) -> Vec<&'static str> {
    terms.problems(today()).iter().map(|p| p.field).collect()
}

#[test]
fn the_list_of_organisations_is_complete_and_its_codes_are_unique() {
    let list = Organisations::current();
    let codes: BTreeSet<_> = list.all.iter().map(|o| o.code.as_str()).collect();
    assert_eq!(codes.len(), list.all.len());
    assert!(list.all.iter().any(|o| o.inside) && list.all.iter().any(|o| !o.inside));
    assert!(!codes.contains(OTHER));
}

#[test]
fn safeguarding_needs_a_named_person() {
    let mut terms = terms(Basis::Safeguarding, &[FieldGroup::Identity]);
    assert_eq!(wrong(&terms), ["responsible"]);
    for nobody in ["", "   ", "Team", "Duty desk  ".trim_end_matches(" desk  ")] {
        terms.responsible = Some(nobody.to_owned());
        assert_eq!(wrong(&terms), ["responsible"], "{nobody:?}");
    }
    terms.responsible = Some("Robin Sample".to_owned());
    assert!(wrong(&terms).is_empty());
}

#[test]
fn what_is_missing_is_said_field_by_field() {
    let good = terms(Basis::PublicTask, &[FieldGroup::Identity]);
    assert!(wrong(&good).is_empty());
    let bad = Terms {
        organisation: "nobody".to_owned(),
        name: String::new(),
        contact: " ".to_owned(),
        purpose: "things".to_owned(),
        scopes: vec![],
        field_groups: BTreeSet::new(),
        valid_until: NaiveDate::from_ymd_opt(2030, 1, 1).unwrap(),
        ..good.clone()
    };
    let all = [
        "organisation",
        "name",
        "contact",
        "purpose",
        "scopes",
        "field_groups",
        "valid_until",
    ];
    assert_eq!(wrong(&bad), all);
    let past = Terms {
        valid_until: today().pred_opt().unwrap(),
        ..good
    };
    assert_eq!(wrong(&past), ["valid_until"]);
}

#[test]
fn names_lead_back_to_the_basis() {
    for basis in Basis::ALL {
        assert_eq!(Basis::parse(basis.as_str()), Some(basis));
    }
    assert!(Basis::ALL.iter().filter(|b| b.needs_agreement()).count() == 2);
}
