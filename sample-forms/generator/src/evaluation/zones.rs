//! Only the zones that were written in, and all groups of boxes, as the reader would cut them out of the captured page.

use std::fs::File;
use std::io::{BufWriter, Cursor, Write as _};
use std::path::Path;
use std::sync::Mutex;

use anyhow::Context as _;
use enrol::domain::field::FieldKind;
use enrol::forms::definition::{Field, Zone};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::ImageDecoder as _;
use image::codecs::jpeg::JpegDecoder;
use rand::Rng;
use serde::Serialize;
use serde_json::Value;

use super::capture::{self, Geometry, SHEET_SCALE};
use super::form::{self, Form};
use super::plane::Plane;
use super::{Maker, for_each, ink_over, wear};
use crate::encode::jpeg;
use crate::hand::ink::Ink;
use crate::scan::noise::gaussian;
use crate::scan::{Capture, Mode};

/// Pixels per millimetre of the reader's zone pictures.
const ZONE_SCALE: f64 = 10.0;
/// Paper kept around a comb by the reader, millimetres.
const COMB_MARGIN: f64 = 1.6;
/// Paper kept around a group of boxes by the reader, millimetres: enough for rings around their words.
const BOXES_MARGIN: f64 = 3.0;
/// Paper drawn around a zone before it is captured, millimetres.
const AROUND: f64 = 2.5;

/// Which zones of a form go into a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Parts {
    /// Combs and lines that were written in.
    Written,
    /// Boxes, marked or not.
    Boxes,
    /// Both.
    All,
}

impl Parts {
    fn has(self, field: &Field) -> bool {
        match self {
            Self::Written => form::is_written(field),
            Self::Boxes => field.kind.is_tick(),
            Self::All => form::is_written(field) || field.kind.is_tick(),
        }
    }
}

/// One zone of a set: a line of `zones.jsonl`.
#[derive(Debug, Serialize)]
struct ZoneRecord {
    form: u64,
    writer: i32,
    capture: &'static str,
    field: String,
    /// Which ruled line of the field, from 0; absent for a comb and for boxes.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// What is written in this zone.
    text: String,
    /// The value of the whole field.
    truth: Value,
    /// What is particular about the marks of a group of boxes.
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<&'static str>,
    /// Where its bytes begin in `zones.bin`.
    offset: u64,
    /// How many they are: zlib of `width * height` grey pixels.
    bytes: usize,
    width: usize,
    height: usize,
    /// Left edge on the form, millimetres.
    left: f64,
    /// Top edge on the form, millimetres.
    top: f64,
}

/// The zone that the reader cuts for one ruled line.
fn line_zone(line: &Zone) -> Zone {
    const MARGIN: f64 = 2.2;
    Zone {
        x: line.x - 1.0,
        y: line.y - MARGIN + 1.0,
        width: line.width + 3.0,
        height: line.height + 2.0 * MARGIN - 1.0,
    }
}

/// The zones of a field, with the index of its line.
fn zones_of(field: &Field) -> Vec<(Option<usize>, Zone)> {
    if field.kind == FieldKind::Text {
        let lines = field.lines.iter().enumerate();
        return lines.map(|(i, line)| (Some(i), line_zone(line))).collect();
    }
    let margin = if field.kind.is_tick() {
        BOXES_MARGIN
    } else {
        COMB_MARGIN
    };
    vec![(None, field.zone.grown(margin))]
}

/// Writes zones of `count` forms into `folder`: `zones.jsonl` and `zones.bin`.
///
/// # Errors
/// A file that cannot be written, or a form that cannot be drawn.
pub fn write_zones(
    maker: &Maker<'_>,
    folder: &Path,
    count: u64,
    parts: Parts,
    jobs: usize,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let open = |name: &str| -> anyhow::Result<BufWriter<File>> {
        let path = folder.join(name);
        let file =
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(BufWriter::new(file))
    };
    // Zones of one form are written together; with several jobs the order of the forms is not fixed.
    let out = Mutex::new((open("zones.jsonl")?, open("zones.bin")?, 0u64));
    for_each(count, jobs, |index| {
        let zones = maker.zones(index, parts)?;
        let mut out = out
            .lock()
            .map_err(|_| anyhow::anyhow!("another thread failed"))?;
        let (lines, pixels, offset) = &mut *out;
        for (mut record, bytes) in zones {
            record.offset = *offset;
            *offset += bytes.len() as u64;
            pixels.write_all(&bytes)?;
            serde_json::to_writer(&mut *lines, &record)?;
            lines.write_all(b"\n")?;
        }
        Ok(())
    })?;
    let (mut lines, mut pixels, _) = out
        .into_inner()
        .map_err(|_| anyhow::anyhow!("another thread failed"))?;
    lines.flush()?;
    pixels.flush().context("zones.bin is not complete")
}

/// Where a zone lies, on the form and in the scan.
struct Place<'a> {
    field: &'a Field,
    zone: Zone,
    geometry: &'a Geometry,
    error: &'a Misplacement,
}

