//! Places one field: its cells, lines or boxes, its label, and for a consent its wording.

use super::canvas::Canvas;
use super::definition::{Field, FieldRules, TickOption, Zone, default_target_error};
use super::label;
use super::layout;
use super::problem::Problems;
use super::resolve::Anchor;
use super::source::{FieldSource, Style};
use crate::domain::field::FieldKind;

/// Every kind, for looking one up by name.
const KINDS: [FieldKind; 10] = [
    FieldKind::Name,
    FieldKind::Date,
    FieldKind::Postcode,
    FieldKind::Phone,
    FieldKind::NhsNumber,
    FieldKind::Email,
    FieldKind::Text,
    FieldKind::OneOf,
    FieldKind::AnyOf,
    FieldKind::Signature,
];

/// Places a field and draws its label; `None` when it lacks what it needs to be placed, which is then a problem.
pub(super) fn resolve(
    canvas: &mut Canvas,
    style: &Style,
    source: &FieldSource,
    offset: usize,
    anchor: &Anchor<'_>,
    problems: &mut Problems<'_>,
) -> Option<Field> {
    let kind = kind(source, problems)?;
    let origin = source.at.as_ref();
    let (x, y) = (origin[0] + anchor.by[0], origin[1] + anchor.by[1]);
    canvas.at(anchor.page, offset);
    let mut cells = Vec::new();
    let mut lines = Vec::new();
    let mut options = Vec::new();
    let mut labels = Vec::new();
    match kind {
        FieldKind::Text => lines = ruled_lines(style, source, x, y, problems)?,
        FieldKind::OneOf | FieldKind::AnyOf => {
            options = tick_boxes(style, source, x, y, anchor, problems);
            for (option, entry) in options.iter().zip(&source.options) {
                let width = entry.as_ref().width;
                labels.push(layout::option_label(
                    canvas,
                    style,
                    option.zone,
                    &option.label,
                    width,
                ));
            }
        }
        FieldKind::Signature => {}
        _ => cells = comb(style, source, kind, x, y, problems)?,
    }
    let zone = match kind {
        FieldKind::Signature => {
            let size = needed(
                source.size.as_ref(),
                source,
                "size",
                "size = [90, 16]",
                problems,
            )?;
            Zone {
                x,
                y,
                width: size[0],
                height: size[1],
            }
        }
        _ => cells
            .iter()
            .chain(&lines)
            .chain(&labels)
            .copied()
            .reduce(|a, b| a.union(&b))?,
    };
    label::draw(canvas, style, source, anchor, zone, kind);
    label::draw_wording(canvas, style, source, anchor);
    let own = source.name.as_ref();
    let name = anchor
        .prefix
        .map_or_else(|| own.clone(), |prefix| format!("{prefix}.{own}"));
    let label = source.label.as_ref();
    let label = if anchor.group.is_empty() {
        label.clone()
    } else {
        format!("{}: {label}", anchor.group)
    };
    Some(Field {
        name,
        label,
        group: anchor.group.to_owned(),
        kind,
        page: anchor.page,
        zone,
        cells,
        lines,
        options,
        rules: FieldRules {
            required: source.required,
            alphabet: source
                .alphabet
                .clone()
                .unwrap_or_else(|| alphabet(kind).to_owned()),
            category: source.category,
            consent: source.consent.as_ref().map(|c| c.as_ref().clone()),
            wording: source.wording.as_ref().map(|w| w.as_ref().clone()),
            date: source.date,
            target_error: source.target_error.as_ref().map_or_else(
                || default_target_error(kind, source.date, source.consent.is_some()),
                |t| *t.as_ref(),
            ),
        },
    })
}

fn kind(source: &FieldSource, problems: &mut Problems<'_>) -> Option<FieldKind> {
    let wanted = source.kind.as_ref().as_str();
    let found = KINDS.into_iter().find(|k| k.as_str() == wanted);
    if found.is_none() {
        let known = KINDS.map(FieldKind::as_str).join(", ");
        problems.add(
            source.kind.span().start,
            format!("`{wanted}` is no kind of field"),
            format!("use one of: {known}"),
        );
    }
    found
}

/// The characters that a reader may give for a kind; empty means all of them.
fn alphabet(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Date | FieldKind::Phone | FieldKind::NhsNumber => "0123456789",
        FieldKind::Postcode => "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ",
        FieldKind::Name => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz -'.",
        FieldKind::Email => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@._-+'",
        FieldKind::Text | FieldKind::OneOf | FieldKind::AnyOf | FieldKind::Signature => "",
    }
}

