//! Every kind of mark that people make in and around tick boxes, drawn on the printed page and read as scans are.

use std::io::Cursor;
use std::sync::LazyLock;

use enrol::decoding::{DecodeError, DecodeLimits, Decoded, Decoder};
use enrol::forms;
use enrol::forms::definition::{Field, FormDefinition, Zone};
use enrol::forms::print::print;
use enrol_reader::raster::Grey;
use enrol_reader::{Reader, ReaderOptions, read_document};
use image::{GrayImage, ImageFormat};

static FORM: LazyLock<FormDefinition> =
    LazyLock::new(|| forms::load("registration").expect("built in"));
static READER: LazyLock<Reader> =
    LazyLock::new(|| Reader::new(ReaderOptions::default()).expect("a reader"));

/// The first printed page, and its pixels per millimetre.
static BLANK: LazyLock<(Grey, f64)> = LazyLock::new(|| {
    let pdf = print(&FORM, &[Some("483920".to_owned())]).unwrap_or_else(|e| panic!("{e}"));
    let mut pages = Vec::new();
    let decoder = Decoder::find().unwrap_or_else(|e| panic!("{e}"));
    let decoded = decoder.decode_all(
        &pdf,
        &DecodeLimits::default(),
        |decoded| -> Result<(), DecodeError> {
            if let Decoded::Page(page) = decoded {
                let (width, height) = (page.width as usize, page.height as usize);
                pages.extend(Grey::from_pixels(width, height, page.grey));
            }
            Ok(())
        },
    );
    decoded.expect("what was just printed can be decoded");
    let page = pages.remove(0);
    let per_mm = page.width as f64 / FORM.page.width_mm;
    (page, per_mm)
});

/// The two fields that marks are tried on: four boxes, and two.
const FOUR: &str = "primary_carer.gender";
const TWO: &str = "primary_carer.interpreter";

/// A sheet and a pen.
struct Sheet {
    page: Grey,
    per_mm: f64,
    shade: u8,
    half_width: f64,
}

impl Sheet {
    fn line(&mut self, points: &[(f64, f64)]) {
        for pair in points.windows(2) {
            let length = (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1);
            let steps = (length * self.per_mm * 2.0).ceil() as usize + 1;
            for i in 0..=steps {
                let t = i as f64 / steps as f64;
                let x = pair[0].0 + (pair[1].0 - pair[0].0) * t;
                let y = pair[0].1 + (pair[1].1 - pair[0].1) * t;
                self.dot(x, y);
            }
        }
    }

    fn dot(&mut self, x: f64, y: f64) {
        let (x, y, reach) = (
            x * self.per_mm,
            y * self.per_mm,
            self.half_width * self.per_mm,
        );
        for row in (y - reach) as usize..=(y + reach) as usize {
            for column in (x - reach) as usize..=(x + reach) as usize {
                let (dx, dy) = (column as f64 + 0.5 - x, row as f64 + 0.5 - y);
                if dx.hypot(dy) <= reach && self.page.at(column, row) > self.shade {
                    self.page.set(column, row, self.shade);
                }
            }
        }
    }

    /// A line through points of a zone whose corners are (0, 0) and (1, 1).
    fn in_zone(&mut self, zone: &Zone, points: &[(f64, f64)]) {
        let place = |p: &(f64, f64)| (zone.x + p.0 * zone.width, zone.y + p.1 * zone.height);
        self.line(&points.iter().map(place).collect::<Vec<_>>());
    }

    fn cross(&mut self, zone: &Zone) {
        self.in_zone(zone, &[(0.1, 0.12), (0.9, 0.88)]);
        self.in_zone(zone, &[(0.88, 0.1), (0.12, 0.92)]);
    }

    fn zigzag(&mut self, zone: &Zone, turns: usize, over: f64) {
        let points: Vec<(f64, f64)> = (0..turns)
            .map(|i| {
                let along = i as f64 / (turns - 1) as f64;
                let side = if i % 2 == 0 { -over } else { 1.0 + over };
                (over.mul_add(-1.0, along * (1.0 + 2.0 * over)), side)
            })
            .collect();
        self.in_zone(zone, &points);
    }

    fn ring(&mut self, around: &Zone) {
        let around = around.grown(1.1);
        let points: Vec<(f64, f64)> = (0..=40)
            .map(|i| {
                let angle = f64::from(i) / 40.0 * std::f64::consts::TAU * 1.05;
                (0.5 + 0.55 * angle.cos(), 0.5 + 0.5 * angle.sin())
            })
            .collect();
        self.in_zone(&around, &points);
    }
}

fn field(name: &str) -> &'static Field {
    FORM.field(name).expect("a field of the form")
}

fn label(name: &str, option: usize) -> Zone {
    let field = field(name);
    FORM.option_label(field.page, &field.options[option])
        .expect("a label")
}

type Draw = fn(&mut Sheet);

fn box_of(name: &str, option: usize) -> Zone {
    field(name).options[option].zone
}

