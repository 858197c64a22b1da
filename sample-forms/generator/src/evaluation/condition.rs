//! The conditions under which forms are delivered, and what each does to a page.

use rand::Rng;

use crate::scan::Mode;

/// A capture condition. `truth.json` names it, and accuracy is reported by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Condition {
    /// A good scanner at 300 dpi.
    Clean,
    /// An office scanner at 200 dpi.
    Office,
    /// Grey at 150 dpi.
    Coarse,
    /// Grey at 400 dpi.
    Fine,
    /// Black and white at 200 dpi, as fax servers deliver.
    Fax,
    /// Black and white at 300 dpi.
    BlackWhite,
    /// A photocopy of a photocopy, scanned.
    Photocopy,
    /// Scanned too dark.
    Dark,
    /// Scanned too light.
    WashedOut,
    /// Printed by a browser that fits the page to the paper: 94 to 104 %.
    FitToPage,
    /// Up to 8 degrees askew.
    Skewed,
    /// Fed unevenly: stretched along the feed, not everywhere alike.
    Stretched,
    /// A corner mark under a stamp or a staple, or torn off.
    Corner,
    /// The code is smudged.
    SmudgedCode,
    /// A telephone's photograph.
    Photo,
    /// Scanned in colour, sometimes on tinted paper.
    Colour,
}

/// All conditions, in the order in which forms go through them.
pub const ALL: [Condition; 16] = [
    Condition::Clean,
    Condition::Office,
    Condition::Coarse,
    Condition::Fine,
    Condition::Fax,
    Condition::BlackWhite,
    Condition::Photocopy,
    Condition::Dark,
    Condition::WashedOut,
    Condition::FitToPage,
    Condition::Skewed,
    Condition::Stretched,
    Condition::Corner,
    Condition::SmudgedCode,
    Condition::Photo,
    Condition::Colour,
];

impl Condition {
    /// The name in `truth.json` and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Office => "office",
            Self::Coarse => "coarse",
            Self::Fine => "fine",
            Self::Fax => "fax",
            Self::BlackWhite => "black-white",
            Self::Photocopy => "photocopy",
            Self::Dark => "dark",
            Self::WashedOut => "washed-out",
            Self::FitToPage => "fit-to-page",
            Self::Skewed => "skewed",
            Self::Stretched => "stretched",
            Self::Corner => "corner",
            Self::SmudgedCode => "smudged-code",
            Self::Photo => "photo",
            Self::Colour => "colour",
        }
    }

    /// How pages of one form are captured under this condition.
    pub fn settings(self, random: &mut impl Rng) -> Settings {
        let white = random.random_range(232.0..252.0);
        let mut settings = Settings {
            dpi: if random.random_bool(0.7) {
                200.0
            } else {
                300.0
            },
            mode: Mode::Grey,
            print_scale: (1.0, 1.0),
            skew: random.random_range(-1.0..1.0),
            stretch: (
                random.random_range(0.995..1.005),
                random.random_range(0.993..1.007),
            ),
            bend_mm: 0.0,
            shift_mm: (
                random.random_range(-2.0..2.0),
                random.random_range(-2.5..2.5),
            ),
            blur_mm: random.random_range(0.03..0.06),
            noise: random.random_range(1.0..2.5),
            paper: [white, white - 2.0, white - 7.0],
            black: random.random_range(8.0..30.0),
            gamma: 1.0,
            lamp: random.random_range(1.0..4.0),
            threshold: random.random_range(135.0..185.0),
            copies: 0,
            photographed: false,
            backing: if random.random_bool(0.5) {
                250.0
            } else {
                190.0
            },
            quality: random.random_range(55..86),
        };
        match self {
            Self::Clean => {
                settings.dpi = 300.0;
                settings.skew *= 0.4;
                settings.noise = 0.8;
                settings.quality = 88;
            }
            Self::Office => settings.dpi = 200.0,
            Self::Coarse => settings.dpi = 150.0,
            Self::Fine => settings.dpi = 400.0,
            Self::Fax => {
                settings.dpi = 200.0;
                settings.mode = Mode::Bilevel;
            }
            Self::BlackWhite => {
                settings.dpi = 300.0;
                settings.mode = Mode::Bilevel;
            }
            Self::Photocopy => {
                settings.copies = 2;
                settings.print_scale = (
                    random.random_range(0.985..1.012),
                    random.random_range(0.985..1.012),
                );
            }
            Self::Dark => {
                let dark = random.random_range(130.0..190.0);
                settings.paper = [dark, dark - 3.0, dark - 8.0];
                settings.black = random.random_range(0.0..12.0);
                settings.gamma = random.random_range(1.0..1.35);
            }
            Self::WashedOut => {
                settings.paper = [254.0, 253.0, 251.0];
                settings.black = random.random_range(60.0..115.0);
                settings.gamma = random.random_range(0.6..0.9);
            }
            Self::FitToPage => {
                let scale = random.random_range(0.94..1.04);
                settings.print_scale = (scale, scale);
            }
            Self::Skewed => {
                let side = if random.random_bool(0.5) { 1.0 } else { -1.0 };
                settings.skew = side * random.random_range(2.0..8.0);
            }
            Self::Stretched => {
                settings.stretch.1 = random.random_range(0.975..1.025);
                settings.bend_mm = random.random_range(0.15..0.6);
            }
            Self::Corner | Self::SmudgedCode => {}
            Self::Photo => {
                settings.photographed = true;
                settings.mode = Mode::Colour;
                settings.dpi = random.random_range(210.0..300.0);
                settings.blur_mm = random.random_range(0.05..0.1);
                settings.noise = random.random_range(1.5..3.5);
                settings.quality = 80;
            }
            Self::Colour => {
                settings.mode = Mode::Colour;
                if random.random_bool(0.4) {
                    settings.paper = [
                        random.random_range(225.0..250.0),
                        random.random_range(222.0..246.0),
                        random.random_range(190.0..238.0),
                    ];
                }
            }
        }
        settings
    }
}

/// How the pages of one form are captured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Resolution; of a photograph, over the middle of the sheet.
    pub dpi: f32,
    /// Pixels delivered.
    pub mode: Mode,
    /// Size of the print against the original, across and down.
    pub print_scale: (f32, f32),
    /// Degrees clockwise.
    pub skew: f32,
    /// Stretch across and along the feed.
    pub stretch: (f32, f32),
    /// How far the feed runs ahead and behind, millimetres.
    pub bend_mm: f32,
    /// Where the sheet lies, millimetres right and down.
    pub shift_mm: (f32, f32),
    /// Blur of the optics, standard deviation in millimetres.
    pub blur_mm: f32,
    /// Noise, standard deviation in grey levels.
    pub noise: f32,
    /// Level of white paper, red, green and blue.
    pub paper: [f32; 3],
    /// Level of full black.
    pub black: f32,
    /// Above 1 darkens what is between, below 1 lightens it.
    pub gamma: f32,
    /// Unevenness of the lamp in grey levels.
    pub lamp: f32,
    /// Below this a bilevel pixel is black (of 255).
    pub threshold: f32,
    /// Times the sheet was photocopied before.
    pub copies: u32,
    /// By a telephone: perspective, shadow, a table around.
    pub photographed: bool,
    /// What is seen beside the sheet.
    pub backing: f32,
    /// JPEG quality.
    pub quality: u8,
}
