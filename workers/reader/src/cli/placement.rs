//! Whether pages were placed where they lie, for scans that come with their true geometry.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use enrol::domain::reading::DocumentReading;
use enrol::forms::definition::{Field, FormDefinition, Zone};
use serde::{Deserialize, Serialize};

use crate::registration::PlacedPage;
use crate::registration::homography::Homography;
use crate::registration::layout;

/// A corner further off than this reads another place.
const TOLERANCE_MM: f64 = 0.5;

/// Where the points of a page lie in its picture: an entry of `geometry.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct PageGeometry {
    /// Page of the form, from 1.
    pub page: u32,
    /// File of the sample.
    pub file: String,
    /// Page of the file, from 1.
    pub document_page: u32,
    /// Size of the picture in pixels.
    pub size: (usize, usize),
    /// Columns of the grid, millimetres.
    pub xs: Vec<f64>,
    /// Rows of the grid, millimetres.
    pub ys: Vec<f64>,
    /// Where the grid's points lie in the picture, row by row.
    pub points: Vec<(f64, f64)>,
}

/// Pages of one capture condition.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PageTally {
    /// Pages of forms.
    pub all: usize,
    /// Placed on the definition.
    pub placed: usize,
    /// Sent to a clerk.
    pub refused: usize,
    /// Placed as another page, or so that the corner of an answer is more than half a millimetre off.
    pub wrong_place: usize,
    /// Largest distance of a corner from its true place, millimetres.
    pub worst_corner_mm: f64,
}

/// A page as it was decoded and placed.
pub struct Placed {
    /// Page of the file, from 1.
    pub document_page: u32,
    /// Width of the decoded picture.
    pub width: usize,
    /// Where it was placed, if it was.
    pub place: Option<PlacedPage>,
}

/// The geometry beside a truth file; empty when there is none.
///
/// # Errors
/// The file is there and cannot be understood.
pub fn load(folder: &Path) -> anyhow::Result<Vec<PageGeometry>> {
    let path = folder.join("geometry.json");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let bytes = std::fs::read(&path)?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is not as expected", path.display()))
}

impl PageGeometry {
    /// Where a point of the form lies in the picture: between the four points of the grid around it.
    pub fn to_picture(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let cell = |axis: &[f64], v: f64| -> Option<(usize, f64)> {
            let last = axis.len().checked_sub(2)?;
            let at = axis.iter().rposition(|a| *a <= v).unwrap_or(0).min(last);
            Some((at, (v - axis[at]) / (axis[at + 1] - axis[at])))
        };
        let ((column, fx), (row, fy)) = (cell(&self.xs, x)?, cell(&self.ys, y)?);
        let at = |c: usize, r: usize| self.points.get(r * self.xs.len() + c);
        let (a, b) = (at(column, row)?, at(column + 1, row)?);
        let (c, d) = (at(column, row + 1)?, at(column + 1, row + 1)?);
        let blend = |a: f64, b: f64, c: f64, d: f64| {
            (a + (b - a) * fx) * (1.0 - fy) + (c + (d - c) * fx) * fy
        };
        Some((blend(a.0, b.0, c.0, d.0), blend(a.1, b.1, c.1, d.1)))
    }

    /// The largest distance, in millimetres, between where the corners of answers lie and where each field's mapping
    /// has them.
    pub fn worst_corner_mm(
        &self,
        definition: &FormDefinition,
        mapping: impl Fn(&Field, &Zone) -> Homography,
        width: usize,
    ) -> f64 {
        let resized = width as f64 / self.size.0.max(1) as f64;
        definition
            .fields
            .iter()
            .filter(|f| f.page == self.page)
            .flat_map(|field| {
                layout::parts_of(field)
                    .into_iter()
                    .map(move |zone| (field, zone))
            })
            .flat_map(|(field, zone)| {
                let mapping = mapping(field, &zone);
                layout::corners(zone).map(|corner| (mapping, corner))
            })
            .filter_map(|(homography, [x, y])| {
                let (u, v) = self.to_picture(x, y)?;
                let [pu, pv] = homography.to_page([x, y]);
                let pixels = (pu - u * resized).hypot(pv - v * resized);
                Some(pixels / homography.scale_at([x, y]).max(1e-6))
            })
            .fold(0.0, f64::max)
    }
}

/// Counts the pages of one file.
pub fn count(
    tally: &mut PageTally,
    geometry: &[PageGeometry],
    definition: &FormDefinition,
    seen: &[Placed],
    document: &DocumentReading,
) {
    let numbers: BTreeMap<u32, u32> = document
        .forms
        .iter()
        .flat_map(|f| f.pages.iter().map(|p| (p.document_page, p.page)))
        .collect();
    for page in geometry {
        tally.all += 1;
        let refused = document
            .unplaced
            .iter()
            .any(|u| u.document_page == page.document_page);
        let found = seen
            .iter()
            .find(|s| s.document_page == page.document_page && !refused);
        let Some((found, place)) = found.and_then(|f| Some((f, f.place.as_ref()?))) else {
            tally.refused += 1;
            continue;
        };
        tally.placed += 1;
        let off = page.worst_corner_mm(
            definition,
            |field, zone| place.part(field, zone).mapping,
            found.width,
        );
        let other = numbers.get(&page.document_page) != Some(&page.page);
        tally.wrong_place += usize::from(other || off > TOLERANCE_MM);
        if !other {
            tally.worst_corner_mm = tally.worst_corner_mm.max(off);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_off_by_a_millimetre_is_in_the_wrong_place() {
        let definition = enrol::forms::load("registration").expect("the built-in form loads");
        let (xs, ys) = (vec![0.0, 100.0, 210.0], vec![0.0, 150.0, 297.0]);
        let points = ys
            .iter()
            .flat_map(|y| xs.iter().map(move |x| (8.0 * x, 8.0 * y)))
            .collect();
        let geometry = PageGeometry {
            page: 1,
            file: "scan.pdf".to_owned(),
            document_page: 1,
            size: (1680, 2376),
            xs,
            ys,
            points,
        };
        assert_eq!(geometry.to_picture(50.0, 250.0), Some((400.0, 2000.0)));
        for (shift, wrong) in [(0.0, 0), (0.3, 0), (1.0, 1)] {
            let homography =
                Homography::from_rows([8.0, 0.0, 8.0 * shift, 0.0, 8.0, 0.0, 0.0, 0.0, 1.0]);
            let homography = homography.expect("a map");
            let off = geometry.worst_corner_mm(&definition, |_, _| homography, 1680);
            assert!((off - shift).abs() < 1e-6);
            let mut tally = PageTally::default();
            let seen = [Placed {
                document_page: 1,
                width: 1680,
                place: Some(PlacedPage::of_mapping(homography)),
            }];
            let document = DocumentReading {
                model: String::new(),
                forms: vec![enrol::domain::reading::FormReading {
                    form: "registration".to_owned(),
                    version: 1,
                    pages: vec![enrol::domain::reading::PageReading {
                        page: 1,
                        document_page: 1,
                        residual_mm: 0.0,
                        homography: [0.0; 9],
                        set_number: None,
                    }],
                    fields: Vec::new(),
                }],
                unplaced: Vec::new(),
            };
            count(
                &mut tally,
                std::slice::from_ref(&geometry),
                &definition,
                &seen,
                &document,
            );
            assert_eq!(
                (tally.placed, tally.refused, tally.wrong_place),
                (1, 0, wrong)
            );
        }
    }
}