/// What is drawn, the field it is drawn at and how.
const CASES: [(&str, &str, Draw); 17] = [
    ("nothing", FOUR, |_| {}),
    ("a tick", FOUR, |s| {
        s.in_zone(&box_of(FOUR, 1), &[(0.12, 0.5), (0.4, 0.9), (1.1, -0.15)]);
    }),
    ("a tick with a long tail", FOUR, |s| {
        s.in_zone(&box_of(FOUR, 1), &[(0.12, 0.5), (0.4, 0.9), (1.7, -0.8)]);
    }),
    ("a cross", FOUR, |s| s.cross(&box_of(FOUR, 1))),
    ("a slash", FOUR, |s| {
        s.in_zone(&box_of(FOUR, 1), &[(0.1, 0.95), (0.95, 0.05)])
    }),
    ("a scribble", FOUR, |s| {
        s.in_zone(
            &box_of(FOUR, 1),
            &[
                (0.15, 0.2),
                (0.85, 0.3),
                (0.2, 0.5),
                (0.8, 0.65),
                (0.3, 0.85),
            ],
        );
    }),
    ("filled", FOUR, |s| s.zigzag(&box_of(FOUR, 1), 21, -0.08)),
    ("faint pencil", FOUR, |s| {
        s.shade = 165;
        s.cross(&box_of(FOUR, 1));
    }),
    ("a thin cross", FOUR, |s| {
        s.half_width = 0.13;
        s.cross(&box_of(FOUR, 1));
    }),
    ("a word ringed", FOUR, |s| s.ring(&label(FOUR, 1))),
    ("a word struck out", TWO, |s| {
        let word = label(TWO, 0);
        s.in_zone(&word, &[(-0.15, 0.55), (1.2, 0.48)]);
    }),
    ("a stray over the border", FOUR, |s| {
        s.cross(&box_of(FOUR, 1));
        s.in_zone(&box_of(FOUR, 0), &[(0.4, 2.0), (0.5, 0.75)]);
    }),
    ("only a stray", FOUR, |s| {
        s.in_zone(&box_of(FOUR, 0), &[(0.4, 2.0), (0.5, 0.75)])
    }),
    ("scratched out, then another", FOUR, |s| {
        s.cross(&box_of(FOUR, 0));
        s.zigzag(&box_of(FOUR, 0), 14, 0.1);
        s.cross(&box_of(FOUR, 2));
    }),
    ("struck through, then another", FOUR, |s| {
        s.cross(&box_of(FOUR, 0));
        for level in [0.3, 0.5, 0.7] {
            s.in_zone(&box_of(FOUR, 0), &[(-0.2, level), (1.2, level + 0.05)]);
        }
        s.cross(&box_of(FOUR, 2));
    }),
    ("two marks", FOUR, |s| {
        s.cross(&box_of(FOUR, 0));
        s.cross(&box_of(FOUR, 2));
    }),
    ("a dot", FOUR, |s| {
        s.in_zone(&box_of(FOUR, 1), &[(0.5, 0.5), (0.55, 0.5)])
    }),
];

/// A page as it comes from a scanner.
#[derive(Debug, Clone, Copy)]
enum Quality {
    /// 200 dpi, grey, a little noise.
    Grey,
    /// 200 dpi, black and white.
    BlackWhite,
}

fn scanned(page: &Grey, quality: Quality) -> Vec<u8> {
    let small = page.resized(1654, 2339);
    let pixels = small
        .pixels
        .iter()
        .enumerate()
        .map(|(i, shade)| match quality {
            Quality::Grey => {
                // A noise that repeats nowhere near: the fractional parts of multiples of the golden ratio.
                let grain = ((i as f64 * 0.618_033_988_749).fract() * 9.0) as u8;
                (u16::from(*shade) * 225 / 255 + 12) as u8 - grain
            }
            Quality::BlackWhite => {
                if *shade < 175 {
                    0
                } else {
                    255
                }
            }
        });
    let picture = GrayImage::from_raw(1654, 2339, pixels.collect()).expect("of this size");
    let mut bytes = Vec::new();
    picture
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .expect("memory");
    bytes
}

fn read(case: (&str, &str, Draw), quality: Quality) -> String {
    let (page, per_mm) = &*BLANK;
    let mut sheet = Sheet {
        page: page.clone(),
        per_mm: *per_mm,
        shade: 35,
        half_width: 0.25,
    };
    // The pen as it is used elsewhere on the page.
    sheet.cross(&box_of("office.centre", 2));
    (case.2)(&mut sheet);
    let document = read_document(&READER, &scanned(&sheet.page, quality)).expect("read");
    let fields = document.forms.iter().flat_map(|form| &form.fields);
    let reading = fields
        .into_iter()
        .find(|f| f.name == case.1)
        .unwrap_or_else(|| panic!("{} is not read: {:?}", case.1, document.unplaced));
    let value = serde_json::to_string(&reading.value).expect("JSON");
    let reasons = reading.reasons.join(" ");
    format!(
        "{:<29}{value:<10} {:<9} {reasons}",
        case.0,
        reading.state.as_str()
    )
    .trim_end()
    .to_owned()
}

#[test]
fn every_kind_of_mark_is_told() {
    let table = |quality| CASES.map(|case| read(case, quality)).join("\n");
    insta::assert_snapshot!("grey", table(Quality::Grey));
    insta::assert_snapshot!("black_and_white", table(Quality::BlackWhite));
}

/// Whatever is drawn, nothing is accepted that was not meant.
#[test]
fn only_clean_marks_are_accepted() {
    let clean = [
        "a tick",
        "a tick with a long tail",
        "a cross",
        "a slash",
        "a scribble",
        "a thin cross",
        "faint pencil",
        "a stray over the border",
    ];
    for quality in [Quality::Grey, Quality::BlackWhite] {
        for case in CASES {
            let line = read(case, quality);
            if line.contains(" accepted") {
                assert!(clean.contains(&case.0), "{quality:?}: {line}");
                assert!(line.contains("\"male\""), "{quality:?}: {line}");
            }
        }
    }
}
