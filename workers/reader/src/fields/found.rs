//! What lies in a field's zone before anything is recognised.

use enrol::domain::field::FieldKind;
use enrol::forms::definition::{Field, Zone};

use super::WrittenZones;
use crate::raster::Grey;
use crate::registration::{PlacedPage, PreparedPage};
use crate::ticks::{self, PagePen};
use crate::zones::comb::{self, Comb};
use crate::zones::{ZonePicture, cut, writing};

/// What was found in a field's zone before anything was recognised.
pub(super) enum Found {
    Boxes(ZonePicture),
    Signature(ZonePicture),
    Blank,
    Comb { comb: Comb, line: Grey },
    Lines(Vec<writing::WritingLine>),
}

impl Found {
    /// Cuts the zone of a field out of its page. What a pen left there is added to `pen`.
    pub fn on_page(
        field: &Field,
        page: &PreparedPage,
        placed: &PlacedPage,
        pen: &mut PagePen,
    ) -> Self {
        let homography = &placed.zone(field).mapping;
        match field.kind {
            FieldKind::OneOf | FieldKind::AnyOf => {
                let picture = ticks::group::cut_group(page, placed, field);
                pen.add_boxes(&picture, field);
                Self::Boxes(picture)
            }
            FieldKind::Signature => Self::Signature(cut(
                page,
                homography,
                ticks::signature::zone_of(&field.zone),
            )),
            FieldKind::Text => {
                let pictures: Vec<(&Zone, ZonePicture)> = lines_of(field)
                    .iter()
                    .map(|line| {
                        let mapping = placed.part(field, line).mapping;
                        (line, cut(page, &mapping, writing::zone_of(line)))
                    })
                    .collect();
                in_lines(pictures.iter().map(|(line, picture)| (*line, picture)))
            }
            _ => {
                let picture = cut(page, homography, field.zone.grown(comb::MARGIN_MM));
                pen.add_writing(&picture, field);
                in_comb(field, &picture)
            }
        }
    }

    /// The same from pictures that were cut before.
    pub fn of_pictures(zone: &WrittenZones<'_>, pen: &mut PagePen) -> Self {
        match zone.pictures.as_slice() {
            [(None, picture)] if zone.field.kind.is_tick() => {
                pen.add_boxes(picture, zone.field);
                Self::Boxes(picture.clone())
            }
            [(None, picture)] => {
                pen.add_writing(picture, zone.field);
                in_comb(zone.field, picture)
            }
            pictures => {
                let lines = lines_of(zone.field);
                in_lines(
                    pictures
                        .iter()
                        .filter_map(|(at, picture)| Some((lines.get((*at)?)?, picture))),
                )
            }
        }
    }
}

/// The ruled lines of a field; its whole zone where it has none.
fn lines_of(field: &Field) -> &[Zone] {
    if field.lines.is_empty() {
        std::slice::from_ref(&field.zone)
    } else {
        &field.lines
    }
}

fn in_lines<'p>(pictures: impl Iterator<Item = (&'p Zone, &'p ZonePicture)>) -> Found {
    let pieces: Vec<writing::WritingLine> = pictures
        .filter_map(|(line, picture)| writing::line(picture, line))
        .collect();
    if pieces.is_empty() {
        Found::Blank
    } else {
        Found::Lines(pieces)
    }
}

fn in_comb(field: &Field, picture: &ZonePicture) -> Found {
    let comb = Comb::new(picture, &field.cells);
    match comb.line() {
        Some(line) => Found::Comb { comb, line },
        None => Found::Blank,
    }
}
