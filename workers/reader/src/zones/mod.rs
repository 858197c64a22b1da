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

/// Cuts `zone` (millimetres on the form) out of a page. Beyond the page's edge it is white.
pub fn cut(page: &PreparedPage, homography: &Homography, zone: Zone) -> ZonePicture {
    /// Columns that share one look at the paper's brightness, and over which the mapping is taken for straight: over
    /// less than two millimetres no camera bends it by a hundredth of a pixel.
    const BLOCK: usize = 16;
    let width = ((zone.width * SCALE).round() as usize).max(1);
    let height = ((zone.height * SCALE).round() as usize).max(1);
    let h = homography.rows();
    let black = f32::from(page.paper.black);
    let step = 1.0 / SCALE;
    let place = |x: f64, y: f64| {
        let w = 1.0 / (h[6] * x + h[7] * y + h[8]);
        let u = (h[0] * x + h[1] * y + h[2]) * w;
        let v = (h[3] * x + h[4] * y + h[5]) * w;
        (u, v)
    };
    // A picture much finer than the zones is averaged over four points, or thin strokes would fall between them.
    let middle = [zone.x + zone.width / 2.0, zone.y + zone.height / 2.0];
    let fine = homography.scale_at(middle) > 1.7 * SCALE;
    let (u, v) = place(middle[0], middle[1]);
    let around = [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)].map(|(a, b)| {
        let (x, y) = place(middle[0] + a * step, middle[1] + b * step);
        ((x - u) as f32, (y - v) as f32)
    });
    let mut pixels = Vec::with_capacity(width * height);
    for row in 0..height {
        let y = zone.y + (row as f64 + 0.5) * step;
        let mut from = place(zone.x + 0.5 * step, y);
        for column in (0..width).step_by(BLOCK) {
            let count = BLOCK.min(width - column);
            let to = place(zone.x + ((column + count) as f64 + 0.5) * step, y);
            let paper = page.paper_at(from.0, from.1).max(1.0);
            let gain = 255.0 / (paper - black.min(paper * 0.6)).max(1.0);
            let (u, v) = (from.0 as f32, from.1 as f32);
            let du = (to.0 - from.0) as f32 / count as f32;
            let dv = (to.1 - from.1) as f32 / count as f32;
            let levels = Levels::new(paper, gain);
            if !fine
                && page.picture.is_within((u, v))
                && page
                    .picture
                    .is_within((u + du * count as f32, v + dv * count as f32))
            {
                along(&page.picture, (u, v), (du, dv), count, levels, &mut pixels);
                from = to;
                continue;
            }
            pixels.extend((0..count).map(|i| {
                let (u, v) = (u + du * i as f32, v + dv * i as f32);
                let shade = if fine {
                    let shades =
                        around.map(|(a, b)| f32::from(page.picture.look(u + a, v + b, 255)));
                    shades.iter().sum::<f32>() / 4.0
                } else {
                    f32::from(page.picture.look(u, v, 255))
                };
                (255.0 - (paper - shade) * gain).clamp(0.0, 255.0) as u8
            }));
            from = to;
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

/// What makes paper white and keeps black, in whole numbers: 256 parts of a shade, 256 parts of the gain.
#[derive(Clone, Copy)]
struct Levels {
    paper: i64,
    gain: i64,
}

impl Levels {
    fn new(paper: f32, gain: f32) -> Self {
        Self {
            paper: (paper * 256.0) as i64,
            gain: (gain * 256.0) as i64,
        }
    }

    /// From 65,536 parts of a shade.
    #[inline]
    fn of(self, shade: i32) -> u8 {
        let below = self.paper - i64::from(shade >> 8);
        (255 - ((below * self.gain) >> 16)).clamp(0, 255) as u8
    }
}

/// Looks at `count` points from `start` on, `step` apart, all well within the picture, in whole numbers: nearly all
/// pixels of all zones come this way.
fn along(
    picture: &Grey,
    start: (f32, f32),
    step: (f32, f32),
    count: usize,
    levels: Levels,
    pixels: &mut Vec<u8>,
) {
    let fixed = |v: f32| (f64::from(v) * 65_536.0) as i64;
    let (mut x, mut y) = (fixed(start.0 - 0.5), fixed(start.1 - 0.5));
    let (dx, dy) = (fixed(step.0), fixed(step.1));
    let width = picture.width;
    pixels.extend((0..count).map(|_| {
        let at = (y >> 16) as usize * width + (x >> 16) as usize;
        let (fx, fy) = (((x >> 8) & 255) as i32, ((y >> 8) & 255) as i32);
        let upper = &picture.pixels[at..at + 2];
        let lower = &picture.pixels[at + width..at + width + 2];
        let (a, b) = (i32::from(upper[0]), i32::from(upper[1]));
        let (c, d) = (i32::from(lower[0]), i32::from(lower[1]));
        let (top, bottom) = ((a << 8) + (b - a) * fx, (c << 8) + (d - c) * fx);
        x += dx;
        y += dy;
        levels.of((top << 8) + (bottom - top) * fy)
    }));
}
