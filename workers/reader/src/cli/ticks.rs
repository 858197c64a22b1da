//! `enrol-reader ticks`: measures pictures of single boxes whose file names say how they were marked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use enrol::forms::definition::Zone;

use crate::raster::Grey;
use crate::ticks::{BoxReading, Mark, WordMark, evidence};
use crate::zones::{SCALE, ZonePicture};

/// Measure pictures of single tick boxes, and count what each kind was taken for
#[derive(Debug, clap::Args)]
pub struct TicksArgs {
    /// A folder of pictures of one box each; a file's name begins with how the box was marked (check_1.jpg)
    folder: PathBuf,
}

/// Side of a box on our forms, millimetres.
const BOX_MM: f64 = 4.4;
/// A picture of one box is no larger, on either side.
const MOST_PIXELS: u32 = 400;

/// Runs the measurement.
///
/// # Errors
/// The folder or a picture cannot be read.
pub fn run(args: &TicksArgs) -> anyhow::Result<ExitCode> {
    let mut counts: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&args.folder)
        .with_context(|| format!("cannot list {}", args.folder.display()))?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "jpg" || e == "png"))
        .collect();
    files.sort();
    anyhow::ensure!(
        !files.is_empty(),
        "{} holds no .jpg or .png",
        args.folder.display()
    );
    for file in &files {
        let name = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let kind = name.split('_').next().unwrap_or_default().to_owned();
        let own = counts.entry(kind).or_default();
        own[match read(file)?.mark {
            Mark::Ticked => 0,
            Mark::Filled => 1,
            Mark::Empty => 2,
            Mark::Unsure(_) => 3,
        }] += 1;
    }
    println!(
        "{:<14}{:>8}{:>8}{:>8}{:>8}{:>8}",
        "", "boxes", "ticked", "filled", "empty", "unsure"
    );
    for (kind, [ticked, filled, empty, unsure]) in &counts {
        let all = ticked + filled + empty + unsure;
        println!("{kind:<14}{all:>8}{ticked:>8}{filled:>8}{empty:>8}{unsure:>8}");
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> anyhow::Result<BoxReading> {
    let cannot = || format!("{} cannot be read as a picture", file.display());
    let mut reader = image::ImageReader::open(file)
        .and_then(image::ImageReader::with_guessed_format)
        .with_context(cannot)?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MOST_PIXELS);
    limits.max_image_height = Some(MOST_PIXELS);
    reader.limits(limits);
    let picture = reader.decode().with_context(cannot)?.to_luma8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let grey = Grey::from_pixels(width, height, picture.into_raw()).with_context(cannot)?;
    let (left, top, side) = border(&grey);
    let factor = BOX_MM * SCALE / side;
    let scaled = |v: usize| (v as f64 * factor).round() as usize;
    let large = on_white(grey).resized(scaled(width), scaled(height));
    let zone = Zone {
        x: left * factor / SCALE,
        y: top * factor / SCALE,
        width: BOX_MM,
        height: BOX_MM,
    };
    let picture = ZonePicture {
        grey: large,
        left: 0.0,
        top: 0.0,
    };
    Ok(BoxReading::new(
        evidence::measure(&picture, zone),
        WordMark::None,
    ))
}

/// Stretches a picture so that paper is 255 and the darkest ink 0.
fn on_white(mut grey: Grey) -> Grey {
    let mut sorted = grey.pixels.clone();
    sorted.sort_unstable();
    let paper = f32::from(sorted[sorted.len() * 3 / 4]) * 0.97;
    let black = f32::from(sorted[sorted.len() / 200]);
    let gain = 255.0 / (paper - black).max(24.0);
    for p in &mut grey.pixels {
        *p = (255.0 - (paper - f32::from(*p)) * gain).clamp(0.0, 255.0) as u8;
    }
    grey
}

/// Left, top and side of the square whose outline is darkest against what lies just inside and outside of it, pixels.
fn border(grey: &Grey) -> (f64, f64, f64) {
    let mut best = (f64::MIN, (0.0, 0.0, 1.0));
    let smaller = grey.width.min(grey.height) as f64;
    for side in (0..=16).map(|i| smaller * (0.36 + 0.015 * f64::from(i))) {
        for y in 0..(2.0 * (grey.height as f64 - side)) as usize {
            for x in 0..(2.0 * (grey.width as f64 - side)) as usize {
                let at = (0.5 * x as f64, 0.5 * y as f64, side);
                let score = outline(grey, at, 0.0)
                    - 0.5 * (outline(grey, at, -2.0) + outline(grey, at, 2.0));
                if score > best.0 {
                    best = (score, at);
                }
            }
        }
    }
    best.1
}

/// Mean darkness along the outline of a square that is moved outwards on every side.
fn outline(grey: &Grey, (left, top, side): (f64, f64, f64), out: f64) -> f64 {
    const STEPS: u32 = 16;
    let (left, top, side) = (left - out, top - out, side + 2.0 * out);
    let mut sum = 0.0;
    for step in 0..STEPS {
        let along = side * (f64::from(step) + 0.5) / f64::from(STEPS);
        for (x, y) in [
            (left + along, top),
            (left + along, top + side),
            (left, top + along),
            (left + side, top + along),
        ] {
            sum += 255.0 - f64::from(grey.sample(x, y, 255));
        }
    }
    sum / f64::from(4 * STEPS)
}