fn needed<T: Copy>(
    value: Option<&serde_spanned::Spanned<T>>,
    source: &FieldSource,
    key: &str,
    example: &str,
    problems: &mut Problems<'_>,
) -> Option<T> {
    if value.is_none() {
        let (name, kind) = (source.name.as_ref(), source.kind.as_ref());
        let message = format!("`{name}` is of kind {kind} and has no `{key}`");
        problems.add(
            source.name.span().start,
            message,
            format!("add for example `{example}`"),
        );
    }
    value.map(|v| *v.as_ref())
}

fn comb(
    style: &Style,
    source: &FieldSource,
    kind: FieldKind,
    x: f64,
    y: f64,
    problems: &mut Problems<'_>,
) -> Option<Vec<Zone>> {
    let groups = match (&source.groups, &source.cells, kind) {
        (Some(groups), _, _) => groups.as_ref().clone(),
        (None, Some(cells), _) => vec![*cells.as_ref()],
        (None, None, FieldKind::Date) => vec![2, 2, 4],
        (None, None, FieldKind::NhsNumber) => vec![3, 3, 4],
        (None, None, FieldKind::Postcode) => vec![8],
        (None, None, FieldKind::Phone) => vec![11],
        (None, None, _) => vec![needed(
            source.cells.as_ref(),
            source,
            "cells",
            "cells = 24",
            problems,
        )?],
    };
    let [width, height] = source.cell.as_ref().map_or(style.cell, |c| *c.as_ref());
    let mut cells = Vec::new();
    let mut left = x;
    for group in groups {
        for _ in 0..group.min(100) {
            cells.push(Zone {
                x: left,
                y,
                width,
                height,
            });
            left += width;
        }
        left += style.group_gap;
    }
    if cells.is_empty() {
        let message = format!("`{}` has no cells", source.name.as_ref());
        problems.add(
            source.name.span().start,
            message,
            "give at least one cell: `cells = 24` or `groups = [2, 2, 4]`",
        );
        return None;
    }
    Some(cells)
}

fn ruled_lines(
    style: &Style,
    source: &FieldSource,
    x: f64,
    y: f64,
    problems: &mut Problems<'_>,
) -> Option<Vec<Zone>> {
    let width = needed(
        source.width.as_ref(),
        source,
        "width",
        "width = 140",
        problems,
    )?;
    let count = source.lines.as_ref().map_or(1, |l| *l.as_ref());
    if count == 0 || count > 40 {
        let at = source.lines.as_ref().map_or(0, |l| l.span().start);
        let message = format!("`{}` has {count} writing lines", source.name.as_ref());
        problems.add(at, message, "give between 1 and 40 `lines`");
        return None;
    }
    let height = style.line_height;
    Some(
        (0..count)
            .map(|line| Zone {
                x,
                y: y + f64::from(line) * height,
                width,
                height,
            })
            .collect(),
    )
}

fn tick_boxes(
    style: &Style,
    source: &FieldSource,
    x: f64,
    y: f64,
    anchor: &Anchor<'_>,
    problems: &mut Problems<'_>,
) -> Vec<TickOption> {
    if source.options.is_empty() {
        let message = format!(
            "`{}` is of kind {} and has no options",
            source.name.as_ref(),
            source.kind.as_ref()
        );
        let remedy = "add `options = [{ value = \"yes\", label = \"Yes\" }, { value = \"no\", label = \"No\" }]`";
        problems.add(source.name.span().start, message, remedy);
    }
    let own: Vec<f64> = source
        .columns
        .as_ref()
        .map_or_else(Vec::new, |c| c.as_ref().clone());
    let columns: Vec<f64> = if own.is_empty() {
        vec![x]
    } else {
        own.iter().map(|c| c + anchor.by[0]).collect()
    };
    let step = source.row_step.unwrap_or(style.tick + 2.0);
    let side = style.tick;
    let placed = source.options.iter().enumerate().map(|(index, option)| {
        let option = option.as_ref();
        let zone = match option.at {
            Some([left, top]) => (left + anchor.by[0], top + anchor.by[1]),
            None => (
                columns[index % columns.len()],
                y + (index / columns.len()) as f64 * step,
            ),
        };
        TickOption {
            value: option.value.as_ref().clone(),
            label: option.label.clone(),
            zone: Zone {
                x: zone.0,
                y: zone.1,
                width: side,
                height: side,
            },
        }
    });
    placed.collect()
}
