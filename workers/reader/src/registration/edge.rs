//! What of a page lies beyond the edge of its picture.

use enrol::domain::field::FieldKind;
use enrol::forms::definition::{FormDefinition, Zone};

use super::homography::{Homography, Point};
use super::{PlacedPage, PreparedPage, layout};

/// How far a point of the form, laid on the page by `mapping`, lies beyond the edge of the picture, millimetres; below 0 on it.
pub fn beyond_mm(page: &PreparedPage, mapping: &Homography, point: Point) -> f64 {
    let [x, y] = mapping.to_page(point);
    let (width, height) = (page.picture.width as f64, page.picture.height as f64);
    (-x).max(x - width).max(-y).max(y - height) / mapping.scale_at(point)
}

/// The corners of where answers stand on the pages of a form, millimetres.
pub fn corners_of_answers(definition: &FormDefinition) -> [Point; 4] {
    let (right, bottom) = (
        definition.page.width_mm - 20.0,
        definition.page.height_mm - 25.0,
    );
    [[20.0, 25.0], [right, 25.0], [20.0, bottom], [right, bottom]]
}

/// Whether a cell, line, box or signature of the page, as it was placed, reaches beyond the picture.
pub fn is_cut_off(page: &PreparedPage, definition: &FormDefinition, placed: &PlacedPage) -> bool {
    /// A printed edge may be cut, millimetres.
    const EDGE_MM: f64 = 0.5;
    let is_on = |zone: &Zone| {
        layout::corners(zone.grown(-EDGE_MM))
            .iter()
            .all(|corner| beyond_mm(page, &placed.homography, *corner) < 0.0)
    };
    let fields = definition.fields.iter();
    fields.filter(|f| f.page == placed.code.page).any(|field| {
        let signed = (field.kind == FieldKind::Signature).then_some(field.zone);
        !layout::parts_of(field).iter().chain(&signed).all(is_on)
    })
}
