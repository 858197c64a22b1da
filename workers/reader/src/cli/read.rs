//! `enrol-reader read`: files in, one JSON object or one table per form out.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use enrol::domain::reading::{DocumentReading, FormReading, UnplacedOutcome};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::table;
use crate::picture::{self, UprightPage};
use crate::reader::{Reader, ReaderOptions, read_document_seeing};
use crate::stages::StageClock;

/// Read scans on this machine, without any server
#[derive(Debug, clap::Args)]
pub struct ReadArgs {
    /// Scans: PDF, TIFF, JPEG or PNG
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON object per form, each on a line, instead of a table
    #[arg(long)]
    json: bool,
    /// Write a picture of the pages with each field coloured by its state; from the second form on its number is
    /// added to the name (out.png, out-2.png, ...)
    #[arg(long, value_name = "PNG")]
    picture: Option<PathBuf>,
    /// Folder of form definitions known besides the built-in ones
    #[arg(long, value_name = "DIR", env = "ENROL_READING__FORM_DEFINITIONS")]
    form_definitions: Option<PathBuf>,
}

/// Reads every file; one that fails does not stop the rest. The exit code is 1 when a file or a page could not be
/// read, 0 otherwise (blank backs are no failure).
///
/// # Errors
/// The reader itself cannot start, or the output cannot be written.
pub fn run(args: &ReadArgs) -> anyhow::Result<ExitCode> {
    let reader = Reader::new(ReaderOptions {
        form_definitions: args.form_definitions.clone(),
        ..Default::default()
    })?;
    let progress = progress_bar(args.files.len());
    let mut session = Session {
        args,
        reader: &reader,
        progress: &progress,
        forms: 0,
        failed: false,
    };
    for file in &args.files {
        session.read(file)?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(if session.failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn progress_bar(files: usize) -> ProgressBar {
    let bar = ProgressBar::new(files as u64);
    let style = ProgressStyle::with_template("{spinner} {pos}/{len} {wide_bar} {msg}  {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}

struct Session<'a> {
    args: &'a ReadArgs,
    reader: &'a Reader,
    progress: &'a ProgressBar,
    forms: usize,
    failed: bool,
}

impl Session<'_> {
    fn read(&mut self, file: &Path) -> anyhow::Result<()> {
        let name = file.file_name().map_or_else(
            || file.display().to_string(),
            |n| n.to_string_lossy().into_owned(),
        );
        self.progress.set_message(name.clone());
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.complain(&format!("{}: cannot be opened: {error}", file.display()));
                return Ok(());
            }
        };
        let mut pages: Vec<UprightPage> = Vec::new();
        let wanted = self.args.picture.is_some();
        let progress = self.progress;
        let outcome =
            read_document_seeing(self.reader, &bytes, &mut StageClock::off(), &mut |page| {
                progress.set_message(format!("{name}, page {}", page.document_page));
                progress.tick();
                if wanted {
                    pages.extend(UprightPage::of(&page));
                }
            });
        match outcome {
            Ok(document) => self.show(file, &document, &pages),
            Err(error) => {
                self.complain(&format!("{}: {}", file.display(), error.reason()));
                Ok(())
            }
        }
    }

    fn show(
        &mut self,
        file: &Path,
        document: &DocumentReading,
        pages: &[UprightPage],
    ) -> anyhow::Result<()> {
        for form in &document.forms {
            let text = if self.args.json {
                serde_json::to_string(form)? + "\n"
            } else {
                table::of_form(file, form, self.definition(form))
            };
            self.progress
                .suspend(|| std::io::stdout().lock().write_all(text.as_bytes()))
                .context("cannot write")?;
            self.forms += 1;
            if let (Some(path), Some(definition)) = (&self.args.picture, self.definition(form)) {
                let path = numbered(path, self.forms);
                picture::draw(&path, form, definition, pages)
                    .with_context(|| format!("cannot write the picture {}", path.display()))?;
            }
        }
        for page in document
            .unplaced
            .iter()
            .filter(|p| p.outcome == UnplacedOutcome::Exception)
        {
            self.complain(&format!(
                "{}, page {}: {}",
                file.display(),
                page.document_page,
                page.reason
            ));
        }
        if document.forms.is_empty()
            && document
                .unplaced
                .iter()
                .all(|p| p.outcome == UnplacedOutcome::Blank)
        {
            self.complain(&format!(
                "{}: every page is blank. Check which way round the sheets were scanned.",
                file.display()
            ));
        }
        Ok(())
    }

    fn definition(&self, form: &FormReading) -> Option<&enrol::forms::definition::FormDefinition> {
        self.reader
            .definitions()
            .iter()
            .find(|d| d.id == form.form && d.version == form.version)
    }

    fn complain(&mut self, message: &str) {
        self.failed = true;
        self.progress.suspend(|| eprintln!("{message}"));
    }
}

/// `out.png` for the first, `out-2.png` for the second.
fn numbered(path: &Path, number: usize) -> PathBuf {
    if number < 2 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{number}.png"))
}
