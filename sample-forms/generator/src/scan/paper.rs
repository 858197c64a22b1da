//! A sheet of paper: the printed blank, what pens left on it, and what happened to it in a handbag.

use rand::Rng;

use super::Picture;
use super::noise::{Unevenness, gaussian};
use crate::hand::Pen;
use crate::hand::ink::Ink;

/// What happened to a sheet before it was scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wear {
    /// A ring of coffee.
    CoffeeRing,
    /// Two punched holes at the left edge.
    PunchHoles,
    /// A staple in the top left corner.
    Staple,
    /// A fold across the middle.
    Fold,
}

/// Lays ink over print: each pen's layer darkens what is below it.
pub fn write_over(sheet: &mut Picture, layers: &[(Pen, Ink)], random: &mut impl Rng) {
    for (pen, ink) in layers {
        let slow = Unevenness::new(60, 80, random);
        for (i, (pixel, cover)) in sheet.pixels.iter_mut().zip(&ink.cover).enumerate() {
            if *cover == 0 {
                continue;
            }
            let (x, y) = (
                (i % ink.width) as f32 / ink.width as f32,
                (i / ink.width) as f32 / ink.height as f32,
            );
            let flow = 1.0
                - pen.grain * (0.35 + 0.35 * slow.at(x, y) + 0.3 * gaussian(random).abs().min(1.5));
            let share = (f32::from(*cover) / 255.0 * pen.density * flow).clamp(0.0, 1.0);
            for (channel, ink_colour) in pixel.iter_mut().zip(pen.colour) {
                // Ink over black print stays black.
                let below = f32::from(*channel);
                *channel = (below + (ink_colour.min(below) - below) * share) as u8;
            }
        }
    }
}

/// Ages a sheet.
pub fn wear(sheet: &mut Picture, wear: Wear, random: &mut impl Rng) {
    let mm = super::PAPER_DPI / 25.4;
    match wear {
        Wear::CoffeeRing => {
            let centre = (
                random.random_range(60.0..150.0) * mm,
                random.random_range(90.0..200.0) * mm,
            );
            let radius = random.random_range(30.0..36.0) * mm;
            let uneven = Unevenness::new(9, 9, random);
            darken(sheet, [0.10, 0.2, 0.34], |x, y| {
                let (dx, dy) = (x - centre.0, y - centre.1);
                let off = ((dx * dx + dy * dy).sqrt() - radius).abs() / mm;
                let patchy =
                    0.6 + 0.4 * uneven.at(dx / radius / 3.0 + 0.5, dy / radius / 3.0 + 0.5);
                (1.0 - off / 1.4).max(0.0) * patchy
            });
        }
        Wear::PunchHoles => {
            let middle = sheet.height as f32 / 2.0;
            for centre in [middle - 40.0 * mm, middle + 40.0 * mm] {
                darken(sheet, [0.9; 3], |x, y| {
                    let (dx, dy) = (x - 7.5 * mm, y - centre);
                    f32::from((dx * dx + dy * dy).sqrt() < 2.8 * mm)
                });
            }
        }
        Wear::Staple => darken(sheet, [0.6; 3], |x, y| {
            let along = (x / mm - 4.0) * 0.8 + (y / mm - 9.0) * -0.6;
            let across = (x / mm - 4.0) * 0.6 + (y / mm - 9.0) * 0.8;
            f32::from(along.abs() < 5.5 && across.abs() < 0.35)
        }),
        Wear::Fold => {
            let level = sheet.height as f32 * random.random_range(0.48..0.52);
            darken(sheet, [0.12; 3], |x, y| {
                (1.0 - ((y - level - (x * 0.002).sin() * 2.0).abs() / (0.5 * mm))).max(0.0)
            });
        }
    }
}

/// Takes a share of each channel's light away where `amount` (0 to 1) says so.
fn darken(sheet: &mut Picture, share: [f32; 3], amount: impl Fn(f32, f32) -> f32) {
    let width = sheet.width;
    for (i, pixel) in sheet.pixels.iter_mut().enumerate() {
        let strength = amount((i % width) as f32, (i / width) as f32);
        if strength > 0.0 {
            for (channel, share) in pixel.iter_mut().zip(share) {
                *channel = (f32::from(*channel) * (1.0 - share * strength)) as u8;
            }
        }
    }
}
