//! Handwriting: one person's way of writing, and the ink it leaves on a page.

pub mod curve;
pub mod face;
pub mod ink;
pub mod marks;
pub mod writing;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rand::Rng;

use face::{Face, Shape};
use marks::Marker;

/// The fonts that stand for handwriting, and the two that stand for a typewriter.
pub const FONTS: [(&str, &str); 14] = [
    ("caveat", "Caveat_600SemiBold.ttf"),
    ("kalam", "Kalam_400Regular.ttf"),
    ("patrick-hand", "PatrickHand_400Regular.ttf"),
    ("indie-flower", "IndieFlower_400Regular.ttf"),
    ("schoolbell", "Schoolbell_400Regular.ttf"),
    ("reenie-beanie", "ReenieBeanie_400Regular.ttf"),
    ("gochi-hand", "GochiHand_400Regular.ttf"),
    ("shadows-into-light", "ShadowsIntoLight_400Regular.ttf"),
    ("architects-daughter", "ArchitectsDaughter_400Regular.ttf"),
    ("coming-soon", "ComingSoon_400Regular.ttf"),
    ("neucha", "Neucha_400Regular.ttf"),
    ("short-stack", "ShortStack_400Regular.ttf"),
    ("special-elite", "SpecialElite_400Regular.ttf"),
    ("courier-prime", "CourierPrime_400Regular.ttf"),
];

/// Where the fonts are: the packages of `package.json` beside this crate.
pub struct Fonts {
    folder: PathBuf,
    /// A file that stands for every font: tests run where no handwriting fonts are installed.
    only: Option<&'static str>,
}

impl Fonts {
    /// Uses `folder`, or the packages installed beside this crate.
    ///
    /// # Errors
    /// Fails when the fonts are not installed; retry after `npm ci`.
    pub fn locate(folder: Option<PathBuf>) -> anyhow::Result<Self> {
        let beside = Path::new("sample-forms/generator/node_modules/@expo-google-fonts");
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules/@expo-google-fonts");
        folder
            .into_iter()
            .chain([beside.to_path_buf(), built])
            .find(|f| f.is_dir())
            .map(|folder| Self { folder, only: None })
            .context(
                "the handwriting fonts are not installed: run `npm ci` in sample-forms/generator",
            )
    }

    /// Debian's print font for every hand.
    #[cfg(test)]
    pub fn print() -> Self {
        Self {
            folder: PathBuf::from("/usr/share/fonts/truetype/liberation"),
            only: Some("LiberationSans-Regular.ttf"),
        }
    }

    /// Opens the font a [`FONTS`] name stands for.
    ///
    /// # Errors
    /// Fails when the file is missing; retry after `npm ci`.
    pub fn face(&self, name: &str) -> anyhow::Result<Face> {
        let (_, file) = FONTS
            .iter()
            .find(|f| f.0 == name)
            .with_context(|| format!("no font is called {name}"))?;
        let file = self.only.unwrap_or(file);
        let path = face::find(&self.folder, file).with_context(|| {
            format!("{file} is missing: run `npm ci` in sample-forms/generator")
        })?;
        Face::open(&path)
    }
}

/// How somebody marks a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TickStyle {
    /// A tick that may leave the box.
    Tick,
    /// A cross.
    Cross,
    /// The box scribbled full.
    Fill,
    /// One slanting line.
    Slash,
    /// An X struck by a typewriter.
    Typed,
}

/// A pen: its colour, and how densely it covers the paper.
#[derive(Debug, Clone, Copy)]
pub struct Pen {
    /// Red, green and blue of full ink, 0 to 255.
    pub colour: [f32; 3],
    /// Cover of the paper at full ink, 0 to 1: pencil is low, a gel pen near 1.
    pub density: f32,
    /// How uneven the ink is, 0 to 1.
    pub grain: f32,
}