impl Maker<'_> {
    /// Zones of form `index`, with their compressed pixels.
    fn zones(&self, index: u64, parts: Parts) -> anyhow::Result<Vec<(ZoneRecord, Vec<u8>)>> {
        let definition = self.plan.definition;
        let mut form = self
            .plan
            .form(index)
            .context("there are no writers in this split")?;
        // The reader sees grey whatever was captured.
        if form.settings.mode == Mode::Colour {
            form.settings.mode = Mode::Grey;
        }
        let mut random = form.random.clone();
        let size = (
            definition.page.width_mm as f32,
            definition.page.height_mm as f32,
        );
        let mut made = Vec::new();
        for page in &form.pages {
            let geometry = Geometry::random(&form.settings, size, &mut random);
            let error = Misplacement::random(&mut random);
            for field in definition
                .fields
                .iter()
                .filter(|f| f.page == *page && parts.has(f))
            {
                let filled = &form.filled[&field.name];
                let written = filled
                    .writing
                    .iter()
                    .map(|w| (!w.0.is_empty(), w.1.clone()));
                // A group of boxes is taken whether it is marked or not: blank ones have to be read rightly too.
                let boxes = field.kind.is_tick().then(|| (true, String::new()));
                for ((line, zone), (wanted, text)) in
                    zones_of(field).into_iter().zip(written.chain(boxes))
                {
                    if !wanted {
                        continue;
                    }
                    let place = Place {
                        field,
                        zone,
                        geometry: &geometry,
                        error: &error,
                    };
                    let picture = self.zone(&form, &place, &mut random)?;
                    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
                    encoder.write_all(&picture.pixels)?;
                    let bytes = encoder.finish()?;
                    let record = ZoneRecord {
                        form: index + 1,
                        writer: form.penman.writer,
                        capture: form.condition.name(),
                        field: field.name.clone(),
                        line,
                        text,
                        truth: filled.value.clone(),
                        mark: form.marking.particulars.get(&field.name).map(|p| p.name()),
                        offset: 0,
                        bytes: bytes.len(),
                        width: picture.width,
                        height: picture.height,
                        left: zone.x,
                        top: zone.y,
                    };
                    made.push((record, bytes));
                }
            }
        }
        Ok(made)
    }

    /// Draws, captures and cuts one zone.
    fn zone(
        &self,
        form: &Form<'_>,
        place: &Place<'_>,
        random: &mut impl Rng,
    ) -> anyhow::Result<Plane> {
        let Place {
            field,
            zone,
            geometry,
            error,
        } = *place;
        let page = field.page;
        let around = zone.grown(AROUND);
        let blank = self.blank.page(page).context("the form has no such page")?;
        let (mut patch, origin) = cropped(blank, &around);
        let mut ink = Ink::new(patch.width, patch.height);
        let near = |line: &&crate::strokes::compose::PenLine| {
            line.points.iter().any(|((x, y), _)| {
                f64::from(*x) > around.x
                    && f64::from(*x) < around.right()
                    && f64::from(*y) > around.y
                    && f64::from(*y) < around.bottom()
            })
        };
        form::draw(
            &mut ink,
            origin,
            form.pen_lines(self.plan.definition, page).filter(near),
        );
        let fields = self.plan.definition.fields.iter();
        let close =
            |f: &&Field| f.page == page && f.zone.grown(BOXES_MARGIN).overlap(&around).is_some();
        for mark in fields.filter(close).flat_map(|f| form.marks(f)) {
            mark.draw(&mut ink, origin, SHEET_SCALE, &self.plan.lifted);
        }
        ink_over(std::slice::from_mut(&mut patch), &ink, form, &self.noise);
        for _ in 0..form.settings.copies {
            wear::photocopy(&mut patch, &self.noise, random);
        }
        let (window, left, top) = window(geometry, &zone.grown(1.0));
        let seen = capture::capture(
            std::slice::from_mut(&mut patch),
            origin,
            &form.settings,
            &window,
            &self.noise,
            random,
        );
        let seen = compressed(seen, form.settings.quality)?;
        Ok(cut(
            &seen,
            geometry,
            (left, top),
            zone,
            error,
            form.settings.black,
        ))
    }
}

/// The part of a page under a zone, and the place of its upper left corner in millimetres.
fn cropped(page: &Plane, zone: &Zone) -> (Plane, (f32, f32)) {
    let clip = |v: f64, most: usize| ((v * f64::from(SHEET_SCALE)).max(0.0) as usize).min(most - 1);
    let (x0, x1) = (clip(zone.x, page.width), clip(zone.right(), page.width) + 1);
    let (y0, y1) = (
        clip(zone.y, page.height),
        clip(zone.bottom(), page.height) + 1,
    );
    let mut pixels = Vec::with_capacity((x1 - x0) * (y1 - y0));
    for y in y0..y1 {
        pixels.extend_from_slice(&page.pixels[y * page.width + x0..y * page.width + x1]);
    }
    let plane = Plane {
        width: x1 - x0,
        height: y1 - y0,
        pixels,
    };
    (plane, (x0 as f32 / SHEET_SCALE, y0 as f32 / SHEET_SCALE))
}

