//! Printed sheets that cannot be read: another council's form, a leaflet, and our own form in an unknown version.

use std::path::Path;

use anyhow::Context as _;
use enrol::forms::definition::FormDefinition;
use rand::Rng;

use super::{Hostile, Outcome};
use crate::encode::pdf::{self, Pictures};
use crate::encode::tiff;
use crate::hand::face::Face;
use crate::hand::ink::{Ink, Point};
use crate::hand::pens;
use crate::sample::Workshop;
use crate::scan::scanner::{self, Settings};
use crate::scan::{Mode, PAPER_DPI, Picture, paper};

/// Debian's `fonts-liberation`.
const PRINT_FONTS: &str = "/usr/share/fonts/truetype/liberation";

/// All of them.
pub fn all(workshop: &Workshop<'_>, random: &mut impl Rng) -> anyhow::Result<Vec<Hostile>> {
    let words = &[
        "not a form",
        "no form",
        "unknown form",
        "not recognise",
        "registration form",
    ];
    let mut scan = |sheet: Picture| {
        scanner::scan(
            &sheet,
            &Settings::random(200, Mode::Bilevel, random),
            random,
        )
    };
    let other = scan(other_form()?);
    let leaflet = scan(leaflet()?);
    let later = scan(later_version(workshop)?);
    Ok(vec![
        Hostile {
            name: "other-council.pdf",
            bytes: pdf::encode(&[other], Pictures::Group4, 0)?,
            what: "an invented council's library form: boxes and lines, but not ours",
            outcome: Outcome::Exception,
            reason_words: words,
        },
        Hostile {
            name: "leaflet.tif",
            bytes: tiff::group4(&[leaflet])?,
            what: "a page of print",
            outcome: Outcome::Exception,
            reason_words: words,
        },
        Hostile {
            name: "unknown-version.tif",
            bytes: tiff::group4(&[later])?,
            what: "a page of our form in a version that nobody has defined",
            outcome: Outcome::Exception,
            reason_words: &["version", "unknown form", "not recognise", "no form"],
        },
    ])
}

/// A sheet being printed; lengths in millimetres.
struct Press {
    ink: Ink,
    face: Face,
    bold: Face,
}

const MM: f32 = PAPER_DPI / 25.4;

impl Press {
    fn new() -> anyhow::Result<Self> {
        let face = |name: &str| Face::open(&Path::new(PRINT_FONTS).join(name));
        Ok(Self {
            ink: Ink::new(2480, 3508),
            face: face("LiberationSerif-Regular.ttf")?,
            bold: face("LiberationSans-Bold.ttf")?,
        })
    }

    /// Sets a line with its baseline at `y`; `height` is that of a capital.
    fn line(&mut self, x: f32, y: f32, height: f32, bold: bool, text: &str) {
        let face = if bold { &self.bold } else { &self.face };
        let (mut pen, size) = (x * MM, height * MM);
        for shape in text.chars().filter_map(|c| face.shape(c)) {
            let place = |p: &Point| (pen + p.0 * size, y * MM + p.1 * size);
            let outlines: Vec<Vec<Point>> = shape
                .outlines
                .iter()
                .map(|o| o.iter().map(place).collect())
                .collect();
            self.ink.fill(&outlines);
            pen += shape.advance * size;
        }
    }

    fn frame(&mut self, x: f32, y: f32, width: f32, height: f32) {
        let corners = [
            (x, y),
            (x + width, y),
            (x + width, y + height),
            (x, y + height),
            (x, y),
        ];
        let path: Vec<(Point, f32)> = corners
            .iter()
            .map(|p| ((p.0 * MM, p.1 * MM), 1.6))
            .collect();
        self.ink.stroke(&path);
    }

    fn sheet(self) -> Picture {
        let mut sheet = Picture::plain(self.ink.width, self.ink.height, [255; 3]);
        let pen = crate::hand::Pen {
            grain: 0.0,
            ..pens::GEL
        };
        let mut random = <rand_chacha::ChaCha8Rng as rand::SeedableRng>::seed_from_u64(0);
        paper::write_over(&mut sheet, &[(pen, self.ink)], &mut random);
        sheet
    }
}

fn other_form() -> anyhow::Result<Picture> {
    let mut press = Press::new()?;
    press.line(20.0, 26.0, 5.0, true, "Marlbrook District Council");
    press.line(
        20.0,
        36.0,
        4.0,
        true,
        "Library membership: application form LM2",
    );
    press.line(20.0, 44.0, 2.4, false, "Please complete this form in ink and hand it in at any library with proof of your address.");
    let labels = [
        "Title and full name",
        "Address",
        "",
        "Postcode",
        "Telephone",
        "E-mail",
        "Name of parent (if under 16)",
        "Signature",
        "Date",
    ];
    for (row, label) in labels.iter().enumerate() {
        let y = 60.0 + 19.0 * row as f32;
        press.line(20.0, y, 2.6, false, label);
        press.frame(72.0, y - 9.0, 118.0, 13.0);
    }
    for (i, label) in ["Adult", "Junior", "Home library service"]
        .iter()
        .enumerate()
    {
        let x = 22.0 + 52.0 * i as f32;
        press.frame(x, 240.0, 6.0, 6.0);
        press.line(x + 9.0, 245.0, 2.6, false, label);
    }
    press.line(20.0, 275.0, 2.2, false, "Office use: card number ............................  issued by ............................");
    Ok(press.sheet())
}

/// The first page of our form, its QR code naming version 99.
fn later_version(workshop: &Workshop<'_>) -> anyhow::Result<Picture> {
    let definition = FormDefinition {
        version: 99,
        ..workshop.definition.clone()
    };
    let blank = Workshop {
        definition: &definition,
        fonts: workshop.fonts,
        seed: workshop.seed,
    }
    .blank(None)?;
    blank.into_iter().next().context("the form has no pages")
}

fn leaflet() -> anyhow::Result<Picture> {
    const LINES: [&str; 14] = [
        "The toddler group meets on the first Tuesday of each month in the church hall behind the",
        "old corn exchange. There is room for prams in the porch. Tea, coffee and fruit are free;",
        "bring your own cup if you can. In the summer months we walk to the river with the",
        "rangers, look for dragonflies and learn the names of the water birds.",
        "",
        "New families are welcome at any time of the year and need not book. Somebody in a green",
        "apron will show you around. Older brothers and sisters may come in the school holidays.",
        "",
        "On rainy days there are building blocks, a sand tray, and a corner with soft mats for",
        "babies. Twice a year a storyteller visits. The caretaker keeps lost gloves in a basket by",
        "the door, where they are likely to be found again.",
        "",
        "Please do not park on the grass: it belongs to the bowls club, whose members are",
        "kind but have long memories.",
    ];
    let mut press = Press::new()?;
    press.line(25.0, 40.0, 5.5, true, "What is on at the hall");
    for block in 0..2 {
        for (row, line) in LINES.iter().enumerate() {
            press.line(
                25.0,
                60.0 + 112.0 * block as f32 + 7.2 * row as f32,
                2.9,
                false,
                line,
            );
        }
    }
    Ok(press.sheet())
}
