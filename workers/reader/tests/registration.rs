//! A page is placed so that every zone lies where it is, or it is not placed at all, whatever printer and scanner did.

use std::cell::Cell;
use std::sync::LazyLock;

use enrol::decoding::{DecodeError, DecodeLimits, Decoded, Decoder};
use enrol::forms;
use enrol::forms::definition::{FormDefinition, Zone};
use enrol::forms::print::print;
use enrol_reader::raster::Grey;
use enrol_reader::registration::homography::Homography;
use enrol_reader::registration::layout::parts_of;
use enrol_reader::registration::{Identity, PlacedPage, Placement, PreparedPage, place};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

static FORM: LazyLock<FormDefinition> =
    LazyLock::new(|| forms::load("registration").expect("built in"));

/// The printed pages, and their pixels per millimetre.
static BLANK: LazyLock<(Vec<Grey>, f64)> = LazyLock::new(|| {
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
    let per_mm = pages[0].width as f64 / FORM.page.width_mm;
    (pages, per_mm)
});

/// Places along the feed between which the sheet is pulled evenly, millimetres.
const KNOTS: [f64; 6] = [0.0, 60.0, 120.0, 180.0, 240.0, 297.0];

/// What printer, rollers and camera do to a sheet.
#[derive(Debug, Clone)]
struct Distortion {
    page: usize,
    dpi: f64,
    quarters: u8,
    skew_degrees: f64,
    scale: f64,
    perspective: (f64, f64),
    /// Shift along the feed at each knot, millimetres.
    pulled: [f64; 6],
    noise: i16,
    /// Corner marks covered, a bit each.
    covered: u8,
    smudged: bool,
}

fn distortion() -> impl Strategy<Value = Distortion> {
    let sheet = (
        0usize..4,
        150.0..300.0f64,
        0u8..4,
        -8.0..8.0f64,
        0.94..1.04f64,
    );
    let bend = (-1e-4..1e-4f64, -1e-4..1e-4f64);
    let pulls = prop::array::uniform6(-0.45..0.45f64);
    let wear = (
        0i16..25,
        prop::sample::select(vec![0u8, 0, 0, 1, 8, 3, 9, 12]),
        prop::bool::weighted(0.25),
    );
    (sheet, bend, pulls, wear).prop_map(
        |((page, dpi, quarters, skew_degrees, scale), perspective, pulls, wear)| {
            let mut at = 0.0;
            let pulled = pulls.map(|pull| {
                at += pull;
                at
            });
            let (noise, covered, smudged) = wear;
            Distortion {
                page,
                dpi,
                quarters,
                skew_degrees,
                scale,
                perspective,
                pulled,
                noise,
                covered,
                smudged,
            }
        },
    )
}

impl Distortion {
    /// From the pulled sheet, millimetres, to pixels of a picture with its size.
    fn mapping(&self) -> (Homography, usize, usize) {
        let per_mm = self.dpi / 25.4 * self.scale;
        let angle = (f64::from(self.quarters) * 90.0 + self.skew_degrees).to_radians();
        let (s, c) = (per_mm * angle.sin(), per_mm * angle.cos());
        let (g, h) = self.perspective;
        let turned = Homography::from_rows([c, -s, 0.0, s, c, 0.0, g, h, 1.0]).expect("regular");
        let corners =
            [[0.0, 0.0], [210.0, 0.0], [0.0, 297.0], [210.0, 297.0]].map(|p| turned.to_page(p));
        let low = |i: usize| corners.iter().map(|p| p[i]).fold(f64::MAX, f64::min);
        let high = |i: usize| corners.iter().map(|p| p[i]).fold(f64::MIN, f64::max);
        let (left, top) = (low(0), low(1));
        let shift = Homography::from_rows([1.0, 0.0, -left, 0.0, 1.0, -top, 0.0, 0.0, 1.0])
            .expect("regular");
        let mapping = shift.after(&turned).expect("regular");
        (mapping, (high(0) - left) as usize, (high(1) - top) as usize)
    }

    fn pulled(&self, y: f64) -> f64 {
        y + between(&KNOTS, &self.pulled, y)
    }

    /// Undoes [`Self::pulled`]: the shift changes by less than one part in a hundred along the sheet.
    fn printed(&self, pulled: f64) -> f64 {
        (0..4).fold(pulled, |y, _| pulled - between(&KNOTS, &self.pulled, y))
    }

    fn to_picture(&self, mapping: &Homography, [x, y]: [f64; 2]) -> [f64; 2] {
        mapping.to_page([x, self.pulled(y)])
    }

