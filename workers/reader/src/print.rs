//! Printed and typed text through Tesseract.
//!
//! An engine costs 40 MB and belongs to one thread, so each reading thread makes one when it first needs it and
//! keeps it. Tesseract's own threads make it five times slower and can only be turned off in the environment before
//! the library loads: see [`restart_single_threaded`].

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use leptess::{LepTess, Variable};

use crate::raster::Grey;

/// Why print could not be read. Trying again does not help: the installation lacks something.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// The engine or its English data is missing.
    #[error(
        "tesseract could not be started: install tesseract-ocr with its English data (tesseract-ocr-eng)"
    )]
    Start,
    /// The engine failed on a line.
    #[error("tesseract failed on a line")]
    Read,
}

/// A line as Tesseract read it.
#[derive(Clone, PartialEq)]
pub struct PrintReading {
    /// The text, trimmed.
    pub text: String,
    /// Tesseract's mean word confidence, 0 to 1. Not calibrated.
    pub confidence: f64,
}

/// Hides the text: it is personal data.
impl std::fmt::Debug for PrintReading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "PrintReading({} characters, {:.2})",
            self.text.chars().count(),
            self.confidence
        )
    }
}

thread_local! {
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

struct Engine {
    tesseract: LepTess,
    whitelist: String,
    lines_read: u32,
}

/// Lines after which an engine is replaced, so that what it holds on to cannot grow without bound.
const RENEW_AFTER: u32 = 5000;

impl Engine {
    fn start() -> Result<Self, PrintError> {
        let mut tesseract = LepTess::new(None, "eng").map_err(|_| PrintError::Start)?;
        // A single line; zone pictures have 254 dots per inch.
        for (variable, value) in [
            (Variable::TesseditPagesegMode, "7"),
            (Variable::UserDefinedDpi, "254"),
        ] {
            tesseract
                .set_variable(variable, value)
                .map_err(|_| PrintError::Start)?;
        }
        Ok(Self {
            tesseract,
            whitelist: String::new(),
            lines_read: 0,
        })
    }

    fn read(&mut self, picture: &Grey, whitelist: &str) -> Result<PrintReading, PrintError> {
        if self.whitelist != whitelist {
            self.tesseract
                .set_variable(Variable::TesseditCharWhitelist, whitelist)
                .map_err(|_| PrintError::Read)?;
            whitelist.clone_into(&mut self.whitelist);
        }
        self.tesseract
            .set_image_from_mem(&with_border(picture))
            .map_err(|_| PrintError::Read)?;
        let text = self
            .tesseract
            .get_utf8_text()
            .map_err(|_| PrintError::Read)?;
        let confidence = f64::from(self.tesseract.mean_text_conf().clamp(0, 100)) / 100.0;
        self.lines_read += 1;
        Ok(PrintReading {
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            confidence,
        })
    }
}

/// Reads one line of print. `whitelist` holds the characters it may contain; empty means any.
///
/// # Errors
/// [`PrintError`]; the field is then left to the other reader and a clerk.
pub fn read_line(picture: &Grey, whitelist: &str) -> Result<PrintReading, PrintError> {
    ENGINE.with(|slot| {
        let mut slot = slot.borrow_mut();
        if slot.as_ref().is_none_or(|e| e.lines_read >= RENEW_AFTER) {
            *slot = None;
            *slot = Some(Engine::start()?);
        }
        let engine = slot.as_mut().ok_or(PrintError::Start)?;
        // The binding panics when Tesseract returns no text at all.
        let read = catch_unwind(AssertUnwindSafe(|| engine.read(picture, whitelist)));
        read.unwrap_or_else(|_| {
            *slot = None;
            Err(PrintError::Read)
        })
    })
}

/// The picture as a PGM file with the white border that Tesseract needs to find the line.
fn with_border(picture: &Grey) -> Vec<u8> {
    const BORDER: usize = 12;
    let (width, height) = (picture.width + 2 * BORDER, picture.height + 2 * BORDER);
    let mut file = format!("P5\n{width} {height}\n255\n").into_bytes();
    let start = file.len();
    file.resize(start + width * height, 255);
    for y in 0..picture.height {
        let at = start + (y + BORDER) * width + BORDER;
        file[at..at + picture.width].copy_from_slice(picture.row(y));
    }
    file
}

/// Starts this program anew with `OMP_THREAD_LIMIT=1` unless that is set already. The library that reads it does so
/// when it loads, before `main`, so setting it from inside has no effect. Returns only when there is nothing to do.
///
/// # Errors
/// The program could not be started again.
pub fn restart_single_threaded() -> std::io::Result<()> {
    use std::os::unix::process::CommandExt;
    const LIMIT: &str = "OMP_THREAD_LIMIT";
    if std::env::var_os(LIMIT).is_some() {
        return Ok(());
    }
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    Err(std::process::Command::new(std::env::current_exe()?)
        .arg0(name)
        .args(arguments)
        .env(LIMIT, "1")
        .exec())
}
