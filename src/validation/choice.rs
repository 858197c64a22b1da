//! Answers given by marks: the option or options of a group, and whether a signature is there.

use crate::domain::field::FieldValue;
use crate::forms::definition::Field;

/// Why a choice cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// No such option.
    #[error("this is not one of the printed choices; choose one of them")]
    Unknown,
    /// More than one option of a group that allows one.
    #[error("only one of the choices can hold; choose one")]
    Several,
    /// A signature is there or not.
    #[error("say yes when the form is signed and no when it is not")]
    NotYesOrNo,
}

fn find<'f>(field: &'f Field, text: &str) -> Option<&'f str> {
    let text = text.trim();
    let same = |candidate: &str| candidate.eq_ignore_ascii_case(text);
    field
        .options
        .iter()
        .find(|o| same(&o.value) || same(&o.label))
        .map(|o| o.value.as_str())
}

/// One option by its value or label.
pub(super) fn one(field: &Field, text: &str) -> Result<FieldValue, ChoiceError> {
    if let Some(value) = find(field, text) {
        return Ok(FieldValue::Text(value.to_owned()));
    }
    let several = text.contains(',') && text.split(',').all(|part| find(field, part).is_some());
    Err(if several {
        ChoiceError::Several
    } else {
        ChoiceError::Unknown
    })
}

/// Any number of options by value or label, commas between. Labels with commas count as a whole first.
pub(super) fn any(field: &Field, text: &str) -> Result<FieldValue, ChoiceError> {
    let mut rest = text.trim();
    let mut found: Vec<&str> = Vec::new();
    while !rest.is_empty() {
        // The longest run up to a comma that names an option, so that a label may hold commas itself.
        let ends = rest
            .match_indices(',')
            .map(|(at, _)| at)
            .chain([rest.len()]);
        let matched = ends
            .filter_map(|end| find(field, &rest[..end]).map(|value| (end, value)))
            .next_back();
        let (end, value) = matched.ok_or(ChoiceError::Unknown)?;
        found.push(value);
        rest = rest[end..].trim_start_matches(',').trim_start();
    }
    let printed = field.options.iter().map(|o| o.value.clone());
    Ok(FieldValue::Choices(
        printed
            .filter(|value| found.contains(&value.as_str()))
            .collect(),
    ))
}

/// Whether a signature is there.
pub(super) fn signed(text: &str) -> Result<FieldValue, ChoiceError> {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "true" | "signed" => Ok(FieldValue::Signed(true)),
        "no" | "false" | "not signed" => Ok(FieldValue::Signed(false)),
        _ => Err(ChoiceError::NotYesOrNo),
    }
}
