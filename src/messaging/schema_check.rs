//! Tests hold events against their schemas with this.

use serde_json::Value as Json;

/// Checks a value against the part of JSON Schema that the events' schemas use. A keyword it does not know is an error, so
/// that nothing in a schema goes unchecked.
pub fn check(schema: &Json, value: &Json, at: &str) -> Result<(), String> {
    for (keyword, rule) in schema.as_object().unwrap() {
        let fits = match keyword.as_str() {
            "$schema" | "$id" | "title" | "description" => true,
            "type" => match rule {
                Json::String(name) => has_type(value, name),
                rule => rule
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|name| has_type(value, name.as_str().unwrap())),
            },
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "minLength" => length(value) >= rule.as_u64().unwrap(),
            "maxLength" => length(value) <= rule.as_u64().unwrap(),
            "minItems" => value.as_array().unwrap().len() as u64 >= rule.as_u64().unwrap(),
            "format" => has_format(value.as_str().unwrap(), rule.as_str().unwrap()),
            "required" => rule
                .as_array()
                .unwrap()
                .iter()
                .all(|name| value.get(name.as_str().unwrap()).is_some()),
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        check(rule, member, &format!("{at}.{name}"))?;
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = |name: &str| {
                    schema
                        .get("properties")
                        .is_some_and(|p| p.get(name).is_some())
                };
                for (name, member) in value
                    .as_object()
                    .unwrap()
                    .iter()
                    .filter(|(name, _)| !known(name))
                {
                    if *rule == Json::Bool(false) {
                        return Err(format!("{at}.{name} is not foreseen"));
                    }
                    check(rule, member, &format!("{at}.{name}"))?;
                }
                true
            }
            "items" => {
                for (index, item) in value.as_array().unwrap().iter().enumerate() {
                    check(rule, item, &format!("{at}[{index}]"))?;
                }
                true
            }
            other => panic!("the check does not know the keyword {other}"),
        };
        if !fits {
            return Err(format!("{at} violates {keyword}"));
        }
    }
    Ok(())
}

fn length(text: &Json) -> u64 {
    text.as_str().unwrap().chars().count() as u64
}

fn has_type(value: &Json, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        other => panic!("the check does not know the type {other}"),
    }
}

fn has_format(text: &str, format: &str) -> bool {
    match format {
        "uuid" => text.len() == 36 && uuid::Uuid::try_parse(text).is_ok(),
        "date-time" => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        "uri" => url::Url::parse(text).is_ok(),
        "uri-reference" => !text.contains(char::is_whitespace),
        other => panic!("the check does not know the format {other}"),
    }
}
