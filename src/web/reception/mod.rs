//! Reception: print blank forms, upload scans, and see what became of each, in plain words.

pub(super) mod blanks;
pub(super) mod list;
pub(super) mod upload;
pub(super) mod way;

/// Where the keys of files uploaded here begin.
const UPLOADS: &str = "reception/";
