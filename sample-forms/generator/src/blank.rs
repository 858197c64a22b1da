//! The printed form as a picture of each page.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};

use crate::scan::{PAPER_DPI, Picture};

/// Turns a PDF into pictures at [`PAPER_DPI`], 210 mm becoming 2480 pixels.
///
/// # Errors
/// Fails (for good) when the PDF cannot be read or has no pages.
pub fn rasterise(pdf: Vec<u8>) -> anyhow::Result<Vec<Picture>> {
    let pdf = Pdf::new(Arc::new(pdf))
        .map_err(|e| anyhow::anyhow!("cannot read the printed form: {e:?}"))?;
    ensure!(!pdf.pages().is_empty(), "the printed form has no pages");
    let cache = RenderCache::new();
    let scale = PAPER_DPI / 72.0;
    let settings = PixmapSettings {
        x_scale: scale,
        y_scale: scale,
        bg_color: WHITE,
    };
    pdf.pages()
        .iter()
        .map(|page| {
            let pixmap = render(
                page,
                &cache,
                &InterpreterSettings::default(),
                &RenderSettings::default(),
                &settings,
            );
            let (width, height) = (usize::from(pixmap.width()), usize::from(pixmap.height()));
            let pixels = pixmap
                .data()
                .iter()
                .map(|p| [p.r, p.g, p.b])
                .collect::<Vec<_>>();
            (pixels.len() == width * height)
                .then_some(Picture {
                    width,
                    height,
                    pixels,
                })
                .context("the renderer gave a picture of another size")
        })
        .collect()
}
