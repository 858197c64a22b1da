//! Names, kinds, options, consents and categories.

use std::collections::HashMap;

use crate::domain::field::FieldKind;
use crate::domain::household::leaf_of;
use crate::forms::artwork::Shape;
use crate::forms::definition::{DataCategory, Field};
use crate::forms::metrics;
use crate::forms::problem::Problems;
use crate::forms::resolve::Resolved;
use crate::forms::source::{FieldSource, Source};

/// Last parts of names that say that a field holds special-category data, whatever its author thought.
const SPECIAL: [&str; 8] = [
    "ethnic_group",
    "ethnicity",
    "disability",
    "health",
    "expecting",
    "due_date",
    "religion",
    "allergies",
];

/// Error rates that can be promised: beneath, no amount of evidence proves one; above, no clerk would be needed.
const TARGET_ERRORS: std::ops::RangeInclusive<f64> = 0.0005..=0.05;

pub(super) fn run(source: &Source, resolved: &Resolved, problems: &mut Problems<'_>) {
    form(source, problems);
    unique_names(resolved, problems);
    let places = source.page.iter().flat_map(|page| &page.as_ref().field);
    let blocks = source.block.iter().flat_map(|block| &block.as_ref().field);
    for field in places.chain(blocks) {
        entry(field.as_ref(), problems);
    }
    for (field, offset) in resolved
        .definition
        .fields
        .iter()
        .zip(&resolved.field_offsets)
    {
        cells_for_kind(field, *offset, problems);
        category(field, *offset, problems);
    }
    printable(resolved, problems);
}

fn form(source: &Source, problems: &mut Problems<'_>) {
    let form = source.form.as_ref();
    let id = form.id.as_ref();
    if id.is_empty()
        || !id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    {
        problems.add(
            form.id.span().start,
            format!("the form's id `{id}` has other characters than a-z, 0-9 and _"),
            "write for example `id = \"registration\"`",
        );
    }
    if *form.version.as_ref() == 0 {
        problems.add(
            form.version.span().start,
            "versions begin at 1",
            "write `version = 1`",
        );
    }
    let pages = source.page.len() as u32;
    if pages == 0 {
        problems.add(
            source.form.span().start,
            "the form has no pages",
            "add a [[page]]",
        );
    }
    for optional in &form.optional_pages {
        if !(1..=pages).contains(optional.as_ref()) {
            let message = format!("page {} is optional and does not exist", optional.as_ref());
            problems.add(
                optional.span().start,
                message,
                format!("name pages from 1 to {pages}"),
            );
        }
    }
    if pages > 0 && (1..=pages).all(|p| form.optional_pages.iter().any(|o| *o.as_ref() == p)) {
        let at = form.optional_pages[0].span().start;
        problems.add(
            at,
            "every page is optional",
            "leave at least one page out of `optional_pages`",
        );
    }
}

fn unique_names(resolved: &Resolved, problems: &mut Problems<'_>) {
    let mut seen: HashMap<&str, u32> = HashMap::new();
    for (field, offset) in resolved
        .definition
        .fields
        .iter()
        .zip(&resolved.field_offsets)
    {
        if let Some(page) = seen.insert(&field.name, field.page) {
            let place = if page == field.page {
                format!("on page {page}")
            } else {
                format!("on pages {page} and {}", field.page)
            };
            let message = format!("the name `{}` is used twice, {place}", field.name);
            problems.add(
                *offset,
                message,
                "give each field its own name, and each place of a block its own `prefix`",
            );
        }
        let well_formed = field.name.split('.').count() == 2
            && field.name.split('.').all(|part| {
                part.starts_with(|c: char| c.is_ascii_lowercase())
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            });
        if !well_formed {
            let message = format!("the name `{}` is not of the form part.field", field.name);
            problems.add(
                *offset,
                message,
                "write it in small letters with one dot, for example `primary_carer.surname`",
            );
        }
        if field.name.contains("national_insurance") || field.name.ends_with("nino") {
            let message = format!("`{}` asks for a National Insurance number", field.name);
            problems.add(
                *offset,
                message,
                "remove it: no purpose of a registration needs it",
            );
        }
    }
}

