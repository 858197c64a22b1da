//! Drawing a page that is more than one image: text, lines, strips, annotations.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::page::Page;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};

use super::inches;
use super::survey::Seen;
use crate::failure::Failure;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::page::{GreyPage, buffer, luma};

/// The resolutions worth drawing at: less loses handwriting, more only costs time.
const RANGE: (f64, f64) = (150.0, 400.0);

/// The drawing library counts pixels of a side in 16 bits, and leaves itself some room.
const MOST_PIXELS_ASIDE: f64 = 32_000.0;

/// Draws the page at the resolution of its largest image, or at [`Limits::dpi`] without one.
///
/// # Errors
/// `too_large` if the page is so big that only a sketch of it would fit into the limits.
pub(super) fn draw(
    page: &Page<'_>,
    settings: &InterpreterSettings,
    seen: &Seen,
    limits: &Limits,
) -> Result<GreyPage, Failure> {
    let (width, height) = inches(page);
    let wanted = seen
        .images
        .iter()
        .filter(|image| image.area().is_finite())
        .max_by(|a, b| a.area().area().total_cmp(&b.area().area()))
        .map(|image| image.resolution())
        .map(|(x, y)| x.max(y))
        .filter(|dpi| dpi.is_finite())
        .map_or(limits.dpi, |dpi| dpi.clamp(RANGE.0, RANGE.1));
    let fitting = (limits.max_pixels as f64 / (width * height))
        .sqrt()
        .min(MOST_PIXELS_ASIDE / width.max(height));
    if fitting < wanted / 4.0 {
        return Err(Failure::too_large(format!(
            "a page of {:.0} x {:.0} mm",
            width * 25.4,
            height * 25.4
        )));
    }
    let dpi = wanted.min(fitting * 0.999);

    let cache = RenderCache::new();
    let scale = dpi / 72.0;
    // The library cuts fractions off: round up what is a hair below a whole pixel.
    let scale_for = |inches: f64| {
        let pixels = (inches * dpi).round().max(1.0);
        ((pixels + 0.01) / (inches * 72.0)) as f32
    };
    let pixmap = render(
        page,
        &cache,
        settings,
        &RenderSettings {
            force_image_interpolation: true,
            ..RenderSettings::default()
        },
        &PixmapSettings {
            x_scale: scale_for(width),
            y_scale: scale_for(height),
            bg_color: WHITE,
        },
    );
    let (width, height) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
    limits.check_pixels(width, height)?;
    let mut grey = buffer(width as usize * height as usize)?;
    for (to, colour) in grey.iter_mut().zip(pixmap.data()) {
        *to = luma(colour.r, colour.g, colour.b);
    }
    Ok(GreyPage {
        width,
        height,
        dpi: Some(scale * 72.0),
        source: Kind::Pdf,
        grey,
    })
}
