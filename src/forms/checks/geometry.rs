//! Positions: everything on the page, clear of the marks, clear of each other and large enough to write in.

use crate::domain::field::FieldKind;
use crate::forms::definition::{Field, FormDefinition, Zone};
use crate::forms::page_code::PageCode;
use crate::forms::problem::Problems;
use crate::forms::resolve::Resolved;
use crate::forms::source::Source;

/// Printers leave this much of the edge white, millimetres.
pub(super) const MARGIN: f64 = 5.0;
/// White that corner marks need round them, millimetres.
const MARK_QUIET: f64 = 1.5;
/// Smallest comb cell that a person can write a letter in, millimetres.
const SMALLEST_CELL: (f64, f64) = (5.0, 6.0);
/// Smallest QR module that a 200 dpi scan resolves with room to spare, millimetres.
const SMALLEST_MODULE: f64 = 0.5;

pub(super) fn run(source: &Source, resolved: &Resolved, problems: &mut Problems<'_>) {
    let definition = &resolved.definition;
    qr_code(source, definition, problems);
    for (field, offset) in definition.fields.iter().zip(&resolved.field_offsets) {
        on_the_page(definition, field, *offset, problems);
        room_to_write(field, *offset, problems);
    }
    fields_apart(resolved, problems);
}

fn qr_code(source: &Source, definition: &FormDefinition, problems: &mut Problems<'_>) {
    let code = PageCode {
        form: definition.id.clone(),
        version: definition.version,
        page: definition.pages,
        set_number: Some("000000".to_owned()),
    };
    let at = source.form.as_ref().id.span().start;
    let modules = crate::forms::print::qr_modules(&code).map_or(0, |qr| qr.size());
    let side = definition.qr_zone.width;
    if modules == 0 || side / f64::from(modules) < SMALLEST_MODULE {
        let message = format!("the QR code of {side} mm is too small for the form's id");
        problems.add(
            at,
            message,
            "shorten `id`, or make `qr_size` under [marks] larger",
        );
    }
    let page = page_zone(definition).grown(-MARGIN);
    let mut marks = definition
        .corner_marks
        .iter()
        .map(|m| m.zone.grown(MARK_QUIET));
    if !inside(&definition.qr_zone, &page)
        || marks.any(|m| m.overlap(&definition.qr_zone).is_some())
    {
        let remedy = "move it with `qr_at` under [marks] so that it is on the page and clear of the corner marks";
        problems.add(
            source.marks.qr_size.span().start,
            "the QR code does not stand free on the page",
            remedy,
        );
    }
}

pub(super) fn page_zone(definition: &FormDefinition) -> Zone {
    Zone {
        x: 0.0,
        y: 0.0,
        width: definition.page.width_mm,
        height: definition.page.height_mm,
    }
}

pub(super) fn inside(inner: &Zone, outer: &Zone) -> bool {
    let slack = 1e-6;
    inner.x >= outer.x - slack
        && inner.y >= outer.y - slack
        && inner.right() <= outer.right() + slack
        && inner.bottom() <= outer.bottom() + slack
}

/// The zones that must stay white or belong to registration: marks and QR code with their quiet zones.
pub(super) fn reserved(definition: &FormDefinition) -> Vec<(&'static str, Zone)> {
    // Four modules of the code are its quiet zone; at 25 modules or more a sixth of its side covers them.
    let mut zones = vec![(
        "the QR code",
        definition.qr_zone.grown(definition.qr_zone.width / 7.0),
    )];
    zones.extend(
        definition
            .corner_marks
            .iter()
            .map(|m| ("a corner mark", m.zone.grown(MARK_QUIET))),
    );
    zones
}