    fn picture(&self) -> Grey {
        let (pages, per_mm) = &*BLANK;
        let mut sheet = pages[self.page].clone();
        for (index, mark) in FORM.corner_marks.iter().enumerate() {
            if self.covered & (1 << index) != 0 {
                fill(&mut sheet, mark.zone.grown(1.0), 235);
            }
        }
        if self.smudged {
            let code = FORM.qr_zone;
            fill(
                &mut sheet,
                Zone {
                    y: code.y + 5.0,
                    height: 7.0,
                    ..code
                },
                120,
            );
        }
        let (mapping, width, height) = self.mapping();
        let back = mapping.inverse().expect("regular");
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let mut picture = Grey::filled(width, height, 245);
        for y in 0..height {
            for x in 0..width {
                let [u, v] = back.to_page([x as f64 + 0.5, y as f64 + 0.5]);
                let shade = sheet.sample(u * per_mm, self.printed(v) * per_mm, 245);
                let noise = if self.noise > 0 {
                    random.random_range(-self.noise..=self.noise)
                } else {
                    0
                };
                picture.set(x, y, (i16::from(shade) + noise).clamp(0, 255) as u8);
            }
        }
        picture
    }
}

fn between(xs: &[f64; 6], ys: &[f64; 6], x: f64) -> f64 {
    let at = xs.iter().rposition(|v| *v <= x).unwrap_or(0).min(4);
    let part = (x - xs[at]) / (xs[at + 1] - xs[at]);
    ys[at] + (ys[at + 1] - ys[at]) * part
}

fn fill(sheet: &mut Grey, zone: Zone, shade: u8) {
    let per_mm = BLANK.1;
    let px = |v: f64| (v.max(0.0) * per_mm) as usize;
    for y in px(zone.y)..px(zone.bottom()).min(sheet.height) {
        for x in px(zone.x)..px(zone.right()).min(sheet.width) {
            sheet.set(x, y, shade);
        }
    }
}

/// How far the zone that is placed worst is from where it is, millimetres. `shift` is what was cut off the left and the top
/// of the picture, pixels.
fn most_off(distortion: &Distortion, placed: &PlacedPage, shift: [f64; 2]) -> f64 {
    let (mapping, _, _) = distortion.mapping();
    let mut most = 0.0f64;
    for field in FORM.fields.iter().filter(|f| f.page == placed.code.page) {
        for zone in parts_of(field) {
            let place = placed.part(field, &zone);
            for corner in [[zone.x, zone.y], [zone.right(), zone.bottom()]] {
                let (is, found) = (
                    distortion.to_picture(&mapping, corner),
                    place.mapping.to_page(corner),
                );
                let off = (is[0] - shift[0] - found[0]).hypot(is[1] - shift[1] - found[1])
                    / mapping.scale_at(corner);
                most = most.max(off);
            }
        }
    }
    most
}

/// Squared paper with dark squares where a form has its marks and elsewhere.
fn squared_paper(step_mm: f64) -> Grey {
    let per_mm = 8.0;
    let mut paper = Grey::filled(1680, 2376, 250);
    let mut block = |left: f64, top: f64, width: f64, height: f64, shade: u8| {
        let px = |mm: f64| (mm.max(0.0) * per_mm) as usize;
        for y in px(top)..px(top + height).min(2376) {
            for x in px(left)..px(left + width).min(1680) {
                paper.set(x, y, shade);
            }
        }
    };
    for line in 0..(297.0 / step_mm) as u32 {
        let at = f64::from(line) * step_mm;
        block(0.0, at, 210.0, 0.25, 130);
        block(at, 0.0, 0.25, 297.0, 130);
    }
    for [x, y] in [[8.0, 8.0], [196.0, 8.0], [8.0, 283.0], [100.0, 150.0]] {
        block(x - 2.0, y - 2.0, 10.0, 10.0, 250);
        block(x, y, 6.0, 6.0, 0);
    }
    paper
}

#[test]
fn squared_paper_is_no_page_of_ours() {
    for step_mm in [2.0, 4.0, 5.0, 6.5] {
        let paper = PreparedPage::new(squared_paper(step_mm));
        let placed = place(&paper, std::slice::from_ref(&*FORM));
        assert!(
            matches!(placed, Placement::Exception(_)),
            "{step_mm} mm: {placed:?}"
        );
    }
}

