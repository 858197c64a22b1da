//! From a written sheet to the pixels of its scan or photograph, with the true place of every point of the form.
//!
//! It does what `scan` does, several times faster: one channel for grey, tables for tone and noise, one
//! look at the sheet per pixel after a blur that stands for the area of the sensor's pixels.

use rand::Rng;
use rand::seq::IndexedRandom as _;

use super::condition::Settings;
use super::plane::{Noise, Plane};
use crate::scan::camera::{homography, project};
use crate::scan::noise::Unevenness;
use crate::scan::{Capture, Mode, PAPER_DPI, grey};

/// Pixels of the sheet per millimetre.
pub const SHEET_SCALE: f32 = PAPER_DPI / 25.4;

/// Where points of the form lie in the capture.
#[derive(Debug, Clone)]
pub struct Geometry {
    /// From form millimetres to pixels, row by row; the bend comes before it.
    pub map: [f64; 9],
    /// From pixels to form millimetres.
    back: [f64; 9],
    bend: Option<Bend>,
    /// Size of the picture in pixels.
    pub size: (usize, usize),
    /// Where the picture lies in the whole capture: left, top, and the capture's size.
    within: ((usize, usize), (usize, usize)),
}

/// Uneven feed: what is at `y` on the form comes out at `y + depth * sin(...)`.
#[derive(Debug, Clone, Copy)]
struct Bend {
    depth: f32,
    period: f32,
    phase: f32,
}

impl Bend {
    fn at(self, y: f32) -> f32 {
        self.depth * (y / self.period * std::f32::consts::TAU + self.phase).sin()
    }
}

impl Geometry {
    /// Draws where a page of `width` by `height` millimetres lies in its capture.
    pub fn random(settings: &Settings, (width, height): (f32, f32), random: &mut impl Rng) -> Self {
        let scale = settings.dpi / 25.4;
        let skew = settings.skew + random.random_range(-0.15..0.15);
        let (sin, cos) = skew.to_radians().sin_cos();
        // Most scanners that take a sheet far askew deliver all of it; some cut what leaves the frame.
        let whole = skew.abs() > 2.0 && random.random_bool(0.7);
        let frame = match (settings.photographed, whole) {
            (true, _) => (width * 1.12, height * 1.12),
            (_, true) => (
                width * cos + height * sin.abs(),
                height * cos + width * sin.abs(),
            ),
            _ => (width, height),
        };
        let size = (
            (frame.0 * scale).round() as usize,
            (frame.1 * scale).round() as usize,
        );
        let lean = if settings.photographed {
            (
                random.random_range(-0.03..0.03),
                random.random_range(-0.045..0.045),
            )
        } else {
            (0.0, 0.0)
        };
        let corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)];
        let placed = corners.map(|(x, y)| {
            let x = (x - width / 2.0) * settings.print_scale.0 * settings.stretch.0;
            let y = (y - height / 2.0) * settings.print_scale.1 * settings.stretch.1;
            let (x, y) = (x * cos - y * sin, x * sin + y * cos);
            let (x, y) = (x + settings.shift_mm.0, y + settings.shift_mm.1);
            // The far side of a leaning sheet is smaller.
            let near = 1.0 + lean.0 * x / width * 2.0 + lean.1 * y / height * 2.0;
            (
                size.0 as f32 / 2.0 + x * scale * near,
                size.1 as f32 / 2.0 + y * scale * near,
            )
        });
        let bend = (settings.bend_mm > 0.0).then(|| Bend {
            depth: settings.bend_mm,
            period: random.random_range(120.0..260.0),
            phase: random.random_range(0.0..std::f32::consts::TAU),
        });
        Self {
            map: homography(corners, placed),
            back: homography(placed, corners),
            bend,
            size,
            within: ((0, 0), size),
        }
    }

    /// Where a point of the form lies in the capture, in pixels.
    pub fn to_picture(&self, x: f32, y: f32) -> (f32, f32) {
        project(&self.map, x, y + self.bend.map_or(0.0, |b| b.at(y)))
    }

    /// Where a reader that knows nothing of the bend looks for a point of the form: it fits the corner marks, which
    /// stand about 11 mm from the edges of an A4 page.
    pub fn to_unbent(&self, x: f32, y: f32) -> (f32, f32) {
        let fitted = self.bend.map_or(0.0, |b| {
            let (first, last) = (b.at(11.0), b.at(286.0));
            first + (last - first) * (y - 11.0) / 275.0
        });
        project(&self.map, x, y + fitted)
    }

    /// The same geometry seen through a window of the capture: its upper left corner becomes the origin.
    pub fn window(&self, left: usize, top: usize, size: (usize, usize)) -> Self {
        let (dx, dy) = (left as f64, top as f64);
        let (m, b) = (self.map, self.back);
        let mut map = m;
        let mut back = b;
        for i in 0..3 {
            map[i] = m[i] - dx * m[6 + i];
            map[3 + i] = m[3 + i] - dy * m[6 + i];
            back[3 * i + 2] = b[3 * i] * dx + b[3 * i + 1] * dy + b[3 * i + 2];
        }
        let within = ((left, top), self.size);
        Self {
            map,
            back,
            bend: self.bend,
            size,
            within,
        }
    }

    /// A grid of true points: form millimetres, and where they lie, each as (x, y).
    pub fn grid(&self, xs: &[f32], ys: &[f32]) -> Vec<(f32, f32)> {
        ys.iter()
            .flat_map(|y| xs.iter().map(|x| self.to_picture(*x, *y)))
            .collect()
    }
}

