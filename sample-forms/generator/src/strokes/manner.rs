//! How a person writes on one form: pen, size, steadiness, and what kind of letters go where.

use rand::Rng;
use rand::seq::IndexedRandom as _;

use crate::hand::{Pen, TickStyle, pens};

/// Letters used in cells or on lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// Capitals, as the form asks.
    Capitals,
    /// Small letters, the first of a word a capital.
    Mixed,
    /// Small letters only.
    Small,
}

impl Letters {
    /// `text` in these letters.
    pub fn of(self, text: &str) -> String {
        match self {
            Self::Capitals => text.to_uppercase(),
            Self::Small => text.to_lowercase(),
            Self::Mixed => {
                let mut start = true;
                text.chars()
                    .flat_map(|c| {
                        let own: Vec<char> = if start {
                            c.to_uppercase().collect()
                        } else {
                            c.to_lowercase().collect()
                        };
                        start = !c.is_alphanumeric() && c != '\'';
                        own
                    })
                    .collect()
            }
        }
    }
}

/// One person's way of writing on one form.
#[derive(Debug, Clone)]
pub struct Manner {
    /// The pen.
    pub pen: Pen,
    /// Half the width of its line, millimetres: 0.15 to 0.45.
    pub radius: f32,
    /// How much the line thins at its ends, 0 to 1.
    pub taper: f32,
    /// Height of a capital in a cell, share of the cell's height.
    pub in_cell: f32,
    /// Height of a capital on a line, millimetres.
    pub on_line: f32,
    /// Shear added to the writer's own slant.
    pub slant: f32,
    /// Largest turn of a character, radians.
    pub tilt: f32,
    /// Spread of sizes, share of the size.
    pub unevenness: f32,
    /// Spread of the place in a cell, share of the cell.
    pub drift: f32,
    /// How wide a character may grow, share of the cell: beyond 1 it strays over the walls.
    pub widest: f32,
    /// Space between characters on a line, share of a capital's height.
    pub spacing: f32,
    /// Letters in cells.
    pub in_cells: Letters,
    /// Letters on lines.
    pub on_lines: Letters,
    /// Letters of e-mail addresses.
    pub in_emails: Letters,
    /// Share of comb fields with a struck-out character.
    pub corrections: f32,
    /// How boxes are marked.
    pub tick: TickStyle,
}

impl Manner {
    /// A manner drawn at random.
    pub fn random(corrections: f32, random: &mut impl Rng) -> Self {
        let (pen, radius) = match random.random_range(0..20) {
            0..=6 => (pens::BLACK, random.random_range(0.16..0.28)),
            7..=12 => (pens::BLUE, random.random_range(0.16..0.28)),
            13..=15 => (pens::GEL, random.random_range(0.2..0.34)),
            16..=17 => (pens::PENCIL, random.random_range(0.2..0.36)),
            18 => (pens::GREEN, random.random_range(0.32..0.45)),
            _ => (pens::GEL, random.random_range(0.34..0.45)),
        };
        let hasty = random.random_bool(0.2);
        let loose = if hasty { 1.8 } else { 1.0 };
        Self {
            pen,
            radius,
            taper: random.random_range(0.1..0.4),
            in_cell: random.random_range(0.46..0.74),
            on_line: random.random_range(2.6..4.2),
            slant: random.random_range(-0.06..0.1),
            tilt: random.random_range(0.01..0.05) * loose,
            unevenness: random.random_range(0.03..0.09) * loose,
            drift: random.random_range(0.03..0.09) * loose,
            widest: if random.random_bool(0.2) {
                random.random_range(1.0..1.2)
            } else {
                random.random_range(0.78..0.95)
            },
            spacing: random.random_range(0.06..0.24),
            in_cells: *[Letters::Capitals; 17]
                .iter()
                .chain(&[Letters::Mixed, Letters::Mixed, Letters::Small])
                .collect::<Vec<_>>()
                .choose(random)
                .copied()
                .unwrap_or(&Letters::Capitals),
            on_lines: if random.random_bool(0.3) {
                Letters::Capitals
            } else {
                Letters::Mixed
            },
            in_emails: if random.random_bool(0.25) {
                Letters::Capitals
            } else {
                Letters::Small
            },
            corrections,
            tick: *[
                TickStyle::Tick,
                TickStyle::Tick,
                TickStyle::Cross,
                TickStyle::Cross,
                TickStyle::Cross,
                TickStyle::Slash,
                TickStyle::Fill,
            ]
            .choose(random)
            .unwrap_or(&TickStyle::Cross),
        }
    }
}
