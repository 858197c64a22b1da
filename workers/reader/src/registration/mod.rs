//! Image registration: which page of which form this is, and where its zones lie on the picture.

mod by_print;
pub mod code;
mod edge;
pub mod homography;
pub mod layout;
pub mod lines;
pub mod marks;
mod one_mark;
pub mod refine;
pub mod squares;

use std::collections::BTreeMap;

use enrol::forms::definition::{Field, FormDefinition, Zone};
use enrol::forms::page_code::PageCode;

use self::homography::Homography;
use self::marks::{MarksError, Pictures};
use self::refine::{FieldPlace, ZonePlace};
use crate::paper::{Ink, Paper};
use crate::raster::Grey;

/// With a smaller share of its printed lines seen a page is not held by them.
const FEW_LINES: f64 = 0.6;

/// With a smaller share, moving the whole page to its lines is tried: some may be out of reach.
const MOST_LINES: f64 = 0.9;

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

/// How it is known which page of which form a page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Its code was read.
    Code,
    /// Its code cannot be read; the printed lines say which page it is, but not of which set.
    Print {
        /// The set number printed beside the code, if it could be read. It needs confirming.
        set_number: Option<String>,
    },
}

/// A page that has its place.
#[derive(Debug, Clone)]
pub struct PlacedPage {
    /// What its code says, or would say; without a set number where it was not read.
    pub code: PageCode,
    /// How the code is known.
    pub identity: Identity,
    /// Index of its definition among those given.
    pub definition: usize,
    /// From form millimetres to page pixels, for the page as a whole.
    pub homography: Homography,
    /// How far the page may be off, millimetres: root mean square over its zones, or over its marks where no
    /// printed lines can be seen.
    pub residual_mm: f64,
    zones: BTreeMap<String, FieldPlace>,
}

impl PlacedPage {
    /// The first page of a form lying as `homography` has it, all zones alike.
    #[cfg(test)]
    pub fn of_mapping(homography: Homography) -> Self {
        Self {
            code: PageCode {
                form: "registration".to_owned(),
                version: 1,
                page: 1,
                set_number: None,
            },
            identity: Identity::Code,
            definition: 0,
            homography,
            residual_mm: 0.0,
            zones: BTreeMap::new(),
        }
    }

    /// Where a field's zone lies: by its own printed lines where they can be seen.
    pub fn zone(&self, field: &Field) -> ZonePlace {
        self.zones
            .get(&field.name)
            .map_or_else(|| self.as_a_whole(), |place| place.whole)
    }

    /// Where one tick box or writing line of a field lies.
    pub fn part(&self, field: &Field, part: &Zone) -> ZonePlace {
        let place = self.zones.get(&field.name);
        place
            .and_then(|p| p.parts.iter().find(|(zone, _)| zone == part))
            .map_or_else(|| self.zone(field), |(_, place)| *place)
    }

    fn as_a_whole(&self) -> ZonePlace {
        ZonePlace {
            mapping: self.homography,
            residual_mm: self.residual_mm,
        }
    }
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
        return place_without_code(page, definitions);
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
    let pairs = found.pairs(definition.qr_zone);
    let by_marks = marks::place(&pictures, definition, &pairs);
    let mut placed = PlacedPage {
        identity: Identity::Code,
        definition: index,
        homography: Homography::IDENTITY,
        residual_mm: 0.0,
        zones: BTreeMap::new(),
        code: found.code,
    };
    let refused = match by_marks {
        Ok(marked) => {
            placed.homography = marked.homography;
            // Four corners and the code prove each other. With a corner missing the lines have to.
            let proved = (marked.corners == 4).then_some(marked.residual_mm);
            match finish(page, definition, proved, placed.clone()) {
                Placement::Placed(placed) => return Placement::Placed(placed),
                refused => refused,
            }
        }
        Err(why) => refuse(page, &reason(why)),
    };
    match by_print::place_known(page, definition, placed.code.page, &pairs) {
        Some(homography) => {
            placed.homography = homography;
            finish(page, definition, None, placed)
        }
        None => refused,
    }
}

/// Finds out where the zones of a page lie of which somebody said that it is page `number` of the definition `index`.
///
/// # Errors
/// Why it cannot be laid on that page, in words: its code says something else, or too little of its print is seen.
pub fn place_as(
    page: &PreparedPage,
    definitions: &[FormDefinition],
    index: usize,
    number: u32,
) -> Result<PlacedPage, String> {
    let definition = &definitions[index];
    let is_it = |placed: &PlacedPage| placed.definition == index && placed.code.page == number;
    let refused = match place(page, definitions) {
        Placement::Placed(placed) if is_it(&placed) => return Ok(placed),
        Placement::Placed(placed) if placed.identity == Identity::Code => {
            return Err(format!(
                "The square code of the sheet says that it is page {} of \"{}\", not page {number}.",
                placed.code.page, definitions[placed.definition].title
            ));
        }
        Placement::Placed(_) => "By its print the sheet is another page.".to_owned(),
        Placement::Blank => return Err("There is nothing on the sheet.".to_owned()),
        Placement::Exception(reason) => reason,
    };
    let Some(homography) = by_print::place_as_said(page, definition, number) else {
        return Err(refused);
    };
    let placed = PlacedPage {
        code: PageCode {
            form: definition.id.clone(),
            version: definition.version,
            page: number,
            set_number: None,
        },
        identity: Identity::Print { set_number: None },
        definition: index,
        homography,
        residual_mm: 0.0,
        zones: BTreeMap::new(),
    };
    match finish(page, definition, None, placed) {
        Placement::Placed(placed) => Ok(placed),
        Placement::Exception(reason) => Err(reason),
        Placement::Blank => Err(refused),
    }
}

