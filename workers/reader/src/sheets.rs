//! Reading pages of a file as the pages of a form that somebody said they are.

use enrol::decoding::{DecodeError, DecodeLimits, Decoded};
use enrol::domain::field::FieldState;
use enrol::domain::reading::{FieldReading, SheetReading};
use enrol::forms::definition::FormDefinition;

use crate::digital::{self, DigitalForm};
use crate::raster::Grey;
use crate::registration::homography::Homography;
use crate::registration::{self, PreparedPage};
use crate::stages::StageClock;
use crate::{ReadError, Reader};

/// A page of a file and what somebody said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaidSheet {
    /// Page of the file, from 1.
    pub number: u32,
    /// Page of the form, from 1.
    pub form_page: u32,
    /// Degrees clockwise by which it is turned first.
    pub turn: u32,
}

/// The form that the pages are said to belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidForm {
    /// Index of its definition.
    pub definition: usize,
    /// Its set number, where it has one.
    pub set_number: Option<String>,
}

/// Reads the pages `wanted` of one file, in their order. A page that cannot be laid on the form comes back without values
/// and with a remark: whoever looks at it types what is written.
///
/// # Errors
/// The file cannot be decoded or has no such page, or the reader itself failed.
pub fn read_sheets(
    reader: &Reader,
    bytes: &[u8],
    said: &SaidForm,
    wanted: &[SaidSheet],
) -> Result<Vec<SheetReading>, ReadError> {
    let mut read: Vec<Option<SheetReading>> = vec![None; wanted.len()];
    let mut form: Option<DigitalForm> = None;
    let mut unread: Option<String> = None;
    let (decoder, limits) = reader.decoder();
    let limits = DecodeLimits {
        only_page: match wanted {
            [one] => Some(one.number),
            _ => None,
        },
        ..limits.clone()
    };
    decoder.decode_all(
        bytes,
        &limits,
        |decoded: Decoded| -> Result<(), ReadError> {
            let page = match decoded {
                Decoded::Page(page) => page,
                Decoded::Form(filled) => {
                    unread = filled.unread.as_deref().map(digital::unread);
                    form = DigitalForm::of(filled);
                    return Ok(());
                }
            };
            let number = page.number;
            let picture =
                Grey::from_pixels(page.width as usize, page.height as usize, page.grey)
                    .ok_or_else(|| DecodeError::Damaged("a page without pixels".to_owned()))?;
            for (at, sheet) in wanted.iter().enumerate() {
                if sheet.number == number {
                    let form = form.as_ref();
                    read[at] = Some(read_sheet(
                        reader,
                        &picture,
                        said,
                        *sheet,
                        form,
                        unread.as_deref(),
                    )?);
                }
            }
            Ok(())
        },
    )?;
    read.into_iter()
        .map(|sheet| {
            let missing = || DecodeError::Damaged("a page is missing from it".to_owned()).into();
            sheet.ok_or_else(missing)
        })
        .collect()
}

fn read_sheet(
    reader: &Reader,
    picture: &Grey,
    said: &SaidForm,
    sheet: SaidSheet,
    form: Option<&DigitalForm>,
    unread: Option<&str>,
) -> Result<SheetReading, ReadError> {
    let quarters = sheet.turn / 90;
    let back = Homography::turning_back(quarters, picture.width, picture.height);
    let page = PreparedPage::new(picture.turned(quarters));
    let definitions = reader.definitions();
    let definition = &definitions[said.definition];
    let placed = match registration::place_as(&page, definitions, said.definition, sheet.form_page)
    {
        Ok(placed) => placed,
        Err(why) => return Ok(not_laid(&page.picture, definition, sheet, &back, &why)),
    };
    let mut clock = StageClock::off();
    let fields = reader.read_placed(&page, &placed, sheet.number, form, unread, &mut clock)?;
    let mut fields: Vec<FieldReading> = fields.into_iter().map(|f| f.reading).collect();
    let mut remark = None;
    let other_set = |of_form: &String| {
        let of_sheet = placed.code.set_number.as_ref();
        of_sheet.is_some_and(|number| number != of_form)
    };
    if said.set_number.as_ref().is_some_and(other_set) {
        let number = sheet.form_page;
        let text = format!(
            "The set number on page {number} is not that of this form: check that it is the same family's."
        );
        ask_a_person(&mut fields, &text);
        remark = Some(text);
    }
    let homography = back.after(&placed.homography).unwrap_or(placed.homography);
    Ok(SheetReading {
        form_page: sheet.form_page,
        residual_mm: placed.residual_mm,
        homography: homography.rows(),
        fields,
        remark,
    })
}

