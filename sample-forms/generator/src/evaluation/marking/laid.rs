//! What is laid on the paper at a group of boxes.

use enrol::forms::definition::Zone;

use crate::evaluation::form;
use crate::evaluation::lifted::Lifted;
use crate::hand::ink::Ink;
use crate::strokes::compose::PenLine;

/// One thing laid on the paper.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// A line of the pen.
    Line(PenLine),
    /// A lifted mark (its index) over a box.
    Lifted(usize, Zone),
}

/// Something drawn in or at the boxes of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Laid {
    pub(super) shape: Shape,
    /// Share of the pen's usual ink.
    pub(super) strength: f32,
}

impl Laid {
    /// Lays it on a layer of ink whose upper left corner is at `origin`, millimetres.
    pub fn draw(&self, ink: &mut Ink, origin: (f32, f32), scale: f32, lifted: &[Lifted]) {
        match &self.shape {
            Shape::Lifted(mark, zone) => {
                if let Some(mark) = lifted.get(*mark) {
                    mark.draw(ink, origin, scale, zone, self.strength);
                }
            }
            Shape::Line(line) if self.strength >= 1.0 => {
                form::draw(ink, origin, std::iter::once(line));
            }
            Shape::Line(line) => {
                let mut own = Ink::new(ink.width, ink.height);
                form::draw(&mut own, origin, std::iter::once(line));
                for (cell, cover) in ink.cover.iter_mut().zip(own.cover) {
                    *cell = (*cell).max((f32::from(cover) * self.strength) as u8);
                }
            }
        }
    }
}
