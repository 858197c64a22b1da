//! The pens of a page and what the capture may have done to them, measured on everything that people filled in.
//!
//! A pencil is paler than a ballpoint, and what is pale for one page is a clear mark on another. A black-and-white
//! scan keeps what is darker than its threshold and drops the rest without a trace: where the writing of a page is
//! broken into crumbs, an empty box proves nothing.

use enrol::forms::definition::{Field, Zone};

use crate::raster::Grey;
use crate::zones::{SCALE, ZonePicture, ink};

/// Ink in pieces smaller than this is crumbs, square millimetres.
const CRUMB_MM2: f64 = 0.12;
/// Less ink than this says nothing about a pen, square millimetres.
const ENOUGH_INK_MM2: f64 = 1.5;
/// From this share of crumbs on, a capture that keeps no greys may have lost marks.
const BREAKS_UP: f64 = 0.03;
/// Printed borders paler than this have been lost, of 130.
const LOST_PRINT: f64 = 20.0;
/// A pen darker than this survives where the printed borders do not...
const DARK_PEN: f64 = 0.7;
/// ...if it leaves next to no crumbs.
const FEW_CRUMBS: f64 = 0.004;
/// With fewer shades between black and white than this, light ink is lost rather than pale.
const FEW_GREYS: f64 = 0.08;
/// Clear of printed walls, millimetres.
const CLEAR_MM: f64 = 0.7;

/// What is known of the pens of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PagePen {
    /// Sum of darkness over ink pixels, 0 to 255 each.
    darkness: f64,
    /// Ink pixels.
    ink: usize,
    /// Of those, in crumbs.
    crumbs: usize,
    /// Ink pixels with paper beside them.
    edge: usize,
    /// Light pixels looked at, and those of them that are not quite white.
    light: usize,
    greyish: usize,
    /// Sum of the darkness of printed borders of boxes, 0 to 130 each, and their number.
    borders: (f64, usize),
}

impl PagePen {
    /// Takes a written field's picture into account.
    pub fn add_writing(&mut self, picture: &ZonePicture, field: &Field) {
        self.add_paper(&picture.grey);
        let lines = field.lines.iter().map(|line| Zone {
            y: line.y + CLEAR_MM,
            height: (line.height - 2.0 * CLEAR_MM).max(0.0),
            ..*line
        });
        let cells = field.cells.iter().map(|cell| cell.grown(-CLEAR_MM));
        for part in cells.chain(lines) {
            self.add_part(picture, &part);
        }
    }

    /// Takes the insides of the boxes of a group into account.
    pub fn add_boxes(&mut self, picture: &ZonePicture, field: &Field) {
        self.add_paper(&picture.grey);
        for option in &field.options {
            self.add_part(picture, &option.zone.grown(-CLEAR_MM));
        }
    }

    /// Takes the printed borders of a group of boxes into account, `depth` darker than paper.
    pub fn add_borders(&mut self, depth: f64) {
        self.borders.0 += depth;
        self.borders.1 += 1;
    }

    /// How evenly white the paper is: a picture that was spread until greys were gone has no paper grain left.
    fn add_paper(&mut self, picture: &Grey) {
        for shade in picture.pixels.iter().step_by(7) {
            if *shade > 200 {
                self.light += 1;
                self.greyish += usize::from(*shade < 254);
            }
        }
    }

    fn add_part(&mut self, picture: &ZonePicture, part: &Zone) {
        let clip = |v: f64, most: usize| (v.round().max(0.0) as usize).min(most);
        let grey = &picture.grey;
        let (x0, x1) = (
            clip(picture.column(part.x), grey.width),
            clip(picture.column(part.right()), grey.width),
        );
        let (y0, y1) = (
            clip(picture.row(part.y), grey.height),
            clip(picture.row(part.bottom()), grey.height),
        );
        if x1 <= x0 || y1 <= y0 {
            return;
        }
        let any = (y0..y1).any(|y| grey.row(y)[x0..x1].iter().any(|p| *p < ink::INK));
        if !any {
            return;
        }
        let own = grey.crop(x0, y0, x1 - x0, y1 - y0);
        for stroke in ink::strokes(&own, 0.0) {
            self.ink += stroke.pixels.len();
            if stroke.area_mm2() < CRUMB_MM2 {
                self.crumbs += stroke.pixels.len();
            }
            for at in &stroke.pixels {
                let (x, y) = (*at as usize % own.width, *at as usize / own.width);
                self.darkness += f64::from(255 - own.at(x, y));
                let beside = x > 0 && own.at(x - 1, y) >= ink::INK
                    || x + 1 < own.width && own.at(x + 1, y) >= ink::INK
                    || y > 0 && own.at(x, y - 1) >= ink::INK
                    || y + 1 < own.height && own.at(x, y + 1) >= ink::INK;
                self.edge += usize::from(beside);
            }
        }
    }

    /// Whether there is ink enough to speak of.
    pub fn is_known(&self) -> bool {
        self.ink as f64 >= ENOUGH_INK_MM2 * SCALE * SCALE
    }

    /// Mean darkness of the ink, 0 to 1; that of a ballpoint where nothing is known.
    pub fn darkness(&self) -> f64 {
        const BALLPOINT: f64 = 0.7;
        if self.is_known() {
            self.darkness / self.ink as f64 / 255.0
        } else {
            BALLPOINT
        }
    }

    /// Mean width of the strokes, millimetres; that of a ballpoint where nothing is known.
    pub fn width_mm(&self) -> f64 {
        const BALLPOINT: f64 = 0.45;
        if self.is_known() {
            (2.0 * self.ink as f64 / self.edge.max(1) as f64 / SCALE).clamp(0.25, 1.0)
        } else {
            BALLPOINT
        }
    }

    /// Share of the ink that is crumbs, 0 to 1.
    pub fn crumbs(&self) -> f64 {
        self.crumbs as f64 / self.ink.max(1) as f64
    }

    /// Share of the paper's pixels that are not quite white, 0 to 1.
    pub fn greys(&self) -> f64 {
        self.greyish as f64 / self.light.max(1) as f64
    }

    /// Whether the capture keeps no pale greys: black and white, or spread until the paper's grain is gone.
    pub fn keeps_no_greys(&self) -> bool {
        self.light > 0 && self.greys() < FEW_GREYS
    }

    /// How dark the printed borders of the boxes came out, 0 to 130; `None` where none was looked at.
    pub fn border(&self) -> Option<f64> {
        (self.borders.1 > 0).then(|| self.borders.0 / self.borders.1 as f64)
    }

    /// Whether marks of this page's pens may have vanished in the capture.
    ///
    /// The borders of the boxes are printed in a grey of known darkness: where a capture lost them, it lost every pen
    /// that is no darker. One that keeps no greys also shows in the crumbs it leaves of a pale pen. A page without any
    /// ink is taken for one that nobody wrote on.
    pub fn may_vanish(&self) -> bool {
        let lost_print = self.border().is_some_and(|depth| depth < LOST_PRINT);
        let dark = self.is_known() && self.darkness() > DARK_PEN && self.crumbs() < FEW_CRUMBS;
        self.ink > 0 && (self.keeps_no_greys() && self.crumbs() > BREAKS_UP || lost_print && !dark)
    }

    /// Darker than this shade is ink of this page's pens: pale pens need a lower bar than [`ink::INK`] sets.
    pub fn ink_level(&self) -> u8 {
        let usual = 255.0 - f64::from(ink::INK);
        let bar = (0.45 * 255.0 * self.darkness()).clamp(45.0, usual);
        (255.0 - bar).round() as u8
    }
}
