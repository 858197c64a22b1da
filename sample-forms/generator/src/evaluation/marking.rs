//! What people really do with boxes: tick the wrong one and scribble it over, ring a word, strike out the other, let a
//! stroke run into the box beside. Each is rare, and none changes what is meant.

use enrol::domain::field::FieldKind;
use enrol::forms::definition::{Field, Zone};
use rand::Rng;
use rand::seq::IndexedRandom as _;

use crate::hand::TickStyle;
use crate::hand::marks::{self, Marker};
use crate::hand::writing::Sheet;

/// One thing drawn at an option, which is given by its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawn {
    /// A mark.
    Marked(usize),
    /// A mark that was scribbled over.
    ScribbledOver(usize),
    /// A ring around the words.
    Ringed(usize),
    /// A line through the words.
    StruckOut(usize),
    /// The tail of a stroke from outside.
    Touched(usize),
}

/// Shares of the fields with one marked option to which each happens.
const SCRIBBLED_OVER: f64 = 0.02;
const RINGED: f64 = 0.008;
const STRUCK_OUT: f64 = 0.008;
/// Share of the fields with a free box into which a stroke runs.
const TOUCHED: f64 = 0.012;

/// What a person who means the options `meant` draws.
pub fn drawn(field: &Field, meant: &[usize], random: &mut impl Rng) -> Vec<Drawn> {
    let free: Vec<usize> = (0..field.options.len())
        .filter(|i| !meant.contains(i))
        .collect();
    let mut all: Vec<Drawn> = meant.iter().copied().map(Drawn::Marked).collect();
    let turn: f64 = random.random();
    if let ([one], FieldKind::OneOf) = (meant, field.kind) {
        if turn < SCRIBBLED_OVER {
            all.extend(free.choose(random).copied().map(Drawn::ScribbledOver));
        } else if turn < SCRIBBLED_OVER + RINGED {
            all = vec![Drawn::Ringed(*one)];
        } else if turn < SCRIBBLED_OVER + RINGED + STRUCK_OUT && free.len() == 1 {
            all = vec![Drawn::StruckOut(free[0])];
        }
    }
    if random.random_bool(TOUCHED) {
        all.extend(free.choose(random).copied().map(Drawn::Touched));
    }
    all
}

/// Draws on a sheet whose upper left corner is at `origin`, millimetres of the form.
pub fn draw(
    sheet: &mut Sheet<'_>,
    origin: (f32, f32),
    marker: Marker,
    field: &Field,
    drawn: &[Drawn],
    random: &mut impl Rng,
) {
    let moved = |zone: Zone| Zone {
        x: zone.x - f64::from(origin.0),
        y: zone.y - f64::from(origin.1),
        ..zone
    };
    for one in drawn {
        let (Drawn::Marked(at)
        | Drawn::ScribbledOver(at)
        | Drawn::Ringed(at)
        | Drawn::StruckOut(at)
        | Drawn::Touched(at)) = *one;
        let Some(option) = field.options.get(at) else {
            continue;
        };
        let (tick, words) = (moved(option.zone), moved(option.words));
        match one {
            Drawn::Marked(_) => marks::tick(sheet, marker, &tick, random),
            Drawn::ScribbledOver(_) => {
                marks::tick(sheet, marker, &tick, random);
                let scribble = Marker {
                    tick: TickStyle::Fill,
                    ..marker
                };
                marks::tick(sheet, scribble, &tick, random);
            }
            Drawn::Ringed(_) => marks::ring(sheet, marker, &words, random),
            Drawn::StruckOut(_) => {
                let over = random.random_range(0.9..2.0);
                let wide = Zone {
                    x: words.x - over,
                    width: words.width + 2.0 * over,
                    ..words
                };
                marks::strike_out(sheet, marker, &wide, random);
            }
            Drawn::Touched(_) => marks::tail(sheet, marker, &tick, random),
        }
    }
}
