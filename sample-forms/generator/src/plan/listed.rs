//! The samples that are kept in the repository.

use super::{Device, Filing, Oddity, Plan};
use crate::encode::pdf::Pictures;
use crate::encode::tiff::Packing;
use crate::hand::TickStyle::{self, Cross, Fill, Slash, Tick, Typed};
use crate::hand::{Pen, pens};
use crate::people::Wish;
use crate::scan::Mode;
use crate::scan::paper::Wear;

fn wish(community: &'static str, carers: usize, children: usize) -> Wish {
    Wish {
        community,
        carers,
        children,
        expecting: false,
        others: 0,
    }
}

fn expecting(community: &'static str, carers: usize, children: usize) -> Wish {
    Wish {
        community,
        carers,
        children,
        expecting: true,
        others: 0,
    }
}

fn with_others(community: &'static str, children: usize, others: usize) -> Wish {
    Wish {
        community,
        carers: 2,
        children,
        expecting: false,
        others,
    }
}

fn scanner(dpi: u32, mode: Mode) -> Device {
    Device::Scanner { dpi, mode }
}

fn jpeg_pdf(quality: u8) -> Filing {
    Filing::Pdf(Pictures::Jpeg { quality })
}

fn plan(
    name: &str,
    features: &[&'static str],
    family: Wish,
    (font, pen, tick): (&'static str, Pen, TickStyle),
    device: Device,
    filing: Filing,
    oddities: &[Oddity],
) -> Plan {
    let (name, features, oddities) = (name.to_owned(), features.to_vec(), oddities.to_vec());
    Plan {
        name,
        features,
        family,
        font,
        pen,
        tick,
        device,
        filing,
        oddities,
    }
}

/// All samples in order.
pub fn samples() -> Vec<Plan> {
    vec![
        plan(
            "01-office-scanner",
            &["pdf", "jpeg", "200 dpi", "grey"],
            wish("english", 2, 2),
            ("patrick-hand", pens::BLACK, Tick),
            scanner(200, Mode::Grey),
            jpeg_pdf(58),
            &[Oddity::ComesAgain],
        ),
        plan(
            "02-black-and-white",
            &["pdf", "ccitt g4", "300 dpi", "bilevel"],
            wish("polish", 2, 1),
            ("architects-daughter", pens::GEL, Cross),
            scanner(300, Mode::Bilevel),
            Filing::Pdf(Pictures::Group4),
            &[],
        ),
        plan(
            "03-colour",
            &["pdf", "jpeg", "200 dpi", "colour", "blue ink"],
            wish("pakistani", 2, 2),
            ("kalam", pens::BLUE, Tick),
            scanner(200, Mode::Colour),
            jpeg_pdf(55),
            &[Oddity::Worn(Wear::Staple)],
        ),
        plan(
            "04-fax-server",
            &["tiff", "ccitt g4", "200 dpi", "bilevel", "several strips"],
            wish("irish", 1, 1),
            ("coming-soon", pens::BLACK, Fill),
            scanner(200, Mode::Bilevel),
            Filing::TiffGroup4,
            &[Oddity::Skew(0.7)],
        ),
        plan(
            "05-page-files",
            &[
                "jpeg",
                "one file per page",
                "200 dpi",
                "grey",
                "other important people",
            ],
            with_others("nigerian", 2, 2),
            ("indie-flower", pens::BLACK, Cross),
            scanner(200, Mode::Grey),
            Filing::Jpegs {
                quality: 58,
                ending: "jpg",
            },
            &[],
        ),
        plan(
            "06-upside-down",
            &[
                "pdf",
                "jpeg",
                "200 dpi",
                "grey",
                "upside down",
                "a box crossed out",
            ],
            wish("italian", 2, 1),
            ("schoolbell", pens::BLUE, Tick),
            scanner(200, Mode::Grey),
            jpeg_pdf(58),
            &[Oddity::UpsideDown, Oddity::Slip, Oddity::Skew(-0.9)],
        ),
        plan(
            "07-phone-photo",
            &[
                "jpeg",
                "one file per page",
                "phone photo",
                "perspective",
                "shadow",
                "exif orientation",
                "colour",
            ],
            wish("caribbean", 1, 1),
            ("patrick-hand", pens::GEL, Cross),
            Device::Telephone { height: 2400 },
            Filing::Jpegs {
                quality: 66,
                ending: "jpg",
            },
            &[],
        ),
        plan(
            "08-duplex-blank-backs",
            &["pdf", "ccitt g4", "300 dpi", "bilevel", "blank backs"],
            wish("punjabi", 2, 2),
            ("short-stack", pens::BLACK, Tick),
            scanner(300, Mode::Bilevel),
            Filing::Pdf(Pictures::Group4),
            &[Oddity::BlankBacks],
        ),
        plan(
            "09-typewriter",
            &["pdf", "jpeg", "300 dpi", "grey", "typewriter"],
            wish("english", 2, 1),
            ("special-elite", pens::BLACK, Typed),
            scanner(300, Mode::Grey),
            jpeg_pdf(40),
            &[Oddity::Typed, Oddity::ClearBackground, Oddity::Noise(0.8)],
        ),
        plan(
            "10-expectant",
            &["tiff", "deflate", "200 dpi", "grey", "no children"],
            expecting("romanian", 2, 0),
            ("gochi-hand", pens::BLUE, Tick),
            scanner(200, Mode::Grey),
            Filing::TiffGrey(Packing::Deflate),
            &[Oddity::ClearBackground, Oddity::Noise(0.0)],
        ),
        plan(
            "11-continuation-sheet",
            &[
                "pdf",
                "jpeg",
                "200 dpi",
                "grey",
                "continuation sheet",
                "four children",
            ],
            with_others("somali", 4, 1),
            ("neucha", pens::BLACK, Cross),
            scanner(200, Mode::Grey),
            jpeg_pdf(55),
            &[Oddity::Worn(Wear::Fold)],
        ),
        plan(
            "12-missing-page",
            &["pdf", "jpeg", "200 dpi", "grey", "missing page"],
            wish("turkish", 2, 2),
            ("kalam", pens::BLACK, Tick),
            scanner(200, Mode::Grey),
            jpeg_pdf(55),
            &[Oddity::MissingPage(2)],
        ),
        plan(
            "13-noisy-and-skewed",
            &[
                "pdf",
                "jpeg",
                "200 dpi",
                "grey",
                "noise",
                "skew",
                "streak",
                "hasty writing",
            ],
            wish("bangladeshi", 2, 2),
            ("architects-daughter", pens::GREEN, Slash),
            scanner(200, Mode::Grey),
            jpeg_pdf(45),
            &[
                Oddity::Skew(2.6),
                Oddity::Noise(5.0),
                Oddity::Blur(0.9),
                Oddity::Streak,
                Oddity::Hasty,
            ],
        ),
        plan(
            "14-png-pages",
            &["png", "one file per page", "300 dpi", "bilevel"],
            wish("gujarati", 1, 2),
            ("caveat", pens::GEL, Tick),
            scanner(300, Mode::Bilevel),
            Filing::Pngs,
            &[Oddity::FormForEachChild],
        ),
        plan(
            "15-pencil",
            &["pdf", "jpeg strips", "200 dpi", "grey", "pencil", "coffee"],
            wish("lithuanian", 2, 1),
            ("shadows-into-light", pens::PENCIL, Cross),
            scanner(200, Mode::Grey),
            Filing::Pdf(Pictures::JpegStrips {
                quality: 60,
                rows: 512,
            }),
            &[Oddity::Worn(Wear::CoffeeRing), Oddity::Contrast(1.1)],
        ),
        plan(
            "16-sideways-feeder",
            &[
                "pdf",
                "ccitt g4",
                "200 dpi",
                "bilevel",
                "page rotation entry",
            ],
            wish("chinese", 2, 1),
            ("coming-soon", pens::BLACK, Tick),
            scanner(200, Mode::Bilevel),
            Filing::Pdf(Pictures::Group4),
            &[Oddity::Sideways],
        ),
        plan(
            "17-renamed-jpegs",
            &[
                "jpeg",
                "one file per page",
                "wrong file ending",
                "200 dpi",
                "grey",
                "hasty writing",
            ],
            wish("english", 1, 1),
            ("reenie-beanie", pens::BLUE, Fill),
            scanner(200, Mode::Grey),
            Filing::Jpegs {
                quality: 55,
                ending: "pdf",
            },
            &[Oddity::Hasty],
        ),
        plan(
            "18-grey-lzw",
            &[
                "tiff",
                "lzw",
                "200 dpi",
                "grey",
                "pages in reverse order",
                "one page upside down",
                "punch holes",
            ],
            wish("accented", 2, 1),
            ("patrick-hand", pens::VIOLET, Tick),
            scanner(200, Mode::Grey),
            Filing::TiffGrey(Packing::Lzw),
            &[
                Oddity::Reversed,
                Oddity::OnePageUpsideDown(2),
                Oddity::ClearBackground,
                Oddity::Noise(0.0),
                Oddity::Worn(Wear::PunchHoles),
            ],
        ),
        plan(
            "19-tinted-paper",
            &["pdf", "jpeg", "200 dpi", "colour", "tinted paper", "dark"],
            expecting("punjabi", 1, 1),
            ("schoolbell", pens::VIOLET, Cross),
            scanner(200, Mode::Colour),
            jpeg_pdf(50),
            &[
                Oddity::Tinted([246.0, 236.0, 196.0]),
                Oddity::Brightness(-18.0),
            ],
        ),
        plan(
            "20-high-resolution",
            &["pdf", "jpeg", "300 dpi", "grey"],
            wish("nigerian", 1, 1),
            ("kalam", pens::GEL, Tick),
            scanner(300, Mode::Grey),
            jpeg_pdf(38),
            &[Oddity::ClearBackground, Oddity::Noise(0.6)],
        ),
        plan(
            "21-filled-on-a-computer",
            &["pdf", "digital", "form fields"],
            wish("english", 2, 2),
            ("patrick-hand", pens::BLACK, Cross),
            scanner(200, Mode::Grey),
            Filing::FilledPdf,
            &[],
        ),
    ]
}