/// The middle of a picture, as large as an A4 sheet at `dpi`, or what lies `aside` pixels left of it: what a scanner sees of
/// a sheet fed in askew. With it comes what was cut off its left and its top, pixels.
fn within_a4(picture: &Grey, dpi: f64, aside: usize) -> (Grey, [f64; 2]) {
    let (width, height) = ((dpi * 8.27) as usize, (dpi * 11.69) as usize);
    let left = (picture.width - width) / 2 - aside;
    let top = (picture.height - height) / 2;
    let seen = picture.crop(left, top, width, height);
    (seen, [left as f64, top as f64])
}

/// Turned so far that no code and hardly a corner mark is left within the size of an A4 sheet.
fn askew(page: usize) -> Distortion {
    Distortion {
        page,
        dpi: 200.0,
        quarters: 0,
        skew_degrees: -7.9,
        scale: 1.0,
        perspective: (0.0, 0.0),
        pulled: [0.0; 6],
        noise: 5,
        covered: 0,
        smudged: false,
    }
}

#[test]
fn half_a_corner_mark_is_enough_of_a_sheet_fed_in_askew() {
    for page in 0..4 {
        let distortion = askew(page);
        let (seen, shift) = within_a4(&distortion.picture(), distortion.dpi, 0);
        let placed = match place(&PreparedPage::new(seen), std::slice::from_ref(&*FORM)) {
            Placement::Placed(placed) => placed,
            other => panic!("page {}: {other:?}", page + 1),
        };
        assert_eq!(placed.code.page as usize, page + 1);
        let off = most_off(&distortion, &placed, shift);
        assert!(off < 0.5, "a zone of page {} is {off:.2} mm off", page + 1);
    }
}

#[test]
fn a_sheet_with_answers_beyond_the_edge_is_scanned_again() {
    for page in 0..4 {
        let distortion = askew(page);
        // Nine millimetres to the right: the ends of some combs and some boxes are gone.
        let (seen, _) = within_a4(&distortion.picture(), distortion.dpi, 70);
        let placed = place(&PreparedPage::new(seen), std::slice::from_ref(&*FORM));
        assert!(
            matches!(placed, Placement::Exception(_)),
            "page {}: {placed:?}",
            page + 1
        );
    }
}

#[test]
fn one_corner_mark_and_the_lines_hold_a_page() {
    for (page, skew_degrees, quarters, left) in [
        (0, 7.0, 0, 2),
        (1, -6.2, 0, 3),
        (2, 7.8, 2, 0),
        (3, -3.0, 1, 1),
    ] {
        let distortion = Distortion {
            quarters,
            skew_degrees,
            scale: 0.98,
            noise: 8,
            covered: 0b1111 & !(1 << left),
            smudged: true,
            ..askew(page)
        };
        let prepared = PreparedPage::new(distortion.picture());
        let placed = match place(&prepared, std::slice::from_ref(&*FORM)) {
            Placement::Placed(placed) => placed,
            other => panic!("page {}: {other:?}", page + 1),
        };
        assert_eq!(placed.code.page as usize, page + 1);
        assert!(placed.code.set_number.is_none() && placed.identity != Identity::Code);
        let off = most_off(&distortion, &placed, [0.0; 2]);
        assert!(off < 0.5, "a zone of page {} is {off:.2} mm off", page + 1);
    }
}

#[test]
fn every_zone_is_where_it_is_or_the_page_is_refused() {
    const CASES: u32 = 32;
    let refused = Cell::new(0);
    let mut runner = TestRunner::new_with_rng(
        Config {
            cases: CASES,
            failure_persistence: None,
            max_shrink_iters: 30,
            ..Config::default()
        },
        prop::test_runner::TestRng::deterministic_rng(prop::test_runner::RngAlgorithm::ChaCha),
    );
    let outcome = runner.run(&distortion(), |distortion| {
        let page = PreparedPage::new(distortion.picture());
        let placed = match place(&page, std::slice::from_ref(&*FORM)) {
            Placement::Placed(placed) => placed,
            Placement::Blank => return Err(TestCaseError::fail("not blank")),
            Placement::Exception(_) => {
                refused.set(refused.get() + 1);
                return Ok(());
            }
        };
        prop_assert_eq!(placed.code.page as usize, distortion.page + 1);
        match &placed.identity {
            Identity::Code => prop_assert_eq!(placed.code.set_number.as_deref(), Some("483920")),
            Identity::Print { set_number } => {
                prop_assert!(placed.code.set_number.is_none());
                prop_assert!(set_number.as_deref().is_none_or(|n| n == "483920"));
            }
        }
        let off = most_off(&distortion, &placed, [0.0; 2]);
        prop_assert!(off < 0.5, "a zone is {off:.2} mm off");
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    assert!(
        refused.get() <= CASES / 8,
        "{} of {CASES} pages were refused",
        refused.get()
    );
}
