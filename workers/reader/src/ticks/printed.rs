//! What is printed around a group of tick boxes, so that it is not taken for ink: labels, frames, rules, combs.

use enrol::forms::artwork::Shape;
use enrol::forms::definition::{Field, FormDefinition, Zone};

use crate::raster::Grey;
use crate::zones::rules::{self, Fit, Line};
use crate::zones::{SCALE, ZonePicture};

/// Width of the printed outline of cells and boxes, millimetres.
const GUIDE_WIDTH: f64 = 0.25;
/// Letters may lie this far from where the definition has them, millimetres.
const TEXT_SLACK_MM: f64 = 0.3;
/// Beside a printed line this much belongs to it, millimetres.
const LINE_SLACK_MM: f64 = 0.28;

/// Printed things near one group of boxes, in form millimetres. The group's own boxes are not among them.
#[derive(Debug, Clone, Default)]
pub struct Printed {
    /// Lines of text and filled areas.
    areas: Vec<Zone>,
    /// Straight lines.
    lines: Vec<Rule>,
}

/// A straight printed line, millimetres of the form.
#[derive(Debug, Clone, Copy)]
struct Rule {
    from: (f64, f64),
    to: (f64, f64),
    width: f64,
}

impl Printed {
    /// What stands within `zone` on the page of `field`.
    pub fn near(definition: &FormDefinition, field: &Field, zone: &Zone) -> Self {
        let mut printed = Self::default();
        let artwork = definition.artwork.iter().filter(|a| a.page == field.page);
        for art in artwork {
            match &art.shape {
                Shape::Text(line) => printed.area(line.bounds().grown(TEXT_SLACK_MM), zone),
                Shape::Rect {
                    zone: rect,
                    fill,
                    stroke,
                } => {
                    if fill.is_some() {
                        printed.area(rect.grown(TEXT_SLACK_MM), zone);
                    }
                    if let Some((width, _)) = stroke {
                        printed.outline(rect, *width, zone);
                    }
                }
                Shape::Line {
                    from, to, width, ..
                } => printed.line(*from, *to, *width, zone),
            }
        }
        let others = definition.fields.iter().filter(|f| f.page == field.page);
        for other in others.filter(|f| f.name != field.name) {
            if other.zone.grown(1.0).overlap(zone).is_none() {
                continue;
            }
            for cell in &other.cells {
                printed.outline(cell, GUIDE_WIDTH, zone);
            }
            for line in &other.lines {
                let ends = ((line.x, line.bottom()), (line.right(), line.bottom()));
                printed.line(ends.0, ends.1, GUIDE_WIDTH, zone);
            }
            for option in &other.options {
                printed.outline(&option.zone, GUIDE_WIDTH, zone);
            }
        }
        printed
    }

    fn area(&mut self, area: Zone, zone: &Zone) {
        if area.overlap(zone).is_some() {
            self.areas.push(area);
        }
    }

    fn outline(&mut self, rect: &Zone, width: f64, zone: &Zone) {
        let (left, top, right, bottom) = (rect.x, rect.y, rect.right(), rect.bottom());
        for (from, to) in [
            ((left, top), (right, top)),
            ((left, bottom), (right, bottom)),
            ((left, top), (left, bottom)),
            ((right, top), (right, bottom)),
        ] {
            self.line(from, to, width, zone);
        }
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), width: f64, zone: &Zone) {
        let area = Zone {
            x: from.0.min(to.0),
            y: from.1.min(to.1),
            width: (to.0 - from.0).abs(),
            height: (to.1 - from.1).abs(),
        };
        if area.grown(width).overlap(zone).is_some() {
            self.lines.push(Rule { from, to, width });
        }
    }

    /// Takes all of it out of a picture: text goes, lines are bridged so that a stroke across them stays whole.
    pub fn erase(&self, picture: &mut ZonePicture) {
        for Rule { from, to, width } in &self.lines {
            let vertical = (from.0 - to.0).abs() < (from.1 - to.1).abs();
            let line = if vertical {
                Line {
                    vertical,
                    at: picture.column(from.0),
                    from: picture.row(from.1.min(to.1)),
                    to: picture.row(from.1.max(to.1)),
                }
            } else {
                Line {
                    vertical,
                    at: picture.row(from.1),
                    from: picture.column(from.0.min(to.0)),
                    to: picture.column(from.0.max(to.0)),
                }
            };
            let fit = Fit {
                shift: 0,
                half_width: ((width / 2.0 + LINE_SLACK_MM) * SCALE).round() as isize,
                seen: true,
                depth: 0.0,
            };
            rules::erase(&mut picture.grey, line, fit);
        }
        for area in &self.areas {
            let (left, right) = (picture.column(area.x), picture.column(area.right()));
            let (top, bottom) = (picture.row(area.y), picture.row(area.bottom()));
            whiten(&mut picture.grey, (left, right), (top, bottom));
        }
    }
}

/// Makes a part of a picture white, given by columns and rows.
pub fn whiten(picture: &mut Grey, columns: (f64, f64), rows: (f64, f64)) {
    let clip = |v: f64, most: usize| (v.round().max(0.0) as usize).min(most);
    let (x0, x1) = (
        clip(columns.0, picture.width),
        clip(columns.1, picture.width),
    );
    let (y0, y1) = (clip(rows.0, picture.height), clip(rows.1, picture.height));
    for y in y0..y1 {
        let width = picture.width;
        if x0 < x1 {
            picture.pixels[y * width + x0..y * width + x1].fill(255);
        }
    }
}
