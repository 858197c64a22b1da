//! Finding and reading the page code (QR).

use std::panic::{AssertUnwindSafe, catch_unwind};

use enrol::forms::definition::{FormDefinition, Zone};
use enrol::forms::page_code::PageCode;

use super::PreparedPage;
use super::homography::{Homography, Pair, Point};
use super::squares::refined_centre;
use crate::raster::Grey;

/// A page code and where it stands on the page.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundCode {
    /// What it says.
    pub code: PageCode,
    /// Modules along one side.
    pub modules: usize,
    /// Centres of its finder patterns on the page, in pixels: top left, top right, bottom left of the code.
    pub finders: [Point; 3],
    /// Whether each centre was measured to a fraction of a pixel.
    pub refined: [bool; 3],
}

impl FoundCode {
    /// The finder centres paired with where the definition prints them.
    pub fn pairs(&self, zone: Zone) -> [Pair; 3] {
        let module = zone.width / self.modules as f64;
        let (near, far) = (3.5 * module, (self.modules as f64 - 3.5) * module);
        let printed = [[near, near], [far, near], [near, far]];
        std::array::from_fn(|i| Pair {
            form: [zone.x + printed[i][0], zone.y + printed[i][1]],
            page: self.finders[i],
            weight: if self.refined[i] { 1.0 } else { 0.1 },
        })
    }
}

/// Looks for a code of ours: first where the definitions print it, for each way the sheet may have been fed, then on
/// the whole page, at several sizes and with two ways of telling black from white.
pub fn find(page: &Grey, definitions: &[FormDefinition]) -> Option<FoundCode> {
    for window in expected_windows(page, definitions) {
        for size in [5.0, 9.0] {
            for threshold in [Threshold::Local, Threshold::Middle] {
                if let Some(found) = search(page, window, size, threshold) {
                    return Some(found);
                }
            }
        }
    }
    let whole = Window {
        x: 0,
        y: 0,
        width: page.width,
        height: page.height,
    };
    for (size, threshold) in [
        (5.0, Threshold::Local),
        (7.5, Threshold::Local),
        (3.5, Threshold::Local),
        (5.0, Threshold::Middle),
        (12.0, Threshold::Local),
    ] {
        if let Some(found) = search(page, whole, size, threshold) {
            return Some(found);
        }
    }
    None
}

/// Reads the code of a page whose place is known: turned upright, at several sizes.
pub fn read_at(page: &PreparedPage, mapping: &Homography, zone: Zone) -> Option<PageCode> {
    let area = zone.grown(2.5);
    for per_mm in [10.0, 5.0, 7.0, 14.0] {
        let side = (area.width * per_mm) as usize;
        let mut upright = Grey::filled(side, side, 255);
        for y in 0..side {
            for x in 0..side {
                let at = |v: usize| (v as f64 + 0.5) / per_mm;
                let [u, v] = mapping.to_page([area.x + at(x), area.y + at(y)]);
                upright.set(x, y, page.picture.sample(u, v, 255));
            }
        }
        for threshold in [Threshold::Middle, Threshold::Local] {
            let found = catch_unwind(AssertUnwindSafe(|| decode(&upright, threshold)));
            if let Some(found) = found.ok().flatten() {
                return Some(found.code);
            }
        }
    }
    None
}

