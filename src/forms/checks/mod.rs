//! What a definition must fulfil beyond being well-formed: everything a form would otherwise show only once it is
//! printed, filled in and scanned.

mod consent;
mod content;
mod geometry;
mod text;

use super::problem::Problems;
use super::resolve::Resolved;
use super::source::Source;

/// Adds everything wrong with the definition to `problems`.
pub(super) fn run(source: &Source, resolved: &Resolved, problems: &mut Problems<'_>) {
    content::run(source, resolved, problems);
    consent::run(resolved, problems);
    geometry::run(source, resolved, problems);
    text::run(resolved, problems);
}
