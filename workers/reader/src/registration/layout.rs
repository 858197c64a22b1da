//! The printed lines of a page, as the definition has them: comb walls, edges of boxes, writing lines, frames.

use enrol::domain::field::FieldKind;
use enrol::forms::definition::{Field, FormDefinition, Zone};

use super::homography::Point;

/// Parallel lines are measured together in pieces no longer than this, so that a piece has one place.
const PIECE_MM: f64 = 40.0;

/// A straight printed line of a form, from one end to the other, in form millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Left or upper end.
    pub from: Point,
    /// Right or lower end.
    pub to: Point,
}

/// Neighbouring parallel lines of one field that are looked for together.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    /// Index of the field within the definition.
    pub field: usize,
    /// Run down the page rather than across it.
    pub vertical: bool,
    /// The lines.
    pub segments: Vec<Segment>,
    /// Length of all lines together, millimetres.
    pub length: f64,
    /// Middle of all lines, form millimetres.
    pub centre: Point,
}

/// What is cut and read of a field: its cells, lines and boxes.
pub fn parts_of(field: &Field) -> Vec<Zone> {
    let boxes = field.options.iter().map(|o| o.zone);
    let written = field.cells.iter().chain(&field.lines).copied();
    written.chain(boxes).collect()
}

/// The corners of a zone, form millimetres.
pub fn corners(zone: Zone) -> [Point; 4] {
    let (right, bottom) = (zone.right(), zone.bottom());
    [
        [zone.x, zone.y],
        [right, zone.y],
        [zone.x, bottom],
        [right, bottom],
    ]
}

/// The lines printed for the fields of one page.
pub fn of_page(definition: &FormDefinition, page: u32) -> Vec<Bundle> {
    let mut bundles = Vec::new();
    let fields = definition.fields.iter().enumerate();
    for (index, field) in fields.filter(|(_, f)| f.page == page) {
        for zones in pieces(field) {
            let (down, across): (Vec<Segment>, Vec<Segment>) =
                (verticals(&zones), horizontals(&zones));
            bundles.push(bundle(index, true, down));
            bundles.push(bundle(index, false, across));
        }
        for line in &field.lines {
            let count = (line.width / PIECE_MM).ceil().max(1.0);
            for piece in 0..count as usize {
                let step = line.width / count;
                let left = line.x + piece as f64 * step;
                let rule = Segment {
                    from: [left, line.bottom()],
                    to: [left + step, line.bottom()],
                };
                bundles.push(bundle(index, false, vec![rule]));
            }
        }
    }
    bundles
}

/// The boxes of a field in runs of at most [`PIECE_MM`].
fn pieces(field: &Field) -> Vec<Vec<Zone>> {
    let mut runs: Vec<Vec<Zone>> = Vec::new();
    for cell in &field.cells {
        match runs.last_mut() {
            Some(run) if cell.right() - run[0].x <= PIECE_MM => run.push(*cell),
            _ => runs.push(vec![*cell]),
        }
    }
    runs.extend(field.options.iter().map(|o| vec![o.zone]));
    if field.kind == FieldKind::Signature {
        runs.push(vec![field.zone]);
    }
    runs
}

fn verticals(zones: &[Zone]) -> Vec<Segment> {
    let mut lines: Vec<Segment> = Vec::new();
    for zone in zones {
        for x in [zone.x, zone.right()] {
            if lines.last().is_none_or(|l| (l.from[0] - x).abs() > 0.05) {
                lines.push(Segment {
                    from: [x, zone.y],
                    to: [x, zone.bottom()],
                });
            }
        }
    }
    lines
}

fn horizontals(zones: &[Zone]) -> Vec<Segment> {
    let edges = zones.iter().flat_map(|zone| {
        [zone.y, zone.bottom()].map(|y| Segment {
            from: [zone.x, y],
            to: [zone.right(), y],
        })
    });
    edges.collect()
}

fn bundle(field: usize, vertical: bool, segments: Vec<Segment>) -> Bundle {
    let count = segments.len().max(1) as f64;
    let centre = std::array::from_fn(|i| {
        segments
            .iter()
            .map(|s| (s.from[i] + s.to[i]) / 2.0)
            .sum::<f64>()
            / count
    });
    let length = segments
        .iter()
        .map(|s| (s.to[0] - s.from[0]) + (s.to[1] - s.from[1]))
        .sum();
    Bundle {
        field,
        vertical,
        segments,
        length,
        centre,
    }
}
