//! A colour canvas: rectangles, outlines and text.

use ab_glyph::{Font, FontVec, PxScale, ScaleFont};

use crate::raster::Grey;

/// Red, green, blue.
pub type Colour = [u8; 3];

/// A colour picture.
pub struct Canvas {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    pixels: Vec<u8>,
}

/// A rectangle in pixels: left, top, width, height.
pub type Area = [f64; 4];

/// The fonts for captions; without them a picture has no words.
pub struct Fonts {
    regular: FontVec,
    bold: FontVec,
}

impl Fonts {
    /// Loads Liberation Sans or DejaVu Sans from where Debian and Fedora keep them.
    pub fn find() -> Option<Self> {
        const FOLDERS: [&str; 4] = [
            "/usr/share/fonts/truetype/liberation",
            "/usr/share/fonts/truetype/liberation2",
            "/usr/share/fonts/liberation-sans",
            "/usr/share/fonts/truetype/dejavu",
        ];
        const NAMES: [(&str, &str); 2] = [
            ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
            ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
        ];
        let load = |folder: &str, name: &str| {
            FontVec::try_from_vec(std::fs::read(format!("{folder}/{name}")).ok()?).ok()
        };
        FOLDERS
            .iter()
            .flat_map(|folder| NAMES.iter().map(move |names| (folder, names)))
            .find_map(|(folder, (regular, bold))| {
                Some(Self {
                    regular: load(folder, regular)?,
                    bold: load(folder, bold)?,
                })
            })
    }

    fn font(&self, bold: bool) -> &FontVec {
        if bold { &self.bold } else { &self.regular }
    }

    /// Width of a line of text in pixels.
    pub fn width(&self, text: &str, size: f64, bold: bool) -> f64 {
        let font = self.font(bold).as_scaled(PxScale::from(size as f32));
        f64::from(
            text.chars()
                .map(|c| font.h_advance(font.glyph_id(c)))
                .sum::<f32>(),
        )
    }
}

impl Canvas {
    /// A canvas of one colour.
    pub fn new(width: usize, height: usize, colour: Colour) -> Self {
        Self {
            width,
            height,
            pixels: colour.repeat(width * height),
        }
    }

    /// Lays a colour over a pixel; `strength` 0 leaves it, 1 covers it.
    fn blend(&mut self, x: isize, y: isize, colour: Colour, strength: f64) {
        if x < 0 || y < 0 || x as usize >= self.width || y as usize >= self.height {
            return;
        }
        let at = 3 * (y as usize * self.width + x as usize);
        for (pixel, own) in self.pixels[at..at + 3].iter_mut().zip(colour) {
            *pixel =
                (f64::from(*pixel) * (1.0 - strength) + f64::from(own) * strength).round() as u8;
        }
    }

    /// Puts a grey picture on the canvas.
    pub fn paste(&mut self, picture: &Grey, left: usize, top: usize) {
        for y in 0..picture.height.min(self.height.saturating_sub(top)) {
            for x in 0..picture.width.min(self.width.saturating_sub(left)) {
                let at = 3 * ((y + top) * self.width + x + left);
                self.pixels[at..at + 3].fill(picture.at(x, y));
            }
        }
    }

    /// Fills an area; `strength` below 1 lets what is under it show through.
    pub fn fill(&mut self, [x, y, width, height]: Area, colour: Colour, strength: f64) {
        let (left, right) = (x.round() as isize, (x + width).round() as isize);
        for row in y.round() as isize..(y + height).round() as isize {
            for column in left..right {
                self.blend(column, row, colour, strength);
            }
        }
    }

    /// Tints an area as a marker pen would: dark stays dark.
    pub fn tint(&mut self, [x, y, width, height]: Area, colour: Colour, strength: f64) {
        for row in
            y.round().max(0.0) as usize..((y + height).round().max(0.0) as usize).min(self.height)
        {
            for column in
                x.round().max(0.0) as usize..((x + width).round().max(0.0) as usize).min(self.width)
            {
                let at = 3 * (row * self.width + column);
                for (pixel, own) in self.pixels[at..at + 3].iter_mut().zip(colour) {
                    let through = 1.0 - strength * (1.0 - f64::from(own) / 255.0);
                    *pixel = (f64::from(*pixel) * through).round() as u8;
                }
            }
        }
    }

    /// Draws an outline of `thickness` pixels just outside an area.
    pub fn outline(&mut self, [x, y, width, height]: Area, thickness: f64, colour: Colour) {
        let t = thickness;
        self.fill([x - t, y - t, width + 2.0 * t, t], colour, 1.0);
        self.fill([x - t, y + height, width + 2.0 * t, t], colour, 1.0);
        self.fill([x - t, y, t, height], colour, 1.0);
        self.fill([x + width, y, t, height], colour, 1.0);
    }

    /// Writes a line with its baseline at `baseline`; returns where it ends.
    pub fn text(
        &mut self,
        fonts: &Fonts,
        (x, baseline): (f64, f64),
        text: &str,
        size: f64,
        bold: bool,
        colour: Colour,
    ) -> f64 {
        let font = fonts.font(bold);
        let scaled = font.as_scaled(PxScale::from(size as f32));
        let mut at = x as f32;
        for character in text.chars() {
            let mut glyph = scaled.scaled_glyph(character);
            glyph.position = ab_glyph::point(at, baseline as f32);
            at += scaled.h_advance(glyph.id);
            if let Some(outline) = font.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                outline.draw(|dx, dy, cover| {
                    let (px, py) = (
                        corner.x as isize + dx as isize,
                        corner.y as isize + dy as isize,
                    );
                    self.blend(px, py, colour, f64::from(cover.min(1.0)));
                });
            }
        }
        f64::from(at)
    }

    /// Writes the picture as a PNG file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &std::path::Path) -> Result<(), image::ImageError> {
        let (width, height) = (self.width as u32, self.height as u32);
        image::save_buffer_with_format(
            path,
            &self.pixels,
            width,
            height,
            image::ColorType::Rgb8,
            image::ImageFormat::Png,
        )
    }
}
