//! Labels and answers in the words of the form.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::frame::date;
use crate::domain::code_lists;
use crate::domain::household::block_of;
use crate::domain::proposal::ADDRESS_PARTS;
use crate::forms::definition::{Field, FormDefinition};

/// What a member is to the household: `Child 2`.
pub(super) fn role_in_words(role: &str, position: i32) -> String {
    match role {
        "primary_carer" => "Primary carer".to_owned(),
        "secondary_carer" => "Secondary carer".to_owned(),
        _ => format!("Child {position}"),
    }
}

/// The words of one form definition. Without one, names of fields have to do.
pub(super) struct Words<'a>(pub Option<&'a FormDefinition>);

impl<'a> Words<'a> {
    /// Answers in the order of the form, each with its codes in other people's lists.
    pub fn rows(&self, values: &BTreeMap<String, Json>) -> Vec<(String, String)> {
        let mut names: Vec<(&String, &Json)> = values.iter().collect();
        names.sort_by_key(|(name, _)| self.place(name));
        let row = |(name, value): (&String, &Json)| {
            let (label, said) = self.row(name, value);
            let coding = value.as_str().and_then(|v| code_lists::coding(name, v));
            match coding.map(|c| c.in_words()) {
                Some(codes) if !codes.is_empty() => (label, format!("{said} ({codes})")),
                _ => (label, said),
            }
        };
        names.into_iter().map(row).collect()
    }

    /// Label and answer of one field.
    pub fn row(&self, name: &str, value: &Json) -> (String, String) {
        (self.label(name), self.value(name, value))
    }

    /// Where the field stands on the form; those it does not have come last.
    pub fn place(&self, name: &str) -> usize {
        let known = |d: &FormDefinition| d.fields.iter().position(|f| f.name == name);
        self.0.and_then(known).unwrap_or(usize::MAX)
    }

    /// Whether the form has the field.
    pub fn knows(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// The label of a field, the person included: `Child 2: Surname`.
    pub fn label(&self, name: &str) -> String {
        match (self.field(name), self.field_of_first(name)) {
            (Some(field), _) => field.label.clone(),
            (None, Some(field)) => {
                let own = field
                    .label
                    .split_once(": ")
                    .map_or(field.label.as_str(), |(_, own)| own);
                let block = block_of(name).replace('_', " ");
                let mut letters = block.chars();
                let first = letters
                    .next()
                    .map(|c| c.to_uppercase().to_string())
                    .unwrap_or_default();
                format!("{first}{}: {own}", letters.as_str())
            }
            (None, None) => name.replace(['.', '_'], " "),
        }
    }

    /// The label of a field without the person: `Surname`.
    pub fn own_label(&self, name: &str) -> String {
        let label = self.label(name);
        label
            .split_once(": ")
            .map_or(label.clone(), |(_, own)| own.to_owned())
    }

    /// An answer as people say it.
    pub fn value(&self, name: &str, value: &Json) -> String {
        let options = self
            .field(name)
            .or_else(|| self.field_of_first(name))
            .map_or(&[][..], |f| &f.options);
        let in_words = |text: &str| {
            let option = options.iter().find(|o| o.value == text);
            option.map_or_else(|| text.to_owned(), |o| o.label.clone())
        };
        match value {
            Json::String(text) => match text.parse() {
                Ok(day) => date(day),
                Err(_) => in_words(text),
            },
            Json::Array(items) => items
                .iter()
                .filter_map(Json::as_str)
                .map(in_words)
                .collect::<Vec<_>>()
                .join(", "),
            Json::Bool(yes) => if *yes { "Yes" } else { "No" }.to_owned(),
            Json::Object(parts) => ADDRESS_PARTS
                .iter()
                .filter_map(|part| parts.get(*part)?.as_str())
                .collect::<Vec<_>>()
                .join(", "),
            other => other.to_string(),
        }
    }

    fn field(&self, name: &str) -> Option<&'a Field> {
        self.0.and_then(|d| d.field(name))
    }

    /// The same field of the first child: a household may have more children than fit on a form.
    fn field_of_first(&self, name: &str) -> Option<&'a Field> {
        let (block, leaf) = name.split_once('.')?;
        block.strip_prefix("child_")?;
        self.field(&format!("child_1.{leaf}"))
    }
}
