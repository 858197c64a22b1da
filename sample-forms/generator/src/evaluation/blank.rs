//! The printed form, drawn once; only the strip with the code differs from form to form.

use anyhow::Context as _;
use enrol::forms::definition::FormDefinition;
use enrol::forms::print::print;

use super::capture::SHEET_SCALE;
use super::plane::Plane;
use crate::blank;
use crate::scan::{Picture, grey};

/// The pages of the form without a set number.
pub struct Blank {
    /// In grey.
    grey: Vec<Plane>,
    /// In red, green and blue.
    colour: Vec<[Plane; 3]>,
    /// The definition cut down to the strip that holds the code.
    strip: FormDefinition,
}

impl Blank {
    /// Prints the form.
    ///
    /// # Errors
    /// Fails (for good) when it cannot be printed or rasterised.
    pub fn new(definition: &FormDefinition) -> anyhow::Result<Self> {
        let pages = blank::rasterise(print(definition, &[None])?)?;
        let mut strip = definition.clone();
        strip.page.height_mm = (definition.qr_zone.bottom() + 3.0).min(definition.page.height_mm);
        Ok(Self {
            grey: pages.iter().map(to_grey).collect(),
            colour: pages.iter().map(to_colour).collect(),
            strip,
        })
    }

    /// A page (from 1) in grey, without a set number.
    pub fn page(&self, page: u32) -> Option<&Plane> {
        self.grey.get((page as usize).checked_sub(1)?)
    }

    /// All pages of the form with this set number: one plane each, or three in colour.
    ///
    /// # Errors
    /// As [`Blank::new`].
    pub fn numbered(
        &self,
        set_number: &str,
        pages: &[u32],
        colour: bool,
    ) -> anyhow::Result<Vec<Vec<Plane>>> {
        let strips = blank::rasterise(print(&self.strip, &[Some(set_number.to_owned())])?)?;
        pages
            .iter()
            .map(|page| {
                let index = (*page as usize).wrapping_sub(1);
                let strip = strips.get(index).context("the form has no such page")?;
                let mut sheet = if colour {
                    self.colour[index].to_vec()
                } else {
                    vec![self.grey[index].clone()]
                };
                let own = if colour {
                    to_colour(strip).to_vec()
                } else {
                    vec![to_grey(strip)]
                };
                // The last rows of the strip are only half covered.
                let rows = strip.height - (0.5 * SHEET_SCALE) as usize;
                for (plane, strip) in sheet.iter_mut().zip(own) {
                    let count = rows * plane.width;
                    plane.pixels[..count].copy_from_slice(&strip.pixels[..count]);
                }
                Ok(sheet)
            })
            .collect()
    }
}

fn to_grey(picture: &Picture) -> Plane {
    Plane {
        width: picture.width,
        height: picture.height,
        pixels: picture
            .pixels
            .iter()
            .map(|p| grey(p.map(f32::from)) as u8)
            .collect(),
    }
}

fn to_colour(picture: &Picture) -> [Plane; 3] {
    std::array::from_fn(|c| Plane {
        width: picture.width,
        height: picture.height,
        pixels: picture.pixels.iter().map(|p| p[c]).collect(),
    })
}
