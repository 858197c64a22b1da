//! An office scanner: the sheet lies a little askew, the lamp is uneven, the sensor noisy.

use rand::Rng;

use super::noise::{Unevenness, gaussian};
use super::{Capture, Mode, PAPER_DPI, Picture, grey};

/// How one page goes through the scanner.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Resolution of the scan.
    pub dpi: u32,
    /// Colour, grey or black and white.
    pub mode: Mode,
    /// How far the sheet is turned, degrees clockwise.
    pub skew: f32,
    /// Whole turns: 0, 90, 180 or 270 degrees clockwise.
    pub turned: u32,
    /// Stretch across and along the feed, 1 for none.
    pub stretch: (f32, f32),
    /// Where the sheet lies, millimetres right and down.
    pub shift: (f32, f32),
    /// Blur, standard deviation in pixels of the scan.
    pub blur: f32,
    /// Sensor noise, standard deviation in grey levels.
    pub noise: f32,
    /// Colour of the paper under the lamp.
    pub paper: [f32; 3],
    /// Added to every channel.
    pub brightness: f32,
    /// Spread around mid grey, 1 for none.
    pub contrast: f32,
    /// Whether the scanner clears the background: everything nearly white becomes white.
    pub clears_background: bool,
    /// Grey level below which a bilevel scan is black.
    pub threshold: f32,
    /// A grey streak down the page from dust on the glass, as a share of the width.
    pub streak: Option<f32>,
    /// What the scanner sees beside the sheet.
    pub backing: [f32; 3],
}

impl Settings {
    /// A scan with ordinary faults, drawn at random.
    pub fn random(dpi: u32, mode: Mode, random: &mut impl Rng) -> Self {
        let white = random.random_range(236.0..250.0);
        Self {
            dpi,
            mode,
            skew: random.random_range(-1.0..1.0),
            turned: 0,
            stretch: (
                random.random_range(0.993..1.006),
                random.random_range(0.99..1.008),
            ),
            shift: (
                random.random_range(-1.5..1.5),
                random.random_range(-2.0..2.0),
            ),
            blur: random.random_range(0.45..0.75),
            noise: random.random_range(1.0..2.2),
            paper: [
                white,
                white - random.random_range(0.0..4.0),
                white - random.random_range(2.0..9.0),
            ],
            brightness: random.random_range(-6.0..6.0),
            contrast: random.random_range(0.94..1.06),
            clears_background: mode == Mode::Bilevel,
            threshold: random.random_range(150.0..178.0),
            streak: None,
            backing: if random.random_bool(0.5) {
                [250.0; 3]
            } else {
                [196.0, 196.0, 194.0]
            },
        }
    }
}

/// Scans one side of a sheet.
pub fn scan(sheet: &Picture, settings: &Settings, random: &mut impl Rng) -> Capture {
    let scale = settings.dpi as f32 / PAPER_DPI;
    let (width, height) = match settings.turned {
        90 | 270 => (sheet.height, sheet.width),
        _ => (sheet.width, sheet.height),
    };
    let (width, height) = (
        (width as f32 * scale).round() as usize,
        (height as f32 * scale).round() as usize,
    );
    let mut seen = expose(sheet, settings, width, height, random);
    blur(&mut seen, width, height, settings.blur);
    let lamp = Unevenness::new(3, 4, random);
    let mut pixels = Vec::with_capacity(width * height * 3);
    for (i, colour) in seen.into_iter().enumerate() {
        let (x, y) = (
            (i % width) as f32 / width as f32,
            (i / width) as f32 / height as f32,
        );
        let shade = 2.5 * lamp.at(x, y) + settings.brightness - streak(settings, x);
        // Noise of the three sensors is mostly shared once the scanner has merged and compressed them.
        let grain = settings.noise * gaussian(random);
        let level = colour.map(|c| {
            let v = (c + shade - 128.0) * settings.contrast + 128.0 + grain;
            if settings.clears_background {
                ((v - 30.0) * 255.0 / 185.0).min(255.0)
            } else {
                v
            }
        });
        match settings.mode {
            Mode::Colour => pixels.extend(level.map(|v| v.clamp(0.0, 255.0) as u8)),
            Mode::Grey => pixels.push(grey(level).clamp(0.0, 255.0) as u8),
            Mode::Bilevel => pixels.push(if grey(level) < settings.threshold {
                0
            } else {
                255
            }),
        }
    }
    Capture {
        width,
        height,
        mode: settings.mode,
        pixels,
        dpi: Some(settings.dpi),
    }
}