/// Keys that do not belong to the kind: they would silently do nothing.
fn entry(field: &FieldSource, problems: &mut Problems<'_>) {
    let name = field.name.as_ref();
    let kind = field.kind.as_ref().as_str();
    let is_tick = matches!(kind, "one_of" | "any_of");
    let is_comb = matches!(
        kind,
        "name" | "date" | "postcode" | "phone" | "nhs_number" | "email"
    );
    if !is_tick && !is_comb && !matches!(kind, "text" | "signature") {
        return;
    }
    if let (Some(wording), None) = (&field.wording, field.wording_at) {
        let message = format!("the wording of `{name}` has no place on the page");
        problems.add(
            wording.span().start,
            message,
            "add `wording_at = [x, y]` and `wording_width`",
        );
    }
    let mut misplaced = |present: bool, key: &str, fits: bool| {
        if present && !fits {
            let message = format!("`{key}` has no meaning for `{name}` of kind {kind}");
            problems.add(
                field.name.span().start,
                message,
                format!("remove `{key}`, or change the kind"),
            );
        }
    };
    misplaced(field.cells.is_some(), "cells", is_comb);
    misplaced(field.groups.is_some(), "groups", is_comb);
    misplaced(field.cell.is_some(), "cell", is_comb);
    misplaced(
        field.cells.is_some() && field.groups.is_some(),
        "cells",
        false,
    );
    misplaced(field.lines.is_some(), "lines", kind == "text");
    misplaced(field.width.is_some(), "width", kind == "text");
    misplaced(field.size.is_some(), "size", kind == "signature");
    misplaced(!field.options.is_empty(), "options", is_tick);
    misplaced(field.columns.is_some(), "columns", is_tick);
    misplaced(field.date.is_some(), "date", kind == "date");
    if kind == "date" && field.date.is_none() {
        let remedy =
            "add `date = \"adult_birth\"`, \"child_birth\", \"due\", \"signed\" or \"received\"";
        problems.add(
            field.name.span().start,
            format!("`{name}` does not say what its date means"),
            remedy,
        );
    }
    if kind == "one_of" && field.options.len() == 1 {
        let message = format!("`{name}` has one option only");
        problems.add(
            field.name.span().start,
            message,
            "add another option, or make it `kind = \"any_of\"`",
        );
    }
    if let Some(target) = &field.target_error
        && !(TARGET_ERRORS.contains(target.as_ref()))
    {
        let message = format!(
            "the target error of `{name}` is {}, outside {} to {}",
            target.as_ref(),
            TARGET_ERRORS.start(),
            TARGET_ERRORS.end()
        );
        problems.add(
            target.span().start,
            message,
            "give the share of accepted values that may be wrong, for example 0.003 for 0.3 %",
        );
    }
    if field.label.as_ref().trim().is_empty() {
        problems.add(
            field.label.span().start,
            format!("`{name}` has no label"),
            "say what it asks; with `label_place = \"none\"` only clerks see it",
        );
    }
    for (index, option) in field.options.iter().enumerate() {
        let option = option.as_ref();
        let value = option.value.as_ref();
        if field.options[..index]
            .iter()
            .any(|o| o.as_ref().value.as_ref() == value)
        {
            let message = format!("`{name}` has the option value `{value}` twice");
            problems.add(
                option.value.span().start,
                message,
                "give each option its own value",
            );
        }
        if value.trim().is_empty() || option.label.trim().is_empty() {
            let message = format!("an option of `{name}` has no value or no label");
            problems.add(option.value.span().start, message, "give both");
        }
    }
}

/// Kinds whose length is fixed by what they hold.
fn cells_for_kind(field: &Field, offset: usize, problems: &mut Problems<'_>) {
    let count = field.cells.len();
    let (fits, wanted) = match field.kind {
        FieldKind::Date => (count == 8, "8 cells, in `groups = [2, 2, 4]`"),
        FieldKind::NhsNumber => (count == 10, "10 cells, in `groups = [3, 3, 4]`"),
        FieldKind::Postcode => (
            count == 7 || count == 8,
            "8 cells, so that there is one for the space",
        ),
        FieldKind::Phone => ((11..=16).contains(&count), "11 to 16 cells"),
        FieldKind::Email => (count >= 25, "at least 25 cells"),
        _ => (true, ""),
    };
    if !fits {
        let message = format!(
            "`{}` of kind {} has {count} cells",
            field.name,
            field.kind.as_str()
        );
        problems.add(offset, message, format!("give it {wanted}"));
    }
}

fn category(field: &Field, offset: usize, problems: &mut Problems<'_>) {
    if SPECIAL.contains(&leaf_of(&field.name)) && field.rules.category != DataCategory::Special {
        let message = format!(
            "`{}` holds special-category data and is not marked so",
            field.name
        );
        problems.add(
            offset,
            message,
            "add `category = \"special\"`: it is then kept apart and encrypted",
        );
    }
}

fn printable(resolved: &Resolved, problems: &mut Problems<'_>) {
    for drawn in &resolved.drawn {
        let Shape::Text(line) = &drawn.artwork.shape else {
            continue;
        };
        if let Some(odd) = line
            .text
            .chars()
            .find(|c| metrics::advance(*c, line.weight).is_none())
        {
            let message = format!("the character U+{:04X} cannot be printed", u32::from(odd));
            problems.add(
                drawn.offset,
                message,
                "write the text with plain letters, digits and punctuation",
            );
        }
    }
}