fn on_the_page(
    definition: &FormDefinition,
    field: &Field,
    offset: usize,
    problems: &mut Problems<'_>,
) {
    let Field { name, zone, .. } = field;
    let (width, height) = (definition.page.width_mm, definition.page.height_mm);
    if !inside(zone, &page_zone(definition).grown(-MARGIN)) {
        let message = format!(
            "`{name}` reaches from ({:.1}, {:.1}) to ({:.1}, {:.1}) mm, off the printable part of page {}",
            zone.x,
            zone.y,
            zone.right(),
            zone.bottom(),
            field.page
        );
        let remedy = format!(
            "keep it between {MARGIN} mm and {} mm across and {MARGIN} mm and {} mm down: move `at`, or use fewer or smaller cells, lines or columns",
            width - MARGIN,
            height - MARGIN
        );
        problems.add(offset, message, remedy);
    }
    for (what, taken) in reserved(definition) {
        if zone.overlap(&taken).is_some() {
            let message = format!("`{name}` lies on {what} of page {}", field.page);
            let remedy = format!(
                "keep clear of {:.1} to {:.1} mm across and {:.1} to {:.1} mm down",
                taken.x,
                taken.right(),
                taken.y,
                taken.bottom()
            );
            problems.add(offset, message, remedy);
        }
    }
}

fn room_to_write(field: &Field, offset: usize, problems: &mut Problems<'_>) {
    let name = &field.name;
    if let Some(cell) = field.cells.first()
        && (cell.width < SMALLEST_CELL.0 || cell.height < SMALLEST_CELL.1)
    {
        let message = format!(
            "the cells of `{name}` are {:.1} x {:.1} mm, too small to write in",
            cell.width, cell.height
        );
        let remedy = format!(
            "make `cell` at least [{:.1}, {:.1}] and use fewer cells where they do not fit",
            SMALLEST_CELL.0, SMALLEST_CELL.1
        );
        problems.add(offset, message, remedy);
    }
    if let Some(line) = field.lines.first()
        && (line.height < 7.0 || line.width < 20.0)
    {
        let message = format!(
            "the writing lines of `{name}` are {:.1} x {:.1} mm, too small to write on",
            line.width, line.height
        );
        problems.add(
            offset,
            message,
            "give at least 20 mm of `width` and 7 mm of `line_height` under [style]",
        );
    }
    if field.kind == FieldKind::Signature && (field.zone.width < 40.0 || field.zone.height < 10.0) {
        let message = format!(
            "the box of `{name}` is {:.1} x {:.1} mm, too small to sign in",
            field.zone.width, field.zone.height
        );
        problems.add(offset, message, "make `size` at least [40, 10]");
    }
    for option in &field.options {
        if option.zone.width < 3.5 {
            let message = format!(
                "the boxes of `{name}` are {:.1} mm wide, too small to cross reliably",
                option.zone.width
            );
            problems.add(offset, message, "make `tick` under [style] at least 3.5");
        }
    }
}

/// The parts of a field that people write in: two fields may interlock, their parts may not.
pub(super) fn writable(field: &Field) -> Vec<Zone> {
    let ticks = field.options.iter().map(|o| o.zone);
    let mut parts: Vec<Zone> = field
        .cells
        .iter()
        .chain(&field.lines)
        .copied()
        .chain(ticks)
        .collect();
    if parts.is_empty() {
        parts.push(field.zone);
    }
    parts
}

fn fields_apart(resolved: &Resolved, problems: &mut Problems<'_>) {
    let fields: Vec<(&Field, usize)> = resolved
        .definition
        .fields
        .iter()
        .zip(resolved.field_offsets.iter().copied())
        .collect();
    for (index, (later, offset)) in fields.iter().enumerate() {
        for (earlier, _) in fields[..index].iter().filter(|(f, _)| f.page == later.page) {
            if let Some((across, down)) = later.zone.overlap(&earlier.zone) {
                let message = format!(
                    "`{}` and `{}` overlap by {across:.1} mm across and {down:.1} mm down on page {}",
                    later.name, earlier.name, later.page
                );
                problems.add(
                    *offset,
                    message,
                    "move one of them with `at`, or make it narrower",
                );
            }
        }
        let own = &later.options;
        for (n, option) in own.iter().enumerate() {
            if own[..n]
                .iter()
                .any(|o| o.zone.overlap(&option.zone).is_some())
            {
                let message = format!(
                    "two boxes of `{}` lie on each other at `{}`",
                    later.name, option.value
                );
                problems.add(
                    *offset,
                    message,
                    "give the options more `columns`, a larger `row_step` or their own `at`",
                );
            }
        }
    }
}
