//! Families that fill in a form for each child.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{File, Purpose, Workshop};
use crate::deliver::deliver;
use crate::people::answers::{Answer, Written};
use crate::plan::Plan;
use crate::truth::{self, Expected, Truth};

impl Workshop<'_> {
    /// A form for each of the first two children, on which the carer says the same.
    ///
    /// # Errors
    /// As [`Workshop::make`].
    pub(super) fn for_each_child(
        &self,
        index: u64,
        plan: &Plan,
        answers: &BTreeMap<String, Answer>,
    ) -> anyhow::Result<Vec<File>> {
        let mut files = Vec::new();
        for child in 1..=2 {
            // Apart from all other samples and from the forms of families that come again.
            let index = index + 5_000 + 1_000 * child;
            let set_number = self.set_number(index);
            let mut answers = of_one_child(answers, child);
            let pages = self.filled(index, plan, &set_number, &mut answers)?;
            let sheets = self.used(pages, &answers);
            let pages = sheets.iter().map(|(page, _)| *page).collect();
            let delivery = deliver(plan, sheets, &mut self.random(index, Purpose::Capture))?;
            let folder = PathBuf::from("siblings").join(format!("{}-child-{child}", plan.name));
            let truth = Truth {
                form: self.definition.id.clone(),
                version: self.definition.version,
                set_number,
                files: delivery.files.iter().map(|f| f.0.clone()).collect(),
                pages,
                later_files: Vec::new(),
                features: plan.features.iter().map(|f| (*f).to_owned()).collect(),
                expected: Expected::Record,
                writer: None,
                capture: None,
                marks: BTreeMap::new(),
                fields: truth::fields(self.definition, &answers),
            };
            let json = truth.json()?;
            let scans = delivery.files.into_iter();
            files.extend(scans.map(|(name, bytes)| (folder.join(name), bytes)));
            files.push((folder.join("truth.json"), json));
        }
        Ok(files)
    }
}

/// The answers of a family that names only this child (from 1), as its first.
fn of_one_child(answers: &BTreeMap<String, Answer>, child: u64) -> BTreeMap<String, Answer> {
    let source = |name: &str| match name.strip_prefix("child_1.") {
        Some(leaf) => Some(format!("child_{child}.{leaf}")),
        None if name.starts_with("child_") => None,
        None => Some(name.to_owned()),
    };
    let blank = Answer {
        value: serde_json::Value::Null,
        written: Written::Nothing,
    };
    answers
        .keys()
        .map(|name| {
            let answer = source(name).and_then(|from| answers.get(&from));
            (name.clone(), answer.unwrap_or(&blank).clone())
        })
        .collect()
}
