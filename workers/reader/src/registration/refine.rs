//! Correcting the place of a page, and of each of its zones, by the printed lines.
//!
//! Corner marks and code settle a page up to what is flat and even. Rollers pull a sheet unevenly, so each zone is then
//! moved to its own lines and its neighbours', fitted robustly: a line under writing or a stamp does not count.

use std::collections::BTreeMap;

use enrol::forms::definition::{FormDefinition, Zone};
use nalgebra::{Matrix3, SMatrix, SVector, Vector3};

use super::PreparedPage;
use super::homography::{Homography, Point};
use super::layout::Bundle;
use super::lines::{self, Sighting};

/// Lines are looked for within this distance of where the page's mapping has them.
pub const REACH_MM: f64 = 1.5;
/// Lines around a zone help to place it; their say fades over this distance. Rollers change their pull within
/// centimetres, so lines further away are asked only where those near by are too few.
const FADES_MM: [f64; 2] = [7.0, 18.0];
/// A zone whose own lines are not seen is not known better than this.
const UNSEEN_MM: f64 = 0.4;

/// Where one zone lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZonePlace {
    /// From form millimetres to page pixels, for this zone.
    pub mapping: Homography,
    /// How far the zone may be off, millimetres: the spread of its lines around their fitted place.
    pub residual_mm: f64,
}

/// Where the parts of one field lie.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldPlace {
    /// The field as a whole; its residual is that of its worst part.
    pub whole: ZonePlace,
    /// Its tick boxes or writing lines: the sheet may be pulled between the first and the last.
    pub parts: Vec<(Zone, ZonePlace)>,
}

/// Looks for all lines of a page.
pub fn look_at_all(
    page: &PreparedPage,
    mapping: &Homography,
    layout: &[Bundle],
    reach: f64,
) -> Vec<Sighting> {
    layout
        .iter()
        .map(|bundle| lines::look(page, mapping, bundle, reach))
        .collect()
}

/// Moves a rough mapping to the printed lines in narrowing steps; `None` where too few are found to hold it.
pub fn settle(
    page: &PreparedPage,
    mut mapping: Homography,
    layout: &[Bundle],
    reaches: &[f64],
) -> Option<Homography> {
    for reach in reaches {
        let seen = look_at_all(page, &mapping, layout, *reach);
        mapping = mapping.after(&whole_page(&seen)?)?;
    }
    Some(mapping)
}

/// The projective correction, in form millimetres, that brings lines to where they were seen. With `g` and `h` the
/// perspective terms, an offset to the right is `a0 + a1 x + a2 y - x (g x + h y)`, one downwards likewise.
fn whole_page(seen: &[Sighting]) -> Option<Homography> {
    const CENTRE: Point = [105.0, 148.0];
    const UNIT: f64 = 100.0;
    let found: Vec<&Sighting> = seen.iter().filter(|s| s.is_found()).collect();
    if found.len() < 12 {
        return None;
    }
    let row = |s: &Sighting| -> SVector<f64, 8> {
        let (x, y) = ((s.at[0] - CENTRE[0]) / UNIT, (s.at[1] - CENTRE[1]) / UNIT);
        let mut row = SVector::zeros();
        let (first, own) = if s.vertical { (0, x) } else { (3, y) };
        (row[first], row[first + 1], row[first + 2]) = (1.0, x, y);
        (row[6], row[7]) = (-own * x, -own * y);
        row
    };
    let mut solution = SVector::<f64, 8>::zeros();
    for round in 0..6 {
        let mut normal = SMatrix::<f64, 8, 8>::identity() * 1e-6;
        // A sheet is flat unless the lines clearly say otherwise.
        (normal[(6, 6)], normal[(7, 7)]) = (20.0, 20.0);
        let mut right = SVector::<f64, 8>::zeros();
        for s in &found {
            let row = row(s);
            let error = s.offset - row.dot(&solution);
            let weight = if round == 0 { 1.0 } else { trust(error, 0.8) } * s.length.min(60.0);
            normal += row * row.transpose() * weight;
            right += row * (s.offset * weight);
        }
        solution = normal.cholesky()?.solve(&right);
    }
    let c = solution / UNIT;
    let local = Matrix3::new(
        1.0 + c[1],
        c[2],
        c[0],
        c[4],
        1.0 + c[5],
        c[3],
        c[6],
        c[7],
        1.0,
    );
    let scale = Matrix3::new(UNIT, 0.0, CENTRE[0], 0.0, UNIT, CENTRE[1], 0.0, 0.0, 1.0);
    Homography::from_matrix(scale * local * scale.try_inverse()?)
}

