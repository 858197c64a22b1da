//! The fonts a form is printed in, found on the machine at run time.

use std::path::{Path, PathBuf};

use krilla::text::Font;

use super::PrintError;
use crate::forms::metrics::Weight;

/// Environment variable naming the folder that has the fonts.
pub const FONT_FOLDER_VARIABLE: &str = "ENROL_FONT_FOLDER";

/// Where Debian and Ubuntu put the fonts of the package fonts-liberation, by release.
const FOLDERS: [&str; 3] = [
    "/usr/share/fonts/truetype/liberation",
    "/usr/share/fonts/truetype/liberation2",
    "/usr/share/fonts/liberation-sans",
];

/// Regular and bold. Liberation Sans or a font of the same widths, because the layout is computed with those.
pub struct Fonts {
    regular: Font,
    bold: Font,
}

impl Fonts {
    /// Finds the fonts: in the folder that `ENROL_FONT_FOLDER` names, else where the system has Liberation Sans.
    ///
    /// # Errors
    /// They are missing or damaged; the message names the package to install.
    pub fn find() -> Result<Self, PrintError> {
        if let Some(folder) = std::env::var_os(FONT_FOLDER_VARIABLE) {
            return Self::from_folder(Path::new(&folder));
        }
        let found = FOLDERS
            .map(PathBuf::from)
            .into_iter()
            .find(|f| f.join("LiberationSans-Regular.ttf").is_file());
        Self::from_folder(&found.unwrap_or_else(|| PathBuf::from(FOLDERS[0])))
    }

    /// Loads `LiberationSans-Regular.ttf` and `LiberationSans-Bold.ttf` from a folder.
    ///
    /// # Errors
    /// They are missing or damaged.
    pub fn from_folder(folder: &Path) -> Result<Self, PrintError> {
        let load = |name: &'static str| {
            let path = folder.join(name);
            let shown = path.display().to_string();
            let bytes = std::fs::read(&path).map_err(|cause| PrintError::FontMissing {
                path: shown.clone(),
                path_name: name,
                cause,
            })?;
            Font::new(bytes.into(), 0).ok_or(PrintError::FontDamaged { path: shown })
        };
        Ok(Self {
            regular: load("LiberationSans-Regular.ttf")?,
            bold: load("LiberationSans-Bold.ttf")?,
        })
    }

    /// The font of a weight.
    pub fn of(&self, weight: Weight) -> Font {
        match weight {
            Weight::Regular => self.regular.clone(),
            Weight::Bold => self.bold.clone(),
        }
    }
}
