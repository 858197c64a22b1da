//! Sets of forms written with real pen strokes, for measuring and for calibration: whole forms with their truth, or
//! only the zones that were written in.

pub mod blank;
pub mod capture;
pub mod condition;
pub mod form;
pub mod lifted;
pub mod marking;
pub mod plane;
pub mod wear;
pub mod zones;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use rand::{Rng, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use crate::encode::pdf::{self, Pictures};
use crate::encode::{jpeg, tiff};
use crate::hand::ink::Ink;
use crate::scan::{Capture, Mode, grey};
use crate::truth::{Expected, Truth};
use blank::Blank;
use capture::{Geometry, SHEET_SCALE};
use form::{Form, Plan};
use plane::{Noise, Plane};

/// Makes the forms of a set.
pub struct Maker<'a> {
    /// What they have in common.
    pub plan: Plan<'a>,
    blank: Blank,
    noise: Noise,
}

/// Where the points of a page lie in its picture: `geometry.json`, one entry per page.
#[derive(Debug, Serialize)]
struct PageGeometry {
    /// Page of the form, from 1.
    page: u32,
    /// File in this folder.
    file: String,
    /// Page of the file, from 1.
    document_page: u32,
    /// Size of the picture in pixels.
    size: (usize, usize),
    /// Columns of the grid, millimetres from the left of the form.
    xs: Vec<f32>,
    /// Rows of the grid, millimetres from the top of the form.
    ys: Vec<f32>,
    /// Where the grid's points lie, in pixels, row by row.
    points: Vec<(f32, f32)>,
}

impl<'a> Maker<'a> {
    /// Prints the form and draws the noise.
    ///
    /// # Errors
    /// Fails (for good) when the form cannot be printed.
    pub fn new(plan: Plan<'a>) -> anyhow::Result<Self> {
        let mut random = ChaCha8Rng::seed_from_u64(plan.seed);
        Ok(Self {
            blank: Blank::new(plan.definition)?,
            noise: Noise::new(&mut random),
            plan,
        })
    }

    /// Set number of form `index`.
    fn set_number(&self, index: u64) -> String {
        format!(
            "{}",
            100_000 + ((self.plan.seed % 900_000) * 7_919 + index * 48_611 + 350_377) % 900_000
        )
    }

    /// Makes form `index`: names and bytes of its files, `truth.json` and `geometry.json` last.
    ///
    /// # Errors
    /// Fails (for good) when a page cannot be encoded.
    pub fn make(&self, index: u64) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let mut form = self
            .plan
            .form(index)
            .context("there are no writers in this split")?;
        let mut random = form.random.clone();
        let set_number = self.set_number(index);
        let colour = form.settings.mode == Mode::Colour;
        let sheets = self.blank.numbered(&set_number, &form.pages, colour)?;
        let mut captures = Vec::new();
        let mut geometries = Vec::new();
        let pages = form.pages.clone();
        for (page, mut sheet) in pages.iter().zip(sheets) {
            self.write(&form, *page, &mut sheet, &mut random);
            wear::wear(
                form.condition,
                self.plan.definition,
                &mut sheet,
                &mut random,
            );
            for plane in &mut sheet {
                for _ in 0..form.settings.copies {
                    wear::photocopy(plane, &self.noise, &mut random);
                }
            }
            let size = self.plan.definition.page;
            let geometry = Geometry::random(
                &form.settings,
                (size.width_mm as f32, size.height_mm as f32),
                &mut random,
            );
            captures.push(capture::capture(
                &mut sheet,
                (0.0, 0.0),
                &form.settings,
                &geometry,
                &self.noise,
                &mut random,
            ));
            geometries.push(geometry);
        }
        let mut files = files(&form, &captures)?;
        let names: Vec<String> = files.iter().map(|f| f.0.clone()).collect();
        let geometry: Vec<PageGeometry> = geometries
            .iter()
            .zip(&pages)
            .enumerate()
            .map(|(at, (geometry, page))| {
                let single = names.len() == 1;
                let xs: Vec<f32> = (0..=7).map(|i| 30.0 * i as f32).collect();
                let ys: Vec<f32> = (0..=11).map(|i| 27.0 * i as f32).collect();
                PageGeometry {
                    page: *page,
                    file: names[if single { 0 } else { at }].clone(),
                    document_page: if single { at as u32 + 1 } else { 1 },
                    size: geometry.size,
                    points: geometry.grid(&xs, &ys),
                    xs,
                    ys,
                }
            })
            .collect();
        let truth = self.truth(&mut form, set_number, names);
        let json = truth.json()?;
        files.push(("truth.json".to_owned(), json));
        files.push(("geometry.json".to_owned(), serde_json::to_vec(&geometry)?));
        Ok(files)
    }

    fn truth(&self, form: &mut Form<'_>, set_number: String, files: Vec<String>) -> Truth {
        let definition = self.plan.definition;
        Truth {
            form: definition.id.clone(),
            version: definition.version,
            set_number,
            files,
            pages: form.pages.clone(),
            later_files: Vec::new(),
            features: vec!["pen strokes".to_owned()],
            expected: Expected::Record,
            writer: Some(form.penman.writer),
            capture: Some(form.condition.name().to_owned()),
            marks: form
                .marking
                .particulars
                .iter()
                .map(|(field, particular)| (field.clone(), particular.name()))
                .collect(),
            fields: definition
                .fields
                .iter()
                .map(|f| {
                    let value = form.filled.remove(&f.name).map(|a| a.value);
                    (f.name.clone(), value.unwrap_or_default())
                })
                .collect(),
        }
    }

    /// Lays the writing of one page over its print.
    fn write(&self, form: &Form<'_>, page: u32, sheet: &mut [Plane], random: &mut impl Rng) {
        let Some(first) = sheet.first() else { return };
        let mut ink = Ink::new(first.width, first.height);
        form::draw(
            &mut ink,
            (0.0, 0.0),
            form.pen_lines(self.plan.definition, page),
        );
        let fields = self.plan.definition.fields.iter();
        let marks = fields
            .filter(|f| f.page == page)
            .flat_map(|f| form.marks(f));
        for mark in marks {
            mark.draw(&mut ink, (0.0, 0.0), SHEET_SCALE, &self.plan.lifted);
        }
        form.sign(self.plan.definition, page, &mut ink, random);
        ink_over(sheet, &ink, form, &self.noise);
    }
}

