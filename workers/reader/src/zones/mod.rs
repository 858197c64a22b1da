//! Cutting the answer zones out of a placed page, upright, at one scale, on white paper.

pub mod comb;
pub mod ink;
pub mod rules;
pub mod writing;

use enrol::forms::definition::Zone;

use crate::raster::Grey;
use crate::registration::PreparedPage;
use crate::registration::homography::Homography;

/// Pixels per millimetre of every zone picture (254 dots per inch).
pub const SCALE: f64 = 10.0;

/// A part of the form as a picture: paper is 255, the page's black near 0, whatever the light was.
#[derive(Clone)]
pub struct ZonePicture {
    /// The pixels, [`SCALE`] to a millimetre.
    pub grey: Grey,
    /// Left edge on the form, millimetres.
    pub left: f64,
    /// Top edge on the form, millimetres.
    pub top: f64,
}

impl ZonePicture {
    /// Column of a place on the form given in millimetres from the left of the page.
    pub fn column(&self, x_mm: f64) -> f64 {
        (x_mm - self.left) * SCALE
    }

    /// Row of a place on the form given in millimetres from the top of the page.
    pub fn row(&self, y_mm: f64) -> f64 {
        (y_mm - self.top) * SCALE
    }
}

impl ZonePicture {
    /// The part of it that shows `zone`, as far as it does.
    pub fn part(&self, zone: Zone) -> Self {
        let clip = |v: f64, most: usize| (v.round().max(0.0) as usize).min(most);
        let (x0, x1) = (
            clip(self.column(zone.x), self.grey.width),
            clip(self.column(zone.right()), self.grey.width),
        );
        let (y0, y1) = (
            clip(self.row(zone.y), self.grey.height),
            clip(self.row(zone.bottom()), self.grey.height),
        );
        Self {
            grey: self
                .grey
                .crop(x0, y0, x1.saturating_sub(x0), y1.saturating_sub(y0)),
            left: self.left + x0 as f64 / SCALE,
            top: self.top + y0 as f64 / SCALE,
        }
    }
}

/// Cuts `zone` (millimetres on the form) out of a page. Beyond the page's edge it is white.
pub fn cut(page: &PreparedPage, homography: &Homography, zone: Zone) -> ZonePicture {
    /// Columns that share one look at the paper's brightness.
    const BLOCK: usize = 16;
    let width = ((zone.width * SCALE).round() as usize).max(1);
    let height = ((zone.height * SCALE).round() as usize).max(1);
    let h = homography.rows();
    let black = f32::from(page.paper.black);
    let step = 1.0 / SCALE;
    // A picture much finer than the zones is averaged over four points, or thin strokes would fall between them.
    let fine =
        homography.scale_at([zone.x + zone.width / 2.0, zone.y + zone.height / 2.0]) > 1.7 * SCALE;
    let mut pixels = Vec::with_capacity(width * height);
    for row in 0..height {
        let y = zone.y + (row as f64 + 0.5) * step;
        let (mut paper, mut gain) = (255.0f32, 1.0f32);
        for column in 0..width {
            let x = zone.x + (column as f64 + 0.5) * step;
            let w = 1.0 / (h[6] * x + h[7] * y + h[8]);
            let u = (h[0] * x + h[1] * y + h[2]) * w;
            let v = (h[3] * x + h[4] * y + h[5]) * w;
            if column % BLOCK == 0 {
                paper = page.paper_at(u, v).max(1.0);
                gain = 255.0 / (paper - black.min(paper * 0.6)).max(1.0);
            }
            let shade = if fine {
                let quarter = 0.25 * step * w;
                let around = [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)].map(|(a, b)| {
                    let (du, dv) = (a * h[0] + b * h[1], a * h[3] + b * h[4]);
                    f32::from(page.picture.sample(u + du * quarter, v + dv * quarter, 255))
                });
                around.iter().sum::<f32>() / 4.0
            } else {
                f32::from(page.picture.sample(u, v, 255))
            };
            pixels.push((255.0 - (paper - shade) * gain).clamp(0.0, 255.0) as u8);
        }
    }
    ZonePicture {
        grey: Grey {
            width,
            height,
            pixels,
        },
        left: zone.x,
        top: zone.y,
    }
}
