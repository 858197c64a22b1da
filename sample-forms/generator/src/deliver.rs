//! Captures filled pages the way a plan says, and puts them into files.

use anyhow::Context as _;
use rand::Rng;

use crate::encode::{jpeg, pdf, png, tiff};
use crate::plan::{Device, Filing, Oddity, Plan};
use crate::scan::camera;
use crate::scan::scanner::{self, Settings};
use crate::scan::{Capture, Picture, paper};

/// The files of one sample.
pub struct Delivery {
    /// Names and bytes, in order of pages.
    pub files: Vec<(String, Vec<u8>)>,
    /// A page that was left out at first, as a file of its own.
    pub later: Option<(String, Vec<u8>)>,
}

/// Captures and files the sheets, given with their page numbers.
///
/// # Errors
/// Fails (for good) when an encoder refuses a page.
pub fn deliver(
    plan: &Plan,
    mut sheets: Vec<(u32, Picture)>,
    random: &mut impl Rng,
) -> anyhow::Result<Delivery> {
    for oddity in &plan.oddities {
        match oddity {
            Oddity::Worn(how) => {
                if let Some((_, sheet)) = sheets.first_mut() {
                    paper::wear(sheet, *how, random);
                }
            }
            Oddity::Reversed => sheets.reverse(),
            _ => {}
        }
    }
    let missing = plan.oddities.iter().find_map(|o| match o {
        Oddity::MissingPage(page) => Some(*page),
        _ => None,
    });
    let mut pages = Vec::new();
    let mut later = Vec::new();
    for (number, sheet) in &sheets {
        let captured = capture(plan, *number, sheet, random);
        if missing == Some(*number) {
            later.push(captured);
            continue;
        }
        pages.push(captured);
        if plan
            .oddities
            .iter()
            .any(|o| matches!(o, Oddity::BlankBacks))
        {
            pages.push(capture(plan, *number, &back(sheet), random));
        }
    }
    let files = file(plan, &pages)?;
    let later = if later.is_empty() {
        None
    } else {
        file(plan, &later)?.pop()
    };
    let later = later.map(|(name, bytes)| (name.replace("scan", "page-2"), bytes));
    Ok(Delivery { files, later })
}

/// The back of a sheet: blank but for what shows through.
fn back(front: &Picture) -> Picture {
    let mut sheet = Picture::plain(front.width, front.height, [255; 3]);
    for (to, from) in sheet
        .pixels
        .chunks_exact_mut(front.width)
        .zip(front.pixels.chunks_exact(front.width))
    {
        for (pixel, seen) in to.iter_mut().zip(from.iter().rev()) {
            *pixel = seen.map(|v| 255 - (255 - v) / 16);
        }
    }
    sheet
}

fn capture(plan: &Plan, number: u32, sheet: &Picture, random: &mut impl Rng) -> Capture {
    match plan.device {
        Device::Telephone { height } => camera::photograph(sheet, height * 3 / 4, height, random),
        Device::Scanner { dpi, mode } => {
            let mut settings = Settings::random(dpi, mode, random);
            for oddity in &plan.oddities {
                apply(&mut settings, *oddity, number, random);
            }
            scanner::scan(sheet, &settings, random)
        }
    }
}

fn apply(settings: &mut Settings, oddity: Oddity, number: u32, random: &mut impl Rng) {
    match oddity {
        Oddity::UpsideDown => settings.turned = 180,
        Oddity::OnePageUpsideDown(page) if page == number => settings.turned = 180,
        Oddity::Sideways => settings.turned = 270,
        Oddity::Skew(degrees) => settings.skew = degrees * random.random_range(0.8..1.1),
        Oddity::Noise(deviation) => settings.noise = deviation,
        Oddity::Blur(deviation) => settings.blur = deviation,
        Oddity::Brightness(levels) => settings.brightness = levels,
        Oddity::Contrast(factor) => settings.contrast = factor,
        Oddity::ClearBackground => settings.clears_background = true,
        Oddity::Streak => settings.streak = Some(random.random_range(0.3..0.7)),
        Oddity::Tinted(colour) => settings.paper = colour,
        _ => {}
    }
}

fn file(plan: &Plan, pages: &[Capture]) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let one = |ending: &str, bytes: Vec<u8>| vec![(format!("scan.{ending}"), bytes)];
    let sideways = plan.oddities.iter().any(|o| matches!(o, Oddity::Sideways));
    Ok(match plan.filing {
        Filing::Pdf(pictures) => one(
            "pdf",
            pdf::encode(pages, pictures, if sideways { 90 } else { 0 })?,
        ),
        Filing::TiffGroup4 => one("tif", tiff::group4(pages)?),
        Filing::TiffGrey(packing) => {
            let pages: Vec<Capture> = pages.iter().map(posterised).collect();
            one("tif", tiff::grey(&pages, packing)?)
        }
        Filing::Jpegs { quality, ending } => {
            let telephone = matches!(plan.device, Device::Telephone { .. });
            each(pages, ending, |p| {
                if telephone {
                    jpeg::encode_sideways(p, quality)
                } else {
                    jpeg::encode(p, quality)
                }
            })?
        }
        Filing::Pngs => each(pages, "png", png::encode)?,
        Filing::FilledPdf => anyhow::bail!("a form filled in on a screen is not scanned"),
    })
}

fn each(
    pages: &[Capture],
    ending: &str,
    encode: impl Fn(&Capture) -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    pages
        .iter()
        .enumerate()
        .map(|(i, page)| {
            let bytes =
                encode(page).with_context(|| format!("page {} cannot be encoded", i + 1))?;
            Ok((format!("scan-{}.{ending}", i + 1), bytes))
        })
        .collect()
}

/// Sixteen grey levels instead of 256: devices that write lossless pages do so to keep them small.
fn posterised(page: &Capture) -> Capture {
    let pixels = page
        .pixels
        .iter()
        .map(|p| p / 17 * 17 + u8::from(p % 17 > 8) * 17)
        .collect();
    Capture {
        width: page.width,
        height: page.height,
        mode: page.mode,
        pixels,
        dpi: page.dpi,
    }
}
