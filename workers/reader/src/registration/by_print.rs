//! Placing a page by what is printed on it, where its code cannot be read or its corner marks are gone.
//!
//! Rough places come from whatever squares and code are left; each is then moved to the printed lines. A place counts
//! when most lines are seen, and a page of a form is known by its lines only when no other page comes near.

use enrol::forms::definition::{FormDefinition, Zone};

use super::homography::{Homography, Pair};
use super::layout::{self, Bundle};
use super::squares::{Patch, filled_squares};
use super::{PreparedPage, edge, lines, one_mark, refine};
use crate::print;
use crate::zones::cut;

/// Of a page's printed lines, at least this share has to be seen.
const LEAST_SHARE: f64 = 0.62;
/// The page taken must show this much more of its lines than any other page of any form.
const LEAST_MARGIN: f64 = 0.12;
/// A place this good ends the search.
const CLEAR_SHARE: f64 = 0.85;
/// Rough places tried at most: it bounds the time spent on a page full of squares.
const MOST_PLACES: usize = 24;
/// Confidence from which the printed set number is believed, 0 to 1.
const SURE_NUMBER: f64 = 0.6;

/// A page known by its print.
#[derive(Debug, Clone, Copy)]
pub struct Recognised {
    /// Index of its definition among those given.
    pub definition: usize,
    /// Page of the form, from 1.
    pub page: u32,
    /// From form millimetres to page pixels.
    pub mapping: Homography,
}

/// Finds out by the printed lines alone which page this is; `None` unless one page fits and no other comes near.
pub fn recognise(page: &PreparedPage, definitions: &[FormDefinition]) -> Option<Recognised> {
    recognise_among(page, definitions, from_squares)
        .or_else(|| recognise_among(page, definitions, one_mark::places))
}

/// Rough places of a page for a definition.
type Places = fn(&PreparedPage, &FormDefinition) -> Vec<Homography>;

fn recognise_among(
    page: &PreparedPage,
    definitions: &[FormDefinition],
    rough: Places,
) -> Option<Recognised> {
    let mut fits: Vec<(f64, Recognised)> = Vec::new();
    for (index, definition) in definitions.iter().enumerate() {
        let places = rough(page, definition);
        for number in 1..=definition.pages {
            let layout = layout::of_page(definition, number);
            if let Some((share, mapping)) = best_place(page, &places, &layout) {
                let recognised = Recognised {
                    definition: index,
                    page: number,
                    mapping,
                };
                fits.push((share, recognised));
            }
        }
    }
    fits.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (share, best) = *fits.first()?;
    let second = fits.get(1).map_or(0.0, |(share, _)| *share);
    (share >= LEAST_SHARE && share - second >= LEAST_MARGIN).then_some(best)
}

/// Places a page of which somebody said which it is: no other page needs to be ruled out.
pub fn place_as_said(
    page: &PreparedPage,
    definition: &FormDefinition,
    number: u32,
) -> Option<Homography> {
    let layout = layout::of_page(definition, number);
    let rough: [Places; 2] = [from_squares, one_mark::places];
    rough.iter().find_map(|rough| {
        let (share, mapping) = best_place(page, &rough(page, definition), &layout)?;
        (share >= LEAST_SHARE).then_some(mapping)
    })
}

/// Places a page whose code was read but whose corner marks do not settle it.
pub fn place_known(
    page: &PreparedPage,
    definition: &FormDefinition,
    number: u32,
    code: &[Pair; 3],
) -> Option<Homography> {
    let layout = layout::of_page(definition, number);
    let mut places = with_code(page, definition, code);
    places.extend(from_squares(page, definition));
    // The code has been found: a place that does not bring it there is another's.
    places.retain(|place| place.residual_mm(code) < 6.0);
    places.truncate(MOST_PLACES);
    let (share, mapping) = best_place(page, &places, &layout)?;
    (share >= LEAST_SHARE && mapping.residual_mm(code) < 1.5).then_some(mapping)
}

