//! The list of samples: who fills the form in, with which hand, and how it is captured and filed.

use crate::encode::pdf::Pictures;
use crate::encode::tiff::Packing;
use crate::hand::{Pen, TickStyle, pens};
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
    pub name: &'static str,
    /// What it shows, for the truth file and the table.
    pub features: &'static [&'static str],
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
    pub oddities: &'static [Oddity],
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
}

const fn wish(community: &'static str, carers: usize, children: usize) -> Wish {
    Wish { community, carers, children, expecting: false, others: 0 }
}

const fn expecting(community: &'static str, carers: usize, children: usize) -> Wish {
    Wish { community, carers, children, expecting: true, others: 0 }
}

const fn with_others(community: &'static str, children: usize, others: usize) -> Wish {
    Wish { community, carers: 2, children, expecting: false, others }
}

const fn scanner(dpi: u32, mode: Mode) -> Device {
    Device::Scanner { dpi, mode }
}

const fn jpeg_pdf(quality: u8) -> Filing {
    Filing::Pdf(Pictures::Jpeg { quality })
}

/// All samples in order.
pub const PLANS: [Plan; 20] = [
    Plan {
        name: "01-office-scanner",
        features: &["pdf", "jpeg", "200 dpi", "grey"],
        family: wish("english", 2, 2),
        font: "patrick-hand",
        pen: pens::BLACK,
        tick: TickStyle::Tick,
        device: scanner(200, Mode::Grey),
        filing: jpeg_pdf(58),
        oddities: &[],
    },
    Plan {
        name: "02-black-and-white",
        features: &["pdf", "ccitt g4", "300 dpi", "bilevel"],
        family: wish("polish", 2, 1),
        font: "architects-daughter",
        pen: pens::GEL,
        tick: TickStyle::Cross,
        device: scanner(300, Mode::Bilevel),
        filing: Filing::Pdf(Pictures::Group4),
        oddities: &[],
    },
    Plan {
        name: "03-colour",
        features: &["pdf", "jpeg", "200 dpi", "colour", "blue ink"],
        family: wish("pakistani", 2, 2),
        font: "kalam",
        pen: pens::BLUE,
        tick: TickStyle::Tick,
        device: scanner(200, Mode::Colour),
        filing: jpeg_pdf(55),
        oddities: &[Oddity::Worn(Wear::Staple)],
    },
    Plan {
        name: "04-fax-server",
        features: &["tiff", "ccitt g4", "200 dpi", "bilevel", "several strips"],
        family: wish("irish", 1, 1),
        font: "coming-soon",
        pen: pens::BLACK,
        tick: TickStyle::Fill,
        device: scanner(200, Mode::Bilevel),
        filing: Filing::TiffGroup4,
        oddities: &[Oddity::Skew(0.7)],
    },
    Plan {
        name: "05-page-files",
        features: &["jpeg", "one file per page", "200 dpi", "grey", "other important people"],
        family: with_others("nigerian", 2, 2),
        font: "indie-flower",
        pen: pens::BLACK,
        tick: TickStyle::Cross,
        device: scanner(200, Mode::Grey),
        filing: Filing::Jpegs { quality: 58, ending: "jpg" },
        oddities: &[],
    },
    Plan {
        name: "06-upside-down",
        features: &["pdf", "jpeg", "200 dpi", "grey", "upside down"],
        family: wish("italian", 2, 1),
        font: "schoolbell",
        pen: pens::BLUE,
        tick: TickStyle::Tick,
        device: scanner(200, Mode::Grey),
        filing: jpeg_pdf(58),
        oddities: &[Oddity::UpsideDown, Oddity::Skew(-0.9)],
    },
    Plan {
        name: "07-phone-photo",
        features: &["jpeg", "one file per page", "phone photo", "perspective", "shadow", "exif orientation", "colour"],
        family: wish("caribbean", 1, 1),
        font: "patrick-hand",
        pen: pens::GEL,
        tick: TickStyle::Cross,
        device: Device::Telephone { height: 2400 },
        filing: Filing::Jpegs { quality: 66, ending: "jpg" },
        oddities: &[],
    },
    Plan {
        name: "08-duplex-blank-backs",
        features: &["pdf", "ccitt g4", "300 dpi", "bilevel", "blank backs"],
        family: wish("punjabi", 2, 2),
        font: "short-stack",
        pen: pens::BLACK,
        tick: TickStyle::Tick,
        device: scanner(300, Mode::Bilevel),
        filing: Filing::Pdf(Pictures::Group4),
        oddities: &[Oddity::BlankBacks],
    },
    Plan {
        name: "09-typewriter",
        features: &["pdf", "jpeg", "300 dpi", "grey", "typewriter"],
        family: wish("english", 2, 1),
        font: "special-elite",
        pen: pens::BLACK,
        tick: TickStyle::Typed,
        device: scanner(300, Mode::Grey),
        filing: jpeg_pdf(50),
        oddities: &[Oddity::Typed, Oddity::ClearBackground, Oddity::Noise(0.8)],
    },
    Plan {
        name: "10-expectant",
        features: &["tiff", "deflate", "200 dpi", "grey", "no children"],
        family: expecting("romanian", 2, 0),
        font: "gochi-hand",
        pen: pens::BLUE,
        tick: TickStyle::Tick,
        device: scanner(200, Mode::Grey),
        filing: Filing::TiffGrey(Packing::Deflate),
        oddities: &[Oddity::ClearBackground, Oddity::Noise(0.0)],
    },
    Plan {
        name: "11-continuation-sheet",
        features: &["pdf", "jpeg", "200 dpi", "grey", "continuation sheet", "four children"],
        family: with_others("somali", 4, 1),
        font: "neucha",
        pen: pens::BLACK,
        tick: TickStyle::Cross,
        device: scanner(200, Mode::Grey),
        filing: jpeg_pdf(55),
        oddities: &[Oddity::Worn(Wear::Fold)],
    },
    Plan {
        name: "12-missing-page",
        features: &["pdf", "jpeg", "200 dpi", "grey", "missing page"],
        family: wish("turkish", 2, 2),
        font: "kalam",
        pen: pens::BLACK,
        tick: TickStyle::Tick,
        device: scanner(200, Mode::Grey),
        filing: jpeg_pdf(55),
        oddities: &[Oddity::MissingPage(2)],
    },
    Plan {
        name: "13-noisy-and-skewed",
        features: &["pdf", "jpeg", "200 dpi", "grey", "noise", "skew", "streak"],
        family: wish("bangladeshi", 2, 2),
        font: "architects-daughter",
        pen: pens::GREEN,
        tick: TickStyle::Slash,
        device: scanner(200, Mode::Grey),
        filing: jpeg_pdf(45),
        oddities: &[Oddity::Skew(2.6), Oddity::Noise(5.0), Oddity::Blur(0.9), Oddity::Streak],
    },
    Plan {
        name: "14-png-pages",
        features: &["png", "one file per page", "300 dpi", "bilevel"],
        family: wish("gujarati", 1, 2),
        font: "caveat",
        pen: pens::GEL,
        tick: TickStyle::Tick,
        device: scanner(300, Mode::Bilevel),
        filing: Filing::Pngs,
        oddities: &[],
    },
    Plan {
        name: "15-pencil",
        features: &["pdf", "jpeg strips", "200 dpi", "grey", "pencil", "coffee"],
        family: wish("lithuanian", 2, 1),
        font: "shadows-into-light",
        pen: pens::PENCIL,
        tick: TickStyle::Cross,
        device: scanner(200, Mode::Grey),
        filing: Filing::Pdf(Pictures::JpegStrips { quality: 60, rows: 512 }),
        oddities: &[Oddity::Worn(Wear::CoffeeRing), Oddity::Contrast(1.1)],
    },
    Plan {
        name: "16-sideways-feeder",
        features: &["pdf", "ccitt g4", "200 dpi", "bilevel", "page rotation entry"],
        family: wish("chinese", 2, 1),
        font: "coming-soon",
        pen: pens::BLACK,
        tick: TickStyle::Tick,
        device: scanner(200, Mode::Bilevel),
        filing: Filing::Pdf(Pictures::Group4),
        oddities: &[Oddity::Sideways],
    },
    Plan {
        name: "17-renamed-jpegs",
        features: &["jpeg", "one file per page", "wrong file ending", "200 dpi", "grey"],
        family: wish("english", 1, 1),
        font: "reenie-beanie",
        pen: pens::BLUE,
        tick: TickStyle::Fill,
        device: scanner(200, Mode::Grey),
        filing: Filing::Jpegs { quality: 55, ending: "pdf" },
        oddities: &[],
    },
    Plan {
        name: "18-grey-lzw",
        features: &["tiff", "lzw", "200 dpi", "grey", "pages in reverse order", "one page upside down", "punch holes"],
        family: wish("accented", 2, 1),
        font: "patrick-hand",
        pen: pens::VIOLET,
        tick: TickStyle::Tick,
        device: scanner(200, Mode::Grey),
        filing: Filing::TiffGrey(Packing::Lzw),
        oddities: &[
            Oddity::Reversed,
            Oddity::OnePageUpsideDown(2),
            Oddity::ClearBackground,
            Oddity::Noise(0.0),
            Oddity::Worn(Wear::PunchHoles),
        ],
    },
    Plan {
        name: "19-tinted-paper",
        features: &["pdf", "jpeg", "200 dpi", "colour", "tinted paper", "dark"],
        family: expecting("punjabi", 1, 1),
        font: "schoolbell",
        pen: pens::VIOLET,
        tick: TickStyle::Cross,
        device: scanner(200, Mode::Colour),
        filing: jpeg_pdf(50),
        oddities: &[Oddity::Tinted([246.0, 236.0, 196.0]), Oddity::Brightness(-18.0)],
    },
    Plan {
        name: "20-high-resolution",
        features: &["pdf", "jpeg", "300 dpi", "grey"],
        family: wish("nigerian", 1, 1),
        font: "kalam",
        pen: pens::GEL,
        tick: TickStyle::Tick,
        device: scanner(300, Mode::Grey),
        filing: jpeg_pdf(45),
        oddities: &[Oddity::ClearBackground, Oddity::Noise(0.6)],
    },
];
