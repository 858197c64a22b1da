//! The bounds on what one file may cost.

use crate::failure::Failure;

/// Bounds on one file. Every image is checked against them before memory is allocated for it.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Most bytes of input.
    pub max_bytes: usize,
    /// Most pages in the document.
    pub max_pages: u32,
    /// Most pixels of one page, and of any image inside a page.
    pub max_pixels: u64,
    /// Most pixels (= bytes of output) of all pages together.
    pub max_total_pixels: u64,
    /// Resolution, in dots per inch, for PDF pages that hold no image to take it from.
    pub dpi: f64,
    /// Decode only this page (from 1).
    pub only_page: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 50 << 20,
            max_pages: 60,
            max_pixels: 40_000_000,
            max_total_pixels: 1_000_000_000,
            dpi: 300.0,
            only_page: None,
        }
    }
}

impl Limits {
    /// Checks the size of one image or page, in pixels.
    ///
    /// # Errors
    /// `damaged` if a side is zero, `too_large` above [`Limits::max_pixels`].
    pub fn check_pixels(&self, width: u32, height: u32) -> Result<(), Failure> {
        if width == 0 || height == 0 {
            return Err(Failure::damaged("an image without pixels"));
        }
        if u64::from(width) * u64::from(height) > self.max_pixels {
            return Err(Failure::too_many_pixels(width, height));
        }
        Ok(())
    }

    /// Whether page `number` (from 1) is asked for.
    #[must_use]
    pub fn wants(&self, number: u32) -> bool {
        self.only_page.is_none_or(|only| only == number)
    }
}
