//! Styles and scripts, built by npm and found at run time.

use std::path::{Path, PathBuf};

use tower_http::services::ServeDir;

/// The built styles and scripts are not there.
#[derive(Debug, thiserror::Error)]
#[error(
    "the styles of the web pages are not built: run `make assets`, or set web.assets_folder (looked in {looked_in})"
)]
pub struct AssetsError {
    looked_in: String,
}

/// The folder with `enrol.css`: the configured one, else `assets` beside the program, else `src/web/dist` in a
/// folder above the program or the working folder.
///
/// # Errors
/// [`AssetsError`] lists where it looked; somebody has to build or install them.
pub(super) fn folder(configured: &Path) -> Result<PathBuf, AssetsError> {
    let candidates = if configured.as_os_str().is_empty() {
        usual_places()
    } else {
        vec![configured.to_owned()]
    };
    candidates
        .iter()
        .find(|folder| folder.join("enrol.css").is_file())
        .cloned()
        .ok_or_else(|| AssetsError {
            looked_in: candidates
                .iter()
                .map(|c| c.display().to_string())
                .collect::<Vec<_>>()
                .join(", "),
        })
}

fn usual_places() -> Vec<PathBuf> {
    let program = std::env::current_exe().unwrap_or_default();
    let beside = program.parent().map(|folder| folder.join("assets"));
    // target/debug/enrol and target/debug/deps/test are two and three folders below the source tree.
    let source = program
        .ancestors()
        .skip(3)
        .take(2)
        .map(|folder| folder.join("src/web/dist"));
    let here = std::env::current_dir()
        .ok()
        .map(|folder| folder.join("src/web/dist"));
    beside.into_iter().chain(source).chain(here).collect()
}

pub(super) fn service(folder: &Path) -> ServeDir {
    ServeDir::new(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_build_names_the_remedy() {
        let error = folder(Path::new("/nonexistent")).expect_err("nothing is there");
        assert!(
            error.to_string().contains("make assets") && error.to_string().contains("/nonexistent")
        );
    }
}
