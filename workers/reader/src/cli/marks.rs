//! How groups of tick boxes were read, by what is particular about their marks.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use enrol::domain::field::FieldState;
use enrol::domain::reading::FieldReading;
use enrol::forms::definition::Field;
use serde::Serialize;
use serde_json::Value;

use super::accuracy;
use super::evaluation::would_be_accepted;

/// Counts for one kind of mark.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct MarkCounts {
    /// Groups read.
    pub groups: usize,
    /// Of those, read rightly before any review.
    pub right: usize,
    /// Accepted, consents where they would have been; blanks taken for blank among them.
    pub accepted: usize,
    /// Of those accepted, wrong; of those taken for blank, marked.
    pub wrong: usize,
}

/// Counts by kind of mark.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub struct ByMark(BTreeMap<String, MarkCounts>);

impl ByMark {
    /// Adds a group; `mark` is what the truth says of its marks.
    pub fn count(
        &mut self,
        field: &Field,
        reading: &FieldReading,
        truth: &Value,
        mark: Option<&str>,
    ) {
        let name = match mark {
            Some(mark) => mark,
            None if accuracy::is_nothing(truth) => "blank",
            None => "not told",
        };
        let entry = self.0.entry(name.to_owned()).or_default();
        let right = accuracy::is_right(reading, truth);
        let accepted = would_be_accepted(field, reading) || reading.state == FieldState::Blank;
        entry.groups += 1;
        entry.right += usize::from(right);
        entry.accepted += usize::from(accepted);
        entry.wrong += usize::from(accepted && !right);
    }

    /// A table for people; empty where nothing was counted.
    pub fn table(&self) -> String {
        let mut out = String::new();
        if self.0.is_empty() {
            return out;
        }
        let _ = writeln!(
            out,
            "\n{:<16} {:>7} {:>7} {:>22} {:>7}",
            "marks", "groups", "right", "accepted or left blank", "wrong"
        );
        for (name, c) in &self.0 {
            let _ = writeln!(
                out,
                "{name:<16} {:>7} {:>7} {:>22} {:>7}",
                c.groups, c.right, c.accepted, c.wrong
            );
        }
        out
    }
}
