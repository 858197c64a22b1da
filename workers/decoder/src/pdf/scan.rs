//! A page that is one scanned image: taken pixel by pixel, neither resampled nor drawn.

use hayro::hayro_interpret::font::GlyphRun;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageData, ImageDrawProps,
    InterpreterSettings, LumaData, Paint, SoftMask,
};
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{BezPath, Rect};

use super::survey::{Drawn, Seen, run};
use super::{Flag, inches};
use crate::failure::Failure;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::orientation;
use crate::page::{GreyPage, believable, luma, over_white};
use crate::samples::{Layout, to_grey};

/// Resolutions that need no change: what scanners deliver, with room for rounding.
const AS_IT_IS: std::ops::RangeInclusive<f64> = 147.0..=410.0;

/// Beyond this side length, in inches, the page size is not that of paper but of a program that
/// counts one point per pixel (photographs "printed" to PDF by a telephone).
const PAPER_INCHES: f64 = 20.0;

/// How much of the page's sides the image may miss or exceed.
const SLACK: f64 = 0.01;

/// The page's one image as a page, or `None` if the page is more than that.
///
/// # Errors
/// `damaged` if the image cannot be decoded, `too_large` above the limits.
pub(super) fn take(
    page: &Page<'_>,
    settings: &InterpreterSettings,
    seen: &Seen,
    limits: &Limits,
) -> Result<Option<GreyPage>, Failure> {
    // Only the last image counts if it hides all below it, but then so do the marks: too rare.
    let [image] = seen.images.as_slice() else {
        return Ok(None);
    };
    let Some(tag) = turned(image) else {
        return Ok(None);
    };
    let (width, height) = inches(page);
    let (x_dpi, y_dpi) = image.resolution();
    let native = x_dpi.max(y_dpi);
    let usable = AS_IT_IS.contains(&native) || (width.max(height) > PAPER_INCHES && native < 410.0);
    if !image.plain || seen.marks_after || !usable || !covers(image.area(), width, height) {
        return Ok(None);
    }

    let mut taker = Taker {
        image: *image,
        // A stencil lets through what lies below it.
        hidden_below: !seen.marks_before,
        outcome: None,
        suits: Flag::default(),
        next: 0,
    };
    run(page, settings, &mut taker);
    if !taker.suits.get() {
        return Ok(None);
    }
    let Some(outcome) = taker.outcome else {
        return Err(Failure::damaged("the scanned image in the PDF is broken"));
    };
    let (width, height, grey) = outcome?;
    if grey.len() != width as usize * height as usize {
        return Err(cut_off());
    }
    let scan = GreyPage {
        width,
        height,
        dpi: None,
        source: Kind::Pdf,
        grey,
    };
    let mut scan = scan.with_square_pixels(x_dpi, y_dpi, limits)?;
    scan.dpi = believable(native);
    orientation::apply(scan, tag).map(Some)
}

/// The orientation tag that turns the stored image as the page shows it; `None` if it is slanted.
fn turned(image: &Drawn) -> Option<u16> {
    let [a, b, c, d, ..] = image.transform.as_coeffs();
    let long = a.abs().max(b.abs()).max(c.abs()).max(d.abs());
    let none = |v: f64| v.abs() < long * 1e-4;
    match (none(b) && none(c), none(a) && none(d)) {
        (true, false) => Some(match (a > 0.0, d > 0.0) {
            (true, true) => 1,
            (false, true) => 2,
            (false, false) => 3,
            (true, false) => 4,
        }),
        // Stored columns run along the page's rows: x = c·v, y = b·u.
        (false, true) => Some(match (c > 0.0, b > 0.0) {
            (true, true) => 5,
            (false, true) => 6,
            (false, false) => 7,
            (true, false) => 8,
        }),
        _ => None,
    }
}

fn covers(area: Rect, width: f64, height: f64) -> bool {
    let (width, height) = (width * 72.0, height * 72.0);
    let near = |is: f64, wanted: f64, side: f64| (is - wanted).abs() <= side * SLACK;
    near(area.x0, 0.0, width)
        && near(area.y0, 0.0, height)
        && near(area.x1, width, width)
        && near(area.y1, height, height)
}

type Pixels = (u32, u32, Vec<u8>);

/// Decodes the one image and ignores everything else.
struct Taker {
    image: Drawn,
    hidden_below: bool,
    outcome: Option<Result<Pixels, Failure>>,
    suits: Flag,
    next: usize,
}

impl<'a> Device<'a> for Taker {
    fn draw_image(&mut self, image: Image<'a, '_>, _: ImageDrawProps<'a>) {
        let order = self.next;
        self.next += 1;
        if order != self.image.order {
            return;
        }
        self.suits.set(true);
        let declared = (self.image.width, self.image.height);
        let (suits, outcome) = (self.suits.clone(), &mut self.outcome);
        match image {
            Image::Raster(raster) => raster.with_rgba(
                |data, alpha| match fits(
                    data.width(),
                    data.height(),
                    data.scale_factors(),
                    declared,
                ) {
                    Fit::CutOff => *outcome = Some(Err(cut_off())),
                    Fit::Exact if alpha.is_none() => *outcome = Some(opaque(data)),
                    _ => suits.set(false),
                },
                None,
            ),
            Image::Stencil(stencil) => stencil.with_stencil(
                |shape, paint| {
                    let fit = fits(shape.width, shape.height, shape.scale_factors, declared);
                    match (fit, paint) {
                        (Fit::CutOff, _) => *outcome = Some(Err(cut_off())),
                        (Fit::Exact, Paint::Color(colour)) if self.hidden_below => {
                            let [r, g, b, opacity] = colour.to_rgba().to_rgba8();
                            *outcome = Some(Ok(stamped(shape, luma(r, g, b), opacity)));
                        }
                        _ => suits.set(false),
                    }
                },
                None,
            ),
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_glyph_run(&mut self, _: &GlyphRun<'_, 'a>, _: DrawProps<'a>, _: &DrawMode) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// How the decoded pixels compare to the size that the PDF states.
enum Fit {
    /// As stated.
    Exact,
    /// The image states another size itself, and the library knows how to scale it.
    Scaled,
    /// The library had fewer samples than it needed and made the image shorter.
    CutOff,
}

fn fits(width: u32, height: u32, scale: (f32, f32), declared: (u32, u32)) -> Fit {
    if scale != (1.0, 1.0) {
        Fit::Scaled
    } else if (width, height) == declared {
        Fit::Exact
    } else {
        Fit::CutOff
    }
}

fn cut_off() -> Failure {
    Failure::damaged("the scanned image in the PDF is cut off")
}

fn opaque(data: ImageData) -> Result<Pixels, Failure> {
    let (width, height) = (data.width(), data.height());
    let grey = match data {
        ImageData::Luma(luma) => luma.data,
        ImageData::Rgb(rgb) => to_grey(rgb.data, Layout::Rgb, 3)?,
    };
    Ok((width, height, grey))
}

/// Ink of one grey on white paper, where the stencil lets it through.
fn stamped(shape: LumaData, ink: u8, opacity: u8) -> Pixels {
    let mut grey = shape.data;
    for value in &mut grey {
        let alpha = (u32::from(*value) * u32::from(opacity) / 255) as u8;
        *value = over_white(ink, alpha);
    }
    (shape.width, shape.height, grey)
}
