//! How one person draws marks at boxes, in the usual way and otherwise.

use enrol::domain::field::FieldKind;
use enrol::forms::definition::{Field, FormDefinition, TickOption, Zone};
use rand::Rng;
use rand::seq::IndexedRandom as _;

use super::Particular;
use super::laid::{Laid, Shape};
use crate::evaluation::lifted::Lifted;
use crate::hand::TickStyle;
use crate::hand::curve;
use crate::hand::ink::Point;
use crate::hand::marks;
use crate::hand::writing::spread;
use crate::strokes::answers::Filled;
use crate::strokes::compose::PenLine;
use crate::strokes::manner::Manner;

/// A person marking boxes.
pub(super) struct Person<'a> {
    pub manner: &'a Manner,
    pub lifted: &'a [Lifted],
    /// Lifted marks this person makes.
    pub own: Vec<usize>,
    /// Lifted marks that people may see differently.
    pub doubtful: Vec<usize>,
    pub writer: i32,
}
impl Person<'_> {
    /// Marks one group; what cannot befall it does not.
    pub fn group(
        &self,
        definition: &FormDefinition,
        field: &Field,
        answer: &Filled,
        random: &mut impl Rng,
    ) -> (Particular, Vec<Laid>) {
        let drawn = Particular::random(random);
        let chosen: Vec<&TickOption> = answer
            .ticks
            .iter()
            .filter_map(|i| field.options.get(*i))
            .collect();
        let wrong = (0..field.options.len())
            .filter(|i| !answer.ticks.contains(i))
            .collect::<Vec<_>>();
        let wrong = wrong.choose(random).map(|i| &field.options[*i]);
        let label = |o: &TickOption| definition.option_label(field.page, o);
        let one = field.kind == FieldKind::OneOf;
        let mut laid = Vec::new();
        let usual = |laid: &mut Vec<Laid>, random: &mut _| {
            for option in &chosen {
                laid.extend(self.usual(&option.zone, 1.0, random));
            }
        };
        match (drawn, wrong) {
            (Particular::Doubtful, _) if !self.doubtful.is_empty() => {
                for option in &chosen {
                    let mark = *self.doubtful.choose(random).unwrap_or(&0);
                    laid.push(Laid {
                        shape: Shape::Lifted(mark, option.zone),
                        strength: 1.0,
                    });
                }
            }
            (Particular::Scribble, _) => {
                for option in &chosen {
                    laid.push(self.scribble(&option.zone, random));
                }
            }
            (Particular::LongTail, _) => {
                for option in &chosen {
                    laid.push(self.long_tail(&option.zone, random));
                }
            }
            (Particular::Faint, _) => {
                for option in &chosen {
                    let strength = random.random_range(0.25..0.5);
                    laid.extend(self.usual(&option.zone, strength, random));
                }
            }
            (Particular::Scratched, Some(wrong)) if one => {
                laid.extend(self.usual(&wrong.zone, 1.0, random));
                laid.extend(self.scratch(&wrong.zone, random));
                usual(&mut laid, random);
            }
            (Particular::Circled, _) if one && label(chosen[0]).is_some() => {
                let around = label(chosen[0]).unwrap_or(chosen[0].zone);
                laid.push(self.ring(&around, random));
            }
            (Particular::Struck, Some(wrong)) if field.options.len() == 2 => {
                let through = label(wrong).unwrap_or(wrong.zone);
                laid.extend(self.strike(&through, random));
            }
            (Particular::Stray, Some(wrong)) => {
                usual(&mut laid, random);
                laid.push(self.stray(wrong, random));
            }
            (Particular::Two, Some(wrong)) if one => {
                usual(&mut laid, random);
                laid.extend(self.usual(&wrong.zone, 1.0, random));
            }
            _ => {
                usual(&mut laid, random);
                let particular = if self.own.is_empty() {
                    Particular::Usual
                } else {
                    Particular::Lifted
                };
                return (particular, laid);
            }
        }
        (drawn, laid)
    }

    /// A pen line through points given in millimetres.
    fn line(&self, points: &[Point], smooth: bool, strength: f32, random: &mut impl Rng) -> Laid {
        let points = marks::pressed(points, self.manner.radius, smooth, random);
        Laid {
            shape: Shape::Line(PenLine {
                writer: self.writer,
                points,
            }),
            strength,
        }
    }

    /// The mark this person makes in a box.
    fn usual(&self, zone: &Zone, strength: f32, random: &mut impl Rng) -> Vec<Laid> {
        if let Some(mark) = self.own.choose(random).filter(|m| **m < self.lifted.len()) {
            let shape = Shape::Lifted(*mark, *zone);
            return vec![Laid { shape, strength }];
        }
        let style = self.manner.tick;
        let strokes = marks::tick_strokes(style, random);
        strokes
            .iter()
            .map(|stroke| {
                let points: Vec<Point> = stroke.iter().map(|p| in_zone(zone, *p)).collect();
                self.line(&points, style != TickStyle::Fill, strength, random)
            })
            .collect()
    }

    fn scribble(&self, zone: &Zone, random: &mut impl Rng) -> Laid {
        let turns = random.random_range(5..9);
        let points: Vec<Point> = (0..turns)
            .map(|i| {
                let side = if i % 2 == 0 { 0.12 } else { 0.88 };
                let along = 0.15 + 0.7 * i as f32 / turns as f32;
                let p = (side + spread(random, 0.15), along + spread(random, 0.12));
                in_zone(zone, p)
            })
            .collect();
        self.line(&points, true, 1.0, random)
    }

    fn long_tail(&self, zone: &Zone, random: &mut impl Rng) -> Laid {
        let far = (
            random.random_range(1.3..2.1),
            random.random_range(-1.1..-0.5),
        );
        let points = [
            (0.1 + spread(random, 0.1), 0.45 + spread(random, 0.1)),
            (0.38 + spread(random, 0.06), 0.86 + spread(random, 0.08)),
            (0.75, 0.3 + spread(random, 0.1)),
            far,
        ]
        .map(|p| in_zone(zone, p));
        self.line(&points, true, 1.0, random)
    }

    /// Strikes a marked box over: with lines across, a dense scribble, or by filling it in.
    fn scratch(&self, zone: &Zone, random: &mut impl Rng) -> Vec<Laid> {
        match random.random_range(0..3) {
            0 => (0..random.random_range(2..4))
                .map(|i| {
                    let level = 0.3 + 0.2 * i as f32;
                    let points: Vec<Point> = (0..=6)
                        .map(|k| {
                            let x = -0.2 + 1.4 * k as f32 / 6.0;
                            in_zone(zone, (x, level + spread(random, 0.1)))
                        })
                        .collect();
                    self.line(&points, true, 1.0, random)
                })
                .collect(),
            1 => {
                let points: Vec<Point> = (0..16)
                    .map(|i| {
                        let y = if i % 2 == 0 { -0.08 } else { 1.08 };
                        let x = -0.1 + 1.2 * i as f32 / 15.0;
                        in_zone(zone, (x + spread(random, 0.05), y + spread(random, 0.12)))
                    })
                    .collect();
                vec![self.line(&points, false, 1.0, random)]
            }
            _ => {
                let strokes = marks::tick_strokes(TickStyle::Fill, random);
                strokes
                    .iter()
                    .map(|stroke| {
                        let points: Vec<Point> = stroke.iter().map(|p| in_zone(zone, *p)).collect();
                        self.line(&points, false, 1.0, random)
                    })
                    .collect()
            }
        }
    }

    fn ring(&self, around: &Zone, random: &mut impl Rng) -> Laid {
        let half = (
            around.width as f32 / 2.0 + random.random_range(0.9..2.0),
            around.height as f32 / 2.0 + random.random_range(0.5..1.3),
        );
        let middle = (
            (around.x + around.width / 2.0) as f32 + spread(random, 0.5),
            (around.y + around.height / 2.0) as f32 + spread(random, 0.3),
        );
        let start = random.random_range(0.0..std::f32::consts::TAU);
        let turn = std::f32::consts::TAU * random.random_range(1.0..1.2);
        let points: Vec<Point> = (0..=18)
            .map(|i| {
                let angle = start + turn * i as f32 / 18.0;
                let wide = 1.0 + spread(random, 0.05);
                (
                    middle.0 + half.0 * wide * angle.cos(),
                    middle.1 + half.1 * wide * angle.sin(),
                )
            })
            .collect();
        self.line(&points, true, 1.0, random)
    }

    fn strike(&self, through: &Zone, random: &mut impl Rng) -> Vec<Laid> {
        let lines = if random.random_bool(0.3) { 2 } else { 1 };
        let (before, after) = (random.random_range(0.3..1.5), random.random_range(0.5..2.2));
        let slope = spread(random, 0.12);
        (0..lines)
            .map(|i| {
                let level = 0.5 + 0.16 * i as f32 + spread(random, 0.1);
                let points: Vec<Point> = (0..=4)
                    .map(|k| {
                        let share = k as f32 / 4.0;
                        let reach = through.width as f32 + before + after;
                        let x = through.x as f32 - before + reach * share;
                        let y = through.y as f32 + through.height as f32 * (level + slope * share);
                        (x, y + spread(random, 0.12))
                    })
                    .collect();
                self.line(&points, true, 1.0, random)
            })
            .collect()
    }

    /// A stroke that begins elsewhere and ends just inside the border of a box.
    pub fn stray(&self, option: &TickOption, random: &mut impl Rng) -> Laid {
        let zone = &option.zone;
        let deep = random.random_range(0.5..1.5f32);
        let long = random.random_range(3.0..6.0f32);
        let across = random.random_range(0.15..0.85f32);
        let (x, y) = (zone.x as f32, zone.y as f32);
        let (width, height) = (zone.width as f32, zone.height as f32);
        let lean = spread(random, 0.6);
        let (from, to) = match random.random_range(0..3) {
            0 => (
                (x + across * width + lean * long, y - long),
                (x + across * width, y + deep),
            ),
            1 => (
                (x + across * width + lean * long, y + height + long),
                (x + across * width, y + height - deep),
            ),
            _ => (
                (x - long, y + across * height + lean * long),
                (x + deep, y + across * height),
            ),
        };
        let bend = (
            (from.0 + to.0) / 2.0 + spread(random, 0.6),
            (from.1 + to.1) / 2.0 + spread(random, 0.4),
        );
        let path = curve::through(&[from, bend, to], |_, _| 6);
        self.line(&path, false, 1.0, random)
    }
}

/// A point of the unit box in millimetres of the form.
fn in_zone(zone: &Zone, p: Point) -> Point {
    (
        (zone.x + f64::from(p.0) * zone.width) as f32,
        (zone.y + f64::from(p.1) * zone.height) as f32,
    )
}