/// The rough place at which most of the lines are seen once it has been moved to them, with the share of lines seen.
fn best_place(
    page: &PreparedPage,
    places: &[Homography],
    layout: &[Bundle],
) -> Option<(f64, Homography)> {
    /// One bundle in so many tells a promising place from a hopeless one.
    const SAMPLE: usize = 4;
    /// Places worth moving to the lines.
    const PROMISING: usize = 2;
    let some: Vec<Bundle> = layout.iter().step_by(SAMPLE).cloned().collect();
    let mut promising: Vec<(f64, &Homography)> = places
        .iter()
        .map(|place| {
            let seen = refine::look_at_all(page, place, &some, 3.0);
            (lines::share(&seen), place)
        })
        .collect();
    promising.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut best: Option<(f64, Homography)> = None;
    for (_, place) in promising.iter().take(PROMISING) {
        let Some(mapping) = refine::settle(page, **place, layout, &[3.0, 1.8, 1.2]) else {
            continue;
        };
        let share = lines::share(&refine::look_at_all(page, &mapping, layout, 0.8));
        if best.is_none_or(|(s, _)| share > s) {
            best = Some((share, mapping));
        }
        if share > CLEAR_SHARE {
            break;
        }
    }
    best
}

/// Rough places by dark squares that may be corner marks: those by four first, then by three, then by two.
fn from_squares(page: &PreparedPage, definition: &FormDefinition) -> Vec<Homography> {
    /// The four corner marks may be off from a flat even sheet by this much in a photograph.
    const BENT_MM: f64 = 14.0;
    let factor = page.factor as f64;
    let per_mm = page.picture.width.max(page.picture.height) as f64 / definition.page.height_mm;
    let side_mm = definition.corner_marks[0].zone.width;
    let mut squares = filled_squares(&page.ink, side_mm * per_mm / factor, 0.45, 1.4);
    squares.truncate(40);
    let at = |patch: &Patch| patch.centre.map(|v| v * factor);
    let marks = definition.corner_marks.map(|m| middle_of(m.zone));
    let pair = |mark: usize, patch: &Patch| Pair {
        form: marks[mark],
        page: at(patch),
        weight: 1.0,
    };
    let mut found: Vec<(usize, f64, Homography)> = Vec::new();
    for (a, b) in [(0, 3), (1, 2), (0, 1), (0, 2), (1, 3), (2, 3)] {
        for first in &squares {
            for second in squares.iter().filter(|s| *s != first) {
                let two = [pair(a, first), pair(b, second)];
                let Some(rough) = Homography::fit_similarity(&two) else {
                    continue;
                };
                let scale = rough.scale_at(marks[0]);
                let size = first.side.max(second.side) * factor / scale;
                if !(0.5 * per_mm..1.15 * per_mm).contains(&scale)
                    || !(0.6 * side_mm..1.5 * side_mm).contains(&size)
                    || (first.side - second.side).abs() > 0.35 * first.side
                {
                    continue;
                }
                let mut pairs = two.to_vec();
                for other in (0..4).filter(|m| ![a, b].contains(m)) {
                    let expected = rough.to_page(marks[other]);
                    let away =
                        |s: &Patch| (at(s)[0] - expected[0]).hypot(at(s)[1] - expected[1]) / scale;
                    let nearest = squares.iter().min_by(|p, q| away(p).total_cmp(&away(q)));
                    pairs.extend(
                        nearest
                            .filter(|s| away(s) < BENT_MM)
                            .map(|s| pair(other, s)),
                    );
                }
                let mapping = match pairs.len() {
                    4 => Homography::fit(&pairs),
                    3 => Homography::fit_affine(&pairs),
                    _ => Some(rough),
                };
                // How far from a flat even sheet: the least bent come first.
                let bent =
                    Homography::fit_similarity(&pairs).map_or(f64::MAX, |s| s.residual_mm(&pairs));
                let known = |h: &Homography| {
                    found.iter().any(|(_, _, other)| {
                        marks.iter().all(|m| {
                            let (p, q) = (h.to_page(*m), other.to_page(*m));
                            (p[0] - q[0]).hypot(p[1] - q[1]) < 2.0 * scale
                        })
                    })
                };
                if let Some(mapping) = mapping.filter(|m| is_on(page, m, definition) && !known(m)) {
                    found.push((pairs.len(), bent, mapping));
                }
            }
        }
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)));
    found.truncate(MOST_PLACES);
    found.into_iter().map(|(_, _, mapping)| mapping).collect()
}

