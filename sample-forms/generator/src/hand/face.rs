//! A handwriting font as outlines in units of its capital height.

use std::path::{Path, PathBuf};

use ab_glyph::{Font as _, FontVec, OutlineCurve};
use anyhow::Context as _;

use super::ink::Point;

/// One character: outlines with the baseline at y = 0, y down, capital height 1.
pub struct Shape {
    /// Closed outlines.
    pub outlines: Vec<Vec<Point>>,
    /// Left edge of the ink.
    pub left: f32,
    /// Right edge of the ink.
    pub right: f32,
    /// Lowest point of the ink (positive below the baseline).
    pub bottom: f32,
    /// How far the next character stands to the right.
    pub advance: f32,
}

/// A TrueType font.
pub struct Face {
    font: FontVec,
    unit: f32,
}

impl Face {
    /// Opens a font file.
    ///
    /// # Errors
    /// Fails (retrying does not help) when the file is missing or no TrueType font.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path)
            .with_context(|| format!("cannot read the font {}", path.display()))?;
        let font = FontVec::try_from_vec(bytes)
            .with_context(|| format!("{} is not a TrueType font", path.display()))?;
        let height = font
            .outline(font.glyph_id('H'))
            .map_or(700.0, |o| o.bounds.max.y.max(o.bounds.min.y));
        Ok(Self {
            unit: 1.0 / height,
            font,
        })
    }

    /// The outlines of a character; `None` when the font lacks it.
    pub fn shape(&self, character: char) -> Option<Shape> {
        let id = self.font.glyph_id(character);
        if id.0 == 0 {
            return None;
        }
        let advance = self.font.h_advance_unscaled(id) * self.unit;
        let outlines = self
            .font
            .outline(id)
            .map(|o| self.flatten(&o.curves))
            .unwrap_or_default();
        let fold = |pick: fn(&Point) -> f32, keep: fn(f32, f32) -> f32| {
            outlines
                .iter()
                .flatten()
                .map(pick)
                .reduce(keep)
                .unwrap_or(0.0)
        };
        Some(Shape {
            left: fold(|p| p.0, f32::min),
            right: fold(|p| p.0, f32::max),
            bottom: fold(|p| p.1, f32::max),
            outlines,
            advance,
        })
    }

    fn flatten(&self, curves: &[OutlineCurve]) -> Vec<Vec<Point>> {
        let unit = self.unit;
        let at = |p: ab_glyph::Point| (p.x * unit, -p.y * unit);
        let mut outlines: Vec<Vec<Point>> = Vec::new();
        let mut pen = None;
        for curve in curves {
            let (start, end, bend) = match curve {
                OutlineCurve::Line(a, b) => (at(*a), at(*b), vec![]),
                OutlineCurve::Quad(a, b, c) => (at(*a), at(*c), vec![at(*b)]),
                OutlineCurve::Cubic(a, b, c, d) => (at(*a), at(*d), vec![at(*b), at(*c)]),
            };
            if pen != Some(start) {
                outlines.push(vec![start]);
            }
            pen = Some(end);
            let Some(outline) = outlines.last_mut() else {
                continue;
            };
            let steps = if bend.is_empty() { 3 } else { 7 };
            let controls: Vec<Point> = std::iter::once(start).chain(bend).chain([end]).collect();
            outline.extend((1..=steps).map(|i| bezier(&controls, i as f32 / steps as f32)));
        }
        outlines
    }
}

/// A point of a Bézier curve of any degree, by repeated interpolation.
fn bezier(controls: &[Point], t: f32) -> Point {
    let mut points = controls.to_vec();
    while points.len() > 1 {
        points = points
            .windows(2)
            .map(|w| {
                (
                    w[0].0 + (w[1].0 - w[0].0) * t,
                    w[0].1 + (w[1].1 - w[0].1) * t,
                )
            })
            .collect();
    }
    points[0]
}

/// Finds `name` (such as `Caveat_400Regular.ttf`) below `folder`; folders are walked in order of name.
pub fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|e| Some(e.ok()?.path()))
        .collect();
    entries.sort();
    entries.into_iter().find_map(|path| {
        if path.is_dir() {
            find(&path, name)
        } else {
            path.file_name().is_some_and(|f| f == name).then_some(path)
        }
    })
}