#[derive(Clone, Copy)]
struct Window {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

#[derive(Clone, Copy)]
enum Threshold {
    /// Against the brightness around each pixel.
    Local,
    /// Half-way between the darkest and the lightest of the window.
    Middle,
}

/// Windows around the printed place of the code, upright and upside down or turned, by the shape of the page.
fn expected_windows(page: &Grey, definitions: &[FormDefinition]) -> Vec<Window> {
    const MARGIN_MM: f64 = 16.0;
    let mut places: Vec<(f64, f64, Zone)> = Vec::new();
    for definition in definitions {
        let place = (
            definition.page.width_mm,
            definition.page.height_mm,
            definition.qr_zone,
        );
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let landscape = page.width > page.height;
    let mut windows = Vec::new();
    for (width_mm, height_mm, zone) in places {
        let (left, top) = (zone.x - MARGIN_MM, zone.y - MARGIN_MM);
        let (w, h) = (zone.width + 2.0 * MARGIN_MM, zone.height + 2.0 * MARGIN_MM);
        let (right, bottom) = (width_mm - left - w, height_mm - top - h);
        let turned = if landscape {
            // A sheet fed on its side: a quarter turn clockwise, then anticlockwise.
            [(bottom, left, h, w), (top, right, h, w)]
        } else {
            [(left, top, w, h), (right, bottom, w, h)]
        };
        let (across, down) = if landscape {
            (height_mm, width_mm)
        } else {
            (width_mm, height_mm)
        };
        let (sx, sy) = (page.width as f64 / across, page.height as f64 / down);
        for (x, y, w, h) in turned {
            let (x0, y0) = ((x * sx).max(0.0), (y * sy).max(0.0));
            let (x1, y1) = (
                ((x + w) * sx).min(page.width as f64),
                ((y + h) * sy).min(page.height as f64),
            );
            if x1 - x0 > 40.0 && y1 - y0 > 40.0 {
                windows.push(Window {
                    x: x0 as usize,
                    y: y0 as usize,
                    width: (x1 - x0) as usize,
                    height: (y1 - y0) as usize,
                });
            }
        }
    }
    windows
}

/// Searches one window after reducing it to about `pixels_per_mm`, taking the page's longer side for A4's.
fn search(
    page: &Grey,
    window: Window,
    pixels_per_mm: f64,
    threshold: Threshold,
) -> Option<FoundCode> {
    let native = page.width.max(page.height) as f64 / 297.0;
    let factor = ((native / pixels_per_mm).round() as usize).max(1);
    let part = page
        .crop(window.x, window.y, window.width, window.height)
        .reduced(factor);
    // The library panics on some malformed patterns; a page must not end a reader.
    let found = catch_unwind(AssertUnwindSafe(|| decode(&part, threshold)))
        .ok()
        .flatten()?;
    let to_page = |p: Point| -> Point {
        [
            window.x as f64 + p[0] * factor as f64,
            window.y as f64 + p[1] * factor as f64,
        ]
    };
    let coarse = found.finders.map(to_page);
    let apart = (coarse[0][0] - coarse[1][0]).hypot(coarse[0][1] - coarse[1][1]);
    let middle = 3.0 * apart / (found.modules as f64 - 7.0);
    let fine = coarse.map(|p| refined_centre(page, p, middle));
    Some(FoundCode {
        finders: std::array::from_fn(|i| fine[i].unwrap_or(coarse[i])),
        refined: fine.map(|p| p.is_some()),
        ..found
    })
}

fn decode(part: &Grey, threshold: Threshold) -> Option<FoundCode> {
    let mut prepared = match threshold {
        Threshold::Local => {
            rqrr::PreparedImage::prepare_from_greyscale(part.width, part.height, |x, y| {
                part.at(x, y)
            })
        }
        Threshold::Middle => {
            let mut sorted = part.pixels.clone();
            sorted.sort_unstable();
            let (dark, light) = (sorted[sorted.len() / 50], sorted[sorted.len() * 4 / 5]);
            let middle = dark.midpoint(light);
            rqrr::PreparedImage::prepare_from_bitmap(part.width, part.height, |x, y| {
                part.at(x, y) < middle
            })
        }
    };
    prepared.detect_grids().into_iter().find_map(|grid| {
        let (meta, payload) = grid.decode().ok()?;
        let code = PageCode::parse(&payload)?;
        let modules = meta.version.to_size();
        // The library's bounds reach one module too far to the right and down.
        let reach = modules as f64 + 1.0;
        let corners = [[0.0, 0.0], [reach, 0.0], [reach, reach], [0.0, reach]];
        let pairs: [Pair; 4] = std::array::from_fn(|i| Pair {
            form: corners[i],
            page: [
                f64::from(grid.bounds[i].x) + 0.5,
                f64::from(grid.bounds[i].y) + 0.5,
            ],
            weight: 1.0,
        });
        let mapping = Homography::fit(&pairs)?;
        let far = modules as f64 - 3.5;
        Some(FoundCode {
            code,
            modules,
            finders: [[3.5, 3.5], [far, 3.5], [3.5, far]].map(|p| mapping.to_page(p)),
            refined: [false; 3],
        })
    })
}
