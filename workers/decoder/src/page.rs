//! One grey page, and how colours become grey.

use crate::failure::Failure;
use crate::kind::Kind;
use crate::limits::Limits;

/// A decoded page. `grey` has `width * height` bytes, 0 black and 255 white.
pub struct GreyPage {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Dots per inch, if the file states it believably.
    pub dpi: Option<f64>,
    /// The format the page came from.
    pub source: Kind,
    /// The pixels, row by row.
    pub grey: Vec<u8>,
}

/// Resolutions outside of this range are defaults that cameras and programs write without meaning it.
const BELIEVABLE_DPI: std::ops::RangeInclusive<f64> = 90.0..=2400.0;

/// Differences of the two resolutions below this ratio are rounding, not a fax.
const SQUARE_TOLERANCE: f64 = 1.02;

/// Keeps a resolution only if a scanner could have written it.
#[must_use]
pub fn believable(dpi: f64) -> Option<f64> {
    BELIEVABLE_DPI.contains(&dpi).then_some(dpi)
}

/// The luma of a colour (ITU-R BT.601, as in JPEG), in fixed point.
#[inline]
#[must_use]
pub fn luma(r: u8, g: u8, b: u8) -> u8 {
    let sum = 19_595 * u32::from(r) + 38_470 * u32::from(g) + 7_471 * u32::from(b) + 32_768;
    (sum >> 16) as u8
}

/// A grey value seen through `alpha` in front of white paper.
#[inline]
#[must_use]
pub fn over_white(grey: u8, alpha: u8) -> u8 {
    let (grey, alpha) = (u32::from(grey), u32::from(alpha));
    ((grey * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

/// A buffer of `len` bytes, or a failure where memory does not suffice. Ends in a clean error line
/// where `vec!` would abort the process.
///
/// # Errors
/// `too_large` if the memory cannot be had.
pub fn buffer(len: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(len)
        .map_err(|_| Failure::too_large("the page does not fit into the decoder's memory"))?;
    bytes.resize(len, 0);
    Ok(bytes)
}

impl GreyPage {
    /// Stretches the page so that its pixels become square, where the file states different
    /// resolutions across and down (a fax in normal mode has 204 x 98 dots per inch). The larger of
    /// the two resolutions is kept.
    ///
    /// # Errors
    /// `too_large` if the stretched page is above the limits.
    pub fn with_square_pixels(
        mut self,
        x_dpi: f64,
        y_dpi: f64,
        limits: &Limits,
    ) -> Result<Self, Failure> {
        let sane = |v: f64| v.is_finite() && v > 0.0;
        if !sane(x_dpi) || !sane(y_dpi) {
            return Ok(self);
        }
        let target = x_dpi.max(y_dpi);
        self.dpi = believable(target);
        let ratio = target / x_dpi.min(y_dpi);
        // Beyond 8:1 the tags are nonsense, not a device.
        if !(SQUARE_TOLERANCE..=8.0).contains(&ratio) {
            return Ok(self);
        }
        let width = (f64::from(self.width) * target / x_dpi).round() as u32;
        let height = (f64::from(self.height) * target / y_dpi).round() as u32;
        limits.check_pixels(width, height)?;
        self.grey = if width == self.width {
            stretch_down(&self.grey, width as usize, height as usize)?
        } else {
            stretch_across(&self.grey, self.width as usize, width as usize)?
        };
        self.width = width;
        self.height = height;
        Ok(self)
    }
}

/// Where sample `i` of `to` lies among `from` samples: the lower neighbour, the upper one, and the
/// weight of the upper one in 256ths. Pixel centres are at +0.5.
fn between(i: usize, from: usize, to: usize) -> (usize, usize, u32) {
    let at = ((i as f64 + 0.5) * from as f64 / to as f64 - 0.5).clamp(0.0, (from - 1) as f64);
    let low = at.floor() as usize;
    (
        low,
        (low + 1).min(from - 1),
        ((at - low as f64) * 256.0) as u32,
    )
}

fn mix(a: u8, b: u8, weight: u32) -> u8 {
    ((u32::from(a) * (256 - weight) + u32::from(b) * weight + 128) >> 8) as u8
}

fn stretch_down(grey: &[u8], width: usize, height: usize) -> Result<Vec<u8>, Failure> {
    let from = grey.len() / width;
    let mut out = buffer(width * height)?;
    for (y, row) in out.chunks_exact_mut(width).enumerate() {
        let (low, high, weight) = between(y, from, height);
        let (low, high) = (
            &grey[low * width..][..width],
            &grey[high * width..][..width],
        );
        for ((to, a), b) in row.iter_mut().zip(low).zip(high) {
            *to = mix(*a, *b, weight);
        }
    }
    Ok(out)
}

fn stretch_across(grey: &[u8], from: usize, width: usize) -> Result<Vec<u8>, Failure> {
    let places: Vec<_> = (0..width).map(|x| between(x, from, width)).collect();
    let mut out = buffer(grey.len() / from * width)?;
    for (row, old) in out.chunks_exact_mut(width).zip(grey.chunks_exact(from)) {
        for (to, (low, high, weight)) in row.iter_mut().zip(&places) {
            *to = mix(old[*low], old[*high], *weight);
        }
    }
    Ok(out)
}