/// How far an observation is believed that is off by `error` (Tukey's biweight).
fn trust(error: f64, limit: f64) -> f64 {
    let part = error / limit;
    if part.abs() >= 1.0 {
        0.0
    } else {
        (1.0 - part * part).powi(2)
    }
}

/// Places every field of a page by its own lines and those around it.
/// `otherwise_mm` is the residual of the page, which a zone keeps where no lines can be seen.
pub fn zones(
    mapping: &Homography,
    definition: &FormDefinition,
    page: u32,
    layout: &[Bundle],
    seen: &[Sighting],
    otherwise_mm: f64,
) -> BTreeMap<String, FieldPlace> {
    let fields = definition.fields.iter().enumerate();
    fields
        .filter(|(_, field)| field.page == page)
        .map(|(index, field)| {
            let (own, own_found) = layout
                .iter()
                .zip(seen)
                .filter(|(bundle, _)| bundle.field == index)
                .fold((0.0, 0.0), |(all, found), (bundle, s)| {
                    let length = if s.is_found() { bundle.length } else { 0.0 };
                    (all + bundle.length, found + length)
                });
            let place_of = |area: Zone| {
                let mut place = zone(mapping, area, seen).unwrap_or(ZonePlace {
                    mapping: *mapping,
                    residual_mm: otherwise_mm.max(UNSEEN_MM),
                });
                if own_found < 0.5 * own {
                    let unseen = otherwise_mm.max(UNSEEN_MM);
                    place.residual_mm = place.residual_mm.max(unseen);
                }
                place
            };
            let areas = field
                .options
                .iter()
                .map(|o| o.zone)
                .chain(field.lines.iter().copied());
            let parts: Vec<(Zone, ZonePlace)> = areas.map(|area| (area, place_of(area))).collect();
            let mut whole = place_of(field.zone);
            if !parts.is_empty() {
                whole.residual_mm = parts
                    .iter()
                    .fold(0.0, |worst, (_, p)| p.residual_mm.max(worst));
            }
            let place = FieldPlace { whole, parts };
            (field.name.clone(), place)
        })
        .collect()
}

/// The zone's mapping: the page's, with a shift and a slope for each direction from the lines near by.
fn zone(mapping: &Homography, zone: Zone, seen: &[Sighting]) -> Option<ZonePlace> {
    let centre = [zone.x + zone.width / 2.0, zone.y + zone.height / 2.0];
    let along = |vertical: bool| {
        FADES_MM
            .iter()
            .find_map(|fade| direction(zone, centre, seen, vertical, *fade))
    };
    let (right, right_spread) = along(true)?;
    let (down, down_spread) = along(false)?;
    let [x, y] = centre;
    // In form millimetres about the zone's middle.
    let row = |c: Vector3<f64>, axis: [f64; 2]| {
        [axis[0] + c[1], axis[1] + c[2], c[0] - c[1] * x - c[2] * y]
    };
    let (a, b) = (row(right, [1.0, 0.0]), row(down, [0.0, 1.0]));
    let correction = Homography::from_rows([a[0], a[1], a[2], b[0], b[1], b[2], 0.0, 0.0, 1.0])?;
    Some(ZonePlace {
        mapping: mapping.after(&correction)?,
        residual_mm: right_spread.hypot(down_spread),
    })
}

