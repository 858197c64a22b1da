//! What the page of a form's pages sends: for each sheet a place and a turn.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::storage::page_plan::{Move, Place, Sheet};
use crate::web::page_error::PageError;
use crate::web::posted::Posted;

/// A place as the page sends it.
pub(super) fn name_of(place: Place) -> String {
    match place {
        Place::Page(form, page) => format!("page:{form}:{page}"),
        Place::New(page) => format!("new:{page}"),
        // Where it is now; nobody moves a sheet there by name.
        Place::Spare(..) => "as-it-is".to_owned(),
        Place::Nowhere => "nowhere".to_owned(),
    }
}

fn place_named(name: &str, sheet: &Sheet) -> Option<Place> {
    let mut parts = name.split(':');
    let place = match (parts.next()?, parts.next(), parts.next()) {
        ("page", Some(form), Some(page)) => Place::Page(form.parse().ok()?, page.parse().ok()?),
        ("new", Some(page), None) => Place::New(page.parse().ok()?),
        ("nowhere", None, None) => Place::Nowhere,
        ("as-it-is", None, None) => sheet.place,
        _ => return None,
    };
    Some(place)
}

/// What is wanted of the sheets that were shown, those left alone not among them. A sheet that nobody moved makes room
/// for one that was not in use and takes its place.
pub(super) fn moves(posted: &Posted, sheets: &[Sheet]) -> Result<Vec<Move>, PageError> {
    let mut wanted: Vec<(Move, &Sheet)> = Vec::new();
    for sheet in sheets {
        let to = match posted.first(&format!("to:{}", sheet.id)) {
            Some(name) => place_named(name, sheet).ok_or(PageError::Malformed)?,
            None => sheet.place,
        };
        let turn = match posted.first(&format!("turn:{}", sheet.id)) {
            Some(turn) => turn.parse().map_err(|_| PageError::Malformed)?,
            None => sheet.turn,
        };
        if !matches!(turn, 0 | 90 | 180 | 270) {
            return Err(PageError::Malformed);
        }
        let sheet_move = Move {
            sheet: sheet.id,
            to,
            turn,
        };
        wanted.push((sheet_move, sheet));
    }
    let taken: Vec<Place> = wanted
        .iter()
        .filter(|(m, sheet)| m.to != sheet.place && !matches!(sheet.place, Place::Page(..)))
        .map(|(m, _)| m.to)
        .collect();
    for (m, sheet) in &mut wanted {
        if let Place::Page(form, page) = m.to
            && m.to == sheet.place
            && taken.contains(&m.to)
        {
            m.to = Place::Spare(form, page);
        }
    }
    Ok(wanted
        .into_iter()
        .filter(|(m, sheet)| {
            let placed = matches!(m.to, Place::Page(..) | Place::New(_));
            m.to != sheet.place || (placed && m.turn != sheet.turn)
        })
        .map(|(m, _)| m)
        .collect())
}

/// The versions of the forms that were shown.
pub(super) fn versions(posted: &Posted) -> Result<BTreeMap<Uuid, i32>, PageError> {
    let shown = posted
        .fields
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("version:")?, value)));
    shown
        .map(|(form, version)| {
            let form = form.parse().map_err(|_| PageError::Malformed)?;
            let version = version.parse().map_err(|_| PageError::Malformed)?;
            Ok((form, version))
        })
        .collect()
}