/// Lays a layer of a form's ink over a sheet.
fn ink_over(sheet: &mut [Plane], ink: &Ink, form: &Form<'_>, noise: &Noise) {
    let pen = form.manner.pen;
    let colour = sheet.len() == 3;
    for (channel, plane) in sheet.iter_mut().enumerate() {
        let shade = if colour {
            pen.colour[channel]
        } else {
            grey(pen.colour)
        };
        plane.write_over(ink, shade, pen.density, pen.grain, noise);
    }
}

fn files(form: &Form<'_>, captures: &[Capture]) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let quality = form.settings.quality;
    if form.settings.photographed {
        return captures
            .iter()
            .enumerate()
            .map(|(i, page)| Ok((format!("photo-{}.jpg", i + 1), jpeg::encode(page, quality)?)))
            .collect();
    }
    if form.settings.mode == Mode::Bilevel {
        return Ok(vec![("scan.tif".to_owned(), tiff::group4(captures)?)]);
    }
    let bytes = pdf::encode(captures, Pictures::Jpeg { quality }, 0)?;
    Ok(vec![("scan.pdf".to_owned(), bytes)])
}

/// Does `work` for forms 0 to `count`, on `jobs` threads, with a line of progress.
///
/// # Errors
/// The first failure of `work`.
pub fn for_each(
    count: u64,
    jobs: usize,
    work: impl Fn(u64) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<()> {
    let bar = ProgressBar::new(count).with_style(ProgressStyle::with_template(
        "{pos} of {len} forms, {elapsed} gone, {eta} to go {bar:30}",
    )?);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs.max(1))
        .build()?;
    let outcome = pool.install(|| {
        (0..count).into_par_iter().try_for_each(|index| {
            work(index).with_context(|| format!("form {}", index + 1))?;
            bar.inc(1);
            Ok(())
        })
    });
    bar.finish();
    outcome
}

/// Writes a set of `count` forms below `folder`, one folder each.
///
/// # Errors
/// A form that cannot be made (for good), or a file that cannot be written.
pub fn write_forms(
    maker: &Maker<'_>,
    folder: &Path,
    count: u64,
    jobs: usize,
) -> anyhow::Result<()> {
    for_each(count, jobs, |index| {
        let own: PathBuf = folder.join(format!("form-{:05}", index + 1));
        std::fs::create_dir_all(&own).with_context(|| format!("cannot make {}", own.display()))?;
        for (name, bytes) in maker.make(index)? {
            let path = own.join(name);
            std::fs::write(&path, bytes)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests;
