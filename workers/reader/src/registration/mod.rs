//! Image registration: which page of which form this is, and where its zones lie on the picture.

pub mod code;
pub mod homography;
pub mod marks;
pub mod squares;

use enrol::forms::definition::FormDefinition;
use enrol::forms::page_code::PageCode;

use self::homography::Homography;
use self::marks::{MarksError, Pictures};
use crate::paper::{Ink, Paper};
use crate::raster::Grey;

/// A page picture with what was measured of it once.
pub struct PreparedPage {
    /// The decoded page.
    pub picture: Grey,
    /// Pixels of the page per pixel of the smaller picture that `paper` and `ink` were measured on.
    pub factor: usize,
    /// Brightness of the paper, measured on the smaller picture.
    pub paper: Paper,
    /// Ink of the smaller picture.
    pub ink: Ink,
}

/// A page that has its place.
#[derive(Debug, Clone)]
pub struct PlacedPage {
    /// What its code says.
    pub code: PageCode,
    /// Index of its definition among those given.
    pub definition: usize,
    /// From form millimetres to page pixels.
    pub homography: Homography,
    /// Root-mean-square distance of all marks from their printed places, in millimetres.
    pub residual_mm: f64,
}

/// What became of a page.
#[derive(Debug, Clone)]
pub enum Placement {
    /// It is a page of a known form.
    Placed(PlacedPage),
    /// There is nothing on it.
    Blank,
    /// Somebody has to look; the text says what is wrong and what to do, for reception staff.
    Exception(String),
}

impl PreparedPage {
    /// Measures a decoded page.
    pub fn new(picture: Grey) -> Self {
        // About four pixels per millimetre, were it A4: enough for a corner mark, quick to search.
        let per_mm = picture.width.max(picture.height) as f64 / 297.0;
        let factor = ((per_mm / 4.0).round() as usize).max(1);
        let small = picture.reduced(factor);
        let paper = Paper::measure(&small, 16);
        let ink = paper.ink(&small);
        Self {
            picture,
            factor,
            paper,
            ink,
        }
    }

    /// Brightness of the paper at a point of the page.
    #[inline]
    pub fn paper_at(&self, x: f64, y: f64) -> f32 {
        self.paper
            .at(x / self.factor as f64, y / self.factor as f64)
    }

    /// Nothing on it but specks: the back of a sheet. The outermost 8 mm, where lids and holes leave shadows, do not count.
    fn is_blank(&self) -> bool {
        let margin = (self.ink.width.max(self.ink.height) * 8 / 297)
            .min(self.ink.width.min(self.ink.height) / 4);
        let (mut dark, mut all) = (0usize, 0usize);
        for y in margin..self.ink.height - margin {
            let row =
                &self.ink.dark[y * self.ink.width + margin..(y + 1) * self.ink.width - margin];
            dark += row.iter().filter(|d| **d).count();
            all += row.len();
        }
        dark * 2000 < all
    }

    /// Dots per inch if the longer side is A4's, for advice only.
    fn likely_dpi(&self) -> f64 {
        self.picture.width.max(self.picture.height) as f64 / 297.0 * 25.4
    }

    /// What is visibly wrong with the scan, as a sentence before the general advice.
    fn capture_fault(&self) -> Option<String> {
        let (paper, black) = (self.paper.median, self.paper.black);
        if paper < 110 {
            Some("The scan is very dark.".to_owned())
        } else if paper.saturating_sub(black) < 70 {
            Some("The scan is very faint.".to_owned())
        } else if self.likely_dpi() < 140.0 {
            Some(format!(
                "The picture is small (about {:.0} dots per inch for an A4 page).",
                self.likely_dpi()
            ))
        } else {
            None
        }
    }
}

/// Finds out which page this is and where its zones lie.
pub fn place(page: &PreparedPage, definitions: &[FormDefinition]) -> Placement {
    if page.is_blank() {
        return Placement::Blank;
    }
    let Some(found) = code::find(&page.picture, definitions) else {
        return refuse(
            page,
            "This page is not one of our forms, or its square code cannot be read. Check that it is the right form, \
             then scan it again flat and straight at 300 dpi.",
        );
    };
    let code = &found.code;
    let Some(index) = definitions
        .iter()
        .position(|d| d.id == code.form && d.version == code.version)
    else {
        return Placement::Exception(format!(
            "This is page {} of the form \"{}\", version {}, which is not set up here. Ask the administrator to add that \
             form version, or copy the answers to a current form.",
            code.page, code.form, code.version
        ));
    };
    let definition = &definitions[index];
    if code.page > definition.pages {
        return Placement::Exception(format!(
            "The square code says page {}, but this form has {} pages. Keep the sheet and tell the administrator.",
            code.page, definition.pages
        ));
    }
    let pictures = Pictures {
        page: &page.picture,
        ink: &page.ink,
        factor: page.factor,
    };
    match marks::place(&pictures, definition, &found.pairs(definition.qr_zone)) {
        Ok((homography, residual_mm)) => Placement::Placed(PlacedPage {
            code: found.code,
            definition: index,
            homography,
            residual_mm,
        }),
        Err(MarksError::TooFew) => refuse(
            page,
            "Two or more of the black squares in the corners cannot be seen. Scan the whole sheet again, flat, with nothing \
             covering its corners.",
        ),
        Err(MarksError::Distorted(mm)) => refuse(
            page,
            &format!(
                "The page is too crumpled or distorted to read safely: its marks are {mm:.1} mm out of place. Smooth the sheet and scan it again, flat, \
                 on the glass."
            ),
        ),
    }
}

fn refuse(page: &PreparedPage, reason: &str) -> Placement {
    Placement::Exception(match page.capture_fault() {
        Some(fault) => format!("{fault} {reason}"),
        None => reason.to_owned(),
    })
}