fn reason(why: MarksError) -> String {
    match why {
        MarksError::TooFew => "Two or more of the black squares in the corners cannot be seen. Scan the whole sheet again, flat, with nothing \
             covering its corners."
            .to_owned(),
        MarksError::Distorted(mm) => format!(
            "The page is too crumpled or distorted to read safely: its marks are {mm:.1} mm out of place. Smooth the sheet and scan it again, flat, \
             on the glass."
        ),
    }
}

/// Finds the page by its print; with its place known, its code may be readable after all.
fn place_without_code(page: &PreparedPage, definitions: &[FormDefinition]) -> Placement {
    let Some(found) = by_print::recognise(page, definitions) else {
        return refuse(
            page,
            "This page is not one of our forms, or its square code cannot be read. Check that it is the right form, \
             then scan it again flat and straight at 300 dpi.",
        );
    };
    let definition = &definitions[found.definition];
    let by_print = PageCode {
        form: definition.id.clone(),
        version: definition.version,
        page: found.page,
        set_number: None,
    };
    let read = code::read_at(page, &found.mapping, definition.qr_zone);
    let (code, identity) = match read {
        Some(code)
            if (PageCode {
                set_number: None,
                ..code.clone()
            }) != by_print =>
        {
            return refuse(
                page,
                "The square code and the print of this page do not say the same. Check that it is the right form, then scan \
                 it again flat and straight at 300 dpi.",
            );
        }
        Some(code) => (code, Identity::Code),
        None => {
            let set_number = by_print::printed_set_number(page, &found.mapping, definition);
            (by_print, Identity::Print { set_number })
        }
    };
    finish(
        page,
        definition,
        None,
        PlacedPage {
            code,
            identity,
            definition: found.definition,
            homography: found.mapping,
            residual_mm: 0.0,
            zones: BTreeMap::new(),
        },
    )
}

/// Settles each zone on its printed lines. `marks_mm` is the residual of the marks where they prove the page's place;
/// otherwise the page is refused unless its lines are seen.
fn finish(
    page: &PreparedPage,
    definition: &FormDefinition,
    marks_mm: Option<f64>,
    mut placed: PlacedPage,
) -> Placement {
    let layout = layout::of_page(definition, placed.code.page);
    let mut seen = refine::look_at_all(page, &placed.homography, &layout, refine::REACH_MM);
    if lines::share(&seen) < MOST_LINES
        && let Some(better) = refine::settle(page, placed.homography, &layout, &[3.2, 1.8, 1.2])
    {
        let again = refine::look_at_all(page, &better, &layout, refine::REACH_MM);
        if lines::share(&again) > lines::share(&seen) + 0.03 {
            (placed.homography, seen) = (better, again);
        }
    }
    if marks_mm.is_none() && lines::share(&seen) < FEW_LINES {
        return refuse(page, &reason(MarksError::TooFew));
    }
    let otherwise = marks_mm.unwrap_or(marks::RESIDUAL_LIMIT_MM);
    placed.zones = refine::zones(
        &placed.homography,
        definition,
        placed.code.page,
        &layout,
        &seen,
        otherwise,
    );
    let squares = placed.zones.values().map(|z| z.whole.residual_mm.powi(2));
    let by_lines = (squares.sum::<f64>() / placed.zones.len().max(1) as f64).sqrt();
    placed.residual_mm = if lines::share(&seen) < FEW_LINES {
        otherwise.max(by_lines)
    } else {
        by_lines
    };
    // Where nothing but the lines holds the page, a zone whose lines are not seen may lie anywhere.
    let adrift = |z: &FieldPlace| z.whole.residual_mm >= marks::RESIDUAL_LIMIT_MM;
    if marks_mm.is_none() && placed.zones.values().any(adrift) {
        return refuse(page, &reason(MarksError::TooFew));
    }
    // Nor is it known then that the whole sheet is on the picture: an answer cut off is none left blank.
    if marks_mm.is_none() && edge::is_cut_off(page, definition, &placed) {
        return refuse(
            page,
            "A part of the sheet with answers lies beyond the edge of the scan. Scan the whole sheet again, straight.",
        );
    }
    if placed.residual_mm > marks::RESIDUAL_LIMIT_MM {
        refuse(page, &reason(MarksError::Distorted(placed.residual_mm)))
    } else {
        Placement::Placed(placed)
    }
}

fn refuse(page: &PreparedPage, reason: &str) -> Placement {
    Placement::Exception(match page.capture_fault() {
        Some(fault) => format!("{fault} {reason}"),
        None => reason.to_owned(),
    })
}