/// Nothing of it is accepted by machine.
fn ask_a_person(fields: &mut [FieldReading], why: &str) {
    for field in fields {
        if field.state == FieldState::Accepted {
            field.state = FieldState::Review;
        }
        if field.state == FieldState::Review {
            field.reasons.push(why.to_owned());
        }
    }
}

/// A page whose zones are not known: its whole picture stands for the form's page, and every field is open.
fn not_laid(
    picture: &Grey,
    definition: &FormDefinition,
    sheet: SaidSheet,
    back: &Homography,
    why: &str,
) -> SheetReading {
    let number = sheet.form_page;
    let size = definition.page;
    let (x, y) = (
        picture.width as f64 / size.width_mm,
        picture.height as f64 / size.height_mm,
    );
    let whole = Homography::from_rows([x, 0.0, 0.0, 0.0, y, 0.0, 0.0, 0.0, 1.0])
        .and_then(|whole| back.after(&whole))
        .unwrap_or(Homography::IDENTITY);
    let fields = definition
        .fields
        .iter()
        .filter(|field| field.page == number)
        .map(|field| FieldReading {
            name: field.name.clone(),
            kind: field.kind,
            raw: None,
            value: None,
            confidence: 0.0,
            state: FieldState::Review,
            reasons: vec![format!(
                "Page {number} could not be laid on the form, so nothing of it was read: type what is written, from the \
                 picture of the page."
            )],
            page: number,
            zone: field.zone.into(),
            alternatives: Vec::new(),
            signals: None,
        })
        .collect();
    SheetReading {
        form_page: number,
        residual_mm: 0.0,
        homography: whole.rows(),
        fields,
        remark: Some(format!(
            "Page {number} could not be laid on the form, so nothing of it was read. {why} Put it right under “Pages of the \
             form”, or type what is written."
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A dot on a turned picture is found again on the picture as it was.
        #[test]
        fn turning_back_finds_every_pixel(
            width in 1usize..40, height in 1usize..40, quarters in 0u32..4, at in any::<prop::sample::Index>(),
        ) {
            let at = at.index(width * height);
            let (x, y) = (at % width, at / width);
            let mut picture = Grey::filled(width, height, 255);
            picture.set(x, y, 0);
            let turned = picture.turned(quarters);
            let dot = turned.pixels.iter().position(|p| *p == 0).unwrap_or_default();
            let middle = [(dot % turned.width) as f64 + 0.5, (dot / turned.width) as f64 + 0.5];
            let [bx, by] = Homography::turning_back(quarters, width, height).to_page(middle);
            prop_assert!((bx - (x as f64 + 0.5)).abs() < 1e-9 && (by - (y as f64 + 0.5)).abs() < 1e-9);
        }

        /// Four quarters are a whole turn.
        #[test]
        fn four_quarters_are_a_whole_turn(width in 1usize..20, height in 1usize..20, first in 0u32..4) {
            let pixels = (0..width * height).map(|i| (i % 251) as u8).collect();
            let picture = Grey { width, height, pixels };
            prop_assert!(picture.turned(first).turned(4 - first) == picture);
        }
    }
}