/// Offset at `centre` and its slopes (per millimetre to the right and down), with the spread around them.
fn direction(
    zone: Zone,
    centre: Point,
    seen: &[Sighting],
    vertical: bool,
    fade_mm: f64,
) -> Option<(Vector3<f64>, f64)> {
    let near: Vec<(&Sighting, f64)> = seen
        .iter()
        .filter(|s| s.vertical == vertical && s.is_found())
        .map(|s| {
            let beyond = |v: f64, low: f64, high: f64| (low - v).max(v - high).max(0.0);
            let (dx, dy) = (
                beyond(s.at[0], zone.x, zone.right()),
                beyond(s.at[1], zone.y, zone.bottom()),
            );
            let far = (dx * dx + dy * dy) / (fade_mm * fade_mm);
            (s, s.length.min(60.0) * (-0.5 * far).exp())
        })
        .filter(|(_, weight)| *weight > 0.1)
        .collect();
    let total: f64 = near.iter().map(|(_, weight)| weight).sum();
    if near.len() < 3 || total < 12.0 {
        return None;
    }
    let row = |s: &Sighting| Vector3::new(1.0, s.at[0] - centre[0], s.at[1] - centre[1]);
    // Start from the weighted median, which half of the lines cannot mislead.
    let mut sorted: Vec<(f64, f64)> = near.iter().map(|(s, w)| (s.offset, *w)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut below = 0.0;
    let median = sorted
        .iter()
        .find(|(_, weight)| {
            below += weight;
            below * 2.0 >= total
        })
        .map_or(0.0, |(offset, _)| *offset);
    let mut solution = Vector3::new(median, 0.0, 0.0);
    let (mut kept, mut spread, mut agreeing) = (0.0, 0.0, 0);
    for limit in [0.7, 0.5, 0.4, 0.4] {
        // Slopes beyond what the lines say clearly are none: as if 20 mm of line 5 mm away had no offset.
        let mut normal = Matrix3::from_diagonal(&Vector3::new(1e-6, 5e2, 5e2));
        let mut right = Vector3::zeros();
        (kept, spread, agreeing) = (0.0, 0.0, 0);
        for (s, weight) in &near {
            let row = row(s);
            let error = s.offset - row.dot(&solution);
            let trust = trust(error, limit);
            agreeing += usize::from(trust > 0.2);
            let weight = weight * trust;
            normal += row * row.transpose() * weight;
            right += row * (s.offset * weight);
            kept += weight;
            spread += weight * error * error;
        }
        solution = normal.try_inverse()? * right;
    }
    // Half of what is near must agree, or it is anybody's guess which lines were seen. By number as well: on a pale copy
    // one row of writing, taken for its line, is as long as all the lines that are seen.
    let enough = kept > 0.4 * total && agreeing >= 2 && agreeing * 5 >= near.len() * 2;
    enough.then(|| (solution, (spread / kept.max(1e-9)).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(y: f64, offset: f64, length: f64) -> Sighting {
        Sighting {
            at: [80.0, y],
            vertical: false,
            offset,
            length,
            share: 0.8,
        }
    }

    #[test]
    fn one_row_of_writing_does_not_outvote_the_lines() {
        let box_zone = Zone {
            x: 92.0,
            y: 80.0,
            width: 4.4,
            height: 4.4,
        };
        let place = |seen: &[Sighting]| direction(box_zone, [94.2, 82.2], seen, false, 18.0);
        // A pale copy: few lines are seen, and the longest of them is somebody's writing.
        let pale = [
            rule(58.6, 0.0, 20.0),
            rule(94.1, 0.0, 20.0),
            rule(102.9, -1.57, 60.0),
            rule(134.2, 0.0, 60.0),
        ];
        assert!(place(&pale).is_none_or(|(at, _)| at[0].abs() < 0.2));
        let pulled = pale.map(|line| Sighting {
            offset: -1.0 + line.at[1] * 0.002,
            ..line
        });
        let (at, spread) = place(&pulled).expect("all agree");
        assert!((at[0] + 0.84).abs() < 0.1 && spread < 0.1);
    }
}
