//! From a written sheet of paper to the pixels a scanner or a telephone delivers.

pub mod camera;
pub mod noise;
pub mod paper;
pub mod scanner;

/// Resolution at which paper is printed and written on, before it is captured.
pub const PAPER_DPI: f32 = 300.0;

/// What a capture delivers per pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Red, green and blue.
    Colour,
    /// 8-bit grey.
    Grey,
    /// Black and white.
    Bilevel,
}

/// One captured page.
pub struct Capture {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// What the pixels are.
    pub mode: Mode,
    /// Rows of pixels: 3 bytes each in colour, else 1; bilevel is 0 or 255.
    pub pixels: Vec<u8>,
    /// Resolution the device writes into the file; a telephone writes none that means anything.
    pub dpi: Option<u32>,
}

/// A colour picture with room for computing: red, green, blue from 0 to 255.
#[derive(Clone)]
pub struct Picture {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Rows of pixels.
    pub pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// A picture of one colour.
    pub fn plain(width: usize, height: usize, colour: [u8; 3]) -> Self {
        Self {
            width,
            height,
            pixels: vec![colour; width * height],
        }
    }

    /// The colour at a point (pixel centres at +0.5), interpolated; `outside` beyond the edge.
    pub fn sample(&self, x: f32, y: f32, outside: [f32; 3]) -> [f32; 3] {
        let (x, y) = (x - 0.5, y - 0.5);
        if x < 0.0 || y < 0.0 || x >= self.width as f32 - 1.0 || y >= self.height as f32 - 1.0 {
            return outside;
        }
        let (column, row) = (x as usize, y as usize);
        let (fx, fy) = (x - column as f32, y - row as f32);
        let at = row * self.width + column;
        let four = [
            self.pixels[at],
            self.pixels[at + 1],
            self.pixels[at + self.width],
            self.pixels[at + self.width + 1],
        ];
        std::array::from_fn(|c| {
            let v = four.map(|p| f32::from(p[c]));
            let top = v[0] + (v[1] - v[0]) * fx;
            let bottom = v[2] + (v[3] - v[2]) * fx;
            top + (bottom - top) * fy
        })
    }
}

/// Perceived lightness of a colour, 0 to 255.
pub fn grey(colour: [f32; 3]) -> f32 {
    0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
}
