//! In which steps a clerk goes through a form: one field after the other, the tick boxes of one part together.

use crate::domain::field::FieldKind;
use crate::forms::definition::Field;
use crate::web::review::form::OpenForm;

/// Options that fit beside each other in a grid.
const GRID_OPTIONS: usize = 4;

/// Fields that are answered together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// Names; never empty.
    pub names: Vec<String>,
}

impl Step {
    /// The name under which the step is reached.
    pub fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }
}

/// The steps of a form: the fields that need a person, in the order of the form.
pub(super) fn steps(form: &OpenForm<'_>) -> Vec<Step> {
    let needed: Vec<&Field> = form
        .definition
        .fields
        .iter()
        .filter(|f| form.attention.contains(&f.name) && form.fields.contains_key(&f.name))
        .collect();
    together(&needed)
}

/// Neighbouring tick boxes of the same part and page, with few options each, make one step.
fn together(fields: &[&Field]) -> Vec<Step> {
    fields
        .chunk_by(|one, next| {
            in_grid(one) && in_grid(next) && one.group == next.group && one.page == next.page
        })
        .map(|chunk| Step {
            names: chunk.iter().map(|f| f.name.clone()).collect(),
        })
        .collect()
}

fn in_grid(field: &Field) -> bool {
    field.kind == FieldKind::OneOf && field.options.len() <= GRID_OPTIONS
}

/// The step that holds the field `name`. A field that needs nobody is a step of its own.
pub(super) fn find(form: &OpenForm<'_>, name: &str) -> Option<Step> {
    let holds = |step: &Step| step.names.iter().any(|n| n == name);
    steps(form).into_iter().find(holds).or_else(|| {
        form.fields.contains_key(name).then(|| Step {
            names: vec![name.to_owned()],
        })
    })
}

/// Whether somebody has confirmed every field of the step.
pub(super) fn is_done(form: &OpenForm<'_>, step: &Step) -> bool {
    step.names
        .iter()
        .all(|name| form.drafts.get(name).is_some_and(|d| d.confirmed))
}

/// Where to go after `step`: the next one that is not done, else the first, else nowhere.
pub(super) fn after<'a>(form: &OpenForm<'_>, all: &'a [Step], step: &Step) -> Option<&'a Step> {
    let here = all.iter().position(|s| s == step).map_or(0, |at| at + 1);
    let (before, behind) = all.split_at(here.min(all.len()));
    behind
        .iter()
        .chain(before)
        .find(|s| !is_done(form, s) && *s != step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consents_are_one_step_and_names_are_steps_of_their_own() {
        let definition = crate::forms::load("registration").unwrap();
        let fields: Vec<&Field> = definition.fields.iter().collect();
        let steps = together(&fields);
        let of = |name: &str| {
            steps
                .iter()
                .find(|s| s.names.iter().any(|n| n == name))
                .unwrap()
        };
        assert_eq!(of("primary_carer.surname").names.len(), 1);
        assert_eq!(of("consent.email"), of("consent.phone"));
        assert_eq!(
            steps.iter().map(|s| s.names.len()).sum::<usize>(),
            fields.len(),
            "every field is in exactly one step"
        );
    }
}