/// One person's handwriting.
pub struct Hand {
    /// The font its characters come from.
    pub face: Face,
    /// Stands in for characters that the font lacks.
    pub spare: Face,
    /// The pen.
    pub pen: Pen,
    /// Height of capitals as a share of the cell's height.
    pub size: f32,
    /// Shear: 0 upright, 0.2 leaning right.
    pub slant: f32,
    /// Largest turn of a single character, radians.
    pub tilt: f32,
    /// Spread of character sizes, share of the size.
    pub unevenness: f32,
    /// Spread of the position in a cell, share of the cell.
    pub drift: f32,
    /// Extra half-width of the pen line, millimetres.
    pub weight: f32,
    /// Wobble of outlines, share of the capital height.
    pub wobble: f32,
    /// How boxes are marked.
    pub tick: TickStyle,
    /// Whether e-mail addresses are written in capitals, as everything else in cells.
    pub shouts: bool,
}

impl Hand {
    /// The shape of a character, from the spare font when the hand's own lacks it.
    pub fn shape(&self, character: char) -> Option<Shape> {
        self.face
            .shape(character)
            .or_else(|| self.spare.shape(character))
    }

    /// The pen as marks are drawn with it.
    pub fn marker(&self) -> Marker {
        Marker {
            tick: self.tick,
            radius: 0.2 + self.weight,
        }
    }

    /// A hand with everything but the font drawn at random; `tick` as given.
    pub fn random(
        face: Face,
        spare: Face,
        pen: Pen,
        tick: TickStyle,
        random: &mut impl Rng,
    ) -> Self {
        Self {
            face,
            spare,
            pen,
            size: random.random_range(0.56..0.68),
            slant: random.random_range(-0.06..0.16),
            tilt: random.random_range(0.015..0.06),
            unevenness: random.random_range(0.02..0.07),
            drift: random.random_range(0.02..0.06),
            weight: random.random_range(0.02..0.09),
            wobble: random.random_range(0.006..0.02),
            tick,
            shouts: random.random_bool(0.25),
        }
    }

    /// Makes the hand less steady.
    pub fn hurry(&mut self) {
        self.tilt += 0.09;
        self.unevenness += 0.1;
        self.drift += 0.09;
        self.wobble += 0.012;
        self.slant += 0.08;
    }

    /// A typewriter: upright, even, every letter in its place but for a little play.
    pub fn typewriter(face: Face, spare: Face) -> Self {
        Self {
            face,
            spare,
            pen: Pen {
                colour: [34.0, 32.0, 36.0],
                density: 0.9,
                grain: 0.25,
            },
            size: 0.46,
            slant: 0.0,
            tilt: 0.008,
            unevenness: 0.0,
            drift: 0.015,
            weight: 0.0,
            wobble: 0.0,
            tick: TickStyle::Typed,
            shouts: false,
        }
    }
}

/// Pens by name.
pub mod pens {
    use super::Pen;

    /// Black ballpoint.
    pub const BLACK: Pen = Pen {
        colour: [30.0, 30.0, 36.0],
        density: 0.92,
        grain: 0.22,
    };
    /// Blue ballpoint.
    pub const BLUE: Pen = Pen {
        colour: [28.0, 46.0, 138.0],
        density: 0.9,
        grain: 0.25,
    };
    /// Dark gel pen.
    pub const GEL: Pen = Pen {
        colour: [16.0, 16.0, 22.0],
        density: 0.98,
        grain: 0.06,
    };
    /// Violet ballpoint.
    pub const VIOLET: Pen = Pen {
        colour: [78.0, 36.0, 132.0],
        density: 0.88,
        grain: 0.25,
    };
    /// Green felt tip.
    pub const GREEN: Pen = Pen {
        colour: [14.0, 92.0, 62.0],
        density: 0.9,
        grain: 0.1,
    };
    /// Soft pencil.
    pub const PENCIL: Pen = Pen {
        colour: [74.0, 74.0, 78.0],
        density: 0.8,
        grain: 0.45,
    };
}
