//! One group of tick boxes: its picture, and what was measured of each box and label.

use enrol::forms::definition::{Field, FormDefinition, Zone};

use super::pen::PagePen;
use super::printed::Printed;
use super::strokes::{BoxInk, Parts};
use super::words::{self, LabelInk};
use crate::registration::{PlacedPage, PreparedPage};
use crate::zones::{ZonePicture, cut};

/// Paper kept around a group when it is cut, millimetres: room for the tails of ticks and for rings.
pub const MARGIN_MM: f64 = 3.0;

/// The zone to cut for a group.
pub fn zone_of(field: &Field) -> Zone {
    field.zone.grown(MARGIN_MM)
}

/// Cuts the picture of a group out of a placed page.
pub fn cut_group(page: &PreparedPage, placed: &PlacedPage, field: &Field) -> ZonePicture {
    cut(page, &placed.zone(field).mapping, zone_of(field))
}

/// What was measured of a group, in the order of its options.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupInk {
    /// The boxes.
    pub boxes: Vec<BoxInk>,
    /// The labels beside them; nothing measured where none is printed.
    pub labels: Vec<LabelInk>,
    /// How dark the printed borders of the boxes are against the paper, 0 to 130.
    pub border: f64,
}

impl GroupInk {
    /// Measures the picture of [`zone_of`] a group.
    pub fn measure(
        picture: &ZonePicture,
        definition: &FormDefinition,
        field: &Field,
        pen: &PagePen,
    ) -> Self {
        let printed = Printed::near(definition, field, &zone_of(field));
        let mut parts = Parts::new(picture, field, &printed, pen);
        let boxes = (0..field.options.len()).map(|i| parts.of_box(i)).collect();
        parts.take_out_marks();
        let labels = field.options.iter().map(|option| {
            let label = definition.option_label(field.page, option);
            label.map_or_else(LabelInk::default, |label| {
                words::of_label(picture, &parts, &label)
            })
        });
        Self {
            labels: labels.collect(),
            boxes,
            border: parts.border,
        }
    }
}
