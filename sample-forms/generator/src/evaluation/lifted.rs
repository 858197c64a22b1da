//! Marks that people made in real tick boxes, lifted off their scans.
//!
//! The scans are not part of this repository: a folder `tick_boxes` of grey JPEGs, each with one printed box in its
//! middle; a file's name begins with how the box was marked (`X_`, `check_`, `empty_`, `barely_`, `diagonal_`, ...) and
//! goes on with whether it was taken for filled or empty. Nobody says who made them, so they are split by a hash of the
//! file's name.

use std::io::Cursor;
use std::path::Path;

use anyhow::Context as _;
use enrol::forms::definition::Zone;
use image::ImageDecoder as _;
use image::codecs::jpeg::JpegDecoder;

use super::plane::Plane;
use crate::hand::ink::Ink;
use crate::strokes::Split;

/// What the mark is, by the name of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A cross.
    Cross,
    /// A tick.
    Tick,
    /// One that people may see differently, but that was taken for a mark.
    Doubtful,
}

/// A mark without the box it was made in.
#[derive(Debug, Clone, PartialEq)]
pub struct Lifted {
    /// What it is.
    pub kind: Kind,
    /// Ink, 0 to 1, row by row.
    ink: Vec<f32>,
    width: usize,
    /// The box in pixels: left, top, side.
    place: (f32, f32, f32),
}

/// The split a file belongs to: FNV-1a over its name, in fours. One quarter is for evaluation, one for calibration.
pub fn split_of(name: &str) -> Split {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // The low bits of this hash are its weakest.
    match (hash >> 32) % 4 {
        0 => Split::Evaluation,
        1 => Split::Calibration,
        _ => Split::Training,
    }
}

fn kind_of(name: &str) -> Option<Kind> {
    let start = name.split('_').next()?;
    match start {
        "X" => Some(Kind::Cross),
        "check" => Some(Kind::Tick),
        "empty" => None,
        _ => name.contains("filled").then_some(Kind::Doubtful),
    }
}

