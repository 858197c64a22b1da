//! Reception: print blank forms, upload scans, and see what became of each, in plain words.

pub(super) mod blanks;
pub(super) mod list;
pub(super) mod upload;
pub(super) mod way;

use super::routes::Routes;

/// Addresses of reception, the upload itself apart.
pub(super) fn routes() -> Routes {
    Routes::default()
        .get("/reception", list::show)
        .get("/reception/rows", list::rows)
        .get("/reception/blanks", blanks::show)
        .post("/reception/blanks", blanks::make)
        .get(
            "/reception/forms/{form}/missing-pages",
            blanks::missing_pages,
        )
        .get("/reception/{document}", list::scan)
}

/// Where the keys of files uploaded here begin.
pub(super) const UPLOADS: &str = "reception/";
/// What stands before that, with the code of the centre, where the uploader works for a centre.
pub(super) const CENTRES: &str = "centres/";
