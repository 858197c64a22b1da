//! Prints a definition as a vector PDF: what a parent fills in and what the reader later goes by.

mod font;
mod form_fields;
mod page;
mod tags;
#[cfg(test)]
mod tests;

use krilla::Document;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

pub use font::{FONT_FOLDER_VARIABLE, Fonts};

use super::definition::FormDefinition;
use super::page_code::PageCode;

/// Why a form could not be printed. None of these passes by itself.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// The fonts are not on this machine.
    #[error(
        "cannot read the font {path}: {cause}; install the package fonts-liberation, or name a folder that has \
         {path_name} in {FONT_FOLDER_VARIABLE}"
    )]
    FontMissing {
        /// The file looked for.
        path: String,
        /// Its name without the folder.
        path_name: &'static str,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The file is there and is no font.
    #[error("the file {path} is no TrueType font; install the package fonts-liberation again")]
    FontDamaged {
        /// The file.
        path: String,
    },
    /// The set number is not six digits.
    #[error("the set number has to be six digits")]
    SetNumber,
    /// The form has fewer pages.
    #[error("the form has no page {0}")]
    NoSuchPage(u32),
    /// What a page's QR code has to say does not fit into one.
    #[error("the form's id is too long for a QR code")]
    CodeTooLong,
    /// Two fields of the definition cannot both be form fields of a PDF.
    #[error(
        "`{0}` cannot be filled in on a screen: one field's name is part of another's, or an option's value holds a \
         full stop; rename one of them, or print with --flat"
    )]
    FieldName(String),
    /// The PDF library gave up.
    #[error("the PDF could not be written: {0}")]
    Pdf(String),
}

/// Prints one copy of the form for every entry of `set_numbers`, one after the other in one PDF. `None` prints a copy
/// without a set number, meant for photocopying.
///
/// # Errors
/// The fonts are missing or damaged, or a set number is not six digits.
pub fn print(
    definition: &FormDefinition,
    set_numbers: &[Option<String>],
) -> Result<Vec<u8>, PrintError> {
    print_with(definition, set_numbers, &Fonts::find()?)
}

/// [`print()`] with fonts loaded by the caller.
///
/// # Errors
/// A set number is not six digits.
pub fn print_with(
    definition: &FormDefinition,
    set_numbers: &[Option<String>],
    fonts: &Fonts,
) -> Result<Vec<u8>, PrintError> {
    let sheets: Vec<_> = set_numbers
        .iter()
        .flat_map(|set| (1..=definition.pages).map(move |page| (set.as_deref(), page)))
        .collect();
    print_sheets(definition, &sheets, fonts)
}

/// Prints single pages of one set again, for sheets that got lost.
///
/// # Errors
/// A page is not one of the form's, or the set number is not six digits.
pub fn print_pages(
    definition: &FormDefinition,
    set_number: &str,
    pages: &[u32],
    fonts: &Fonts,
) -> Result<Vec<u8>, PrintError> {
    let sheets: Vec<_> = pages.iter().map(|page| (Some(set_number), *page)).collect();
    print_sheets(definition, &sheets, fonts)
}

/// Draws the sheets in this order: set number and page.
fn print_sheets(
    definition: &FormDefinition,
    sheets: &[(Option<&str>, u32)],
    fonts: &Fonts,
) -> Result<Vec<u8>, PrintError> {
    let well_formed = |set: &str| set.len() == 6 && set.bytes().all(|b| b.is_ascii_digit());
    if !sheets.iter().filter_map(|(set, _)| *set).all(well_formed) {
        return Err(PrintError::SetNumber);
    }
    if let Some((_, page)) = sheets
        .iter()
        .find(|(_, page)| !(1..=definition.pages).contains(page))
    {
        return Err(PrintError::NoSuchPage(*page));
    }
    let mut document = Document::new();
    let mut tags = tags::Tags::new();
    let points = |mm: f64| (mm / super::metrics::MM_PER_POINT) as f32;
    for (set, number) in sheets {
        let size = PageSettings::from_wh(
            points(definition.page.width_mm),
            points(definition.page.height_mm),
        );
        let mut sheet = document.start_page_with(size.expect("a page has a size"));
        let mut surface = sheet.surface();
        page::draw(&mut surface, definition, *number, *set, fonts, &mut tags)?;
        surface.finish();
        sheet.finish();
    }
    document.set_tag_tree(tags.tree());
    let title = format!("{}, version {}", definition.title, definition.version);
    document.set_metadata(
        Metadata::new()
            .title(title)
            .language("en-GB".to_owned())
            .creator("Enrol".to_owned()),
    );
    document
        .finish()
        .map_err(|error| PrintError::Pdf(format!("{error:?}")))
}

/// `count` distinct random set numbers, in ascending order. Two print runs of one form hardly ever share one, and
/// intake notices when they do.
pub fn set_numbers(count: usize, random: &mut impl rand::Rng) -> Vec<String> {
    let mut numbers = std::collections::BTreeSet::new();
    while numbers.len() < count {
        numbers.insert(random.random_range(100_000..=999_999_u32));
    }
    numbers.into_iter().map(|n| n.to_string()).collect()
}

/// Prints one copy that can also be filled in on a screen: what [`print_with`] draws, with form fields over it that
/// show nothing until something is typed. One copy only, because form fields of one name in a PDF are one field.
///
/// # Errors
/// As [`print_with`], or the definition's names cannot be those of form fields.
pub fn print_fillable(
    definition: &FormDefinition,
    set_number: Option<&str>,
    fonts: &Fonts,
) -> Result<Vec<u8>, PrintError> {
    let drawn = print_with(definition, &[set_number.map(str::to_owned)], fonts)?;
    form_fields::add(&drawn, definition, set_number)
}

/// The QR code of a page. Always at least version 3, so that all pages of all forms carry codes of one size; as much
/// error correction as fits, a quarter at least, for creases and coffee.
///
/// # Errors
/// The payload is too long.
pub fn qr_modules(code: &PageCode) -> Result<QrCode, PrintError> {
    let segments = QrSegment::make_segments(&code.to_string());
    let (least, most) = (Version::new(3), Version::new(10));
    QrCode::encode_segments_advanced(&segments, QrCodeEcc::Quartile, least, most, None, true)
        .map_err(|_| PrintError::CodeTooLong)
}
