//! What is wrong with a form definition: where, what, and what to do about it.

use std::fmt;

/// One thing wrong in a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line of the file, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What the author can do about it.
    pub remedy: String,
}

/// Why a form definition cannot be used. Never passes by itself: somebody has to correct the file.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// No such file, and no built-in form of that name.
    #[error(
        "cannot read the form definition {file}: {cause}; give a TOML file or one of the built-in forms: {built_in}"
    )]
    Unreadable {
        /// What was asked for.
        file: String,
        /// What the operating system said.
        cause: std::io::Error,
        /// Names of the built-in forms.
        built_in: String,
    },
    /// The file was read and is wrong.
    #[error("{}", Report { file, problems })]
    Wrong {
        /// The file, as it was named.
        file: String,
        /// Everything wrong with it, in the order of the file.
        problems: Vec<Problem>,
    },
}

/// Lays problems out the way compilers do: `file:line: message`, the remedy indented below.
struct Report<'a> {
    file: &'a str,
    problems: &'a [Problem],
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(
                f,
                "{}:{}: {}\n    {}",
                self.file, problem.line, problem.message, problem.remedy
            )?;
        }
        Ok(())
    }
}

/// Collects problems while a file is worked through, turning byte offsets into lines.
pub(super) struct Problems<'a> {
    text: &'a str,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    /// No problems yet in `text`.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            found: Vec::new(),
        }
    }

    /// Notes a problem at a byte offset of the file.
    pub fn add(&mut self, offset: usize, message: impl Into<String>, remedy: impl Into<String>) {
        let before = self
            .text
            .as_bytes()
            .get(..offset)
            .unwrap_or(self.text.as_bytes());
        let line = 1 + before.iter().filter(|b| **b == b'\n').count();
        let problem = Problem {
            line,
            message: message.into(),
            remedy: remedy.into(),
        };
        if !self.found.contains(&problem) {
            self.found.push(problem);
        }
    }

    /// Whether nothing was found so far.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Everything found, in the order of the file.
    pub fn into_sorted(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|p| p.line);
        self.found
    }
}
