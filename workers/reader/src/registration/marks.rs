//! Choosing the corner marks among the dark squares of a page and placing the page by them.

use enrol::forms::definition::FormDefinition;

use super::homography::{Homography, Pair};
use super::squares::{Patch, filled_squares, refined_centre};
use crate::paper::Ink;
use crate::raster::Grey;

/// A page may be off by this much, root mean square over all marks, and still be read.
pub const RESIDUAL_LIMIT_MM: f64 = 0.8;

/// Why the marks of a page did not place it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MarksError {
    /// Fewer than three corner marks can be seen.
    TooFew,
    /// The marks are there but do not lie as the definition has them; the value is the residual in millimetres.
    Distorted(f64),
}

/// A page picture and a smaller one of it that is quick to search.
pub struct Pictures<'a> {
    /// The decoded page.
    pub page: &'a Grey,
    /// What is ink in the smaller picture.
    pub ink: &'a Ink,
    /// How many pixels of the page one pixel of the smaller picture covers, along a side.
    pub factor: usize,
}

/// A page placed by its corner marks.
#[derive(Debug, Clone, Copy)]
pub struct Marked {
    /// From form millimetres to page pixels.
    pub homography: Homography,
    /// Root-mean-square distance of marks and code from their printed places, millimetres.
    pub residual_mm: f64,
    /// How many corner marks were found: three or four.
    pub corners: usize,
}

/// Finds the corner marks, starting from the page code's three finder centres, and fits the page.
pub fn place(
    pictures: &Pictures<'_>,
    definition: &FormDefinition,
    code: &[Pair; 3],
) -> Result<Marked, MarksError> {
    let guess = Homography::fit_similarity(code).ok_or(MarksError::TooFew)?;
    let scale = guess.scale_at(code[0].form);
    let factor = pictures.factor as f64;
    let side_mm = definition.corner_marks[0].zone.width;
    let squares = filled_squares(pictures.ink, side_mm * scale / factor, 0.6, 1.5);

    let candidates: Vec<Vec<Pair>> = definition
        .corner_marks
        .iter()
        .map(|mark| {
            let centre = [
                mark.zone.x + mark.zone.width / 2.0,
                mark.zone.y + mark.zone.height / 2.0,
            ];
            let expected = guess.to_page(centre);
            let far_mm = (centre[0] - code[0].form[0]).hypot(centre[1] - code[0].form[1]);
            let reach = (8.0 + 0.14 * far_mm) * scale;
            let distance = |p: &Patch| {
                (p.centre[0] * factor - expected[0]).hypot(p.centre[1] * factor - expected[1])
            };
            let mut near: Vec<&Patch> = squares.iter().filter(|p| distance(p) < reach).collect();
            near.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
            near.truncate(4);
            near.iter()
                .map(|p| Pair {
                    form: centre,
                    page: p.centre.map(|v| v * factor),
                    weight: 1.0,
                })
                .collect()
        })
        .collect();

    let mut best: Option<(Vec<Pair>, f64)> = None;
    let mut nearest_miss: Option<f64> = None;
    for choice in choices(&candidates) {
        let marks: Vec<Pair> = choice.iter().flatten().copied().collect();
        if marks.len() < 3 || best.as_ref().is_some_and(|(b, _)| b.len() > marks.len()) {
            continue;
        }
        let Some((_, residual)) = fit(&marks, code) else {
            continue;
        };
        // The small picture is coarse: allow it a third more than the page itself.
        if residual > RESIDUAL_LIMIT_MM * 1.3 {
            nearest_miss = Some(nearest_miss.map_or(residual, |r: f64| r.min(residual)));
            continue;
        }
        if best
            .as_ref()
            .is_none_or(|(b, r)| marks.len() > b.len() || residual < *r)
        {
            best = Some((marks, residual));
        }
    }
    let (mut marks, _) =
        best.ok_or(nearest_miss.map_or(MarksError::TooFew, MarksError::Distorted))?;
    for mark in &mut marks {
        if let Some(centre) = refined_centre(pictures.page, mark.page, side_mm * scale) {
            mark.page = centre;
        }
    }
    let (homography, residual_mm) = fit(&marks, code).ok_or(MarksError::TooFew)?;
    if residual_mm > RESIDUAL_LIMIT_MM {
        Err(MarksError::Distorted(residual_mm))
    } else {
        Ok(Marked {
            homography,
            residual_mm,
            corners: marks.len(),
        })
    }
}

/// Every way to give each corner one of its candidates or none.
fn choices(candidates: &[Vec<Pair>]) -> Vec<Vec<Option<Pair>>> {
    candidates.iter().fold(vec![Vec::new()], |so_far, corner| {
        let mut next = Vec::new();
        for begun in &so_far {
            for pick in corner.iter().copied().map(Some).chain([None]) {
                let mut longer = begun.clone();
                longer.push(pick);
                next.push(longer);
            }
        }
        next
    })
}

/// Fits marks and code together. With a corner missing, a flat sheet (affine) is preferred when it fits, because a
/// perspective fit would be free to bend that corner.
fn fit(marks: &[Pair], code: &[Pair; 3]) -> Option<(Homography, f64)> {
    let pairs: Vec<Pair> = marks.iter().chain(code).copied().collect();
    if marks.len() < 4
        && let Some(flat) = Homography::fit_affine(&pairs)
    {
        let residual = flat.residual_mm(&pairs);
        if residual < 0.3 {
            return plausible(&flat, marks).then_some((flat, residual));
        }
    }
    let mapping = Homography::fit(&pairs)?;
    plausible(&mapping, marks).then(|| (mapping, mapping.residual_mm(&pairs)))
}

/// Not mirrored, and no corner more than twice as large as another.
fn plausible(mapping: &Homography, marks: &[Pair]) -> bool {
    let scales: Vec<f64> = marks.iter().map(|m| mapping.scale_at(m.form)).collect();
    let (small, large) = scales
        .iter()
        .fold((f64::MAX, 0.0f64), |(a, b), s| (a.min(*s), b.max(*s)));
    let p = marks[0].form;
    let (o, a, b) = (
        mapping.to_page(p),
        mapping.to_page([p[0] + 1.0, p[1]]),
        mapping.to_page([p[0], p[1] + 1.0]),
    );
    let turned_over = (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]) <= 0.0;
    !turned_over && large < 2.0 * small
}
