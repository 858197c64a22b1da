//! Samples drawn at random, for measuring and for soaking: any number of them, no two alike.

use rand::Rng;
use rand::seq::IndexedRandom as _;

use super::{Device, Filing, Oddity, Plan};
use crate::encode::pdf::Pictures;
use crate::hand::{FONTS, TickStyle, pens};
use crate::people::Wish;
use crate::people::names::COMMUNITIES;
use crate::scan::Mode;

/// A random plan: an ordinary scan of a random family.
pub fn sample(name: String, random: &mut impl Rng) -> Plan {
    let community = COMMUNITIES.choose(random).map_or("english", |c| c.key);
    let children = *[0, 1, 1, 1, 2, 2, 2, 3, 4].choose(random).unwrap_or(&1);
    let expecting = children == 0 || random.random_bool(0.15);
    let others = if random.random_bool(0.1) { 1 } else { 0 };
    let family = Wish {
        community,
        carers: random.random_range(1..=2),
        children,
        expecting,
        others,
    };
    // The last two fonts are typewriters.
    let font = FONTS[..FONTS.len() - 2]
        .choose(random)
        .map_or("kalam", |f| f.0);
    let pen = *[pens::BLACK, pens::BLUE, pens::GEL, pens::BLUE, pens::VIOLET]
        .choose(random)
        .unwrap_or(&pens::BLACK);
    let ticks = [
        TickStyle::Tick,
        TickStyle::Cross,
        TickStyle::Cross,
        TickStyle::Slash,
        TickStyle::Fill,
    ];
    let tick = *ticks.choose(random).unwrap_or(&TickStyle::Cross);
    let mode = *[Mode::Grey, Mode::Grey, Mode::Bilevel, Mode::Colour]
        .choose(random)
        .unwrap_or(&Mode::Grey);
    let dpi = if random.random_bool(0.6) { 200 } else { 300 };
    let pictures = if mode == Mode::Bilevel {
        Pictures::Group4
    } else {
        Pictures::Jpeg { quality: 60 }
    };
    let mut oddities = Vec::new();
    if random.random_bool(0.1) {
        oddities.push(Oddity::UpsideDown);
    }
    if random.random_bool(0.15) {
        oddities.push(Oddity::Skew(random.random_range(-2.5..2.5)));
    }
    let device = Device::Scanner { dpi, mode };
    let filing = Filing::Pdf(pictures);
    Plan {
        name,
        features: vec!["drawn at random"],
        family,
        font,
        pen,
        tick,
        device,
        filing,
        oddities,
    }
}
