//! From what stands on the form to what is typed into the page.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::review_page::{ReviewPage, ShownField};
use super::truth::Truth;

/// Everything the page sends, filled in from `truth`. Fields in `give_up` are marked as not readable.
pub(super) fn filled(
    page: &ReviewPage,
    truth: &Truth,
    give_up: &BTreeSet<String>,
) -> Vec<(String, String)> {
    let mut inputs = page.hidden.clone();
    for field in &page.fields {
        let value = truth.fields.get(&field.name).filter(|v| !v.is_null());
        inputs.extend(if give_up.contains(&field.name) {
            unreadable(field)
        } else {
            typed(field, value)
        });
    }
    inputs
}

fn typed(field: &ShownField, value: Option<&Json>) -> Vec<(String, String)> {
    let input = |part: &str, value: &str| (format!("{part}:{}", field.name), value.to_owned());
    let blank = || {
        if field.attention {
            vec![input("mark", "blank")]
        } else {
            vec![]
        }
    };
    match (field.kind.as_str(), value) {
        ("one_of", None) => vec![input("value", "-blank")],
        ("one_of", Some(value)) => vec![input("value", value.as_str().unwrap_or_default())],
        ("signature", None) => vec![input("value", "false")],
        ("signature", Some(value)) => vec![input(
            "value",
            &value.as_bool().unwrap_or(false).to_string(),
        )],
        ("any_of", Some(Json::Array(marked))) if !marked.is_empty() => marked
            .iter()
            .filter_map(Json::as_str)
            .map(|option| input("value", option))
            .collect(),
        ("any_of", _) => blank(),
        ("date", Some(value)) => {
            let iso = value.as_str().unwrap_or_default();
            let mut parts = iso.splitn(3, '-');
            let mut part = || parts.next().unwrap_or_default().to_owned();
            let (year, month, day) = (part(), part(), part());
            vec![
                input("day", &day),
                input("month", &month),
                input("year", &year),
            ]
        }
        ("date", None) => [
            vec![input("day", ""), input("month", ""), input("year", "")],
            blank(),
        ]
        .concat(),
        (_, Some(value)) => vec![input("value", value.as_str().unwrap_or_default())],
        (_, None) => [vec![input("value", "")], blank()].concat(),
    }
}

fn unreadable(field: &ShownField) -> Vec<(String, String)> {
    match field.kind.as_str() {
        "one_of" | "signature" => vec![(format!("value:{}", field.name), "-unreadable".to_owned())],
        _ => vec![(format!("mark:{}", field.name), "unreadable".to_owned())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_typed_as_its_inputs_expect() {
        let field = |name: &str, kind: &str, attention| ShownField {
            name: name.into(),
            kind: kind.into(),
            attention,
        };
        let page = ReviewPage {
            hidden: vec![("csrf".into(), "t".into())],
            set_number: None,
            scans: vec![],
            fields: vec![
                field("a", "name", true),
                field("b", "date", true),
                field("c", "one_of", true),
                field("d", "any_of", true),
                field("e", "text", false),
                field("f", "text", true),
                field("g", "signature", true),
                field("h", "name", true),
            ],
            complaints: vec![],
        };
        let truth: Truth = serde_json::from_value(serde_json::json!({
            "form": "x", "version": 1, "set_number": null, "files": [], "expected": "record",
            "fields": {"a": "SMITH", "b": "1990-01-31", "c": null, "d": ["x", "y"], "g": true, "h": "?"},
        }))
        .unwrap();
        let inputs = filled(&page, &truth, &BTreeSet::from(["h".to_owned()]));
        let inputs: Vec<String> = inputs
            .into_iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        assert_eq!(
            inputs,
            [
                "csrf=t",
                "value:a=SMITH",
                "day:b=31",
                "month:b=01",
                "year:b=1990",
                "value:c=-blank",
                "value:d=x",
                "value:d=y",
                "value:e=",
                "value:f=",
                "mark:f=blank",
                "value:g=true",
                "mark:h=unreadable",
            ]
        );
    }
}