/// The part of the capture that shows a zone, with the place of its corner in the capture.
fn window(geometry: &Geometry, zone: &Zone) -> (Geometry, usize, usize) {
    let corners = [
        (zone.x, zone.y),
        (zone.right(), zone.y),
        (zone.x, zone.bottom()),
        (zone.right(), zone.bottom()),
    ]
    .map(|(x, y)| geometry.to_picture(x as f32, y as f32));
    let low = |pick: fn(&(f32, f32)) -> f32| corners.iter().map(pick).fold(f32::MAX, f32::min);
    let high = |pick: fn(&(f32, f32)) -> f32| corners.iter().map(pick).fold(f32::MIN, f32::max);
    let clip = |v: f32, most: usize| (v.max(0.0) as usize).min(most - 1);
    // JPEG works on blocks of eight: windows begin where blocks do.
    let left = clip(low(|p| p.0), geometry.size.0) / 8 * 8;
    let top = clip(low(|p| p.1), geometry.size.1) / 8 * 8;
    let width = clip(high(|p| p.0), geometry.size.0) + 1 - left;
    let height = clip(high(|p| p.1), geometry.size.1) + 1 - top;
    (geometry.window(left, top, (width, height)), left, top)
}

/// What JPEG leaves of a grey picture; black and white is not compressed with losses.
fn compressed(seen: Capture, quality: u8) -> anyhow::Result<Plane> {
    let (width, height) = (seen.width, seen.height);
    if seen.mode == Mode::Bilevel {
        return Ok(Plane {
            width,
            height,
            pixels: seen.pixels,
        });
    }
    let bytes = jpeg::encode(&seen, quality)?;
    let decoder = JpegDecoder::new(Cursor::new(bytes))?;
    let mut pixels = vec![0; decoder.total_bytes() as usize];
    decoder.read_image(&mut pixels)?;
    anyhow::ensure!(
        pixels.len() == width * height,
        "a grey JPEG came back in colour"
    );
    Ok(Plane {
        width,
        height,
        pixels,
    })
}

/// How far the reader's idea of a page is from the truth.
struct Misplacement {
    shift: (f64, f64),
    turn: f64,
    scale: f64,
    centre: (f64, f64),
}

impl Misplacement {
    fn random(random: &mut impl Rng) -> Self {
        let mut draw = |deviation: f64| f64::from(gaussian(random)) * deviation;
        Self {
            shift: (draw(0.1), draw(0.1)),
            turn: draw(0.000_5),
            scale: 1.0 + draw(0.000_7),
            centre: (105.0, 148.5),
        }
    }

    /// Where the reader looks when it wants a point of the form.
    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let (dx, dy) = (x - self.centre.0, y - self.centre.1);
        (
            self.centre.0 + (dx - dy * self.turn) * self.scale + self.shift.0,
            self.centre.1 + (dy + dx * self.turn) * self.scale + self.shift.1,
        )
    }
}

/// Cuts a zone out of a captured window as the reader does: upright, ten pixels to a millimetre, paper white.
fn cut(
    seen: &Plane,
    geometry: &Geometry,
    (left, top): (usize, usize),
    zone: Zone,
    error: &Misplacement,
    black: f32,
) -> Plane {
    let width = ((zone.width * ZONE_SCALE).round() as usize).max(1);
    let height = ((zone.height * ZONE_SCALE).round() as usize).max(1);
    let paper = paper(seen);
    let mut pixels = Vec::with_capacity(width * height);
    for row in 0..height {
        let y = zone.y + (row as f64 + 0.5) / ZONE_SCALE;
        for column in 0..width {
            let x = zone.x + (column as f64 + 0.5) / ZONE_SCALE;
            let (x, y) = error.at(x, y);
            let (u, v) = geometry.to_unbent(x as f32, y as f32);
            let (u, v) = (u - left as f32, v - top as f32);
            let level = paper[(u.max(0.0) as usize / TILE).min(paper.len() - 1)].max(1.0);
            let gain = 255.0 / (level - black.min(level * 0.6)).max(1.0);
            let shade = seen
                .sample(u, v)
                .map_or(255.0, |s| 255.0 - (level - s) * gain);
            pixels.push(shade.clamp(0.0, 255.0) as u8);
        }
    }
    Plane {
        width,
        height,
        pixels,
    }
}

/// Width of the columns of a window whose paper is measured together.
const TILE: usize = 64;

/// The level that a quarter of the pixels exceed, for every column of tiles.
fn paper(seen: &Plane) -> Vec<f32> {
    (0..seen.width.div_ceil(TILE).max(1))
        .map(|tile| {
            let (from, to) = (tile * TILE, ((tile + 1) * TILE).min(seen.width));
            let mut counts = [0usize; 256];
            for row in seen.pixels.chunks_exact(seen.width) {
                for shade in &row[from.min(to)..to] {
                    counts[usize::from(*shade)] += 1;
                }
            }
            let quarter = counts.iter().sum::<usize>() / 4;
            let mut above = 0;
            for shade in (0..256).rev() {
                above += counts[shade];
                if above > quarter {
                    return shade as f32;
                }
            }
            255.0
        })
        .collect()
}