/// The marks of one split in `folder`, in the order of their names; none where the folder is missing. Development
/// has no marks of its own: it shares those for training.
///
/// # Errors
/// A file that cannot be read (perhaps for now), or that is no JPEG (for good).
pub fn load(folder: &Path, split: Split) -> anyhow::Result<Vec<Lifted>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let split = match split {
        Split::Development => Split::Training,
        other => other,
    };
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .with_context(|| format!("cannot list {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| name.ends_with(".jpg") && split_of(name) == split)
        .collect();
    names.sort();
    let mut marks = Vec::new();
    for name in names {
        let Some(kind) = kind_of(&name) else { continue };
        let bytes =
            std::fs::read(folder.join(&name)).with_context(|| format!("cannot read {name}"))?;
        let picture = grey(&bytes).with_context(|| format!("{name} is not as expected"))?;
        marks.extend(lift(&picture, kind));
    }
    Ok(marks)
}

fn grey(bytes: &[u8]) -> anyhow::Result<Plane> {
    let decoder = JpegDecoder::new(Cursor::new(bytes))?;
    let (width, height) = decoder.dimensions();
    let channels = usize::from(decoder.color_type().channel_count());
    let mut pixels = vec![0; decoder.total_bytes() as usize];
    decoder.read_image(&mut pixels)?;
    Ok(Plane {
        width: width as usize,
        height: height as usize,
        pixels: pixels
            .chunks_exact(channels)
            .map(|p| (p.iter().map(|v| u32::from(*v)).sum::<u32>() / channels as u32) as u8)
            .collect(),
    })
}

/// Finds the printed box and takes it out; `None` when there is none.
fn lift(picture: &Plane, kind: Kind) -> Option<Lifted> {
    let (width, height) = (picture.width, picture.height);
    let mut sorted = picture.pixels.clone();
    sorted.sort_unstable();
    let paper = f32::from(*sorted.get(sorted.len() * 3 / 4)?);
    let dark: Vec<f32> = picture
        .pixels
        .iter()
        .map(|p| (paper - f32::from(*p)).max(0.0))
        .collect();
    let (left, top, side) = find_box(&dark, width, height)?;
    // How dark the border is across its width, along each side: what a low share of its length exceeds is print.
    let mut ink = dark.clone();
    let mut border = 0.0f32;
    for (vertical, at) in [
        (true, left),
        (true, left + side),
        (false, top),
        (false, top + side),
    ] {
        for d in -2..=2isize {
            let across = at as isize + d;
            let index = |along: usize| {
                let across = across.max(0) as usize;
                if vertical {
                    along * width + across.min(width - 1)
                } else {
                    across.min(height - 1) * width + along
                }
            };
            let start = if vertical { top } else { left };
            let run: Vec<usize> = (start.saturating_sub(2)
                ..(start + side + 3).min(width.min(height)))
                .map(index)
                .collect();
            let mut shades: Vec<f32> = run.iter().map(|i| dark[*i]).collect();
            shades.sort_unstable_by(f32::total_cmp);
            let print = shades[shades.len() * 2 / 5];
            border = border.max(print);
            for i in run {
                ink[i] = ink[i].min((dark[i] - print * 1.15).max(0.0));
            }
        }
    }
    if border < 12.0 {
        return None;
    }
    // A frame around the whole picture is not part of the mark.
    for (i, value) in ink.iter_mut().enumerate() {
        let (x, y) = (i % width, i / width);
        if x < 4 || y < 4 || x + 4 >= width || y + 4 >= height {
            *value = 0.0;
        }
        *value = (*value / border).min(1.0);
    }
    Some(Lifted {
        kind,
        ink,
        width,
        place: (left as f32 + 0.5, top as f32 + 0.5, side as f32),
    })
}

/// The square whose four sides are darkest against what is beside them: left, top and side in pixels.
fn find_box(dark: &[f32], width: usize, height: usize) -> Option<(usize, usize, usize)> {
    let mut best: Option<(f32, (usize, usize, usize))> = None;
    let mean = |points: &mut dyn Iterator<Item = (usize, usize)>| {
        let (mut sum, mut count) = (0.0, 0.0f32);
        for (x, y) in points {
            sum += dark[y * width + x].min(60.0);
            count += 1.0;
        }
        sum / count.max(1.0)
    };
    for side in 14..=24usize {
        for top in 5..height.saturating_sub(side + 5) {
            for left in 5..width.saturating_sub(side + 5) {
                let on = |inset: isize| {
                    let at = |v: usize, by: isize| (v as isize + by) as usize;
                    let (x0, x1) = (at(left, inset), at(left + side, -inset));
                    let (y0, y1) = (at(top, inset), at(top + side, -inset));
                    [
                        mean(&mut (x0..=x1).map(|x| (x, y0))),
                        mean(&mut (x0..=x1).map(|x| (x, y1))),
                        mean(&mut (y0..=y1).map(|y| (x0, y))),
                        mean(&mut (y0..=y1).map(|y| (x1, y))),
                    ]
                };
                let edge = on(0);
                let least = edge.iter().copied().fold(f32::MAX, f32::min);
                let sum = |v: [f32; 4]| v.iter().sum::<f32>();
                let score = sum(edge) + 2.0 * least - 0.4 * sum(on(3)) - 0.4 * sum(on(-3));
                if best.is_none_or(|(b, _)| score > b) {
                    best = Some((score, (left, top, side)));
                }
            }
        }
    }
    best.filter(|(score, _)| *score > 0.0).map(|b| b.1)
}

impl Lifted {
    /// Ink at a point of a box whose corners are (0, 0) and (1, 1), 0 to 1. The scans are coarse: their soft edges are
    /// made firm again.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let (left, top, side) = self.place;
        let (u, v) = (left + x * side - 0.5, top + y * side - 0.5);
        let height = self.ink.len() / self.width;
        if u < 0.0 || v < 0.0 || u as usize + 1 >= self.width || v as usize + 1 >= height {
            return 0.0;
        }
        let (column, row) = (u as usize, v as usize);
        let (fx, fy) = (u - column as f32, v - row as f32);
        let at = row * self.width + column;
        let upper = self.ink[at] * (1.0 - fx) + self.ink[at + 1] * fx;
        let lower = self.ink[at + self.width] * (1.0 - fx) + self.ink[at + self.width + 1] * fx;
        ((upper * (1.0 - fy) + lower * fy - 0.22) / 0.4).clamp(0.0, 1.0)
    }

    /// Lays the mark on a layer of ink, over a box; `origin` is the layer's upper left corner, millimetres.
    pub fn draw(&self, ink: &mut Ink, origin: (f32, f32), scale: f32, zone: &Zone, strength: f32) {
        let (x, y) = (zone.x as f32 - origin.0, zone.y as f32 - origin.1);
        let (width, height) = (zone.width as f32, zone.height as f32);
        let clip = |v: f32, most: usize| ((v * scale).max(0.0) as usize).min(most);
        // What a scan of two boxes' width shows around its box.
        let (x0, x1) = (clip(x - width, ink.width), clip(x + 2.0 * width, ink.width));
        let (y0, y1) = (
            clip(y - height, ink.height),
            clip(y + 2.0 * height, ink.height),
        );
        for row in y0..y1 {
            for column in x0..x1 {
                let u = ((column as f32 + 0.5) / scale - x) / width;
                let v = ((row as f32 + 0.5) / scale - y) / height;
                let cover = (self.at(u, v) * strength * 255.0) as u8;
                let cell = &mut ink.cover[row * ink.width + column];
                *cell = (*cell).max(cover);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_goes_and_the_mark_stays() {
        let mut picture = Plane::filled(40, 40, 170);
        let square = |x: usize, y: usize| {
            let edge = |v: usize| (10..=11).contains(&v) || (28..=29).contains(&v);
            let along = |v: usize| (10..=29).contains(&v);
            edge(x) && along(y) || edge(y) && along(x)
        };
        for y in 0..40usize {
            for x in 0..40usize {
                let stroke = x.abs_diff(y) <= 1 && (14..34).contains(&x);
                if square(x, y) || stroke {
                    picture.pixels[y * 40 + x] = 80;
                }
            }
        }
        let mark = lift(&picture, Kind::Cross).expect("a box");
        assert!(mark.at(0.5, 0.5) > 0.9, "the stroke");
        assert!(mark.at(1.15, 1.15) > 0.9, "its end beyond the box");
        assert!(
            mark.at(0.5, 0.0) < 0.1 && mark.at(0.0, 0.5) < 0.1,
            "the border"
        );
        assert!(mark.at(0.2, 0.8) < 0.1, "paper");
    }

    #[test]
    fn names_are_split_in_quarters() {
        let names: Vec<String> = (0..4_000).map(|i| format!("X_cb{i}_filled.jpg")).collect();
        let count = |split| names.iter().filter(|n| split_of(n) == split).count();
        for (split, share) in [
            (Split::Evaluation, 1_000),
            (Split::Calibration, 1_000),
            (Split::Training, 2_000),
        ] {
            assert!(count(split).abs_diff(share) < 150, "{split:?}");
        }
        assert_eq!(kind_of("empty_cb1_empty_cb2.jpg"), None);
        assert_eq!(kind_of("horizontal_empty_cb2.jpg"), None);
        assert_eq!(kind_of("barely_cb1_filled_cb2.jpg"), Some(Kind::Doubtful));
    }
}
