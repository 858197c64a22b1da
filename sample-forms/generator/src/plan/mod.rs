//! The list of samples: who fills the form in, with which hand, and how it is captured and filed.

pub mod drawn;
pub mod listed;

use crate::encode::pdf::Pictures;
use crate::encode::tiff::Packing;
use crate::hand::{Pen, TickStyle};
use crate::people::Wish;
use crate::scan::Mode;
use crate::scan::paper::Wear;

/// How the pages become files.
#[derive(Debug, Clone, Copy)]
pub enum Filing {
    /// One PDF.
    Pdf(Pictures),
    /// One TIFF, Group 4.
    TiffGroup4,
    /// One grey TIFF.
    TiffGrey(Packing),
    /// A JPEG file per page.
    Jpegs {
        /// JPEG quality.
        quality: u8,
        /// What the file names end in: scanners write `jpg`; somebody may have renamed them.
        ending: &'static str,
    },
    /// A PNG file per page.
    Pngs,
    /// The printed PDF itself, filled in on a screen: nothing is written by hand and nothing is scanned.
    FilledPdf,
}

/// What a page goes through.
#[derive(Debug, Clone, Copy)]
pub enum Device {
    /// A scanner.
    Scanner {
        /// Resolution.
        dpi: u32,
        /// Pixels.
        mode: Mode,
    },
    /// A telephone; the pixels of the longer side.
    Telephone {
        /// Height of the upright photograph.
        height: usize,
    },
}

/// One sample.
pub struct Plan {
    /// Folder of the sample: `07-phone-photo`.
    pub name: String,
    /// What it shows, for the truth file and the table.
    pub features: Vec<&'static str>,
    /// The family.
    pub family: Wish,
    /// Font of the carer's hand, a key of [`crate::hand::FONTS`].
    pub font: &'static str,
    /// Pen of the carer.
    pub pen: Pen,
    /// How boxes are marked.
    pub tick: TickStyle,
    /// The capture.
    pub device: Device,
    /// The files.
    pub filing: Filing,
    /// Changes to the ordinary capture.
    pub oddities: Vec<Oddity>,
}

/// What is out of the ordinary about a capture.
#[derive(Debug, Clone, Copy)]
pub enum Oddity {
    /// Every page is upside down.
    UpsideDown,
    /// Pages go in sideways, and the file says so, as a device with a landscape feeder writes it.
    Sideways,
    /// Only this page (from 1) is upside down.
    OnePageUpsideDown(u32),
    /// Both sides are scanned and the backs are blank.
    BlankBacks,
    /// This page (from 1) is not in the file; it comes later in a file of its own.
    MissingPage(u32),
    /// The pages are in reverse order.
    Reversed,
    /// Turned by this many degrees.
    Skew(f32),
    /// Standard deviation of the noise.
    Noise(f32),
    /// Standard deviation of the blur.
    Blur(f32),
    /// Brightness added.
    Brightness(f32),
    /// Contrast, 1 for none.
    Contrast(f32),
    /// The background is cleared to white.
    ClearBackground,
    /// Dust on the glass.
    Streak,
    /// What happened to the first sheet.
    Worn(Wear),
    /// The paper is tinted.
    Tinted([f32; 3]),
    /// Written with a typewriter.
    Typed,
    /// Written in a hurry: characters lean, drift and vary more, some past the edge of their cells.
    Hasty,
    /// One wrong box is marked and crossed out.
    Slip,
    /// The family fills in another form half a year later, on a screen.
    ComesAgain,
    /// The family also fills in a form for each child, instead of one for all.
    FormForEachChild,
}
