//! Tick boxes and signatures: ink is measured, not recognised.
//!
//! A box gives [`BoxEvidence`]; from that and from what else is on the page comes a [`Mark`]. Words beside boxes are looked
//! at too, since people ring a word or strike out what does not apply.

pub mod evidence;
pub mod mark;
pub mod page_pen;
pub mod signature;
pub mod words;

use enrol::forms::definition::{TickOption, Zone};

pub use self::evidence::BoxEvidence;
pub use self::mark::{BoxReading, Mark};
pub use self::page_pen::PagePen;
pub use self::signature::read_signature;
pub use self::words::WordMark;

use crate::registration::PreparedPage;
use crate::registration::homography::Homography;
use crate::zones::{ZonePicture, cut};

/// Paper around a box that is looked at too, millimetres.
pub const MARGIN_MM: f64 = 1.6;

/// Measures one box and the words beside it.
pub fn read_box(page: &PreparedPage, homography: &Homography, option: &TickOption) -> BoxReading {
    read(option, |zone| cut(page, homography, zone))
}

/// The same from a picture that shows all boxes of a field.
pub fn read_box_in(picture: &ZonePicture, option: &TickOption) -> BoxReading {
    read(option, |zone| picture.part(zone))
}

fn read(option: &TickOption, show: impl Fn(Zone) -> ZonePicture) -> BoxReading {
    let around = show(option.zone.grown(MARGIN_MM));
    let beside = show(words::zone_of(option));
    BoxReading::new(
        evidence::measure(&around, option.zone),
        words::read(&beside, option),
    )
}