/// Whether the answers of the form would lie on the picture.
fn is_on(page: &PreparedPage, mapping: &Homography, definition: &FormDefinition) -> bool {
    let corners = edge::corners_of_answers(definition);
    corners
        .iter()
        .all(|corner| edge::beyond_mm(page, mapping, *corner) < 0.0)
}

/// Rough places by the code and none, one or more of the squares near where it puts the corners.
fn with_code(
    page: &PreparedPage,
    definition: &FormDefinition,
    code: &[Pair; 3],
) -> Vec<Homography> {
    let Some(guess) = Homography::fit_similarity(code) else {
        return Vec::new();
    };
    let factor = page.factor as f64;
    let side_mm = definition.corner_marks[0].zone.width;
    let scale = guess.scale_at(code[0].form);
    let squares = filled_squares(&page.ink, side_mm * scale / factor, 0.5, 1.5);
    let mut found: Vec<(f64, Homography)> = Vec::new();
    let mut near: Vec<Pair> = Vec::new();
    for mark in definition.corner_marks {
        let form = middle_of(mark.zone);
        let expected = guess.to_page(form);
        let far = (form[0] - code[0].form[0]).hypot(form[1] - code[0].form[1]);
        near.extend(squares.iter().filter_map(|s| {
            let page = s.centre.map(|v| v * factor);
            let away = (page[0] - expected[0]).hypot(page[1] - expected[1]) / scale;
            (away < 6.0 + 0.1 * far).then_some(Pair {
                form,
                page,
                weight: 1.0,
            })
        }));
    }
    near.truncate(16);
    let fit = |marks: &[Pair]| -> Option<(f64, Homography)> {
        let pairs: Vec<Pair> = marks.iter().chain(code).copied().collect();
        let mapping = Homography::fit_similarity(&pairs)?;
        Some((mapping.residual_mm(&pairs), mapping))
    };
    for (index, one) in near.iter().enumerate() {
        let others = near[index + 1..].iter().filter(|p| p.form != one.form);
        found.extend(others.filter_map(|other| fit(&[*one, *other])));
    }
    // Two marks hold a page better than one however well that one fits.
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut singles: Vec<(f64, Homography)> = near.iter().filter_map(|p| fit(&[*p])).collect();
    singles.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.truncate(MOST_PLACES / 3);
    singles.truncate(MOST_PLACES / 3);
    found
        .into_iter()
        .chain(singles)
        .map(|(_, mapping)| mapping)
        .chain([guess])
        .collect()
}

/// The middle of a zone.
pub fn middle_of(zone: Zone) -> [f64; 2] {
    [zone.x + zone.width / 2.0, zone.y + zone.height / 2.0]
}

/// The set number printed beside the code for people, as Tesseract reads it; `None` unless it reads six digits.
pub fn printed_set_number(
    page: &PreparedPage,
    mapping: &Homography,
    definition: &FormDefinition,
) -> Option<String> {
    let code = definition.qr_zone;
    let words = Zone {
        x: code.x - 22.5,
        y: code.y + 8.4,
        width: 20.5,
        height: 5.0,
    };
    let read = print::read_line(&cut(page, mapping, words).grey, "Set 0123456789").ok()?;
    let digits: String = read.text.chars().filter(char::is_ascii_digit).collect();
    (read.confidence >= SURE_NUMBER && digits.len() == 6).then_some(digits)
}
