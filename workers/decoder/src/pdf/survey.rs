//! What a page is made of, found by running its drawing commands without drawing.

use hayro::hayro_interpret::font::GlyphRun;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps,
    InterpreterCache, InterpreterSettings, SoftMask, TransformExt, interpret_page,
};
use hayro::hayro_syntax::object::Stream;
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{Affine, BezPath, Rect, Shape};

use crate::failure::Failure;
use crate::limits::Limits;

/// An image on the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn {
    /// Pixels across, as stored.
    pub(super) width: u32,
    /// Pixels down, as stored.
    pub(super) height: u32,
    /// From stored pixels to points (1/72 inch) of the shown page, y down.
    pub(super) transform: Affine,
    /// Nothing dims, blends, masks or cuts it.
    pub(super) plain: bool,
    /// Where it stands in the order of images, from 0.
    pub(super) order: usize,
}

impl Drawn {
    /// The area it covers on the page, in points.
    pub(super) fn area(&self) -> Rect {
        self.transform.transform_rect_bbox(Rect::new(
            0.0,
            0.0,
            self.width.into(),
            self.height.into(),
        ))
    }

    /// Dots per inch along the stored rows and columns.
    pub(super) fn resolution(&self) -> (f64, f64) {
        let [a, b, c, d, ..] = self.transform.as_coeffs();
        (72.0 / a.hypot(b), 72.0 / c.hypot(d))
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// All images, in the order they are painted.
    pub(super) images: Vec<Drawn>,
    /// Lines, fills or visible text painted before the first image.
    pub(super) marks_before: bool,
    /// Lines, fills or visible text painted after the first image.
    pub(super) marks_after: bool,
}

/// Runs the page's commands and notes the images. Nothing is decoded.
///
/// # Errors
/// `too_large` if an image, or the mask that belongs to it, has more pixels than allowed.
pub(super) fn survey(
    page: &Page<'_>,
    settings: &InterpreterSettings,
    limits: &Limits,
) -> Result<Seen, Failure> {
    let mut device = Surveyor {
        limits,
        seen: Seen::default(),
        layers: vec![],
        clips: vec![],
        failure: None,
    };
    run(page, settings, &mut device);
    match device.failure {
        Some(failure) => Err(failure),
        None => Ok(device.seen),
    }
}

/// Runs the page's commands on a device, in points of the shown page, y down.
pub(super) fn run<'a>(
    page: &Page<'a>,
    settings: &InterpreterSettings,
    device: &mut impl Device<'a>,
) {
    let (width, height) = page.render_dimensions();
    let cache = InterpreterCache::new();
    let mut context = Context::new(
        page.initial_transform(true).to_kurbo(),
        Rect::new(0.0, 0.0, width.into(), height.into()),
        &cache,
        page.xref(),
        settings.clone(),
    );
    interpret_page(page, &mut context, device);
}

struct Surveyor<'l> {
    limits: &'l Limits,
    seen: Seen,
    /// Whether each open transparency group leaves colours as they are.
    layers: Vec<bool>,
    /// The open clips; `None` where one is not a plain rectangle.
    clips: Vec<Option<Rect>>,
    failure: Option<Failure>,
}

impl Surveyor<'_> {
    fn mark(&mut self) {
        if self.seen.images.is_empty() {
            self.seen.marks_before = true;
        } else {
            self.seen.marks_after = true;
        }
    }

    /// A clip is harmless if it reaches the edges of the image, give or take a point.
    fn cut(&self, area: Rect) -> bool {
        self.clips
            .iter()
            .any(|clip| clip.is_none_or(|clip| !clip.inflate(1.0, 1.0).contains_rect(area)))
    }
}

impl<'a> Device<'a> for Surveyor<'_> {
    fn draw_path(&mut self, path: &BezPath, _: DrawProps<'a>, _: &DrawMode) {
        if !path.elements().is_empty() {
            self.mark();
        }
    }

    fn draw_glyph_run(&mut self, _: &GlyphRun<'_, 'a>, _: DrawProps<'a>, mode: &DrawMode) {
        // Scanners with text recognition lay invisible text over the image.
        if !matches!(mode, DrawMode::Invisible) {
            self.mark();
        }
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        let bounds = clip.path.bounding_box();
        let rectangle = (clip.path.area().abs() - bounds.area()).abs() <= 0.01 * bounds.area();
        self.clips.push(rectangle.then_some(bounds));
    }

    fn push_clip_rect(&mut self, rect: &Rect) {
        self.clips.push(Some(*rect));
    }

    fn push_transparency_group(
        &mut self,
        opacity: f32,
        mask: Option<SoftMask<'a>>,
        blend_mode: BlendMode,
    ) {
        self.layers
            .push(opacity >= 1.0 && mask.is_none() && blend_mode == BlendMode::Normal);
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let (width, height) = (image.width(), image.height());
        let stream = match &image {
            Image::Stencil(stencil) => stencil.stream(),
            Image::Raster(raster) => raster.stream(),
        };
        let checked = self
            .limits
            .check_pixels(width, height)
            .and_then(|()| check_mask(stream, self.limits));
        if let Err(failure) = checked {
            self.failure.get_or_insert(failure);
        }
        let mut drawn = Drawn {
            width,
            height,
            transform: props.transform,
            plain: false,
            order: self.seen.images.len(),
        };
        drawn.plain = self.layers.iter().all(|plain| *plain)
            && props.soft_mask.is_none()
            && props.blend_mode == BlendMode::Normal
            && !self.cut(drawn.area());
        self.seen.images.push(drawn);
    }

    fn pop_clip(&mut self) {
        self.clips.pop();
    }

    fn pop_transparency_group(&mut self) {
        self.layers.pop();
    }
}

fn check_mask(stream: &Stream<'_>, limits: &Limits) -> Result<(), Failure> {
    for key in [&b"SMask"[..], b"Mask"] {
        if let Some(mask) = stream.dict().get::<Stream<'_>>(key) {
            let side = |name: &[u8]| mask.dict().get::<u32>(name).unwrap_or(1);
            limits.check_pixels(side(b"Width"), side(b"Height"))?;
        }
    }
    Ok(())
}
