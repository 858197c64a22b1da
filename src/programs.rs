//! Finding the sibling programs (`enrol-reader`, `enrol-decoder`, ...).
//!
//! They are separate programs so that Tesseract and the decoders of untrusted files never link into the web server.

use std::path::PathBuf;

/// A sibling program is not where it should be.
#[derive(Debug, thiserror::Error)]
#[error(
    "the program {name} was not found beside {beside}; build everything with `cargo build --workspace`, \
     or name its folder in ENROL_PROGRAMS"
)]
pub struct MissingProgram {
    name: String,
    beside: String,
}

/// Path of the sibling program `name`: in the folder ENROL_PROGRAMS, else beside the running executable, else in
/// the folder above it (tests run one folder below the programs).
///
/// # Errors
/// [`MissingProgram`] when it is in none of these places; installing or building it is the remedy.
pub fn path(name: &str) -> Result<PathBuf, MissingProgram> {
    let named_folder = std::env::var_os("ENROL_PROGRAMS").map(PathBuf::from);
    let own_folder = std::env::current_exe()
        .ok()
        .and_then(|exe| exe.parent().map(PathBuf::from));
    let parent_folder = own_folder
        .as_ref()
        .and_then(|folder| folder.parent().map(PathBuf::from));
    let beside = own_folder
        .as_ref()
        .map_or_else(String::new, |f| f.display().to_string());
    [named_folder, own_folder, parent_folder]
        .into_iter()
        .flatten()
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .ok_or_else(|| MissingProgram {
            name: name.to_owned(),
            beside,
        })
}
