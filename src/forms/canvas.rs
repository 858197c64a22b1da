//! Collects the printed shapes of a form while its positions are resolved, each with the place in the file it came from.

use super::artwork::{Artwork, Ink, Shape, TextLine};
use super::definition::Zone;
use super::metrics::{self, MM_PER_POINT, Weight};

/// A shape and the byte offset of the entry that asked for it.
#[derive(Debug)]
pub(super) struct Drawn {
    pub artwork: Artwork,
    pub offset: usize,
    /// The widest the text may be, where there is a limit.
    pub room: Option<f64>,
}

/// How a run of text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    pub size_pt: f64,
    pub weight: Weight,
    pub ink: Ink,
}

impl Type {
    pub fn new(size_pt: f64, weight: Weight, ink: Ink) -> Self {
        Self {
            size_pt,
            weight,
            ink,
        }
    }

    /// Distance between baselines.
    pub fn leading(&self) -> f64 {
        self.size_pt * MM_PER_POINT * 1.18
    }

    /// Height of capitals.
    pub fn cap_height(&self) -> f64 {
        self.size_pt * MM_PER_POINT * 0.72
    }
}

/// The shapes so far.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    pub drawn: Vec<Drawn>,
    page: u32,
    offset: usize,
}

impl Canvas {
    /// What follows is on `page` and was asked for at `offset` of the file.
    pub fn at(&mut self, page: u32, offset: usize) -> &mut Self {
        self.page = page;
        self.offset = offset;
        self
    }

    fn push(&mut self, shape: Shape, room: Option<f64>) {
        self.drawn.push(Drawn {
            artwork: Artwork {
                page: self.page,
                shape,
            },
            offset: self.offset,
            room,
        });
    }

    /// One line with its baseline at `baseline`; `room` is the widest it may be.
    pub fn line(&mut self, x: f64, baseline: f64, style: Type, text: &str, room: Option<f64>) {
        if !text.is_empty() {
            let Type {
                size_pt,
                weight,
                ink,
            } = style;
            self.push(
                Shape::Text(TextLine {
                    x,
                    baseline,
                    size_pt,
                    weight,
                    ink,
                    text: text.to_owned(),
                }),
                room,
            );
        }
    }

    /// Lines broken at `width`, the top of the first line's capitals at `top`. Returns the lowest baseline.
    pub fn paragraph(&mut self, x: f64, top: f64, width: f64, style: Type, text: &str) -> f64 {
        let mut baseline = top + style.cap_height() - style.leading();
        for line in metrics::wrap(text, width, style.size_pt, style.weight) {
            baseline += style.leading();
            self.line(x, baseline, style, &line, Some(width));
        }
        baseline
    }

    /// Lines broken at `width`, centred on the height `middle`.
    pub fn centred(&mut self, x: f64, middle: f64, width: f64, style: Type, text: &str) {
        let lines = metrics::wrap(text, width, style.size_pt, style.weight)
            .len()
            .max(1) as f64;
        let height = style.cap_height() + (lines - 1.0) * style.leading();
        self.paragraph(x, middle - height / 2.0, width, style, text);
    }

    /// A filled rectangle.
    pub fn fill(&mut self, zone: Zone, ink: Ink) {
        self.push(
            Shape::Rect {
                zone,
                fill: Some(ink),
                stroke: None,
            },
            None,
        );
    }

    /// An outline.
    pub fn outline(&mut self, zone: Zone, width: f64, ink: Ink) {
        self.push(
            Shape::Rect {
                zone,
                fill: None,
                stroke: Some((width, ink)),
            },
            None,
        );
    }

    /// A straight line.
    pub fn rule(&mut self, from: (f64, f64), to: (f64, f64), width: f64, ink: Ink) {
        self.push(
            Shape::Line {
                from,
                to,
                width,
                ink,
            },
            None,
        );
    }
}