fn streak(settings: &Settings, x: f32) -> f32 {
    settings
        .streak
        .map_or(0.0, |at| 46.0 * (1.0 - (x - at).abs() / 0.0009).max(0.0))
}

/// What falls on the sensor: four points of the sheet per pixel.
fn expose(
    sheet: &Picture,
    settings: &Settings,
    width: usize,
    height: usize,
    random: &mut impl Rng,
) -> Vec<[f32; 3]> {
    let to_paper = PAPER_DPI / settings.dpi as f32;
    let (sin, cos) = settings.skew.to_radians().sin_cos();
    let mm = PAPER_DPI / 25.4;
    let centre = (sheet.width as f32 / 2.0, sheet.height as f32 / 2.0);
    let fibre = Unevenness::new(170, 240, random);
    let mut seen = Vec::with_capacity(width * height);
    for row in 0..height {
        for column in 0..width {
            let mut sum = [0.0; 3];
            for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                let (x, y) = (column as f32 + dx, row as f32 + dy);
                let (x, y) = match settings.turned {
                    90 => (y, width as f32 - x),
                    180 => (width as f32 - x, height as f32 - y),
                    270 => (height as f32 - y, x),
                    _ => (x, y),
                };
                let (x, y) = (x * to_paper - centre.0, y * to_paper - centre.1);
                let (x, y) = (
                    x / settings.stretch.0 - settings.shift.0 * mm,
                    y / settings.stretch.1 - settings.shift.1 * mm,
                );
                let (x, y) = (x * cos + y * sin + centre.0, -x * sin + y * cos + centre.1);
                let print = sheet.sample(x, y, [-1.0; 3]);
                let colour = if print[0] < 0.0 {
                    settings.backing
                } else {
                    let grain =
                        1.0 + 0.004 * fibre.at(x / sheet.width as f32, y / sheet.height as f32);
                    std::array::from_fn(|c| print[c] / 255.0 * settings.paper[c] * grain)
                };
                for (total, part) in sum.iter_mut().zip(colour) {
                    *total += part / 4.0;
                }
            }
            seen.push(sum);
        }
    }
    seen
}

/// Blurs in place: a short symmetric kernel across, then down.
pub fn blur(pixels: &mut [[f32; 3]], width: usize, height: usize, sigma: f32) {
    if sigma < 0.1 {
        return;
    }
    let reach = (sigma * 3.0).ceil() as isize;
    let weights: Vec<f32> = (-reach..=reach)
        .map(|i| (-((i * i) as f32) / (2.0 * sigma * sigma)).exp())
        .collect();
    let total: f32 = weights.iter().sum();
    let mut line: Vec<[f32; 3]> = Vec::new();
    let mut pass = |start: usize, step: usize, count: usize, pixels: &mut [[f32; 3]]| {
        line.clear();
        line.extend((0..count).map(|i| pixels[start + i * step]));
        for i in 0..count {
            let mut sum = [0.0; 3];
            for (k, weight) in weights.iter().enumerate() {
                let from = (i as isize + k as isize - reach).clamp(0, count as isize - 1) as usize;
                for c in 0..3 {
                    sum[c] += line[from][c] * weight;
                }
            }
            pixels[start + i * step] = sum.map(|v| v / total);
        }
    };
    for row in 0..height {
        pass(row * width, 1, width, pixels);
    }
    for column in 0..width {
        pass(column, width, height, pixels);
    }
}
