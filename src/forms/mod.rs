//! Form definitions: one TOML drives printing, reading, checking, labels and export.

pub mod artwork;
pub mod definition;
pub mod fillable;
pub mod metrics;
pub mod page_code;
pub mod print;
pub mod problem;

mod answer;
mod canvas;
mod checks;
mod label;
mod layout;
mod resolve;
mod source;

use std::path::Path;

use definition::FormDefinition;
use problem::{DefinitionError, Problems};

/// The forms that come with Enrol: name and text.
const BUILT_IN: [(&str, &str); 1] = [(
    "registration",
    include_str!("../../sample-forms/definitions/registration.toml"),
)];

/// Loads a form definition: a built-in one by its name (`registration`) or any other by the path of its file.
///
/// # Errors
/// The file cannot be read, or it is wrong: the error then lists everything wrong with line and remedy.
pub fn load(name_or_path: &str) -> Result<FormDefinition, DefinitionError> {
    if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| *name == name_or_path) {
        return parse(&format!("{name}.toml"), text);
    }
    let text = std::fs::read_to_string(Path::new(name_or_path)).map_err(|cause| {
        DefinitionError::Unreadable {
            file: name_or_path.to_owned(),
            cause,
            built_in: BUILT_IN.map(|(name, _)| name).join(", "),
        }
    })?;
    parse(name_or_path, &text)
}

/// All built-in forms.
pub fn load_all() -> Vec<FormDefinition> {
    BUILT_IN
        .iter()
        .map(|(name, _)| load(name).expect("the built-in definitions pass their checks"))
        .collect()
}

/// Parses and checks the text of a definition; `file` is named in errors.
///
/// # Errors
/// Everything wrong with it, with line and remedy.
pub fn parse(file: &str, text: &str) -> Result<FormDefinition, DefinitionError> {
    let mut problems = Problems::new(text);
    let wrong = |problems: Problems<'_>| DefinitionError::Wrong {
        file: file.to_owned(),
        problems: problems.into_sorted(),
    };
    let source: source::Source = match toml::from_str(text) {
        Ok(source) => source,
        Err(error) => {
            let offset = error.span().map_or(0, |s| s.start);
            problems.add(
                offset,
                error.message().to_owned(),
                "correct this entry; registration.toml shows every key in use",
            );
            return Err(wrong(problems));
        }
    };
    let resolved = resolve::resolve(&source, &mut problems);
    checks::run(&source, &resolved, &mut problems);
    if problems.is_empty() {
        Ok(resolved.definition)
    } else {
        Err(wrong(problems))
    }
}

#[cfg(test)]
mod tests;
