//! The truth file of a sample: what the family wrote, in the shapes `enrol read` prints.

use std::collections::BTreeMap;

use enrol::forms::definition::FormDefinition;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::people::answers::Answer;

/// What becomes of a form once a clerk has done what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// A record.
    Record,
    /// An exception: a page is missing.
    Exception,
}

/// `truth.json`.
#[derive(Debug, Serialize)]
pub struct Truth {
    /// Identifier of the form definition.
    pub form: String,
    /// Version of the definition.
    pub version: u32,
    /// The number printed on every page of this form.
    pub set_number: String,
    /// Files in this folder, in the order they are delivered.
    pub files: Vec<String>,
    /// Pages in the files that belong to the form, in order; blank backs are not counted.
    pub pages: Vec<u32>,
    /// Files, relative to this folder, that arrive later and complete the form.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub later_files: Vec<String>,
    /// What is particular about the sample.
    pub features: Vec<String>,
    /// What becomes of it.
    pub expected: Expected,
    /// Whose pen strokes the form is written with, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writer: Option<i32>,
    /// The capture condition, where the form is one of an evaluation set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture: Option<String>,
    /// What is particular about the marks at each group of boxes, where that is known.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub marks: BTreeMap<String, &'static str>,
    /// Every field of the definition in its order; null where nothing was written.
    #[serde(serialize_with = "in_order")]
    pub fields: Vec<(String, Value)>,
}

impl Truth {
    /// What stands in the file.
    ///
    /// # Errors
    /// As `serde_json`; not for values of forms.
    pub fn json(&self) -> serde_json::Result<Vec<u8>> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        Ok(json)
    }
}

/// The values of all fields of a definition.
pub fn fields(
    definition: &FormDefinition,
    answers: &BTreeMap<String, Answer>,
) -> Vec<(String, Value)> {
    definition
        .fields
        .iter()
        .map(|f| {
            (
                f.name.clone(),
                answers
                    .get(&f.name)
                    .map_or(Value::Null, |a| a.value.clone()),
            )
        })
        .collect()
}

/// Writes the fields as a map in the order of the form, whatever order `serde_json` keeps its own maps in.
fn in_order<S: Serializer>(fields: &[(String, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(fields.len()))?;
    for (name, value) in fields {
        map.serialize_entry(name, value)?;
    }
    map.end()
}