/// Captures one sheet: one plane for grey and black and white, three for colour. `origin` is the place on the form
/// of the sheet's upper left corner, in millimetres.
pub fn capture(
    sheet: &mut [Plane],
    origin: (f32, f32),
    settings: &Settings,
    geometry: &Geometry,
    noise: &Noise,
    random: &mut impl Rng,
) -> Capture {
    let fineness = PAPER_DPI / settings.dpi;
    let optics = settings.blur_mm * SHEET_SCALE;
    // A sensor pixel that covers several of the sheet's averages over them.
    let area = if fineness > 1.0 { 0.34 * fineness } else { 0.0 };
    for plane in sheet.iter_mut() {
        plane.blur((optics * optics + area * area).sqrt());
    }
    let (width, height) = geometry.size;
    let ((left, top), (all_width, all_height)) = geometry.within;
    let light = Light::new(settings, random);
    let grain = settings.noise;
    let mut start = random.random::<u32>() as usize;
    let channels = sheet.len();
    let tables: Vec<[f32; 256]> = (0..channels).map(|c| tone(settings, c, channels)).collect();
    let b = geometry.back.map(|v| v as f32);
    let straight = b[6].abs() < 1e-9 && b[7].abs() < 1e-9;
    let mut pixels = vec![0u8; width * height * channels];
    let mut lit = vec![1.0f32; width];
    for (row, out) in pixels.chunks_exact_mut(width * channels).enumerate() {
        if row % 8 == 0 {
            let v = (top + row) as f32 / all_height as f32;
            light.row(v, left, all_width as f32, &mut lit);
        }
        // Steps that share no factor with the table keep rows from repeating each other.
        start = start.wrapping_add(40_503);
        let v = row as f32 + 0.5;
        let (x0, y0, w0) = (b[1] * v + b[2], b[4] * v + b[5], b[7] * v + b[8]);
        for (column, pixel) in out.chunks_exact_mut(channels).enumerate() {
            let u = column as f32 + 0.5;
            let (mut x, mut y) = (b[0] * u + x0, b[3] * u + y0);
            if straight {
                let w = 1.0 / b[8];
                (x, y) = (x * w, y * w);
            } else {
                let w = 1.0 / (b[6] * u + w0);
                (x, y) = (x * w, y * w);
            }
            if let Some(bend) = geometry.bend {
                y -= bend.at(y - bend.at(y));
            }
            let (x, y) = ((x - origin.0) * SHEET_SCALE, (y - origin.1) * SHEET_SCALE);
            let jitter = grain * noise.at(start.wrapping_add(column));
            for ((plane, table), to) in sheet.iter().zip(&tables).zip(pixel) {
                let level = plane
                    .sample(x, y)
                    .map_or(settings.backing * 0.96, |s| table[s as usize]);
                let level = level * lit[column] + jitter;
                *to = match settings.mode {
                    Mode::Bilevel => {
                        if level < settings.threshold {
                            0
                        } else {
                            255
                        }
                    }
                    _ => level.clamp(0.0, 255.0) as u8,
                };
            }
        }
    }
    Capture {
        width,
        height,
        mode: settings.mode,
        pixels,
        dpi: (!settings.photographed).then_some(settings.dpi as u32),
    }
}

/// The level of each shade of the sheet under the lamp.
fn tone(settings: &Settings, channel: usize, channels: usize) -> [f32; 256] {
    let paper = if channels == 1 {
        grey(settings.paper)
    } else {
        settings.paper[channel]
    };
    // A black-and-white scan is spread over the whole range before it is cut.
    let (paper, black) = match settings.mode {
        Mode::Bilevel => (255.0, 0.0),
        _ => (paper, settings.black),
    };
    std::array::from_fn(|i| {
        let share = (i as f32 / 255.0).powf(settings.gamma);
        black + (paper - black) * share
    })
}

/// Light over the picture: the lamp's unevenness; over a photograph also a slope and a shadow.
struct Light {
    lamp: Unevenness,
    depth: f32,
    photographed: bool,
    edge: f32,
    lean: f32,
}

impl Light {
    fn new(settings: &Settings, random: &mut impl Rng) -> Self {
        Self {
            lamp: Unevenness::new(3, 4, random),
            depth: settings.lamp / 240.0,
            photographed: settings.photographed,
            edge: random.random_range(0.35..0.8),
            lean: *[-1.0, 1.0].choose(random).unwrap_or(&1.0),
        }
    }

    /// Fills in a row at the height `v` (0 to 1) of a capture `width` pixels wide, from its column `left` on.
    fn row(&self, v: f32, left: usize, width: f32, lit: &mut [f32]) {
        for (block, part) in lit.chunks_mut(8).enumerate() {
            let u = (left + block * 8) as f32 / width;
            let mut light = 1.0 + self.depth * self.lamp.at(u, v);
            if self.photographed {
                let across = if self.lean > 0.0 { u } else { 1.0 - u };
                let edge = (across * 0.62 + v * 0.55 - self.edge) / 0.12;
                light *= (1.02 - 0.16 * (across * 0.6 + v * 0.8))
                    * (1.0 - 0.24 / (1.0 + (-edge * 4.0).exp()));
            }
            part.fill(light);
        }
    }
}
